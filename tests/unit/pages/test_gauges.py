"""Rings, rulers and lanes: what is filled, where the marker stands, what is said where nothing is known."""

import re

import numpy as np
import pytest

from kinesight.pages.gauges import Bar, Mark, lanes, ring, ruler


def zone(markup: str, kind: str) -> tuple[float, float]:
    found = re.search(rf'class="zone {kind}" x="([\d.]+)" y="26" width="([\d.]+)"', markup)
    assert found
    return float(found[1]), float(found[1]) + float(found[2])


def marker_x(markup: str) -> list[float]:
    return [float(x) for x in re.findall(r'<text x="([\d.]+)" y="10"', markup)]


@pytest.mark.parametrize("share", [0.0, 0.25, 0.627, 1.0])
def test_ring_is_filled_by_its_share(share: float) -> None:
    markup = str(ring(share, kind="good", label="Total"))
    filled, whole = (float(v) for v in re.search(r'dasharray="([\d.]+) ([\d.]+)"', markup).groups())  # type: ignore[union-attr]
    assert filled / whole == pytest.approx(share, abs=1e-3)
    assert f"{100 * share:.0f} of 100" in markup


@pytest.mark.parametrize("share", [None, float("nan")])
def test_an_unknown_score_is_a_dash_not_a_zero(share: float | None) -> None:
    markup = str(ring(share, kind="unknown", label="Total"))
    assert "not measured" in markup
    assert ">–<" in markup
    assert ">0<" not in markup


@pytest.mark.parametrize(
    ("good", "okay", "inside", "beside"),
    [
        ((78.0, 88.0), (74.0, 92.0), 83.0, 90.0),
        ((0.0, 98.0), (98.0, 107.0), 90.0, 103.0),
        ((140.0, 180.0), (131.0, 140.0), 165.0, 135.0),
        ((-18.0, -8.0), (-22.0, -4.0), -12.0, -5.0),
    ],
)
def test_markers_stand_in_their_range(good: tuple[float, float], okay: tuple[float, float], inside: float, beside: float) -> None:
    markup = str(
        ruler([Mark(value=v, spread=2.0, letter="L", kind="left") for v in (inside, beside)], good=good, okay=okay, unit="°")
    )
    first, second = marker_x(markup)
    good_zone = zone(markup, "good")
    assert good_zone[0] <= first <= good_zone[1]
    assert not good_zone[0] < second < good_zone[1]
    assert zone(markup, "okay")[0] <= second <= zone(markup, "okay")[1]
    assert markup.count('class="whisker"') == 2


@pytest.mark.parametrize("value", [-400.0, 12.0, 900.0])
def test_a_far_off_reading_still_stands_on_the_ruler(value: float) -> None:
    markup = str(ruler([Mark(value=value, spread=None, letter="R", kind="right")], good=(-10, 5), okay=(5, 10), unit="°"))
    assert 4 <= marker_x(markup)[0] <= 356
    assert "whisker" not in markup
    assert "good from \u221210 to 5°" in markup


@pytest.mark.parametrize(("letters", "apart"), [(("L", "R"), 11.0), (("Av", "Ap"), 15.0), (("\u524d", "\u5f8c"), 15.0)])
def test_letters_of_readings_next_to_each_other_do_not_overlap(letters: tuple[str, str], apart: float) -> None:
    """At 11 px a Latin letter is up to 9 px wide, one of the Far East 11 px."""
    marks = [Mark(value=80.0, spread=None, letter=letter, kind="left") for letter in letters]
    markup = str(ruler(marks, good=(78, 88), okay=(74, 92), unit="°"))
    first, second = (float(x) for x in re.findall(r'<text x="([\d.]+)" y="10"', markup))
    assert second - first == pytest.approx(apart, abs=0.11)


def test_bars_lie_at_their_times_and_outside_ones_are_left_out() -> None:
    bars = [
        Bar(lane=0, start_s=1.0, end_s=1.5, kind="left", label="first"),
        Bar(lane=1, start_s=9.0, end_s=9.5, kind="right", label="outside"),
    ]
    markup = str(lanes(bars, names=("Left", "Right"), span_s=(0.0, 2.0)))
    x, width = (float(v) for v in re.search(r'bar left" x="([\d.]+)" y="18" width="([\d.]+)"', markup).groups())  # type: ignore[union-attr]
    assert (x, width) == pytest.approx((52 + 698 / 2, 698 / 4), abs=0.1)
    assert "outside" not in markup


@pytest.mark.parametrize("span", [(1.0, 1.0), (np.nan, 2.0), (2.0, 1.0)])
def test_lanes_without_a_span_say_so(span: tuple[float, float]) -> None:
    assert "not measured" in lanes([], names=("Left",), span_s=span)

"""Chart maths and markup: ticks, scales, gaps, bands, and what happens without data."""

import json
import re
import xml.etree.ElementTree as ET
from html import unescape

import numpy as np
import pytest

from kinesight.pages.charts import MOST_POINTS, Chart, EventLine, Line, Scale, line_chart, nice_ticks, path_of


def chart(**changes: object) -> Chart:
    values: dict[str, object] = {
        "title": "Knee", "unit": "°", "x": np.linspace(0, 1, 11), "x_label": "s",
        "lines": [Line(name="Left", y=np.linspace(100, 160, 11), kind="left")],
    }  # fmt: skip
    return Chart(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.0, 10.0, (0, 2, 4, 6, 8, 10)),
        (-0.3, 1.1, (0.0, 0.5, 1.0)),
        (93.0, 171.0, (100, 120, 140, 160)),
        (0.0, 0.05, (0.0, 0.01, 0.02, 0.03, 0.04, 0.05)),
        (5.0, 5.0, (5.0,)),
    ],
)
def test_ticks_are_round_numbers_within_the_range(low: float, high: float, expected: tuple[float, ...]) -> None:
    assert nice_ticks(low, high) == pytest.approx(expected)


def test_scale_maps_ends_to_ends_also_upside_down() -> None:
    scale = Scale(low=10.0, high=20.0, start_px=200.0, end_px=100.0)
    assert (scale(10.0), scale(15.0), scale(20.0), scale(25.0)) == (200.0, 150.0, 100.0, 50.0)


def test_a_path_is_interrupted_where_a_point_is_unknown() -> None:
    assert path_of([0, 1, 2, 3, 4], [5, 6, np.nan, 7, 8]) == "M0.0 5.0L1.0 6.0M3.0 7.0L4.0 8.0"
    assert path_of([0, 1], [np.nan, np.inf]) == ""


def test_a_line_lies_where_its_values_are() -> None:
    markup = str(line_chart(chart()))
    svg = ET.fromstring(re.search(r"<svg.*</svg>", markup, re.S).group())  # type: ignore[union-attr]  # noqa: S314
    data = json.loads(unescape(svg.attrib["data-chart"]))
    path = next(p for p in svg.iter("path") if p.attrib["class"] == "line left")
    points = np.array([[float(v) for v in pair.split()] for pair in re.split("[ML]", path.attrib["d"])[1:]])
    assert points[0, 0] == pytest.approx(data["left"], abs=0.1)
    assert points[-1, 0] == pytest.approx(data["right"], abs=0.1)
    assert (np.diff(points[:, 1]) < 0).all()  # rising values go up the picture
    ticks = {
        float(t.text): float(t.attrib["y"]) - 4 for t in svg.iter("text") if t.attrib["text-anchor"] == "end" and t.text != "s"
    }
    lowest, highest = min(ticks), max(ticks)
    per_degree = (ticks[highest] - ticks[lowest]) / (highest - lowest)
    assert points[5, 1] == pytest.approx(ticks[lowest] + (130 - lowest) * per_degree, abs=0.3)
    assert data["lines"] == [["Left", [round(float(v), 1) for v in np.linspace(100, 160, 11)]]]


def test_bands_events_and_ribbons_are_drawn_only_inside() -> None:
    lines = [Line(name="Left", y=np.linspace(100, 160, 11), kind="left", spread=np.full(11, 5.0))]
    events = [EventLine(x=0.5, kind="left", label="strike"), EventLine(x=7.0, kind="left", label="elsewhere")]
    markup = str(line_chart(chart(lines=lines, good=(120, 140), okay=(110, 150), events=events, shaded=[(-1.0, 0.3, "stance")])))
    assert markup.count("band-good") == markup.count("band-okay") == markup.count("ribbon") == markup.count("stance") == 1
    assert "strike" in markup
    assert "elsewhere" not in markup


def test_a_ribbon_breaks_where_nothing_is_known() -> None:
    y = np.linspace(100, 160, 11)
    y[4:7] = np.nan
    markup = str(line_chart(chart(lines=[Line(name="Left", y=y, kind="left", spread=np.full(11, 5.0))])))
    assert markup.count('class="ribbon') == 2


def test_a_chart_without_a_known_point_says_so() -> None:
    markup = line_chart(chart(lines=[Line(name="Left", y=np.full(11, np.nan), kind="left", spread=np.full(11, np.nan))]))
    assert "not measured" in markup
    assert "svg" not in markup
    assert "not measured" in line_chart(chart(lines=[]))


def test_nan_reaches_the_page_as_null_and_never_as_a_number() -> None:
    y = np.linspace(100, 160, 11)
    y[3] = np.nan
    markup = str(line_chart(chart(lines=[Line(name="Left", y=y, kind="left")])))
    assert "null" in markup
    assert "nan" not in markup.lower()


def test_long_series_are_thinned() -> None:
    x = np.arange(20_000) / 60
    markup = str(line_chart(chart(x=x, lines=[Line(name="Left", y=np.sin(x) * 50, kind="left")])))
    data = json.loads(unescape(re.search(r'data-chart="([^"]*)"', markup).group(1)))  # type: ignore[union-attr]
    assert MOST_POINTS / 2 < len(data["x"]) <= MOST_POINTS


def test_names_are_escaped() -> None:
    markup = str(line_chart(chart(title="<b>&", lines=[Line(name='"><script>', y=np.arange(11.0), kind="left")])))
    assert "<script>" not in markup
    assert "&lt;b&gt;&amp;" in markup

"""Scores, profiles, texts and styles: the one-third rule, and data that is complete."""

from __future__ import annotations

import tomllib
from itertools import pairwise, product
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kinesight.analyses.running as package
from kinesight.analyses.running.profile import Profile, Range, load_profile
from kinesight.analyses.running.result import Band, Measures, Metrics, Pattern, StyleName
from kinesight.analyses.running.scoring import Direction, score_reading, total_score
from kinesight.analyses.running.styles import style_percentages, style_place
from kinesight.analyses.running.texts import foot_words, load_language, words_for

PROFILE = load_profile("ochy-side/1")
ROOT = Path(__file__).resolve().parents[3]
ARM, BACK, FOOT, FRONT = (PROFILE.measures[key] for key in ("arm", "back_cycle", "foot", "forward_cycle"))


@pytest.mark.parametrize(
    ("key", "value", "score", "band"),
    [
        # the values that the published example scores imply, to the third decimal
        ("arm", 92.81, 0.266, "bad"),
        ("back_cycle", 92.0, 0.889, "good"),
        ("foot", 2.0, 0.800, "good"),
        ("foot", -7.0, 0.800, "good"),
        ("forward_cycle", 138.82, 0.623, "okay"),
        ("head", -4.96, 0.413, "okay"),
        ("trunk", 3.80, 0.317, "bad"),
        # the corners of the rule
        ("arm", 83.0, 1.0, "good"),
        ("arm", 78.0, 2 / 3, "good"),
        ("arm", 74.0, 1 / 3, "okay"),
        ("arm", 70.0, 0.0, "bad"),
        ("arm", 40.0, 0.0, "bad"),
        ("back_cycle", 89.0, 1.0, "good"),
        ("back_cycle", 20.0, 1.0, "good"),
        ("back_cycle", 98.0, 2 / 3, "good"),
        ("back_cycle", 107.0, 1 / 3, "okay"),
        ("back_cycle", 116.0, 0.0, "bad"),
        ("forward_cycle", 149.0, 1.0, "good"),
        ("forward_cycle", 172.0, 1.0, "good"),
        ("forward_cycle", 131.0, 1 / 3, "okay"),
        ("foot", -2.5, 1.0, "good"),
        ("foot", 10.0, 1 / 3, "okay"),
        ("foot", -15.0, 1 / 3, "okay"),
        ("foot", 15.0, 0.0, "bad"),
    ],
)
def test_the_one_third_rule(key: str, value: float, score: float, band: Band) -> None:
    found = score_reading(value, PROFILE.measures[key])
    assert found[0] == pytest.approx(score, abs=6e-4)
    assert found[1] == band


def test_the_example_scores_make_the_example_total() -> None:
    scores = {"arm": 0.266, "back_cycle": 0.889, "foot": 0.8, "forward_cycle": 0.623, "head": 0.413, "trunk": 0.317}
    assert total_score(scores, PROFILE) == pytest.approx(0.627, abs=5e-4)
    assert total_score({"arm": 0.5}, PROFILE) == 0.5
    assert total_score({}, PROFILE) is None


@given(st.sampled_from(sorted(PROFILE.measures)), st.floats(-400, 400), st.floats(0, 1e-3))
def test_scores_are_continuous_and_agree_with_their_band(key: str, value: float, nudge: float) -> None:
    limits = PROFILE.measures[key]
    score, band, _ = score_reading(value, limits)
    assert 0 <= score <= 1
    assert abs(score - score_reading(value + nudge, limits)[0]) < 1e-3
    assert (band == "good") == (score >= 2 / 3 - 1e-9)
    assert (band == "bad") == (score < 1 / 3 - 1e-9) or score == pytest.approx(1 / 3)


@given(st.floats(-400, 400))
def test_a_two_sided_score_is_even_about_its_centre(offset: float) -> None:
    even = Range(measure="elbow_deg", good=(-5, 5), okay=(-9, 9), weight=1)
    assert score_reading(offset, even)[0] == pytest.approx(score_reading(-offset, even)[0])


@pytest.mark.parametrize(("limits", "values"), [(BACK, range(130)), (FRONT, range(180, 100, -1)), (ARM, range(83, 120))])
def test_scores_only_fall_away_from_the_best(limits: Range, values: range) -> None:
    scores = [score_reading(float(value), limits)[0] for value in values]
    assert all(first >= second for first, second in pairwise(scores))


@pytest.mark.parametrize(
    ("limits", "value", "direction"), [(ARM, 60.0, "low"), (ARM, 95.0, "high"), (BACK, 120.0, "high"), (FRONT, 120.0, "low")]
)
def test_the_direction_is_told(limits: Range, value: float, direction: Direction) -> None:
    assert score_reading(value, limits)[2] == direction


def test_the_profile_holds_the_published_ranges() -> None:
    published = {
        "arm": ((78, 88), (74, 92)),
        "back_cycle": ((0, 98), (98, 107)),
        "foot": ((-10, 5), (5, 10)),
        "forward_cycle": ((140, 180), (131, 140)),
        "head": ((-18, -8), (-22, -4)),
        "trunk": ((8, 14), (4, 18)),
    }
    assert {key: (limits.good, limits.okay) for key, limits in PROFILE.measures.items()} == published
    assert {key: limits.weight for key, limits in PROFILE.measures.items()} == {
        "arm": 1,
        "back_cycle": 2,
        "foot": 4,
        "forward_cycle": 4,
        "head": 1,
        "trunk": 2,
    }
    assert all(limits.measure in Measures.model_fields for limits in PROFILE.measures.values())


def test_every_profile_file_is_whole_and_found_by_its_name() -> None:
    files = sorted((Path(str(package.__file__)).parent / "profiles").glob("*.toml"))
    assert len(files) >= 2
    page = (ROOT / "docs/analyses/running.md").read_text("utf-8")
    for file in files:
        profile = Profile.model_validate(tomllib.loads(file.read_text()))
        assert load_profile(profile.name) == profile
        assert f"| `{profile.name}`" in page
        assert set(profile.styles.centres) == set(get_args(StyleName))
        assert {norm.metric for norm in profile.norms} <= set(Metrics.model_fields)
        named = {norm.source for norm in profile.norms} | {limits.source for limits in profile.measures.values()} - {None}
        assert named == set(profile.sources)
        assert all(source.doi.startswith("10.") for source in profile.sources.values())
        assert all(limits.measure in Measures.model_fields for limits in profile.measures.values())


@pytest.mark.parametrize("code", [file.stem for file in (Path(str(package.__file__)).parent / "texts").glob("*.toml")])
def test_every_language_is_complete(code: str) -> None:
    language = load_language(code)
    for key in PROFILE.measures:
        for band, direction in product(get_args(Band), get_args(Direction)):
            texts = words_for(language, key, band=band, direction=direction)
            assert texts.title
            assert texts.position
            assert (band == "bad") == bool(texts.recap)
            assert (band == "bad") == bool(texts.exercises)
            assert all(exercise == exercise.lower().replace(" ", "_") for exercise in texts.exercises)
        positions = {
            words_for(language, key, band=band, direction=side).position for band in ("okay", "bad") for side in ("low", "high")
        }
        assert len(positions) == 4
    assert set(language.foot.patterns) == set(get_args(Pattern))
    assert set(language.foot.overstride) == set(get_args(Band))
    assert set(language.styles) == set(get_args(StyleName))


def test_the_foot_names_its_pattern_and_place() -> None:
    english = load_language("en")
    plain = words_for(english, "foot", band="good", direction="high")
    texts = foot_words(english, plain, pattern="midfoot", overstride="bad")
    assert texts.position == "Midfoot strike"
    assert texts.overstride_title == "Midfoot strike far ahead of the body"
    assert foot_words(english, plain, pattern=None, overstride="bad") == plain
    assert "what_to_do" in plain.model_fields_set


def place(cadence: float, duty: float, *, speed: float = 3.0 / 1.7, height_m: float = 1.7) -> tuple[tuple[StyleName, int], ...]:
    found = style_place(PROFILE.styles, cadence_spm=cadence, duty_factor=duty, speed_heights_per_s=speed, height_m=height_m)
    assert found is not None
    return style_percentages(PROFILE.styles, found)


@pytest.mark.parametrize(
    ("cadence", "duty", "style"),
    [(166, 0.367, "push"), (185, 0.30, "hop"), (185, 0.44, "stick"), (148, 0.30, "bounce"), (148, 0.44, "sit")],
)
def test_styles_by_frequency_and_duty_factor(cadence: float, duty: float, style: str) -> None:
    found = place(cadence, duty)
    assert found[0][0] == style
    assert 60 <= found[0][1] <= 100
    assert {name for name, _ in found} == set(get_args(StyleName))
    assert [percentage for _, percentage in found] == sorted((percentage for _, percentage in found), reverse=True)


def test_an_opposite_corner_is_the_farthest_style() -> None:
    assert place(185, 0.30)[-1][0] == "sit"
    assert place(148, 0.30)[-1][0] == "stick"
    # in a corner the opposite one is two units away on both axes: exp(-(4 + 4) / 2)
    assert place(220, 0.25)[0] == ("hop", 100)
    assert place(220, 0.25)[-1] == ("sit", 2)


@given(st.floats(100, 320), st.floats(0.1, 0.6), st.floats(0.5, 6.0), st.floats(1.2, 2.1))
def test_some_style_is_always_close(cadence: float, duty: float, speed: float, height_m: float) -> None:
    found = place(cadence, duty, speed=speed, height_m=height_m)
    assert 50 <= found[0][1] <= 100
    assert all(0 <= percentage <= 100 for _, percentage in found)


def test_the_place_is_told_in_percent_of_what_is_usual() -> None:
    usual = style_place(PROFILE.styles, cadence_spm=166, duty_factor=0.367, speed_heights_per_s=3.0 / 1.7, height_m=1.7)
    quick = style_place(PROFILE.styles, cadence_spm=1.1 * 166, duty_factor=0.367, speed_heights_per_s=3.0 / 1.7, height_m=1.7)
    assert usual is not None
    assert quick is not None
    assert abs(usual.frequency_percent) < 2
    assert abs(usual.duty_factor_percent) < 2
    assert quick.frequency_percent == pytest.approx(1.1 * usual.frequency_percent + 10, abs=0.02)
    assert quick.duty_factor_percent == usual.duty_factor_percent


def test_no_style_without_numbers() -> None:
    assert style_place(PROFILE.styles, cadence_spm=np.nan, duty_factor=0.3, speed_heights_per_s=2.0, height_m=1.7) is None
    assert style_place(PROFILE.styles, cadence_spm=170, duty_factor=0.3, speed_heights_per_s=0.0, height_m=1.7) is None


def test_what_has_no_weight_makes_no_total() -> None:
    literature = load_profile("literature/1")
    assert set(literature.measures) == {"trunk"}
    assert total_score({"trunk": 0.8}, literature) is None

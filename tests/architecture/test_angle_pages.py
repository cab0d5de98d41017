"""The page of the running analysis defines every angle, and its drawings show the numbers that the analysis would read."""

import importlib.util
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.result import Measures, Metrics
from kinesight.signals.geometry import inner_angle_deg, lean_deg, slope_deg

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "analyses" / "running.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def drawings():
    spec = importlib.util.spec_from_file_location("angle_drawings_here", ROOT / "scripts" / "angle_drawings.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def section(name):
    """Return the part of the page under the heading of one angle."""
    found = re.search(rf"^### [^\n]*`{name}`\n(.*?)(?=^##)", PAGE, re.S | re.M)
    assert found, f"docs/analyses/running.md has no section for {name}"
    return found[1]


@pytest.mark.parametrize("name", sorted(Measures.model_fields))
def test_every_angle_is_defined_and_drawn(name):
    text = section(name)
    rows = set(re.findall(r"^\| ([a-z, ]+) \|", text, re.M))
    assert {"definition", "sign, range", "instant", "norm", "source"} <= rows
    picture = re.search(r'src="([^"]+)" alt="([^"]{20,})"', text)
    assert picture, "no drawing"
    assert (ROOT / "docs" / "analyses" / picture[1]).resolve().name == f"{name}.svg"
    assert (ROOT / "docs" / "analyses" / picture[1]).resolve().exists()


@pytest.mark.parametrize("name", sorted(Metrics.model_fields))
def test_every_metric_is_defined(name):
    assert f"| `{name}` |" in PAGE


def test_the_norms_on_the_page_are_those_of_the_profile():
    for limits in load_profile("ochy-side/1").measures.values():
        norm = re.search(r"^\| norm \|(.*)\|$", section(limits.measure), re.M)[1]
        numbers = {float(number.replace("−", "-")) for number in re.findall(r"(?<![0-9])−?[0-9]+", norm)}
        assert {*limits.good, *limits.okay} <= numbers, (limits.measure, norm)


def test_every_source_that_is_cited_is_listed():
    body, _, sources = PAGE.partition("## Sources")
    assert set(re.findall(r"\[([0-9]+)\](?!\()", body)) == set(re.findall(r"^([0-9]+)\. ", sources, re.M))


def test_every_drawing_is_well_formed_and_described(drawings):
    for name, draw in drawings.DRAWINGS.items():
        root = ET.fromstring(draw())  # noqa: S314  # our own text
        title = root.find("{http://www.w3.org/2000/svg}title")
        assert len(title.text) > 30, name
        assert not re.search(r"nan|inf(?![a-z])", draw()), name


def shown(drawings, name):
    """Return the number in the colour of the angle."""
    texts = re.findall(rf'fill="{drawings.ANGLE}"[^>]*font-weight="700">([^<]+)°<', drawings.DRAWINGS[name]())
    assert len(texts) == 1
    return float(texts[0].replace("−", "-").replace("+", ""))


def test_the_drawn_numbers_are_what_the_analysis_reads(drawings):
    at = drawings.instants()

    def point(name, moment):
        return np.array([drawings.posture(at[moment])[name]])

    def inner(side, names, moment):
        return inner_angle_deg(*(point(f"{side}_{name}", moment) for name in names))[0]

    leg = ("hip", "knee", "ankle")
    hips, shoulders = (
        (point(f"left_{part}", "mid-stance") + point(f"right_{part}", "mid-stance")) / 2 for part in ("hip", "shoulder")
    )
    expected = {
        "front_knee_deg": inner("right", leg, "strike"),
        "back_knee_deg": inner("left", leg, "strike"),
        "elbow_deg": inner("right", ("shoulder", "elbow", "wrist"), "strike"),
        "trunk_lean_deg": lean_deg(hips, shoulders)[0],
        "head_deg": slope_deg(point("right_ear", "mid-stance"), point("nose", "mid-stance"))[0],
        "foot_strike_deg": slope_deg(point("right_heel", "strike"), point("right_big_toe", "strike"))[0],
        "overstride_deg": -lean_deg(point("right_ankle", "strike"), point("right_knee", "strike"))[0],
    }
    assert {name: shown(drawings, name) for name in expected} == {name: float(f"{value:.0f}") for name, value in expected.items()}
    assert expected["foot_strike_deg"] == pytest.approx(drawings.GAIT.foot_at_strike_deg, abs=0.5)


def test_the_drawn_back_view_has_the_angles_it_shows(drawings):
    points = {name: np.array(point) for name, point in drawings.from_behind().items()}

    def out_deg(low, high):
        line = points[high] - points[low]
        return np.degrees(np.arctan2(line[0], line[1]))

    pelvis = points["right_hip"] - points["left_hip"]
    drop = np.degrees(np.arctan2(pelvis[1], pelvis[0]))
    thigh, shank = out_deg("right_knee", "right_hip"), out_deg("right_ankle", "right_knee")
    assert shown(drawings, "pelvic_drop_deg") == round(drop) == 8
    assert shown(drawings, "knee_adduction_deg") == round(thigh - shank) == 9
    assert shown(drawings, "hip_adduction_deg") == round(thigh + drop) == 14
    assert shown(drawings, "pronation_deg") == round(shank - out_deg("right_heel", "right_ankle")) == 9

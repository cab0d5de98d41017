"""Overlay and report of a back view, drawn from a made-up runner's poses."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running import ANALYSIS
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.overlay_labels import angle_marks
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.scene import scene_of
from kinesight.domain.analysis import Findings, ReportInput
from kinesight.drawing.canvas import blank_canvas
from kinesight.testing.back_view import BackCamera, Sway, filmed_from_behind, swaying
from kinesight.testing.runner import Gait, runner

Analysed = tuple[Observations, Findings[RunningResult]]


@pytest.fixture(scope="module")
def analysed() -> Analysed:
    gait = Gait()
    sway = Sway(drop_left_deg=3.0, drop_right_deg=10.0)
    body = swaying(runner(gait, seconds=4.0), sway, stride_s=gait.stride_s, contact_s=gait.contact_s)
    track = filmed_from_behind(body.at(np.arange(0.0, 4.0, 1 / 60)), BackCamera(yaw_deg=5.0, roll_deg=3.0))
    observations = Observations(track=track)
    return observations, ANALYSIS.analyse(observations, RunningParameters())


def page_of(analysed: Analysed) -> str:
    return ANALYSIS.report(*analysed, ReportInput(title="From behind", video=None, models=(), parameters={}))


def test_the_report_says_what_a_back_view_can(analysed: Analysed) -> None:
    page = page_of(analysed)
    expected = ["Back view", "to the right of straight behind", "Picture turned by 3°", "mid-stance", "Pelvis, right leg"]
    expected += ["Pelvic drop, right", "Free hip drops too far", "Hip abductor strengthening", "Hip line", "Hip adduction"]
    for words in expected:
        assert words in page
    for words in ("Running style", "Elbow angle", "Foot strike pattern", "nan"):
        assert words not in page


def test_every_key_frame_has_a_figure_with_hips_and_shoulders(analysed: Analysed) -> None:
    page = page_of(analysed)
    moments = ANALYSIS.overlay(*analysed, RunningParameters()).moments
    assert {moment.name[:-2] for moment in moments} == {"left", "right"}
    assert all("mid-stance" in moment.caption for moment in moments)
    assert page.count('<svg class="figure"') == len(moments)


def test_the_hip_line_is_marked_with_the_drop_of_that_moment(analysed: Analysed) -> None:
    scene = scene_of(*analysed)
    step = next(step for step in scene.steps if step.foot == "right" and step.instant_s > 1.0)
    marks = {mark.angle: mark for mark in angle_marks(scene, step, body_px=scene.body_height_px())}
    assert set(marks) == {"pelvic_drop_right", "knee_adduction_right", "pronation_right"}
    hip_line = marks["pelvic_drop_right"]
    assert hip_line.vertex == pytest.approx(scene.pose_at(step.instant_s)["right_hip"])
    assert hip_line.value_deg == pytest.approx(10.0, abs=1.5)
    assert scene.band("pelvic_drop_right", hip_line.value_deg) == "bad"
    level, line = hip_line.arms
    drawn = np.degrees(np.arctan2(line[1] - level[1], hip_line.vertex[0] - line[0]))
    assert drawn == pytest.approx(hip_line.value_deg, abs=1.0)


def test_the_overlay_draws_into_the_picture(analysed: Analysed) -> None:
    overlay = ANALYSIS.overlay(*analysed, RunningParameters())
    for size in ((540, 960), (960, 540), (120, 150)):
        canvas = blank_canvas(*size, colour=(118, 124, 118))
        before = canvas.picture().copy()
        overlay.draw(canvas, time_s=overlay.moments[0].time_s)
        assert (canvas.picture() != before).any()
    assert overlay.thumbnail_s in [moment.time_s for moment in overlay.moments]

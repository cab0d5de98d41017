"""From keypoints of a runner made of formulas to overlay and page, with nothing in between replaced."""

import dataclasses

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.overlay import RunningOverlay, overlay
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.report import report
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.scene import BRIDGED_SCORE, scene_of
from kinesight.domain.analysis import Findings, ReportInput
from kinesight.domain.errors import SceneError
from kinesight.drawing.canvas import blank_canvas
from kinesight.testing.runner import Gait, runner
from kinesight.testing.side_view import Camera, filmed

PARAMETERS = RunningParameters()
Analysed = tuple[Observations, Findings[RunningResult]]


@pytest.fixture(scope="module")
def analysed() -> Analysed:
    observations = Observations(track=filmed(runner(Gait(), seconds=4.0), Camera()))
    return observations, analyse(observations, PARAMETERS)


def test_the_scene_has_every_landing_with_the_angles_of_the_chosen_instant(analysed: Analysed) -> None:
    observations, findings = analysed
    full, first = scene_of(observations, findings), scene_of(observations, findings, instant="initial_contact")
    assert len(full.steps) == len(findings.details.strides) >= 6
    for step, early, stride in zip(full.steps, first.steps, findings.details.strides, strict=True):
        assert (step.strike_s, step.instant_s, early.instant_s) == (stride.strike_s, stride.full_contact_s, stride.strike_s)
        assert step.angles_deg["front_knee"] == stride.full_contact.front_knee_deg
        assert early.angles_deg["back_knee"] == stride.initial_contact.back_knee_deg
        assert np.isfinite(step.angles_deg["trunk"])


def test_overlay_shows_the_landing_and_the_report_its_numbers(analysed: Analysed) -> None:
    observations, findings = analysed
    drawn = overlay(observations, findings, PARAMETERS)
    assert len(drawn.moments) == 6
    canvas = blank_canvas(640, 360)
    before = canvas.picture().copy()
    drawn.draw(canvas, time_s=drawn.thumbnail_s)
    assert (canvas.picture() != before).any(axis=2).mean() > 0.05
    html = report(observations, findings, ReportInput(title="run", video=None, models=(), parameters={}))
    cadence = findings.result.metrics.cadence_spm.value
    assert cadence is not None
    assert f"{cadence:.0f}\u202fsteps/min" in html
    assert html.count('class="card measure"') == len(findings.result.scores)
    assert html.count('<figure class="card frame">') == 6


def test_a_refused_run_still_has_its_skeleton(analysed: Analysed) -> None:
    observations, _ = analysed
    track = observations.track
    short = dataclasses.replace(track, time_s=track.time_s[:12], xy_px=track.xy_px[:12], score=track.score[:12])
    refused = Observations(track=short)
    with pytest.raises(SceneError):
        analyse(refused, PARAMETERS)
    drawn = overlay(refused, None, PARAMETERS)
    assert isinstance(drawn, RunningOverlay)
    assert drawn.moments == ()
    canvas = blank_canvas(640, 360)
    before = canvas.picture().copy()
    drawn.draw(canvas, time_s=float(short.time_s[5]))
    assert (canvas.picture() != before).any()


def test_bridged_points_are_drawn_faintly(analysed: Analysed) -> None:
    observations, _ = analysed
    track = observations.track
    knee = track.keypoints.index("left_knee")
    xy, score = track.xy_px.copy(), track.score.copy()
    xy[50:52, knee], score[50:52, knee] = np.nan, 0.0
    holed = Observations(track=dataclasses.replace(track, xy_px=xy, score=score))
    scene = scene_of(holed, analyse(holed, PARAMETERS))
    drawn = scene.track.keypoints.index("left_knee")
    assert np.isfinite(scene.track.xy_px[50:52, drawn]).all()
    assert (scene.track.score[50:52, drawn] == BRIDGED_SCORE).all()
    assert (scene.track.score[60:62, drawn] == 1.0).all()

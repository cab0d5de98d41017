"""What is refused, with which sentence and moment, and what is left out of a clip that shows a run."""

from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Findings
from kinesight.domain.errors import (
    BadObservations,
    BadParameter,
    FeetCutOff,
    FrameRateTooLow,
    NobodyVisible,
    NotRunning,
    TooFewStrides,
    WrongView,
)
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.testing.body import Body
from kinesight.testing.runner import HEIGHT_M, WALKING, Gait, bystander, in_sequence, runner
from kinesight.testing.side_view import Camera, changed, filmed, noisy

HEIGHT = RunningParameters(height_m=HEIGHT_M)


def seen(body: Body, *, fps: float = 60.0, camera: Camera | None = None) -> PoseTrack:
    return filmed(body.at(np.arange(body.time_s[0], body.time_s[-1], 1 / fps)), camera or Camera())


def found(track: PoseTrack, parameters: RunningParameters = HEIGHT) -> Findings[RunningResult]:
    return analyse(Observations(track=track), parameters)


def codes(findings: Findings[RunningResult]) -> set[str]:
    return {notice.code for notice in findings.warnings}


def test_walking_is_refused_with_a_moment() -> None:
    for track in (seen(runner(WALKING, seconds=5.0)), seen(runner(WALKING, seconds=5.0).travelling(1.3), camera=_wide())):
        with pytest.raises(NotRunning, match="walks") as refusal:
            found(noisy(track, sigma_px=1.0, far_side="left", seed=0))
        assert 0 < (refusal.value.time_s or 0) < 5


def test_standing_is_refused() -> None:
    with pytest.raises(NotRunning, match="stands"):
        found(noisy(seen(bystander(seconds=4.0)), sigma_px=2.0, far_side="left", seed=0))


def test_the_walk_and_the_wait_before_a_run_are_left_out() -> None:
    run = runner(Gait(), seconds=3.0).travelling(3.0)
    body = in_sequence([bystander(seconds=1.5, rate_hz=240.0), runner(WALKING, seconds=3.0).travelling(1.3), run])
    track = filmed(body.at(np.arange(0, body.time_s[-1], 1 / 60)), _wide())
    findings = found(track)
    assert findings.result.running_from_s == pytest.approx(4.5, abs=0.5)
    assert findings.result.running_to_s == pytest.approx(7.5, abs=0.3)
    left_out = [notice.message for notice in findings.warnings if notice.code == "part_left_out"]
    assert len(left_out) == 1
    assert "walks" in left_out[0]
    assert left_out[0].startswith("From 0.0 s to 4.")


@pytest.mark.parametrize("yaw_deg", [-90, -65, 60, 90])
def test_a_camera_in_front_or_behind_is_refused(yaw_deg: float) -> None:
    track = noisy(seen(runner(Gait(), seconds=4.0), camera=Camera(yaw_deg=yaw_deg)), sigma_px=3.0, far_side="left", seed=0)
    with pytest.raises(WrongView, match="from the side"):
        found(track, RunningParameters(view="side"))


def test_an_oblique_camera_is_told() -> None:
    straight = found(seen(runner(Gait(), seconds=4.0)))
    oblique = found(seen(runner(Gait(), seconds=4.0), camera=Camera(yaw_deg=30)))
    assert "oblique_view" in codes(oblique)
    assert "oblique_view" not in codes(straight)
    assert oblique.result.scores["trunk"].confidence < straight.result.scores["trunk"].confidence


def test_feet_below_the_picture_are_refused() -> None:
    track = seen(runner(Gait(), seconds=4.0))
    cut = changed(track, xy_px=track.xy_px + np.array([0.0, 230.0]))
    with pytest.raises(FeetCutOff) as refusal:
        found(cut)
    assert 0 <= (refusal.value.time_s or -1) <= 4
    unseen = track.xy_px.copy()
    unseen[:, [i for i, name in enumerate(KEYPOINTS) if name.endswith(("ankle", "heel", "toe"))]] = np.nan
    with pytest.raises(FeetCutOff):
        found(changed(track, xy_px=unseen))


def test_too_few_frames_a_second_are_refused() -> None:
    with pytest.raises(FrameRateTooLow, match="15"):
        found(seen(runner(Gait(), seconds=4.0), fps=15))
    assert "low_frame_rate" in codes(found(seen(runner(Gait(), seconds=4.0), fps=25)))


def test_less_than_two_strikes_are_refused_and_a_few_are_told() -> None:
    body = runner(Gait(), seconds=4.0)
    short = filmed(body.at(np.arange(1.05, 1.55, 1 / 60)), Camera())
    with pytest.raises(TooFewStrides):
        found(short)
    assert "few_strides" in codes(found(filmed(body.at(np.arange(1.0, 2.2, 1 / 60)), Camera())))
    assert "few_strides" not in codes(found(seen(body)))


def test_nobody_is_refused() -> None:
    track = seen(runner(Gait(), seconds=2.0))
    with pytest.raises(NobodyVisible):
        found(changed(track, xy_px=np.full_like(track.xy_px, np.nan)))


def test_poses_without_knees_are_refused_by_name() -> None:
    track = seen(runner(Gait(), seconds=2.0))
    kept = [i for i, name in enumerate(KEYPOINTS) if "knee" not in name]
    without = PoseTrack(
        keypoints=tuple(KEYPOINTS[i] for i in kept),
        time_s=track.time_s,
        xy_px=track.xy_px[:, kept],
        score=track.score[:, kept],
        width_px=track.width_px,
        height_px=track.height_px,
    )
    with pytest.raises(BadObservations, match="left_knee, right_knee"):
        found(without)


def test_poses_without_feet_still_give_knees() -> None:
    track = seen(runner(Gait(), seconds=4.0))
    kept = [i for i, name in enumerate(KEYPOINTS) if "heel" not in name and "toe" not in name]
    without = PoseTrack(
        keypoints=tuple(KEYPOINTS[i] for i in kept),
        time_s=track.time_s,
        xy_px=track.xy_px[:, kept],
        score=track.score[:, kept],
        width_px=track.width_px,
        height_px=track.height_px,
    )
    findings = found(without)
    assert findings.result.measures.foot_strike_deg.right.initial_contact.value is None
    assert findings.result.foot_strike_pattern.right is None
    assert "foot" not in findings.result.scores
    assert findings.result.measures.front_knee_deg.right.initial_contact.value == pytest.approx(160, abs=6)
    assert "foot_unknown" in codes(findings)


def test_what_there_is_not_is_refused() -> None:
    track = seen(runner(Gait(), seconds=2.0))
    with pytest.raises(BadParameter, match="ochy-back/1"):
        found(track, RunningParameters(back_profile="nobody/9"))
    with pytest.raises(ValidationError, match="there is literature/1, ochy-side/1"):
        RunningParameters(profile="nobody/9")


def _wide() -> Camera:
    return Camera(distance_m=12.0, focal_px=1100.0, width_px=5760)

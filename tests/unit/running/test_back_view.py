"""The back view against runners made of formulas: every drop of the hips and every contact is known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinesight.analyses.running import ANALYSIS
from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.back.contacts import contact_from, contact_from_push
from kinesight.analyses.running.back.details import BackDetails
from kinesight.analyses.running.back.marks import back_corners
from kinesight.analyses.running.back.profile import load_back_profile
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Findings
from kinesight.domain.errors import FeetCutOff, FrameRateTooLow, NotRunning, TooFewStrides, WrongView
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.testing.back_exam import BackCondition, back_exam, back_pooled, true_drops_deg, true_stances_deg
from kinesight.testing.back_view import BackCamera, Sway, filmed_from_behind, jittery, swaying
from kinesight.testing.body import Body
from kinesight.testing.runner import HEIGHT_M, WALKING, Gait, bystander, in_sequence, runner
from kinesight.testing.side_view import changed, mirrored

GAITS = {
    "slow jog": Gait(speed_m_per_s=2.2, cadence_spm=152, duty_factor=0.42, lift_m=0.2),
    "rearfoot": Gait(),
    "forefoot": Gait(speed_m_per_s=4.65, cadence_spm=180, duty_factor=0.30, foot_at_strike_deg=-6.0, landing_speed=0.3),
    "sprint": Gait(speed_m_per_s=8.0, cadence_spm=240, duty_factor=0.25, foot_at_strike_deg=-8.0, landing_speed=0.3, lift_m=0.55),
}
FAR = BackCamera(distance_m=40.0, focal_px=16000.0)
"""So far away that perspective plays no part."""


def somebody(sway: Sway | None = None, *, gait: Gait | None = None, seconds: float = 6.0) -> Body:
    gait = gait or Gait()
    return swaying(runner(gait, seconds=seconds), sway or Sway(), stride_s=gait.stride_s, contact_s=gait.contact_s)


def seen(body: Body, camera: BackCamera | None = None, *, fps: float = 60.0) -> PoseTrack:
    return filmed_from_behind(body.at(np.arange(body.time_s[0], body.time_s[-1], 1 / fps)), camera or BackCamera())


def found(track: PoseTrack, parameters: RunningParameters | None = None) -> Findings[RunningResult]:
    return analyse(Observations(track=track), parameters or RunningParameters(height_m=HEIGHT_M))


def codes(findings: Findings[RunningResult]) -> set[str]:
    return {notice.code for notice in findings.warnings}


@pytest.mark.parametrize("name", GAITS)
def test_every_way_of_running_is_timed_from_behind(name: str) -> None:
    numbers = back_pooled([back_exam(somebody(gait=GAITS[name]), BackCondition(), seed=seed) for seed in range(2)])
    assert numbers["found"] >= 0.9
    assert numbers["false"] <= 0.05
    assert numbers["strike_ms"] <= 25
    assert numbers["toe_off_ms"] <= 20
    assert numbers["cadence_spm"] <= 1.5


@pytest.mark.parametrize(("left", "right"), [(3.0, 3.0), (4.0, 9.0), (10.0, 2.0)])
@pytest.mark.parametrize("roll_deg", [0.0, 5.0])
def test_the_drop_of_the_hips_is_read_whatever_the_roll(left: float, right: float, roll_deg: float) -> None:
    body = somebody(Sway(drop_left_deg=left, drop_right_deg=right))
    result, truth = found(seen(body, replace(FAR, roll_deg=roll_deg))).result, true_drops_deg(body)
    assert result.measures.pelvic_drop_deg.left.value == pytest.approx(truth["left"], abs=0.6)
    assert result.measures.pelvic_drop_deg.right.value == pytest.approx(truth["right"], abs=0.6)
    assert result.camera_roll_deg == pytest.approx(roll_deg, abs=0.5)


def test_the_drop_needs_no_straight_camera() -> None:
    body = somebody(Sway(drop_left_deg=4.0, drop_right_deg=8.0))
    straight, oblique = (found(seen(body, replace(FAR, yaw_deg=yaw))) for yaw in (0.0, 15.0))
    for side in ("left", "right"):
        values = [getattr(findings.result.measures.pelvic_drop_deg, side).value for findings in (straight, oblique)]
        assert values[1] == pytest.approx(values[0], abs=0.5)
    assert oblique.result.camera_yaw_deg == pytest.approx(15.0, abs=4.0)
    assert straight.result.camera_yaw_deg == pytest.approx(0.0, abs=1.0)
    assert "oblique_view" in codes(oblique)
    assert oblique.result.scores["knee_adduction_left"].confidence < straight.result.scores["knee_adduction_left"].confidence
    assert oblique.result.measures.pronation_deg.left.value is None


def test_a_knee_that_falls_inwards_is_told_on_its_side() -> None:
    body = somebody(Sway(knee_in_right_m=0.03))
    measures = found(seen(body, FAR)).result.measures
    truth = true_stances_deg(body)["knee_adduction_deg"]
    assert measures.knee_adduction_deg.left.value == pytest.approx(truth["left"], abs=1.5)
    assert measures.knee_adduction_deg.right.value == pytest.approx(truth["right"], abs=1.5)
    assert truth["right"] > truth["left"] + 6


def test_a_heel_that_tilts_outwards_pronates() -> None:
    flat = found(seen(somebody(Sway(heel_out_left_m=0.0, heel_out_right_m=0.0)), FAR)).result.measures.pronation_deg
    tilted = found(seen(somebody(Sway(heel_out_left_m=0.012, heel_out_right_m=0.0)), FAR)).result
    assert (tilted.measures.pronation_deg.left.value or 0) > (flat.left.value or 0) + 5
    assert tilted.measures.pronation_deg.right.value == pytest.approx(flat.right.value or 0, abs=0.5)
    assert tilted.measures.pronation_deg.left.confidence < 0.3


def test_a_mirror_swaps_the_sides_and_nothing_else() -> None:
    track = jittery(seen(somebody(Sway(drop_left_deg=3.0, drop_right_deg=8.0, knee_in_left_m=0.02)), BackCamera(yaw_deg=5.0)),
                    sigma_px=2.0, seed=1)  # fmt: skip
    one, other = found(track).result, found(mirrored(track, relabel=True)).result
    for name in ("pelvic_drop_deg", "knee_adduction_deg", "hip_adduction_deg"):
        left, right = getattr(one.measures, name), getattr(other.measures, name)
        assert right.right.value == pytest.approx(left.left.value, abs=0.05)
        assert right.left.value == pytest.approx(left.right.value, abs=0.05)
    assert other.camera_yaw_deg == pytest.approx(-(one.camera_yaw_deg or 0), abs=0.05)
    assert other.metrics.cadence_spm.value == pytest.approx(one.metrics.cadence_spm.value, abs=0.05)


def test_twice_the_resolution_changes_nothing_and_slow_motion_only_times() -> None:
    track = jittery(seen(somebody(), BackCamera()), sigma_px=2.0, seed=2)
    one = found(track).result
    double = PoseTrack(
        keypoints=track.keypoints, time_s=track.time_s, xy_px=2 * track.xy_px, score=track.score,
        width_px=2 * track.width_px, height_px=2 * track.height_px,
    )  # fmt: skip
    slow = changed(track, xy_px=track.xy_px, time_s=4 * track.time_s)
    for other, factor in (
        (found(double).result, 1.0),
        (found(slow, RunningParameters(height_m=HEIGHT_M, slow_motion=4.0)).result, 4.0),
    ):
        for name in ("pelvic_drop_deg", "knee_adduction_deg", "pronation_deg"):
            for side in ("left", "right"):
                expected = getattr(getattr(one.measures, name), side).value
                assert getattr(getattr(other.measures, name), side).value == pytest.approx(expected, abs=0.1)
        assert other.metrics.cadence_spm.value == pytest.approx(one.metrics.cadence_spm.value, abs=0.1)
        times = [event.time_s for event in one.events]
        assert [event.time_s for event in other.events] == pytest.approx([factor * time for time in times], abs=0.002 * factor)


def test_what_a_back_view_holds() -> None:
    findings = found(seen(somebody(Sway(drop_left_deg=3.0, drop_right_deg=9.0)), FAR))
    result = findings.result
    assert (result.view, result.direction, result.near_side, result.profile) == ("back", None, None, "ochy-back/1")
    assert set(result.scores) == {
        f"{name}_{side}" for name in ("pelvic_drop", "knee_adduction", "pronation") for side in ("left", "right")
    }
    worst = result.scores["pelvic_drop_right"]
    assert (worst.foot, worst.band, worst.range_good, worst.range_okay, worst.range_bad) == (
        "right",
        "bad",
        (0, 5),
        (5, 8),
        (8, 20),
    )
    assert worst.texts.explanation
    assert worst.texts.exercises
    assert result.scores["pelvic_drop_left"].band == "good"
    assert result.metrics.vertical_oscillation_m.value == pytest.approx(2 * Gait().bounce_m, abs=0.01)
    assert result.metrics.speed_m_per_s.value is None
    assert result.foot_strike_pattern.left is None
    assert 0 < (result.total_score or 0) < 1
    assert result.treadmill


def test_half_a_body_gives_pronation_alone() -> None:
    result = found(seen(somebody(), FAR), RunningParameters(full_body=False)).result
    assert set(result.scores) == {"pronation_left", "pronation_right"}
    assert result.measures.pelvic_drop_deg.left.value is None


def test_a_belt_whose_pace_was_told_gives_step_lengths() -> None:
    told = RunningParameters(pace_s_per_km=1000 / 3.0)
    metrics = found(seen(somebody(), FAR), told).result.metrics
    assert metrics.speed_m_per_s.value == pytest.approx(3.0)
    assert metrics.step_length_m.value == pytest.approx(3.0 * 60 / 170, rel=0.02)
    away = somebody(seconds=4.0).travelling(3.0)
    over_ground = found(seen(away, BackCamera(distance_m=6.0)), told)
    assert over_ground.result.metrics.speed_m_per_s.value is None
    assert not over_ground.result.treadmill


@pytest.mark.parametrize(
    ("yaw_deg", "match"), [(180, "from the front"), (50, "degrees away from straight behind"), (140, "away")]
)
def test_other_views_are_refused_with_their_reason(yaw_deg: float, match: str) -> None:
    with pytest.raises(WrongView, match=match) as refusal:
        found(seen(somebody(seconds=4.0), BackCamera(yaw_deg=yaw_deg)))
    assert 0 <= (refusal.value.time_s or -1) <= 4


def test_a_view_that_is_not_the_one_asked_for_is_refused() -> None:
    with pytest.raises(WrongView, match="from the side, but the back view was asked for"):
        found(seen(somebody(seconds=4.0), BackCamera(yaw_deg=90)), RunningParameters(view="back"))
    with pytest.raises(WrongView, match="from the side"):
        found(seen(somebody(seconds=4.0)), RunningParameters(view="side"))
    assert found(seen(somebody(seconds=4.0), BackCamera(yaw_deg=90))).result.view == "side"


def test_a_model_that_mixes_up_the_sides_is_not_taken_for_a_front_view() -> None:
    away = mirrored(seen(somebody(seconds=4.0).travelling(3.0), BackCamera(distance_m=5.0)), relabel=False)
    with pytest.raises(WrongView, match="mixed up left and right"):
        found(away)
    straight = mirrored(seen(somebody(seconds=4.0)), relabel=False)
    hidden = straight.score.copy()
    hidden[:, KEYPOINTS.index("nose")] = 0.1
    with pytest.raises(WrongView, match="mixed up left and right"):
        found(changed(straight, xy_px=straight.xy_px, score=hidden))


def test_who_does_not_run_is_refused_from_behind() -> None:
    walker = jittery(seen(runner(WALKING, seconds=5.0)), sigma_px=1.5, seed=0)
    with pytest.raises(NotRunning, match="walks") as refusal:
        found(walker)
    assert 0 < (refusal.value.time_s or 0) < 5
    with pytest.raises(NotRunning, match="stands"):
        found(jittery(seen(bystander(seconds=4.0)), sigma_px=1.5, seed=0))


def test_clips_that_show_too_little_are_refused() -> None:
    body = somebody(seconds=4.0)
    with pytest.raises(FrameRateTooLow):
        found(seen(body, fps=15))
    with pytest.raises(TooFewStrides):
        found(filmed_from_behind(body.at(np.arange(1.0, 1.55, 1 / 60)), BackCamera()))
    track = seen(body)
    with pytest.raises(FeetCutOff):
        found(changed(track, xy_px=track.xy_px + np.array([0.0, 700.0])))
    assert "few_strides" in codes(found(filmed_from_behind(body.at(np.arange(1.0, 2.6, 1 / 60)), BackCamera())))


def test_the_walk_before_a_run_is_left_out() -> None:
    body = in_sequence([runner(WALKING, seconds=3.0), runner(Gait(), seconds=4.0)])
    findings = found(seen(body))
    left_out = [notice.message for notice in findings.warnings if notice.code == "part_left_out"]
    assert findings.result.running_from_s == pytest.approx(3.0, abs=0.6)
    assert len(left_out) == 1
    assert "walks" in left_out[0]


def test_poses_without_feet_still_give_the_hips() -> None:
    track = seen(somebody(Sway(drop_left_deg=3.0, drop_right_deg=8.0)), FAR)
    kept = [i for i, name in enumerate(KEYPOINTS) if "heel" not in name and "toe" not in name]
    without = PoseTrack(
        keypoints=tuple(KEYPOINTS[i] for i in kept), time_s=track.time_s, xy_px=track.xy_px[:, kept], score=track.score[:, kept],
        width_px=track.width_px, height_px=track.height_px,
    )  # fmt: skip
    findings = found(without)
    assert findings.result.measures.pelvic_drop_deg.right.value == pytest.approx(8.0, abs=1.0)
    assert findings.result.measures.pronation_deg.left.value is None
    assert "pronation_unknown" in codes(findings)


def test_the_tables_hold_every_frame_and_every_stance() -> None:
    track = seen(somebody(seconds=4.0))
    observations = Observations(track=track)
    findings = analyse(observations, RunningParameters())
    tables = ANALYSIS.tables(observations, findings)
    details: BackDetails = findings.details
    header, *rows = tables["series.csv"].splitlines()
    assert header.startswith("time_s,pelvis_tilt_deg,")
    assert len(rows) == len(track.time_s)
    stances = tables["strides.csv"].splitlines()
    assert len(stances) == 1 + len(details.strides)
    assert stances[0].startswith("foot,strike_s,")


def test_contact_times_follow_from_a_push_like_half_a_sine() -> None:
    contact, step = 0.24, 0.35
    hidden = contact * np.arcsin(2 * contact / (np.pi * step)) / np.pi
    assert contact_from(contact - hidden, step_s=step) == pytest.approx(contact, abs=0.001)
    assert contact_from_push(contact - 2 * hidden, step_s=step) == pytest.approx(contact, abs=0.001)
    assert np.isnan(contact_from(0.6, step_s=step))


def test_the_drawn_hip_line_is_held_against_its_own_middle() -> None:
    pose = {"left_hip": (100.0, 200.0), "right_hip": (140.0, 205.0)}
    for foot in ("left", "right"):
        tilt = float(np.degrees(np.arctan2(5.0, 40.0))) * (1 if foot == "left" else -1)
        vertex, level, line = back_corners(pose, {f"pelvic_drop_{foot}": tilt}, foot=foot, body_px=400.0)[f"pelvic_drop_{foot}"]
        assert vertex == pose[f"{foot}_hip"]
        assert level[1] == pytest.approx(vertex[1], abs=1e-6)
        assert np.sign(line[0] - vertex[0]) == (1 if foot == "left" else -1)


def test_the_made_up_sway_is_what_it_says() -> None:
    drops = true_drops_deg(somebody(Sway(drop_left_deg=4.0, drop_right_deg=8.0)))
    assert drops == {"left": pytest.approx(4.0, abs=0.6), "right": pytest.approx(8.0, abs=0.3)}
    limits = load_back_profile("ochy-back/1").measures["pelvic_drop"]
    assert limits.good[1] == limits.okay[0]
    assert limits.okay[1] == limits.bad[0]

"""The whole analysis against runners made of formulas: every number is known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Findings
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, exam, pooled
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import Camera, changed, exchanged_legs, filmed, mirrored, noisy

HEIGHT = RunningParameters(height_m=HEIGHT_M)
GAITS = {
    "slow jog": Gait(speed_m_per_s=2.2, cadence_spm=152, duty_factor=0.42, lift_m=0.2),
    "rearfoot": Gait(),
    "quick rearfoot": Gait(cadence_spm=188, duty_factor=0.38),
    "midfoot": Gait(speed_m_per_s=4.0, cadence_spm=178, duty_factor=0.32, foot_at_strike_deg=3.0, landing_speed=0.45),
    "forefoot": Gait(speed_m_per_s=4.65, cadence_spm=180, duty_factor=0.30, foot_at_strike_deg=-6.0, landing_speed=0.3),
    "fast": Gait(speed_m_per_s=6.0, cadence_spm=200, duty_factor=0.26, foot_at_strike_deg=-8.0, landing_speed=0.3, lift_m=0.5),
    "sprint": Gait(speed_m_per_s=8.0, cadence_spm=240, duty_factor=0.25, foot_at_strike_deg=-8.0, landing_speed=0.3, lift_m=0.55),
}


def seen(body: Body, *, fps: float = 60.0, camera: Camera | None = None) -> PoseTrack:
    return filmed(body.at(np.arange(body.time_s[0], body.time_s[-1], 1 / fps)), camera or Camera())


def found(track: PoseTrack, parameters: RunningParameters = HEIGHT) -> Findings[RunningResult]:
    return analyse(Observations(track=track), parameters)


def codes(findings: Findings[RunningResult]) -> set[str]:
    return {notice.code for notice in findings.warnings}


@pytest.mark.parametrize("fps", [30, 60, 120])
@pytest.mark.parametrize("name", GAITS)
def test_every_way_of_running_is_timed(name: str, fps: float) -> None:
    body = runner(GAITS[name], seconds=5.0)
    marks = [exam(body, Condition(facing="right", fps=fps), seed=seed) for seed in range(2)]
    numbers = pooled(marks)
    assert numbers["near_found"] >= 0.95
    assert numbers["near_false"] <= 0.05
    assert numbers["near_strike_ms"] <= 13
    assert numbers["far_found"] >= 0.9
    assert numbers["near_toe_off_ms"] <= 18
    assert numbers["cadence_spm"] <= 1.5


@pytest.mark.parametrize("facing", ["left", "right"])
@pytest.mark.parametrize("name", ["rearfoot", "forefoot", "fast"])
def test_over_ground_as_on_a_treadmill(name: str, facing: str) -> None:
    gait = GAITS[name]
    condition = Condition(facing=facing, fps=60, travelling_m_per_s=gait.speed_m_per_s)
    numbers = pooled([exam(runner(gait, seconds=3.0), condition, seed=seed) for seed in range(2)])
    assert numbers["near_found"] == 1.0
    assert numbers["near_false"] == 0.0
    assert numbers["near_strike_ms"] <= 10
    assert numbers["near_front_knee_deg"] <= 4
    assert numbers["near_elbow_deg"] <= 2


@pytest.mark.parametrize(
    ("name", "pattern"), [("rearfoot", "rearfoot"), ("midfoot", "midfoot"), ("forefoot", "forefoot"), ("sprint", "forefoot")]
)
def test_the_foot_strike_pattern_is_told(name: str, pattern: str) -> None:
    result = found(seen(runner(GAITS[name], seconds=5.0))).result
    assert result.foot_strike_pattern.left == pattern
    assert result.foot_strike_pattern.right == pattern


def test_numbers_of_a_clean_clip() -> None:
    gait = Gait(speed_m_per_s=3.2, cadence_spm=172, duty_factor=0.36, trunk_lean_deg=9.0, head_deg=-12.0, elbow_deg=83.0)
    far_camera = Camera(distance_m=40.0, focal_px=16000.0)
    findings = found(seen(runner(gait, seconds=6.0), fps=120, camera=far_camera))
    result, metrics = findings.result, findings.result.metrics
    assert metrics.cadence_spm.value == pytest.approx(172, abs=0.5)
    assert metrics.duty_factor.value == pytest.approx(0.36, abs=0.02)
    assert metrics.contact_time_s.right.value == pytest.approx(gait.contact_s, abs=0.015)
    assert metrics.flight_time_s.value == pytest.approx(gait.stride_s / 2 - gait.contact_s, abs=0.015)
    assert metrics.speed_m_per_s.value == pytest.approx(3.2, rel=0.02)
    assert metrics.step_length_m.value == pytest.approx(3.2 * 60 / 172, rel=0.02)
    assert metrics.vertical_oscillation_m.value == pytest.approx(2 * gait.bounce_m, abs=0.005)
    assert metrics.asymmetry == {}
    assert result.measures.trunk_lean_deg.value == pytest.approx(9.0, abs=0.2)
    assert result.measures.head_deg.right.value == pytest.approx(-12.0, abs=1.0)
    assert result.measures.elbow_deg.right.value == pytest.approx(83.0, abs=0.5)
    assert (result.direction, result.near_side, result.treadmill, result.swaps_repaired) == ("right", "right", True, 0)
    assert "no_scale" not in codes(findings)


def test_a_clip_without_height_has_no_metres_and_says_so() -> None:
    findings = found(seen(runner(Gait(), seconds=4.0)), RunningParameters())
    metrics = findings.result.metrics
    assert metrics.speed_m_per_s.value is None
    assert metrics.step_length_m.value is None
    assert metrics.vertical_oscillation_m.value is None
    assert metrics.cadence_spm.value == pytest.approx(170, abs=1)
    assert findings.result.total_score is not None
    assert "no_scale" in codes(findings)


def test_the_pace_of_the_belt_gives_metres() -> None:
    parameters = RunningParameters(treadmill=True, pace_s_per_km=1000 / 3.0)
    metrics = found(seen(runner(Gait(speed_m_per_s=3.0), seconds=4.0)), parameters).result.metrics
    assert metrics.speed_m_per_s.value == pytest.approx(3.0)
    assert metrics.speed_m_per_s.spread is None, "told, not measured"
    assert metrics.step_length_m.value == pytest.approx(3.0 * 60 / 170, rel=0.01)
    assert metrics.vertical_oscillation_m.value == pytest.approx(0.07, abs=0.006)


def test_height_and_pace_that_disagree_are_told() -> None:
    parameters = RunningParameters(treadmill=True, pace_s_per_km=1000 / 4.5, height_m=HEIGHT_M)
    assert "scale_mismatch" in codes(found(seen(runner(Gait(speed_m_per_s=3.0), seconds=4.0)), parameters))


def test_what_was_told_about_the_ground_is_checked() -> None:
    findings = found(seen(runner(Gait(), seconds=4.0)), RunningParameters(treadmill=False))
    assert not findings.result.treadmill
    assert "ground_disagrees" in codes(findings)


def test_uneven_stamps_are_taken_as_they_are() -> None:
    body = runner(Gait(), seconds=5.0)
    random = np.random.default_rng(3)
    steps = random.choice([1 / 60, 1 / 60, 1 / 30], size=400)
    times = np.cumsum(steps)
    times = times[times < 5.0]
    findings = found(filmed(body.at(times), Camera()))
    strikes = [event.time_s for event in findings.result.events if event.kind == "foot_strike" and event.foot == "right"]
    true = body.strikes_s["right"]
    assert len(strikes) == len(true[(true > times[0]) & (true < times[-1])])
    assert np.abs(np.array(strikes) - true[: len(strikes)]).max() < 0.02
    assert findings.result.metrics.cadence_spm.value == pytest.approx(170, abs=1)


def test_exchanged_legs_are_put_right_and_counted() -> None:
    track = noisy(seen(runner(Gait(), seconds=5.0)), sigma_px=3.0, far_side="left", seed=1)
    spoilt = exchanged_legs(track, [(40, 52), (100, 101), (160, 190)])
    clean, repaired = found(track).result, found(spoilt).result
    assert (clean.swaps_repaired, repaired.swaps_repaired) == (0, 3)
    assert repaired.events == clean.events
    assert repaired.measures == clean.measures


def test_wild_points_and_short_holes_change_little() -> None:
    track = seen(runner(Gait(), seconds=5.0))
    xy_px = track.xy_px.copy()
    random = np.random.default_rng(7)
    for frame in range(10, 290, 9):
        xy_px[frame, random.integers(len(KEYPOINTS))] += random.choice([-1, 1], 2) * 150
    for frame in range(14, 290, 23):
        xy_px[frame : frame + 5, random.integers(len(KEYPOINTS))] = np.nan
    clean, spoilt = found(track).result, found(changed(track, xy_px=xy_px)).result
    assert spoilt.outliers_removed >= 20
    assert len(spoilt.events) == len(clean.events)
    assert np.abs([a.time_s - b.time_s for a, b in zip(clean.events, spoilt.events, strict=True)]).max() < 0.03
    for name in ("front_knee_deg", "back_knee_deg"):
        before, after = getattr(clean.measures, name).right, getattr(spoilt.measures, name).right
        assert after.initial_contact.value == pytest.approx(before.initial_contact.value, abs=2.0)


def test_a_long_hole_stays_unknown() -> None:
    track = seen(runner(Gait(), seconds=5.0))
    xy_px = track.xy_px.copy()
    xy_px[120:180] = np.nan
    findings = found(changed(track, xy_px=xy_px))
    details = findings.details
    assert np.isnan(details.series["right_knee_deg"][130:170]).all()
    assert np.isfinite(details.series["right_knee_deg"][20:100]).all()
    hidden = [event for event in findings.result.events if 2.1 < event.time_s < 2.9]
    assert hidden == []


# ---- what must not matter


def test_mirroring_changes_the_direction_and_nothing_else() -> None:
    track = noisy(seen(runner(Gait(), seconds=4.0)), sigma_px=3.0, far_side="left", seed=2)
    straight, other = found(track).result, found(mirrored(track, relabel=False)).result
    assert (straight.direction, other.direction) == ("right", "left")
    assert (straight.near_side, other.near_side) == ("right", "left")
    assert [(e.foot, e.kind) for e in other.events] == [(e.foot, e.kind) for e in straight.events]
    assert [e.time_s for e in other.events] == pytest.approx([e.time_s for e in straight.events])
    for name in ("front_knee_deg", "back_knee_deg", "foot_strike_deg", "overstride_deg"):
        for side in ("left", "right"):
            for instant in ("initial_contact", "full_contact"):
                one = getattr(getattr(getattr(straight.measures, name), side), instant)
                two = getattr(getattr(getattr(other.measures, name), side), instant)
                assert two.value == pytest.approx(one.value)


def test_mirroring_with_new_names_swaps_the_sides() -> None:
    track = noisy(seen(runner(Gait(), seconds=4.0)), sigma_px=3.0, far_side="left", seed=2)
    straight, other = found(track).result, found(mirrored(track, relabel=True)).result
    assert (other.direction, other.near_side) == ("left", "left")
    swap = {"left": "right", "right": "left"}
    assert [(swap[e.foot], e.kind) for e in other.events] == [(e.foot, e.kind) for e in straight.events]
    assert other.measures.front_knee_deg.left == straight.measures.front_knee_deg.right
    assert other.total_score == pytest.approx(straight.total_score)


@pytest.mark.parametrize("factor", [0.5, 2.0, 3.7])
def test_the_size_of_the_picture_changes_nothing(factor: float) -> None:
    track = noisy(seen(runner(Gait(), seconds=4.0)), sigma_px=3.0, far_side="left", seed=2)
    larger = PoseTrack(
        keypoints=track.keypoints,
        time_s=track.time_s,
        xy_px=track.xy_px * factor,
        score=track.score,
        width_px=round(track.width_px * factor),
        height_px=round(track.height_px * factor),
    )
    one, two = found(track).result, found(larger).result
    assert [e.time_s for e in one.events] == pytest.approx([e.time_s for e in two.events], abs=1e-4)
    assert one.metrics.speed_m_per_s.value == pytest.approx(two.metrics.speed_m_per_s.value, abs=1e-3)
    assert one.measures.trunk_lean_deg.value == pytest.approx(two.measures.trunk_lean_deg.value, abs=1e-3)
    assert one.total_score == pytest.approx(two.total_score, abs=1e-3)


@pytest.mark.parametrize("factor", [2.0, 4.0])
def test_slow_motion_stretches_the_stamps_and_nothing_else(factor: float) -> None:
    track = noisy(seen(runner(Gait(), seconds=4.0), fps=120), sigma_px=3.0, far_side="left", seed=2)
    slow = changed(track, xy_px=track.xy_px, time_s=track.time_s * factor)
    one, two = found(track), found(slow, HEIGHT.model_copy(update={"slow_motion": factor}))
    assert [e.time_s * factor for e in one.result.events] == pytest.approx([e.time_s for e in two.result.events], abs=1e-4)
    assert one.result.metrics == two.result.metrics
    assert one.result.measures == two.result.measures
    assert two.result.running_to_s == pytest.approx(one.result.running_to_s * factor, abs=1e-3)
    assert np.allclose(two.details.time_s, one.details.time_s * factor)


def test_a_later_start_moves_the_events() -> None:
    track = seen(runner(Gait(), seconds=3.0))
    later = changed(track, xy_px=track.xy_px, time_s=track.time_s + 100.0)
    one, two = found(track).result, found(later).result
    assert [e.time_s + 100 for e in one.events] == pytest.approx([e.time_s for e in two.events], abs=1e-4)


def test_another_language_changes_words_and_nothing_else() -> None:
    track = seen(runner(Gait(), seconds=3.0))
    english, french = found(track), found(track, HEIGHT.model_copy(update={"language": "fr"}))
    assert codes(french) == codes(english)
    assert french.result.language == "fr"
    for key, score in english.result.scores.items():
        assert french.result.scores[key].texts.title != score.texts.title
        assert french.result.scores[key].texts.exercises == score.texts.exercises
        assert french.result.scores[key].model_copy(update={"texts": score.texts}) == score
    assert [style.code for style in french.result.styles] == [style.code for style in english.result.styles]
    words = {"scores", "styles", "language"}
    assert french.result.model_dump(exclude=words) == english.result.model_dump(exclude=words)


def test_all_five_styles_are_told_the_closest_first() -> None:
    result = found(seen(runner(Gait(), seconds=3.0))).result
    assert {style.code for style in result.styles} == {"stick", "bounce", "push", "hop", "sit"}
    assert [style.percentage for style in result.styles] == sorted((s.percentage for s in result.styles), reverse=True)
    assert result.style_place is not None


def test_the_literature_compares_by_sex_and_speed() -> None:
    jog = seen(runner(Gait(speed_m_per_s=2.8, cadence_spm=164, duty_factor=0.39), seconds=4.0))

    def judged(**changes: object) -> Findings[RunningResult]:
        return found(jog, HEIGHT.model_copy(update={"profile": "literature/1", **changes}))

    alone = judged()
    assert set(alone.result.norms) == {"cadence_spm"}
    assert "norm_needs_sex" in codes(alone)
    man, woman = judged(sex="male"), judged(sex="female")
    assert set(man.result.norms) == set(woman.result.norms) == {
        "cadence_spm", "contact_time_s", "duty_factor", "step_length_m", "vertical_oscillation_m"
    }  # fmt: skip
    assert abs(man.result.norms["cadence_spm"].difference_percent) < 2
    assert man.result.norms["contact_time_s"].mean == 0.283
    assert woman.result.norms["contact_time_s"].mean == 0.299
    assert "norm_needs_sex" not in codes(man)
    assert set(man.result.scores) == {"trunk"}
    assert man.result.total_score is None
    assert man.result.profile == "literature/1"


def test_the_literature_is_silent_beyond_its_speeds() -> None:
    fast = seen(runner(GAITS["fast"], seconds=3.0))
    findings = found(fast, HEIGHT.model_copy(update={"profile": "literature/1", "sex": "male"}))
    assert findings.result.norms == {}
    assert "norm_other_speed" in codes(findings)
    unscaled = found(fast, RunningParameters(profile="literature/1"))
    assert unscaled.result.norms == {}
    assert "norm_needs_speed" in codes(unscaled)
    assert found(fast).result.norms == {}


def test_a_limp_is_reported_only_above_the_noise() -> None:
    even = found(noisy(seen(runner(Gait(), seconds=6.0)), sigma_px=3.0, far_side="left", seed=4)).result
    assert even.metrics.asymmetry == {}
    body = runner(Gait(), seconds=6.0)
    stiff = runner(Gait(foot_at_strike_deg=-4.0), seconds=6.0)
    left = [i for i, name in enumerate(KEYPOINTS) if name.startswith("left") and name.endswith(("knee", "ankle", "heel", "toe"))]
    points = body.points_m.copy()
    points[:, left] = stiff.points_m[:, left]
    uneven = Body(
        time_s=body.time_s, points_m=points, strikes_s=body.strikes_s, toe_offs_s=body.toe_offs_s, height_m=body.height_m
    )
    result = found(seen(uneven)).result
    assert result.metrics.asymmetry["foot_strike_deg"].value == pytest.approx(-19, abs=4)


def test_a_style_needs_more_than_two_steps() -> None:
    assert found(seen(runner(Gait(), seconds=3.0))).result.styles
    short = found(seen(runner(Gait(), seconds=1.2))).result
    assert 0 < short.metrics.cadence_spm.n < 3
    assert short.styles == ()


def test_details_are_in_the_source_picture() -> None:
    track = seen(runner(Gait(), seconds=3.0), camera=Camera(facing="left"))
    findings = found(track)
    details = findings.details
    assert details.facing == "left"
    assert np.array_equal(details.time_s, track.time_s)
    knee, ours = KEYPOINTS.index("left_knee"), details.keypoints.index("left_knee")
    assert np.abs(details.xy_px[20:-20, ours] - track.xy_px[20:-20, knee]).max() < 12
    assert all(stride.strike_s <= stride.full_contact_s for stride in details.strides)
    assert set(details.series) >= {"left_knee_deg", "right_elbow_deg", "trunk_lean_deg"}

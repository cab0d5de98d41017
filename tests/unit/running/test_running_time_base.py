"""Slow motion found from how the hips fall and how often the feet land, and the check of scale and time that follows from it."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.motion import prepare
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.time_base import factors_at, needed_peak_g, slow_motion_of
from kinesight.domain.analysis import Findings
from kinesight.domain.errors import NotRunning
from kinesight.domain.people import PoseTrack
from kinesight.testing.exam import Condition, track_of
from kinesight.testing.runner import HEIGHT_M, WALKING, Gait, runner
from kinesight.testing.side_view import changed

GAITS = {
    "slow jog": Gait(speed_m_per_s=2.2, cadence_spm=152, duty_factor=0.42, lift_m=0.2),
    "slow steps": Gait(speed_m_per_s=2.6, cadence_spm=146, duty_factor=0.38, bounce_m=0.045),
    "rearfoot": Gait(),
    "quick rearfoot": Gait(cadence_spm=188, duty_factor=0.38),
    "shuffle": Gait(speed_m_per_s=2.4, cadence_spm=172, duty_factor=0.44, bounce_m=0.022, lift_m=0.15),
    "forefoot": Gait(speed_m_per_s=4.65, cadence_spm=180, duty_factor=0.30, foot_at_strike_deg=-6.0, landing_speed=0.3),
    "fast": Gait(speed_m_per_s=6.0, cadence_spm=200, duty_factor=0.26, foot_at_strike_deg=-8.0, landing_speed=0.3, lift_m=0.5),
}


def slowed(track: PoseTrack, factor: float) -> PoseTrack:
    return changed(track, xy_px=track.xy_px, time_s=track.time_s * factor)


def filmed_at(gait: Gait, fps: float, *, seconds: float = 3.0, seed: int = 0) -> PoseTrack:
    return track_of(runner(gait, seconds=seconds), Condition(facing="right", fps=fps), seed=seed)


def found(track: PoseTrack, **parameters: float) -> Findings[RunningResult]:
    return analyse(Observations(track=track), RunningParameters(**parameters))  # type: ignore[arg-type]


def codes(findings: Findings[RunningResult]) -> set[str]:
    return {notice.code for notice in findings.warnings}


@pytest.mark.parametrize("name", GAITS)
def test_slow_motion_is_found_in_every_gait(name: str) -> None:
    for filmed_fps in (60, 240):
        track = filmed_at(GAITS[name], filmed_fps)
        for factor in (1, 2, 4, 8):
            if filmed_fps / factor >= 24:
                motion = prepare(slowed(track, factor), slow_motion=1.0)
                for height_m in (HEIGHT_M, None):
                    assert slow_motion_of(motion, height_m=height_m) == factor, (filmed_fps, factor, height_m)


@pytest.mark.parametrize("height_m", [1.45, 2.05])
@pytest.mark.parametrize("name", GAITS)
def test_a_clip_at_its_true_speed_is_left_alone_whatever_height_is_told(name: str, height_m: float) -> None:
    for seed, fps in enumerate((30.0, 60.0)):
        track = filmed_at(GAITS[name], fps, seed=seed)
        assert slow_motion_of(prepare(track, slow_motion=1.0), height_m=height_m) == 1.0


@pytest.mark.parametrize("factor", [1.0, 2.0, 4.0])
def test_a_walker_is_no_runner_in_slow_motion(factor: float) -> None:
    track = slowed(filmed_at(WALKING, 120.0, seconds=5.0), factor)
    assert slow_motion_of(prepare(track, slow_motion=1.0), height_m=HEIGHT_M) == 1.0
    with pytest.raises(NotRunning):
        found(track)


def test_what_is_found_is_used_and_said() -> None:
    track = filmed_at(Gait(), 120.0, seconds=5.0)
    true, slow = found(track, height_m=HEIGHT_M), found(slowed(track, 4.0), height_m=HEIGHT_M)
    assert slow.result.time_base.slow_motion == 4.0
    assert not slow.result.time_base.is_told
    assert "slow_motion_found" in codes(slow)
    assert "slow_motion_found" not in codes(true)
    assert slow.result.metrics == true.result.metrics
    assert [e.time_s for e in slow.result.events] == pytest.approx([e.time_s * 4 for e in true.result.events], abs=1e-4)


def test_the_factor_that_is_told_is_used_and_doubted() -> None:
    slow = slowed(filmed_at(Gait(), 120.0, seconds=5.0), 2.0)
    told = found(slow, height_m=HEIGHT_M, slow_motion=1.0)
    assert (told.result.time_base.slow_motion, told.result.time_base.is_told) == (1.0, True)
    assert "time_base_doubtful" in codes(told)
    assert told.result.time_base.fall == pytest.approx(0.25, abs=0.06)
    right = found(slow, height_m=HEIGHT_M, slow_motion=2.0)
    assert right.result.time_base.fall == pytest.approx(1.0, abs=0.2)
    assert "time_base_doubtful" not in codes(right)


def test_a_sprint_at_half_speed_is_at_least_doubted() -> None:
    """At 120 steps a minute it could be an odd jog; what decides is not clear enough to change the numbers by itself."""
    gait = Gait(
        speed_m_per_s=8.0,
        cadence_spm=240,
        duty_factor=0.25,
        foot_at_strike_deg=-8.0,
        landing_speed=0.3,
        lift_m=0.55,
        bounce_m=0.025,
    )
    findings = found(slowed(filmed_at(gait, 120.0), 2.0), height_m=HEIGHT_M)
    assert findings.result.time_base.slow_motion == 2.0 or "time_base_doubtful" in codes(findings)


def test_a_height_that_is_far_off_is_doubted() -> None:
    track = filmed_at(Gait(), 60.0, seconds=5.0)
    assert "time_base_doubtful" in codes(found(track, height_m=0.8))
    assert "time_base_doubtful" not in codes(found(track, height_m=1.7))


def test_too_few_steps_say_nothing_about_time() -> None:
    findings = found(filmed_at(Gait(), 60.0, seconds=0.9))
    assert findings.result.time_base.fall is None
    assert findings.result.time_base.slow_motion == 1.0


@pytest.mark.parametrize(
    ("fps", "factors"),
    [
        (30.0, (2, 4, 8, 16, 32)),
        (29.97, (2, 4, 8, 16, 32)),
        (58.8, (2, 4, 8, 16)),
        (24.0, (2.5, 5, 10, 20, 40)),
        (25.0, (2, 4, 8)),
    ],
)
def test_factors_that_cameras_make(fps: float, factors: tuple[float, ...]) -> None:
    assert factors_at(fps) == factors


def test_needed_acceleration_is_that_of_half_sine_pushes() -> None:
    phase = np.linspace(0, 1, 20001)[:-1]
    for duty in (0.2, 0.25, 0.3, 0.36, 0.45):
        push = np.where(phase < 2 * duty, np.sin(np.pi * phase / (2 * duty)), 0.0)
        push /= push.mean()
        assert needed_peak_g(duty) == pytest.approx(2 * abs(np.mean(push * np.exp(-2j * np.pi * phase))), rel=1e-3)

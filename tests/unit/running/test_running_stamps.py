"""Stamps of every spacing: the numbers follow the moments at which pictures were taken, not how many there are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.video import Floats
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import Camera, changed, filmed, noisy

SECONDS = 3.0
BODY = runner(Gait(), seconds=SECONDS)
QUICK = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def result_at(times: Floats, *, seed: int = 0) -> RunningResult:
    track = noisy(filmed(BODY.at(times), Camera()), sigma_px=2.0, far_side="left", seed=seed)
    return analyse(Observations(track=track), RunningParameters(height_m=HEIGHT_M)).result


def near_strikes(result: RunningResult) -> Floats:
    return np.array([event.time_s for event in result.events if event.kind == "foot_strike" and event.foot == "right"])


def check(result: RunningResult, times: Floats) -> None:
    true = BODY.strikes_s["right"]
    true = true[(true > times[0] + 0.05) & (true < times[-1] - 0.05)]
    found = near_strikes(result)
    assert all(np.abs(found - strike).min() < 0.022 for strike in true)
    assert result.metrics.cadence_spm.value == pytest.approx(170, abs=2.5)
    assert result.metrics.speed_m_per_s.value == pytest.approx(3.0, rel=0.05)
    assert result.measures.front_knee_deg.right.initial_contact.value == pytest.approx(REFERENCE_KNEE_DEG, abs=5.0)
    assert result.time_base.slow_motion == 1.0


REFERENCE_KNEE_DEG = result_at(np.arange(0.0, SECONDS, 1 / 120)).measures.front_knee_deg.right.initial_contact.value


@QUICK
@given(seed=st.integers(0, 2**16), rate_hz=st.sampled_from([60.0, 90.0, 120.0]), dropped=st.floats(0.0, 0.35))
def test_dropped_pictures(seed: int, rate_hz: float, dropped: float) -> None:
    """A phone that is short of light or time leaves pictures out; the stamps of the others stay true."""
    random = np.random.default_rng(seed)
    times = np.arange(0.0, SECONDS, 1 / rate_hz)
    times = times[random.random(len(times)) >= dropped]
    check(result_at(times, seed=seed), times)


@QUICK
@given(seed=st.integers(0, 2**16), jitter=st.floats(0.0, 0.45))
def test_stamps_that_tremble(seed: int, jitter: float) -> None:
    random = np.random.default_rng(seed)
    times = (np.arange(round(SECONDS * 60) - 1) + 0.5 + jitter * random.uniform(-1, 1, round(SECONDS * 60) - 1)) / 60
    check(result_at(times, seed=seed), times)


@QUICK
@given(
    seed=st.integers(0, 2**16),
    slower_from=st.floats(0.5, 2.5),
    rates=st.sampled_from([(120.0, 40.0), (30.0, 60.0), (60.0, 30.0)]),
)
def test_a_rate_that_changes_in_the_middle(seed: int, slower_from: float, rates: tuple[float, float]) -> None:
    """Exposure gets longer as a runner goes into the shade, and the phone films fewer pictures a second from there on."""
    times = np.concatenate([np.arange(0.0, slower_from, 1 / rates[0]), np.arange(slower_from, SECONDS, 1 / rates[1])])
    times = times[np.concatenate([[True], np.diff(times) > 1e-4])]
    check(result_at(times, seed=seed), times)


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_another_rate_of_playing_scales_every_duration(factor: float) -> None:
    times = np.arange(0.0, SECONDS, 1 / 90)
    track = noisy(filmed(BODY.at(times), Camera()), sigma_px=2.0, far_side="left", seed=1)
    one = analyse(Observations(track=track), RunningParameters(height_m=HEIGHT_M)).result
    played = changed(track, xy_px=track.xy_px, time_s=track.time_s * factor)
    two = analyse(Observations(track=played), RunningParameters(height_m=HEIGHT_M)).result
    assert len(two.events) == len(one.events)
    assert [e.time_s for e in two.events] == pytest.approx([factor * e.time_s for e in one.events], abs=0.006)
    assert two.metrics.cadence_spm.value == pytest.approx(one.metrics.cadence_spm.value / factor, rel=0.01)
    assert two.metrics.speed_m_per_s.value == pytest.approx(one.metrics.speed_m_per_s.value / factor, rel=0.02)
    assert two.time_base.fall == pytest.approx(one.time_base.fall / factor**2, rel=0.1)
    assert two.metrics.step_length_m.value == pytest.approx(one.metrics.step_length_m.value, rel=0.02)

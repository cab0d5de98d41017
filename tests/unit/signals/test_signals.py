"""Signal functions against what geometry and closed forms say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.domain.video import Floats
from kinesight.signals.crossings import first_fall, peak_time
from kinesight.signals.geometry import inner_angle_deg, lean_deg, slope_deg
from kinesight.signals.robust import centre, jump_outliers, spread
from kinesight.signals.runs import longest_run, true_runs
from kinesight.signals.smoothing import low_pass, resample, uniform_times
from kinesight.signals.swaps import exchanged


def test_low_pass_keeps_slow_and_stops_fast_without_delay() -> None:
    time = np.arange(0, 4, 1 / 240)
    slow, fast = np.sin(2 * np.pi * 2 * time), np.sin(2 * np.pi * 40 * time)
    smooth = low_pass(slow + fast, rate_hz=240, cutoff_hz=12)
    inner = slice(60, -60)
    assert np.abs(smooth - slow)[inner].max() < 0.015
    assert np.abs(low_pass(fast, rate_hz=240, cutoff_hz=12))[inner].max() < 0.015


def test_low_pass_halves_the_power_at_the_cut_off() -> None:
    time = np.arange(0, 8, 1 / 240)
    smooth = low_pass(np.sin(2 * np.pi * 12 * time), rate_hz=240, cutoff_hz=12)
    assert np.abs(smooth[480:-480]).max() == pytest.approx(np.sqrt(0.5), abs=0.01)


def test_low_pass_leaves_unknown_unknown_and_does_not_mix_across() -> None:
    values = np.concatenate([np.zeros(100), np.full(10, np.nan), np.ones(100)])[:, None].repeat(2, axis=1)
    values[:, 1] = 5.0
    smooth = low_pass(values, rate_hz=240, cutoff_hz=12)
    assert np.isnan(smooth[100:110, 0]).all()
    assert np.abs(smooth[:100, 0]).max() < 1e-9
    assert np.abs(smooth[110:, 0] - 1).max() < 1e-9
    assert np.abs(smooth[:, 1] - 5).max() < 1e-9


def test_resample_follows_uneven_samples_and_stops_at_long_holes() -> None:
    random = np.random.default_rng(0)
    time = np.cumsum(random.uniform(0.01, 0.03, 200))
    path = np.stack([np.sin(3 * time), np.cos(2 * time)], axis=1)
    holed = path.copy()
    holed[50:53] = np.nan
    holed[100:130, 0] = np.nan
    at = uniform_times(time, rate_hz=240)
    out = resample(time, holed, at, longest_gap_s=0.12)
    hidden = (at > time[99]) & (at < time[130])
    assert np.isnan(out[hidden, 0]).all()
    assert np.abs(out[~hidden, 0] - np.sin(3 * at[~hidden])).max() < 1e-3
    assert np.abs(out[:, 1] - np.cos(2 * at)).max() < 1e-3


@given(st.lists(st.floats(0.001, 1.0), min_size=2, max_size=30), st.floats(1, 500))
def test_uniform_times_span_all_and_are_dense_enough(steps: list[float], rate_hz: float) -> None:
    time = np.cumsum(steps)
    even = uniform_times(time, rate_hz=rate_hz)
    assert even[0] == time[0]
    assert even[-1] == time[-1]
    assert np.diff(even).max() <= 1 / rate_hz + 1e-6


@given(st.floats(0, 180), st.floats(-180, 180), st.floats(0.1, 1e4), st.floats(0.1, 1e4))
def test_inner_angle_is_what_it_was_built_from(angle: float, turn: float, one: float, other: float) -> None:
    first = one * np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))])
    last = other * np.array([np.cos(np.radians(turn + angle)), np.sin(np.radians(turn + angle))])
    assert inner_angle_deg(first, np.zeros(2), last) == pytest.approx(angle, abs=1e-4)


def test_angles_of_coinciding_points_are_unknown() -> None:
    assert np.isnan(inner_angle_deg(np.zeros(2), np.zeros(2), np.ones(2)))


def test_lines_have_the_documented_signs() -> None:
    assert slope_deg(np.zeros(2), np.array([1.0, 1.0])) == pytest.approx(45)
    assert slope_deg(np.zeros(2), np.array([1.0, -1.0])) == pytest.approx(-45)
    assert lean_deg(np.zeros(2), np.array([0.1, 1.0])) == pytest.approx(np.degrees(np.arctan(0.1)))
    assert lean_deg(np.zeros(2), np.array([-0.1, 1.0])) == pytest.approx(-np.degrees(np.arctan(0.1)))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(-1e3, 1e3))
def test_centre_moves_with_the_values(values: list[float], shift: float) -> None:
    array = np.array(values)
    assert centre(array + shift) == pytest.approx(centre(array) + shift, abs=1e-6)
    assert array.min() - 1e-9 <= centre(array) <= array.max() + 1e-9


def test_centre_and_spread_ignore_the_unknown_and_the_wild() -> None:
    values = np.array([1.0, 2.0, 3.0, np.nan, 2.0, 1000.0, 2.0, 2.5, 1.5])
    assert centre(values) == pytest.approx(2.0, abs=0.3)
    assert spread(values) == pytest.approx(0.5)
    assert np.isnan(centre(np.array([np.nan])))
    assert np.isnan(spread(np.array([])))


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_jump_is_found_whole_and_alone(length: int) -> None:
    time = np.arange(100) / 60
    path = np.stack([100 * np.sin(6 * time), 60 * np.cos(6 * time)], axis=1)
    path[40 : 40 + length] += [80.0, -50.0]
    wild = jump_outliers(time, path, least=10.0, most=60.0)
    assert np.flatnonzero(wild).tolist() == list(range(40, 40 + length))


def test_a_jump_into_the_unknown_is_found() -> None:
    time = np.arange(60) / 30
    path = np.stack([200 * time, 10 * time], axis=1)
    path[40] += [-90.0, 40.0]
    path[41:45] = np.nan
    assert np.flatnonzero(jump_outliers(time, path, least=10.0, most=40.0)).tolist() == [40]


def test_a_smooth_path_has_no_jumps() -> None:
    time = np.arange(300) / 60
    path = np.stack([300 * np.sin(9 * time), 200 * np.cos(18 * time)], axis=1)
    assert not jump_outliers(time, path, least=10.0, most=60.0).any()


def _legs(time: Floats) -> tuple[Floats, Floats]:
    """Two legs of three points each, swinging against each other and passing each other twice a stride."""
    depth = np.array([0.2, 0.6, 1.0])
    swing = 200 * np.sin(2 * np.pi * 1.4 * time)[:, None] * depth
    lift = 60 * np.cos(2 * np.pi * 1.4 * time)[:, None] * depth
    height = -400 * depth
    left = np.stack([swing, height + lift], axis=-1)
    right = np.stack([-swing, height - lift], axis=-1)
    return left, right


@given(st.lists(st.tuples(st.integers(5, 280), st.integers(1, 12)), max_size=3), st.integers(0, 1000))
def test_exchanged_episodes_are_found(episodes: list[tuple[int, int]], seed: int) -> None:
    time = np.arange(300) / 60
    left, right = _legs(time)
    random = np.random.default_rng(seed)
    left, right = left + random.normal(0, 1.5, left.shape), right + random.normal(0, 1.5, right.shape)
    # where the legs pass each other within the noise nobody can tell them apart
    apart = np.abs(left[:, 2, 0] - right[:, 2, 0]) + np.abs(left[:, 2, 1] - right[:, 2, 1])
    truth = np.zeros(300, dtype=bool)
    for start, length in episodes:
        truth[start : start + length] = True
    one, other = left.copy(), right.copy()
    one[truth], other[truth] = right[truth], left[truth]
    wrong = exchanged(time, one, other) != truth
    assert not wrong[apart > 60].any()


def test_exchanges_are_found_across_holes_and_uneven_times() -> None:
    time = np.delete(np.arange(300) / 60, [30, 31, 90, 150, 151, 152])
    left, right = _legs(time)
    one, other = left.copy(), right.copy()
    one[100:110], other[100:110] = right[100:110], left[100:110]
    one[200:204] = np.nan
    assert np.flatnonzero(exchanged(time, one, other)).tolist() == list(range(100, 110))


def test_too_little_to_tell_is_left_as_it_is() -> None:
    nothing = np.full((10, 3, 2), np.nan)
    assert not exchanged(np.arange(10.0), nothing, nothing).any()


def test_crossings_and_peaks_lie_between_samples() -> None:
    time = np.arange(0, 1, 0.05)
    assert first_fall(time, 1 - 2 * time, level=0.33) == pytest.approx(0.335)
    assert np.isnan(first_fall(time, time, level=0.5))
    assert peak_time(time, -((time - 0.512) ** 2)) == pytest.approx(0.512)
    assert peak_time(time, time) == pytest.approx(time[-1])
    assert np.isnan(peak_time(time, np.full(len(time), np.nan)))


@given(st.lists(st.booleans(), max_size=40))
def test_runs_are_the_mask(mask: list[bool]) -> None:
    again = np.zeros(len(mask), dtype=bool)
    for start, stop in true_runs(np.array(mask, dtype=bool)):
        assert stop > start
        again[start:stop] = True
    assert again.tolist() == mask
    longest = longest_run(np.array(mask, dtype=bool))
    assert (longest is None) == (not any(mask))

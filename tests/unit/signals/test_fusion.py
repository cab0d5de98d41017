"""One path out of positions and steps: true paths with known errors."""

import numpy as np
import pytest

from kinesight.signals.fusion import fused_path

SAMPLES = 80


def true_path():
    turn = np.linspace(0, 3, SAMPLES)
    return np.stack([40 * turn, 30 * np.sin(2 * turn)], axis=1)


def fused(positions, steps, trust=None):
    trust = np.ones(len(steps)) if trust is None else trust
    return fused_path(positions, steps, trust, position_noise=1.0, step_noise=0.1)


def test_noise_of_the_positions_is_averaged_out_along_the_steps():
    noise = np.random.default_rng(3).normal(0, 1, (SAMPLES, 2))
    path = true_path()
    found = fused(path + noise, np.diff(path, axis=0))
    # exact steps leave one unknown, the place of the whole path, to 80 positions; robust weights cost a little of that
    assert np.std(found - path, axis=0).max() < 0.15
    assert np.abs((found - path).mean(axis=0)).max() < 0.3


def test_what_agrees_already_stays():
    path = true_path()
    assert fused(path, np.diff(path, axis=0)) == pytest.approx(path, abs=1e-6)


def test_a_wild_position_gives_way_to_the_steps():
    path = true_path()
    wild = path.copy()
    wild[30] += [40, -25]
    assert np.abs(fused(wild, np.diff(path, axis=0)) - path).max() < 0.2


def test_a_wrong_step_gives_way_to_the_positions():
    path = true_path()
    steps = np.diff(path, axis=0)
    steps[50] = 20.0
    assert np.abs(fused(path, steps) - path).max() < 0.2


def test_without_steps_nothing_changes():
    path = true_path()
    unknown = np.full((SAMPLES - 1, 2), np.nan)
    assert fused(path, unknown) == pytest.approx(path, abs=1e-9)
    assert fused(path, np.zeros((SAMPLES - 1, 2)), np.zeros(SAMPLES - 1)) == pytest.approx(path, abs=1e-9)


def test_parts_without_a_step_between_them_do_not_touch_each_other():
    path = true_path()
    other = path.copy()
    other[40:] += [500, 500]
    steps = np.diff(path, axis=0)
    steps[39] = np.nan
    assert fused(other, steps)[:40] == pytest.approx(fused(path, steps)[:40], abs=1e-6)


def test_the_unknown_stays_unknown_and_the_rest_is_as_good():
    path = true_path()
    holes = path.copy()
    holes[10:14] = np.nan
    steps = np.diff(holes, axis=0)
    found = fused(holes, steps)
    assert np.array_equal(np.isnan(found), np.isnan(holes))
    assert np.nanmax(np.abs(found - holes)) < 1e-6


def test_units_and_place_do_not_matter():
    rng = np.random.default_rng(5)
    noisy = true_path() + rng.normal(0, 1, (SAMPLES, 2))
    steps = np.diff(true_path(), axis=0)
    one = fused(noisy, steps)
    trust = np.ones(SAMPLES - 1)
    moved = fused_path(10 * noisy + 3000, 10 * steps, trust, position_noise=10.0, step_noise=1.0)
    assert moved == pytest.approx(10 * one + 3000, abs=1e-5)

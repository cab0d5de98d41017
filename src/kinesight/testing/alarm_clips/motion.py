"""Signals over time that move things: gusts of wind, springs that answer them, walks with stops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter

from kinesight.domain.video import Floats

GRID_HZ = 60.0
"""Signals are made at this rate and interpolated; nothing that is drawn moves in less than about four of its steps."""

LEAD_S = 3.0
"""Signals begin this long before the clip, so that springs are already in motion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """Values (m,) or (m, k) on the grid; the clip's moment 0 is LEAD_S after the first."""

    values: Floats

    def at(self, time_s: float) -> Floats:
        """Return the value or values at one moment."""
        place = (time_s + LEAD_S) * GRID_HZ
        low = int(np.clip(np.floor(place), 0, len(self.values) - 2))
        share = np.clip(place - low, 0.0, 1.0)
        return np.asarray(self.values[low] * (1 - share) + self.values[low + 1] * share)


def grid_length(duration_s: float) -> int:
    """Return how many samples a signal over a clip has."""
    return int((duration_s + LEAD_S) * GRID_HZ) + 2


def gust(rng: np.random.Generator, duration_s: float, *, memory_s: float = 1.5) -> Signal:
    """Return wind force, mean 0 and standard deviation 1: noise with a memory (Ornstein-Uhlenbeck), calm and squall by turns."""
    count = grid_length(duration_s)
    keep = np.exp(-1 / (memory_s * GRID_HZ))
    slow = lfilter([np.sqrt(1 - keep**2)], [1, -keep], rng.standard_normal(count))
    quick_keep = np.exp(-1 / (0.15 * GRID_HZ))
    quick = lfilter([np.sqrt(1 - quick_keep**2)], [1, -quick_keep], rng.standard_normal(count))
    force = slow + 0.5 * quick * np.clip(1 + 0.5 * slow, 0, 2)
    return Signal(values=(force - force.mean()) / max(float(force.std()), 1e-6))


def spring(force: Signal, *, own_hz: float, damping: float) -> Signal:
    """Return how a mass on a spring follows a force, scaled to standard deviation 1.

    The exact recursion of x'' + 2 d w x' + w^2 x = w^2 f for a force that is constant over each step.
    """
    omega = 2 * np.pi * own_hz
    decay = np.exp(-damping * omega / GRID_HZ)
    turn = omega * np.sqrt(max(1 - damping**2, 1e-6)) / GRID_HZ
    a = [1.0, -2 * decay * np.cos(turn), decay**2]
    answer = lfilter([0.0, sum(a)], a, force.values, axis=0)
    return Signal(values=answer / max(float(answer.std()), 1e-6))


def walk_and_stop(rng: np.random.Generator, duration_s: float, *, speed: float, start: tuple[float, float]) -> Signal:
    """Return a path (m, 2) of something that walks, stops, turns and walks on; `speed` is in units a second."""
    count = grid_length(duration_s)
    moves = np.empty(count)
    place, walks = 0, bool(rng.random() < 0.6)
    while place < count:
        length = int(rng.uniform(0.3, 2.0) * GRID_HZ)
        moves[place : place + length] = walks
        place, walks = place + length, not walks
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.standard_normal(count)) * 0.09
    step = moves * speed * rng.uniform(0.7, 1.3) / GRID_HZ
    path = np.column_stack([np.cumsum(step * np.cos(heading)), np.cumsum(step * np.sin(heading))])
    return Signal(values=path - path[int(LEAD_S * GRID_HZ)] + np.asarray(start))


def wander(rng: np.random.Generator, duration_s: float, *, speed: float, start: tuple[float, float]) -> Signal:
    """Return a smooth path (m, 2) without stops, such as an insect flies."""
    count = grid_length(duration_s)
    turn = lfilter([0.05], [1, -0.95], rng.standard_normal(count)) * 1.2
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(turn) * 0.5
    step = speed / GRID_HZ
    path = np.column_stack([np.cumsum(step * np.cos(heading)), np.cumsum(step * np.sin(heading))])
    return Signal(values=path - path[int(LEAD_S * GRID_HZ)] + np.asarray(start))

"""How fast the ground and the runner move in the picture, and how fast the runner moves over the ground."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.motion import SIDES, Motion
from kinesight.domain.video import Floats

WINDOW_S = 2.0
# The ground counts as still where it moves slower than this part of the runner's speed over it.
STILL = 0.3
# Where the camera is known to stand still, or its motion was taken out, the hips tell a treadmill from ground: they stay, or they
# travel at the running speed. Nothing lies between, so half of it divides best.
TRAVELS = 0.5
# Thigh and shank together are about half the height, so this is the hip height over g that normalises speed (Froude).
GRAVITY_M_PER_S2 = 9.81


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """Forward speeds in pixels per second, (samples,) each: of the ground in the picture, and of the hips over the ground.

    `moves` says whether the ground moves in the picture: a treadmill's belt, or a camera that follows.
    """

    ground_px_per_s: Floats
    runner_px_per_s: Floats
    moves: bool

    def over_ground(self, speed_px_per_s: Floats) -> Floats:
        """Return a picture speed as part of the running speed, over the ground: 0 stands, 1 moves with the hips."""
        return np.asarray((speed_px_per_s - self.ground_px_per_s) / np.maximum(self.runner_px_per_s, 1.0))


def find_ground(motion: Motion, *, camera_is_known: bool = False) -> Ground:
    """Return how ground and runner move, from the feet.

    A foot on the ground moves backwards against the hips as fast as the runner moves forwards, and no foot moves faster backwards
    for long; the median of the fastest quarter is that speed. Where such feet stand still in the picture, the camera does too;
    where the camera is known to stand still, hips that do not travel at that speed are on a treadmill.
    """
    hips = motion.speed_px_per_s(motion.hips)
    feet = [motion.speed_px_per_s(motion.foot(side)) for side in SIDES]
    standing: list[Floats] = []
    for foot in feet:
        against = foot - hips
        known = np.isfinite(against)
        if known.any():
            standing.append(np.stack([foot, against])[:, known & (against <= np.nanpercentile(against, 25))])
    if not standing:
        nothing = np.zeros(len(hips))
        return Ground(ground_px_per_s=nothing, runner_px_per_s=nothing, moves=False)
    picture, against = np.concatenate(standing, axis=1)
    running = abs(float(np.median(against)))
    if camera_is_known:
        moves = abs(float(np.median(hips[np.isfinite(hips)]))) < TRAVELS * running
    else:
        moves = abs(float(np.median(picture))) > STILL * running
    ground = _sliding(motion.time_s, feet) if moves else np.zeros(len(hips))
    return Ground(ground_px_per_s=ground, runner_px_per_s=_steady(motion.time_s, hips) - ground, moves=moves)


def _sliding(time_s: Floats, feet: list[Floats]) -> Floats:
    """Median of the fastest backward quarter of both feet in a window that slides along."""
    centres = np.linspace(time_s[0], time_s[-1], max(2, int((time_s[-1] - time_s[0]) / (WINDOW_S / 4)) + 1))
    half = WINDOW_S / 2
    speeds = []
    for centre in centres:
        start = min(max(centre - half, time_s[0]), max(time_s[-1] - WINDOW_S, time_s[0]))
        inside = (time_s >= start) & (time_s <= start + WINDOW_S)
        pooled = np.concatenate([foot[inside] for foot in feet])
        pooled = np.sort(pooled[np.isfinite(pooled)])
        speeds.append(float(np.median(pooled[: max(1, len(pooled) // 4)])) if len(pooled) else np.nan)
    known = np.isfinite(speeds)
    return np.interp(time_s, centres[known], np.array(speeds)[known]) if known.any() else np.zeros(len(time_s))


def _steady(time_s: Floats, speed: Floats) -> Floats:
    """Return the speed without what comes and goes within a step: a moving mean over 0.3 s that leaves out unknown samples."""
    known = np.isfinite(speed)
    width = max(1, round(0.3 / (time_s[1] - time_s[0])))
    window = np.ones(min(width, len(speed)))
    total = np.convolve(np.where(known, speed, 0.0), window, mode="same")
    count = np.convolve(known.astype(float), window, mode="same")
    return np.where(count > 0, total / np.maximum(count, 1.0), 0.0)

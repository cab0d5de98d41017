"""The movement as the picture shows it from behind: x to the right, y up, with the size of the runner at every moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.motion import Motion
from kinesight.domain.video import Floats
from kinesight.signals.geometry import length

SIZE_WINDOW_S = 1.0
# Trunk over body height: Winter, Biomechanics and Motor Control of Human Movement, table 4.1.
TRUNK_PER_HEIGHT = 0.288


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontal:
    """One person's movement in the plane of the picture.

    `points` by keypoint name, (samples, 2) pixels, x to the right of the picture, y up; `trunk_px` (samples,) the length of
    the trunk without what comes and goes within a stride: it shrinks as the runner runs away.
    """

    motion: Motion
    points: Mapping[str, Floats]
    trunk_px: Floats

    @property
    def time_s(self) -> Floats:
        """Return the times of the samples, the runner's seconds."""
        return self.motion.time_s

    def middle(self, joint: str) -> Floats:
        """Return the point between left and right of a joint, (samples, 2)."""
        return np.asarray((self.points[f"left_{joint}"] + self.points[f"right_{joint}"]) / 2)

    @property
    def body(self) -> Floats:
        """Return the middle of the trunk, (samples, 2), which stands for the centre of mass."""
        return np.asarray((self.middle("hip") + self.middle("shoulder")) / 2)

    def foot(self, side: str) -> Floats:
        """Return the middle of ankle, heel and toe, (samples, 2), or the ankle where the model has no foot points."""
        middle = np.asarray(sum(self.points[f"{side}_{name}"] for name in ("ankle", "heel", "big_toe")) / 3)
        return middle if np.isfinite(middle).any() else self.points[f"{side}_ankle"]


def find_frontal(motion: Motion) -> Frontal:
    """Return the movement as seen from behind; undoes that a motion always goes forward."""
    forward = 1.0 if motion.facing == "right" else -1.0
    points = {name: path * [forward, 1.0] for name, path in motion.points.items()}
    trunk = length(motion.shoulders - motion.hips)
    return Frontal(motion=motion, points=points, trunk_px=np.maximum(_steady(motion.time_s, trunk), 1.0))


def _steady(time_s: Floats, values: Floats) -> Floats:
    """Return the values without what changes within a second: a straight line through the window round each sample."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), np.nan)
    filled = np.interp(time_s, time_s[known], values[known])
    half = max(1, round(SIZE_WINDOW_S / 2 / (time_s[1] - time_s[0])))
    # the ends are turned round their own value, so that a trend is kept there
    padded = np.concatenate([2 * filled[0] - filled[half:0:-1], filled, 2 * filled[-1] - filled[-2 : -half - 2 : -1]])
    if len(padded) < len(filled) + 2 * half:
        return np.full(len(values), float(np.median(filled)))
    return np.convolve(padded, np.ones(2 * half + 1) / (2 * half + 1), mode="valid")

"""How something went: from its boxes over time to displacement, straightness, speed and shape. Pure numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesight.analyses.alarm.medians import median_of
from kinesight.domain.video import Floats

SMOOTH_S = 0.4
"""Boxes of changed pixels breathe with every step; a path is measured on means over this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a thing went. Lengths are pixels of the boxes that were given, or sizes of the thing (geometric mean of its sides).

    `gone_px` is the greatest distance from where it began, `gone_sizes` the same in sizes; `straightness` greatest distance over
    path length up to there, 0..1, 1 for a straight way; `aspect` is height over width; `steadiness` is 1 for a thing that keeps
    its size from sight to sight, 0 for one that changes it by half and more; `speed_sizes_per_s` along the greatest distance;
    `growth` is the log of the size at one end over that at the other: what comes straight at the camera grows instead of going;
    `leap` is the longest step between two sights over the greatest distance: near 1 for two things taken for one.
    """

    life_s: float
    gone_px: float
    gone_sizes: float
    straightness: float
    speed_sizes_per_s: float
    aspect: float
    width_px: float
    height_px: float
    steadiness: float
    leap: float
    growth: float


def course_of(time_s: Floats, box_px: Floats) -> Course:
    """Return the course of a thing from the times (k,) and boxes (k, 4) of its sights."""
    centre = (box_px[:, :2] + box_px[:, 2:]) / 2
    side = np.maximum(box_px[:, 2:] - box_px[:, :2], 1.0)
    width, height = (median_of(side[:, axis]) for axis in (0, 1))
    size = float(np.sqrt(width * height))
    path = _smoothed(time_s, centre)
    away = np.linalg.norm(path - path[0], axis=1)
    farthest = int(np.argmax(away))
    gone = float(away[farthest])
    length = float(np.sum(np.linalg.norm(np.diff(path[: farthest + 1], axis=0), axis=1)))
    needed_s = float(time_s[farthest] - time_s[0])
    steps = np.linalg.norm(np.diff(centre[: farthest + 1], axis=0), axis=1)
    area = np.log(np.prod(side, axis=1))
    jumps = median_of(np.abs(np.diff(area))) if len(area) > 1 else 1.0
    return Course(
        life_s=float(time_s[-1] - time_s[0]),
        gone_px=gone,
        gone_sizes=gone / size,
        straightness=min(1.0, gone / length) if length > 0 else 0.0,
        speed_sizes_per_s=gone / size / needed_s if needed_s > 0 else 0.0,
        aspect=height / width,
        width_px=width,
        height_px=height,
        steadiness=min(max(1.0 - jumps / 0.4, 0.0), 1.0),
        growth=_growth(side),
        leap=min(1.0, float(np.max(steps, initial=0.0)) / gone) if gone > 0 else 0.0,
    )


def _growth(side: Floats) -> float:
    """Return the absolute log ratio of the sizes in the first and the last quarter of the sights, (k, 2) sides."""
    if len(side) < 4:
        return 0.0
    size = 0.5 * np.log(np.prod(side, axis=1))
    quarter = max(2, len(side) // 4)
    return abs(median_of(size[:quarter]) - median_of(size[-quarter:]))


def _smoothed(time_s: Floats, centre: Floats) -> Floats:
    """Return the means of the centres over `SMOOTH_S` around each time, (k, 2)."""
    near = np.abs(time_s[:, None] - time_s[None]) <= SMOOTH_S / 2
    weights = near / np.sum(near, axis=1, keepdims=True)
    return np.asarray(weights @ centre)

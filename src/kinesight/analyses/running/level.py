"""How far the camera is tilted, from where the feet stand, and the movement as a level camera would show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinesight.analyses.running.ground import Ground
from kinesight.analyses.running.motion import SIDES, Motion
from kinesight.analyses.running.steps import Step
from kinesight.domain.video import Floats

STANDING_SPEED = 0.25
FEWEST_STANCES = 3
SHORTEST_WAY = 1.5
"""Body heights that the stances have to span, so that a centimetre does not look like a slope."""
MOST_ROLL_DEG = 10.0
FEWEST_ON_A_BELT = 6
MOST_YAW_ON_A_BELT_DEG = 6.0
"""Turned further, perspective slopes a belt that is level by over a degree, one way or the other."""
BELT_OFF_DEG = 0.5
"""What a level belt's line is off by without any noise: toes sink in and roll (mocap and made-up runners)."""
BELT_ERRORS = 1.5
"""Standard errors of the line that a slope must clearly exceed to count in full."""


def find_roll_deg(motion: Motion, ground: Ground, steps: Sequence[Step], *, yaw_deg: float, incline_percent: float) -> float:
    """Return how far a level line rises ahead of the runner in the picture, degrees; NaN where it cannot be told.

    That is the slope of the ground in the picture less its real incline. Over ground: a line through the places where the feet
    stand. On a belt, where the feet stand in one place of the picture: the lines along which the standing toes go back with it.
    """
    incline_deg = float(np.degrees(np.arctan(incline_percent / 100)))
    if ground.moves:
        slope_deg, error_deg = _belt_slope_deg(motion, ground, steps, yaw_deg=yaw_deg)
        roll_deg = slope_deg - incline_deg
        # most cameras are nearly level, so a slope that is no larger than its noise is mostly noise
        noise_deg = np.hypot(BELT_OFF_DEG, BELT_ERRORS * error_deg)
        roll_deg *= roll_deg**2 / (roll_deg**2 + noise_deg**2)
    else:
        roll_deg = _way_slope_deg(motion, ground, steps) - incline_deg
    return roll_deg if abs(roll_deg) <= MOST_ROLL_DEG else float("nan")


def _belt_slope_deg(motion: Motion, ground: Ground, steps: Sequence[Step], *, yaw_deg: float) -> tuple[float, float]:
    """Return the slope of the standing toes' common line and its standard error, NaN where they are too few.

    The toe lies still from flat foot to toe-off; the heel rises before.
    """
    unknown = float("nan"), float("nan")
    if not yaw_deg <= MOST_YAW_ON_A_BELT_DEG:
        return unknown
    slopes, weights = [], []
    for step in steps:
        toe = motion.points[f"{step.foot}_big_toe"]
        inside = np.flatnonzero((motion.time_s >= step.ahead_s) & (motion.time_s <= step.behind_s))
        inside = inside[np.isfinite(toe[inside]).all(axis=1)]
        over_ground = np.abs(ground.over_ground(motion.speed_px_per_s(toe)))[inside]
        # a border that samples cross gradually: one sample more or less does not turn the picture
        stands = np.nan_to_num(np.clip((1.4 - over_ground / STANDING_SPEED) / 0.8, 0.0, 1.0))
        if np.count_nonzero(stands) >= 3:
            way, rise = (toe[inside] - np.average(toe[inside], axis=0, weights=stands)).T
            spread = float(np.sum(stands * way**2))
            if spread > 0:
                weights.append(spread)
                slopes.append(float(np.sum(stands * way * rise)) / spread)
    if len(slopes) < FEWEST_ON_A_BELT:
        return unknown
    share = np.array(weights) / np.sum(weights)
    slope = float(np.sum(share * slopes))
    error = float(np.sqrt(np.sum((share * (np.array(slopes) - slope)) ** 2)))
    return float(np.degrees(np.arctan(slope))), float(np.degrees(error))


def _way_slope_deg(motion: Motion, ground: Ground, steps: Sequence[Step]) -> float:
    """Return the slope of a line through the places where the feet stand, each foot at its own height: one is nearer."""
    ways, rises = [], []
    for side in SIDES:
        places = np.array([_place(motion, ground, step) for step in steps if step.foot == side])
        places = places[np.isfinite(places).all(axis=1)] if len(places) else np.empty((0, 2))
        if len(places) >= FEWEST_STANCES:
            ways.append(places[:, 0] - places[:, 0].mean())
            rises.append(places[:, 1] - places[:, 1].mean())
    if not ways or max(np.ptp(way) for way in ways) < SHORTEST_WAY * motion.body_px:
        return float("nan")
    way, rise = np.concatenate(ways), np.concatenate(rises)
    return float(np.degrees(np.arctan2(np.sum(way * rise), np.sum(way**2))))


def levelled(motion: Motion, *, roll_deg: float) -> Motion:
    """Return the movement turned so that ground rising by `roll_deg` ahead is level; unchanged for NaN."""
    if not np.isfinite(roll_deg):
        return motion
    return replace(motion, points={name: turned(path, by_deg=-roll_deg) for name, path in motion.points.items()})


def turned(path: Floats, *, by_deg: float) -> Floats:
    """Return (..., 2) points turned about the origin, from x forward towards y up +."""
    sine, cosine = np.sin(np.radians(by_deg)), np.cos(np.radians(by_deg))
    return np.stack([cosine * path[..., 0] - sine * path[..., 1], sine * path[..., 0] + cosine * path[..., 1]], axis=-1)


def _place(motion: Motion, ground: Ground, step: Step) -> Floats:
    """Return where the foot of a step stands, (2,): the middle of its slow samples."""
    foot = motion.foot(step.foot)
    inside = np.flatnonzero((motion.time_s >= step.ahead_s) & (motion.time_s <= step.behind_s))
    slow = inside[np.abs(ground.over_ground(motion.speed_px_per_s(foot)))[inside] < STANDING_SPEED]
    return np.asarray(np.median(foot[slow], axis=0)) if len(slow) else np.full(2, np.nan)

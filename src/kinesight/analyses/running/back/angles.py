"""Angles in the plane of the picture, seen from behind, over time; definitions in docs/analyses/running.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinesight.analyses.running.back.contacts import BackContact
from kinesight.analyses.running.back.frontal import Frontal
from kinesight.analyses.running.back.orientation import APART_PER_TRUNK
from kinesight.analyses.running.motion import SIDES, Side
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre

INWARD: Mapping[Side, float] = {"left": 1.0, "right": -1.0}
"""Where the middle of the body lies from a leg in the picture: to the right of the left leg."""

# The ankles are farthest apart just before a foot lands.
AHEAD_S = 0.06
# A heel that is seen less than this part of the trunk under the ankle has no direction: a heel lies about twice as deep.
LEAST_HEEL = 0.05
# How far the middle of the trunk is ahead of the feet that carry, over its height (mocap and made-up runners: 0.11 to 0.14).
BODY_AHEAD = 0.12
# A knee that bends forward by this much in mid-stance looks bent sideways to a camera that is not straight behind.
STANCE_FLEXION_DEG = 36.0

FRONTAL_SERIES = (
    "pelvis_tilt_deg",
    "trunk_side_deg",
    "left_knee_adduction_deg",
    "right_knee_adduction_deg",
    "left_hip_adduction_deg",
    "right_hip_adduction_deg",
    "left_pronation_deg",
    "right_pronation_deg",
)
"""Angles over time of a back view."""


def frontal_angles(frontal: Frontal, *, yaw_deg: float, roll_deg: float) -> Mapping[str, Floats]:
    """Return every angle by name, (samples,) degrees each, NaN where a point is unknown.

    The camera's roll is taken from the lines that are held against the vertical; of the knee's sideways bend what the camera's
    yaw makes of its forward bend in mid-stance is taken away.
    """
    points = frontal.points
    tilt = _outwards_deg(points["right_hip"], points["left_hip"])
    series = {
        "pelvis_tilt_deg": tilt - roll_deg,
        "trunk_side_deg": _lean_deg(frontal.middle("hip"), frontal.middle("shoulder"), 1.0) - roll_deg,
    }
    seen_sideways = STANCE_FLEXION_DEG * float(np.sin(np.radians(yaw_deg)))
    for side in SIDES:
        inward = INWARD[side]
        hip, knee, ankle, heel = (points[f"{side}_{name}"] for name in ("hip", "knee", "ankle", "heel"))
        thigh, shank = _lean_deg(knee, hip, -inward), _lean_deg(ankle, knee, -inward)
        series[f"{side}_knee_adduction_deg"] = thigh - shank - inward * seen_sideways
        series[f"{side}_hip_adduction_deg"] = thigh + inward * tilt
        known = (ankle - heel)[:, 1] > LEAST_HEEL * frontal.trunk_px
        series[f"{side}_pronation_deg"] = np.where(known, shank - _lean_deg(heel, ankle, -inward), np.nan)
    return series


def find_yaw_deg(frontal: Frontal, contacts: Sequence[BackContact]) -> float:
    """Return how far the camera stands from straight behind, to the runner's right +; NaN without landings of both feet.

    Where one foot is ahead of the other by a known part of the body, what is seen of it across the picture is the sine.
    """
    apart = (frontal.points["left_ankle"] - frontal.points["right_ankle"])[:, 0] / frontal.trunk_px
    middles = []
    for side in SIDES:
        seen = []
        for contact in contacts:
            just_before = (frontal.time_s >= contact.strike_s - AHEAD_S) & (frontal.time_s <= contact.strike_s)
            if contact.foot == side and just_before.any() and np.isfinite(apart[just_before]).all():
                seen.append(float(apart[just_before].mean()))
        middles.append(centre(np.array(seen)))
    # the step's width is in both and cancels
    sine = (middles[0] - middles[1]) / 2 / APART_PER_TRUNK
    return float(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


def find_roll_deg(frontal: Frontal, contacts: Sequence[BackContact], *, yaw_deg: float) -> float:
    """Return how far the camera is turned about its axis, a level line sinking to the right +; NaN without landings of both feet.

    Who runs straight has the middle of the body, over a stride, above the middle between the feet that carry it; hips and
    shoulders, which many carry aslant, say nothing. The trunk leans forward, too, which a camera with yaw sees as a lean to the
    side.
    """
    lines = []
    for side in SIDES:
        seen = []
        for contact in contacts:
            carries = (frontal.time_s >= contact.strike_s) & (frontal.time_s <= contact.strike_s + contact.usual_s)
            if contact.foot == side and carries.any():
                up = (frontal.body - frontal.foot(side))[carries] / frontal.trunk_px[carries, None]
                seen.append(up.mean(axis=0))
        known = [line for line in seen if np.isfinite(line).all()]
        lines.append(np.median(known, axis=0) if known else np.full(2, np.nan))
    across, up = (lines[0] + lines[1]) / 2
    return float(np.degrees(np.arctan2(across, up) - BODY_AHEAD * np.sin(np.radians(yaw_deg))))


def _outwards_deg(start: Floats, end: Floats) -> Floats:
    """Return how far the line from start, at the right, to end, at the left, rises."""
    line = end - start
    return np.degrees(np.arctan2(line[:, 1], -line[:, 0]))


def _lean_deg(low: Floats, high: Floats, towards: float) -> Floats:
    """Return how far the line from low to high leans from the vertical, +1: to the right of the picture +, -1: to the left +."""
    line = high - low
    return np.degrees(np.arctan2(towards * line[:, 0], line[:, 1]))

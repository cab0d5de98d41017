"""What drawing and tables need beyond the published result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinesight.analyses.running.motion import Side
from kinesight.analyses.running.result import Pattern
from kinesight.domain.video import Floats

SERIES = (
    "left_knee_deg",
    "right_knee_deg",
    "left_hip_deg",
    "right_hip_deg",
    "left_ankle_deg",
    "right_ankle_deg",
    "left_shoulder_deg",
    "right_shoulder_deg",
    "left_elbow_deg",
    "right_elbow_deg",
    "left_foot_deg",
    "right_foot_deg",
    "left_head_deg",
    "right_head_deg",
    "trunk_lean_deg",
    "left_shoulder_deg",
    "right_shoulder_deg",
)
"""Angles over time; definitions in docs/analyses/running.md."""


LANDING_POINTS: Mapping[str, tuple[str, ...]] = {
    "front_knee_deg": ("hip", "knee", "ankle"),
    "back_knee_deg": ("hip", "knee", "ankle"),
    "foot_strike_deg": ("heel", "big_toe"),
    "overstride_deg": ("knee", "ankle"),
}
"""The points of one leg that each angle of a landing is read from: the other leg for the back knee."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LandingAngles:
    """Angles in degrees at one instant of a landing, NaN where unknown."""

    front_knee_deg: float
    back_knee_deg: float
    foot_strike_deg: float
    overstride_deg: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stride:
    """One landing of one foot: times are the stream's own stamps, durations the runner's seconds, unknown is NaN.

    `full_contact_error_s` is how much earlier or later the foot would count as flat if its angle were read a little wrong.
    `is_regular` is False for a strike that no whole number of usual strides joins to the neighbouring strikes of its foot.
    """

    foot: Side
    strike_s: float
    full_contact_s: float
    toe_off_s: float
    contact_s: float
    step_s: float
    flight_s: float
    initial_contact: LandingAngles
    full_contact: LandingAngles
    pattern: Pattern | None
    strike_confidence: float
    toe_off_confidence: float
    full_contact_error_s: float = 0.0
    is_regular: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDetails:
    """Smooth movement and angles at the stamps of the source frames, and every stride.

    `time_s` (frames,) seconds of the stream's own stamps; `keypoints` names the columns of `xy_px` (frames, keypoints, 2),
    smooth positions in the upright source picture; `series` (frames,) degrees by name of `SERIES`; unknown is NaN everywhere.
    """

    time_s: Floats
    keypoints: tuple[str, ...]
    xy_px: Floats
    series: Mapping[str, Floats]
    strides: tuple[Stride, ...]
    facing: Side
    near_side: Side
    running_from_s: float
    running_to_s: float
    camera_yaw_deg: float
    scale_m_per_px: float

"""What drawing and tables of a back view need beyond the published result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinesight.analyses.running.motion import Side
from kinesight.domain.video import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class BackStride:
    """One stance of one leg: times are the stream's own stamps, durations the runner's seconds, angles degrees, unknown is NaN.

    `drop_s` is when the pelvic drop is largest in the mean of all strides, `middle_s` the middle of the contact, at which the
    knee and the heel are read.
    """

    foot: Side
    strike_s: float
    middle_s: float
    drop_s: float
    toe_off_s: float
    contact_s: float
    step_s: float
    flight_s: float
    pelvic_drop_deg: float
    knee_adduction_deg: float
    hip_adduction_deg: float
    pronation_deg: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackDetails:
    """Smooth movement and angles at the stamps of the source frames, and every stance.

    `time_s` (frames,) seconds of the stream's own stamps; `keypoints` names the columns of `xy_px` (frames, keypoints, 2),
    smooth positions in the upright source picture; `series` (frames,) degrees by name of `FRONTAL_SERIES`; unknown is NaN.
    """

    time_s: Floats
    keypoints: tuple[str, ...]
    xy_px: Floats
    series: Mapping[str, Floats]
    strides: tuple[BackStride, ...]
    running_from_s: float
    running_to_s: float

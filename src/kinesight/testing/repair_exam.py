"""What the other strides repair: angles of spoilt clips with and without their help, against the same clip unspoilt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.angles import angle_series
from kinesight.analyses.running.details import RunningDetails
from kinesight.analyses.running.motion import SIDES, prepare
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, track_of

ANGLES = tuple(f"{side}_{name}_deg" for side in SIDES for name in ("knee", "foot", "elbow"))
SPOILT: Mapping[str, Condition] = {
    "nothing": Condition(facing="right", fps=60.0),
    "nothing, 2 cm": Condition(facing="right", fps=60.0, noise_m=0.02),
    "gaps of 5 to 10 frames": Condition(facing="right", fps=60.0, gaps=True),
    "a point 20 cm off for 4 to 8 frames": Condition(facing="right", fps=60.0, detours_m=0.2),
    "a point 10 cm off for 4 to 8 frames": Condition(facing="right", fps=60.0, detours_m=0.1),
}


def repair_numbers(body: Body, condition: Condition, *, seed: int) -> Mapping[str, float]:
    """Return the 99th percentile of the error of all angles in degrees, the part that is unknown, and how much was repaired.

    "alone" is without the other strides, "repeats" with them; the error is that against the same clip unspoilt.
    """
    spoilt = track_of(body, condition, seed=seed)
    unspoilt = _alone(track_of(body, replace(condition, gaps=False, detours_m=0.0), seed=seed))
    alone = _alone(spoilt)
    result = analyse(Observations(track=spoilt), RunningParameters(height_m=body.height_m))
    details: RunningDetails = result.details
    repeats = np.concatenate([details.series[name] for name in ANGLES])
    return {
        "alone_deg": _far(alone - unspoilt),
        "repeats_deg": _far(repeats - unspoilt),
        "alone_unknown": float(np.mean(np.isnan(alone))),
        "repeats_unknown": float(np.mean(np.isnan(repeats))),
        "repairs": float(result.result.gaps_filled + result.result.detours_corrected),
    }


def _alone(track: PoseTrack) -> Floats:
    motion = prepare(track, slow_motion=1.0)
    series = angle_series(motion)
    return np.concatenate([np.interp(track.time_s, motion.time_s, series[name]) for name in ANGLES])


def _far(errors_deg: Floats) -> float:
    return float(np.nanpercentile(np.abs(errors_deg), 99))

"""How far each number may be off: what differs between strides, and what is wrong with all of them alike.

The published half-width holds the true value in at least nine of ten cases; docs/accuracy.md shows how often it did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinesight.analyses.running.details import LANDING_POINTS, Stride
from kinesight.analyses.running.motion import OTHER
from kinesight.analyses.running.result import Instant
from kinesight.analyses.running.run import Run
from kinesight.domain.video import Floats

# What nine of ten runs stay within, measured on mocap with force plates and on runners made of formulas. Timing: bias of the
# rules over strike types; far: a leg with twice the noise.
TIMING_S, FAR_TIMING_S = 0.012, 0.015
CONTACT_S, FAR_CONTACT_S = 0.020, 0.020
CADENCE_SPM = 0.6
OFF_DEG: Mapping[str, float] = {
    "front_knee_deg": 2.0,
    "back_knee_deg": 1.5,
    "foot_strike_deg": 2.5,
    "overstride_deg": 1.0,
    "elbow_deg": 1.3,
    "head_deg": 8.0,
    "trunk_lean_deg": 0.5,
}
"""Perspective, smoothing, and noise that strides share. The near ear is closer to the camera than the nose: much for the head."""
PER_YAW: Mapping[str, float] = {"elbow_deg": 0.35, "head_deg": 0.1}
"""Degrees off for each degree that the camera is turned; arms swing across the body, so it counts more for them."""
OTHER_PER_YAW = 0.05
AGAINST_VERTICAL = ("overstride_deg", "head_deg", "trunk_lean_deg")
UNKNOWN_ROLL_DEG, KNOWN_ROLL_DEG, BELT_ROLL_DEG = 3.0, 0.5, 1.2
"""How far a hand-held camera is tilted unless the ground shows it; a belt shows it worse, and is not always as level as told."""
SCALE = 0.06
"""Part by which segment lengths over height differ between people (Winter's are means)."""
OSCILLATION_M = 0.006
LEAST_SEEN = 0.25
FAR_LEG = 2.5


def angle_bias_deg(run: Run, name: str, *, points: Sequence[str], noise: float = 1.0) -> float:
    """Return what all readings of an angle may be off alike, degrees.

    The camera's geometry, the points' shared noise (`noise` times as large for a far leg) and how well they are seen.
    """
    yaw_deg = float(np.nan_to_num(run.yaw_deg))
    parts = [noise * OFF_DEG[name], PER_YAW.get(name, OTHER_PER_YAW) * yaw_deg]
    if name in AGAINST_VERTICAL:
        known_deg = BELT_ROLL_DEG if run.ground.moves else KNOWN_ROLL_DEG
        parts.append(known_deg if np.isfinite(run.roll_deg) else UNKNOWN_ROLL_DEG)
    seen = float(np.mean([run.motion.score[point] for point in points]))
    return float(np.sqrt(np.sum(np.square(parts)))) / max(seen, LEAST_SEEN)


def landing_bias_deg(run: Run, name: str, strides: Sequence[Stride], *, instant: Instant, path: Floats) -> float:
    """Return what an angle at a landing may be off in all strides: besides geometry, its speed times the error of the strikes.

    Parameters
    ----------
    name
        Measure, such as front_knee_deg.
    strides
        All landings of one foot.
    instant
        When the angle was read.
    path
        (samples,) the angle over time.
    """
    if not strides:
        return float("nan")
    side = strides[0].foot
    leg = OTHER[side] if name == "back_knee_deg" else side
    # a far leg has more noise in its points, and in its strikes
    noise = 1.0 if leg == run.motion.near else FAR_LEG
    geometry = angle_bias_deg(run, name, points=[f"{leg}_{point}" for point in LANDING_POINTS[name]], noise=noise)
    if instant == "full_contact" and name == "foot_strike_deg":
        return geometry
    times_s = [stride.strike_s if instant == "initial_contact" else stride.full_contact_s for stride in strides]
    timing_s = TIMING_S if side == run.motion.near else FAR_TIMING_S
    if instant == "full_contact":
        timing_s = float(np.hypot(timing_s, np.median([stride.full_contact_error_s for stride in strides])))
    speeds = np.interp(np.array(times_s) / run.slow_motion, run.motion.time_s, np.abs(np.gradient(path, run.motion.time_s)))
    known = speeds[np.isfinite(speeds)]
    speed_deg_per_s = float(np.median(known)) if len(known) else 0.0
    return float(np.hypot(geometry, speed_deg_per_s * timing_s))


def cadence_error_spm(cadence_spm: float, *, steps: int) -> float:
    """Return what a cadence over so many steps in a row may be off: the first and last strike's errors over all their time."""
    return float(np.hypot(CADENCE_SPM, cadence_spm**2 / 60 * np.sqrt(2) * FAR_TIMING_S / max(1, steps)))

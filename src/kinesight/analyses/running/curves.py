"""Joint angles over the gait cycle: the middle course of all cycles with its spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from kinesight.analyses.running.estimates import estimate
from kinesight.analyses.running.measures import LONGEST_STRIDE_S
from kinesight.analyses.running.motion import SIDES, Side
from kinesight.analyses.running.result import BothSides, Curve, CurvesOfSides, GaitCurves
from kinesight.analyses.running.run import Run
from kinesight.analyses.running.strides import FAR_TRUST
from kinesight.domain.document import Estimate
from kinesight.domain.video import Floats

POINTS = 51
"""Points of a curve: every 2 % of the cycle, both ends included."""

CURVE_POINTS: Mapping[str, tuple[str, ...]] = {
    "ankle_deg": ("knee", "ankle", "heel", "big_toe"),
    "knee_deg": ("hip", "knee", "ankle"),
    "hip_deg": ("shoulder", "hip", "knee"),
    "shoulder_deg": ("hip", "shoulder", "elbow"),
    "elbow_deg": ("shoulder", "elbow", "wrist"),
}
"""The angles that have a curve, and the points of the same side that each is read from."""

Cycle = tuple[float, float]


def gait_curves(run: Run) -> GaitCurves | None:
    """Return the curves of both sides over their own cycles, from strike to strike; None where no side shows a whole cycle."""
    cycles = {side: _cycles(run, side) for side in SIDES}
    if not any(cycles.values()):
        return None
    return GaitCurves(
        cycle_percent=tuple(np.linspace(0.0, 100.0, POINTS).tolist()),
        toe_off_percent=BothSides(**{side: _toe_off_percent(run, side, cycles[side]) for side in SIDES}),
        **{name: CurvesOfSides(**{side: _curve(run, name, side, cycles[side]) for side in SIDES}) for name in CURVE_POINTS},
    )


def _cycles(run: Run, side: Side) -> list[Cycle]:
    """From each strike of a foot to its next, in the runner's seconds, where the other foot lands in between."""
    pairs = zip(run.strides, run.strides[1:], run.strides[2:], strict=False)
    found = [(one.strike_s, two.strike_s) for one, other, two in pairs if one.foot == two.foot == side != other.foot]
    whole = [(start / run.slow_motion, end / run.slow_motion) for start, end in found]
    return [(start, end) for start, end in whole if end - start < LONGEST_STRIDE_S]


def _toe_off_percent(run: Run, side: Side, cycles: Sequence[Cycle]) -> Estimate:
    lasts = {round(start * run.slow_motion, 6): end - start for start, end in cycles}
    own = [stride for stride in run.strides if stride.foot == side and round(stride.strike_s, 6) in lasts]
    trust = float(np.mean([stride.toe_off_confidence for stride in own])) if own else 0.0
    return estimate([100 * stride.contact_s / lasts[round(stride.strike_s, 6)] for stride in own], trust=run.view_trust * trust)


def _curve(run: Run, name: str, side: Side, cycles: Sequence[Cycle]) -> Curve | None:
    phase = np.linspace(0.0, 1.0, POINTS)
    series = run.series[f"{side}_{name}"]
    courses = [np.interp(start + phase * (end - start), run.motion.time_s, series) for start, end in cycles]
    known = [course for course in courses if np.isfinite(course).all()]
    if not known:
        return None
    seen = float(np.mean([run.motion.score[f"{side}_{point}"] for point in CURVE_POINTS[name]]))
    trust = run.view_trust * min(1.0, seen) * (1.0 if side == run.motion.near else FAR_TRUST)
    middle, deviation = _middle_course(np.stack(known))
    return Curve(
        mean=tuple(np.round(middle, 2).tolist()),
        spread=tuple(np.round(deviation, 2).tolist()) if len(known) > 1 else None,
        n=len(known),
        confidence=round(trust * len(known) / (len(known) + 1), 3),
    )


def _middle_course(courses: Floats) -> tuple[Floats, Floats]:
    """Return at each phase the median of all pairwise means, as `centre` does, and the median absolute deviation."""
    first, second = np.triu_indices(len(courses))
    middle = np.median((courses[first] + courses[second]) / 2, axis=0)
    deviation = np.median(np.abs(courses - np.median(courses, axis=0)), axis=0)
    return np.asarray(middle), np.asarray(deviation)

"""Angles of the whole run from the angles of its strides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesight.analyses.running.details import LANDING_POINTS, Stride
from kinesight.analyses.running.error_bars import angle_bias_deg, landing_bias_deg
from kinesight.analyses.running.estimates import estimate
from kinesight.analyses.running.motion import OTHER, SIDES, Side
from kinesight.analyses.running.result import AtInstants, BothSides, FootStrikePattern, Instant, Landing, Measures, Pattern
from kinesight.analyses.running.run import Run
from kinesight.analyses.running.strides import FAR_TRUST
from kinesight.domain.document import Estimate
from kinesight.domain.video import Floats

MOST_UNKNOWN = 0.3
INSTANTS: tuple[Instant, Instant] = ("initial_contact", "full_contact")
SERIES_BEHIND = {
    "front_knee_deg": "knee_deg",
    "back_knee_deg": "knee_deg",
    "foot_strike_deg": "foot_deg",
    "overstride_deg": "shank_deg",
}
"""Which angle over time each measure of a landing is read from."""
LONGEST_STRIDE_S = 1.2


def run_measures(run: Run) -> Measures:
    """Return every side-view measure; those of the back view stay unknown."""
    landings = {
        name: Landing(left=_at_instants(run, name, "left"), right=_at_instants(run, name, "right")) for name in LANDING_POINTS
    }
    return Measures(
        elbow_deg=_cycle_means(run, "elbow_deg", ("shoulder", "elbow", "wrist")),
        head_deg=_cycle_means(run, "head_deg", ("ear",)),
        trunk_lean_deg=_cycle_mean(run, "trunk_lean_deg", ("left_shoulder", "right_shoulder", "left_hip", "right_hip")),
        **landings,
    )


def run_pattern(strides: Sequence[Stride]) -> FootStrikePattern:
    """Return the pattern that most landings of each foot show; None where none is known."""
    most: dict[str, Pattern | None] = {}
    for side in SIDES:
        seen = [stride.pattern for stride in strides if stride.foot == side and stride.pattern is not None]
        most[side] = _most_common(seen)
    return FootStrikePattern(left=most["left"], right=most["right"])


def _most_common(patterns: Sequence[Pattern]) -> Pattern | None:
    counts = {pattern: patterns.count(pattern) for pattern in patterns}
    return max(counts, key=lambda pattern: counts[pattern], default=None)


def _cycle_means(run: Run, name: str, points: Sequence[str]) -> BothSides:
    left, right = (_cycle_mean(run, f"{side}_{name}", [f"{side}_{point}" for point in points]) for side in SIDES)
    far = {"left": left, "right": right}[OTHER[run.motion.near]]
    less_sure = far.model_copy(update={"confidence": round(far.confidence * FAR_TRUST, 3)})
    return BothSides(left=left, right=less_sure) if run.motion.near == "left" else BothSides(left=less_sure, right=right)


def _cycle_mean(run: Run, name: str, points: Sequence[str]) -> Estimate:
    means = [_mean(run.motion.time_s, run.series[name], *window) for window in _cycles(run)]
    trust = run.view_trust * float(np.mean([run.motion.score[point] for point in points]))
    return estimate(
        means, trust=trust, bias=angle_bias_deg(run, name.removeprefix("left_").removeprefix("right_"), points=points)
    )


def _cycles(run: Run) -> list[tuple[float, float]]:
    """From each strike to the next of the same foot; where a clip shows no whole stride, the whole run."""
    strikes = [stride.strike_s / run.slow_motion for stride in run.strides]
    pairs = zip(run.strides, run.strides[2:], strikes, strikes[2:], strict=False)
    whole = [(start, end) for first, second, start, end in pairs if first.foot == second.foot and end - start < LONGEST_STRIDE_S]
    return whole or [(run.bout.from_s, run.bout.to_s)]


def _mean(time_s: Floats, values: Floats, from_s: float, to_s: float) -> float:
    inside = values[(time_s >= from_s) & (time_s < to_s)]
    known = inside[np.isfinite(inside)]
    return float(known.mean()) if len(known) > (1 - MOST_UNKNOWN) * len(inside) else float("nan")


def _at_instants(run: Run, name: str, side: Side) -> AtInstants:
    leg = OTHER[side] if name == "back_knee_deg" else side
    seen = float(np.mean([run.motion.score[f"{leg}_{point}"] for point in LANDING_POINTS[name]]))
    trust = run.view_trust * seen * (1.0 if leg == run.motion.near else FAR_TRUST)
    chosen = [stride for stride in run.strides if stride.foot == side]
    path = run.series[f"{leg}_{SERIES_BEHIND[name]}"]
    found = {}
    for instant in INSTANTS:
        bias = landing_bias_deg(run, name, chosen, instant=instant, path=path)
        found[instant] = estimate([getattr(getattr(stride, instant), name) for stride in chosen], trust=trust, bias=bias)
    return AtInstants(**found)

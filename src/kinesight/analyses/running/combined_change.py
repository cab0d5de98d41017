"""What changed between two clips of one runner, and whether that is more than the noise of the two readings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

import scipy

from kinesight.analyses.running.combined_quantities import Quantity, quantities
from kinesight.analyses.running.combined_result import Change, Reason
from kinesight.analyses.running.motion import OTHER
from kinesight.analyses.running.result import Band, RunningResult, Score, Side
from kinesight.analyses.running.scene import band_of
from kinesight.domain.document import Estimate
from kinesight.signals.robust import NORMAL_MAD

FLOORS: Mapping[str, float] = {
    "cadence_spm": 1.0,
    "contact_time_s": 0.015,
    "flight_time_s": 0.015,
    "duty_factor": 0.02,
    "step_length_m": 0.05,
    "speed_m_per_s": 0.12,
    "pace_s_per_km": 15.0,
    "vertical_oscillation_m": 0.015,
    "elbow_deg": 6.0,
    "front_knee_deg": 6.0,
    "back_knee_deg": 7.0,
    "foot_strike_deg": 8.0,
    "overstride_deg": 5.0,
    "trunk_lean_deg": 2.0,
    "head_deg": 4.0,
    "pelvic_drop_deg": 2.0,
    "knee_adduction_deg": 6.0,
    "hip_adduction_deg": 4.0,
    "pronation_deg": 4.0,
}
"""What two clips of the same run may differ by, because neither the camera nor the points that a model sees stay the same.

Chosen so that two clips of the same made-up run seldom differ by more (scripts/change_noise.py); a tilted camera adds to trunk,
head and pelvis, and the knee from behind turns by 5 to 6 degrees when the camera is 10 degrees off.
"""

FAR_FACTOR = 1.5
"""How much wider the floor is for the arm and leg that the body half hides."""

SURE = 0.99865
"""Three standard errors of a normal distribution, one side; Student's distribution makes more of them of few strides."""

FEWEST = 3
"""Strides that each clip needs: a spread of fewer says nothing."""

LEAST_CONFIDENCE = 0.3

SCORED_MEASURES: Mapping[str, str] = {
    "arm": "elbow_deg",
    "back_cycle": "back_knee_deg",
    "foot": "foot_strike_deg",
    "forward_cycle": "front_knee_deg",
    "head": "head_deg",
    "trunk": "trunk_lean_deg",
    "pelvic_drop": "pelvic_drop_deg",
    "knee_adduction": "knee_adduction_deg",
    "pronation": "pronation_deg",
}
"""Which measure a score was made from; keys of the back view have the side at their end."""


def find_changes(before: RunningResult, after: RunningResult) -> tuple[Change, ...]:
    """Return every number that at least one of two results of the same view knows, before and after."""
    pairs = zip(quantities(before), quantities(after), strict=True)
    near = {before.near_side, after.near_side} - {None}
    return tuple(
        _change(then, now, after, near=near)
        for then, now in pairs
        if _is_known(then.estimate.value) or _is_known(now.estimate.value)
    )


def needed_difference(before: Estimate, after: Estimate, *, floor: float) -> float | None:
    """Return the smallest difference of two known readings that counts as a change; None where a spread is unknown.

    The largest of three: the floor of the quantity; three standard errors of the difference, the spreads being median absolute
    deviations, widened for few strides; where both readings publish an `error`, the root of the sum of its squares.
    """
    if before.spread is None or after.spread is None:
        return None
    noise = NORMAL_MAD * math.hypot(before.spread / math.sqrt(before.n), after.spread / math.sqrt(after.n))
    wide = float(scipy.stats.t.ppf(SURE, min(before.n, after.n) - 1))
    errors = [getattr(estimate, "error", None) for estimate in (before, after)]
    known = [error for error in errors if error is not None and math.isfinite(error)]
    published = math.hypot(*known) if len(known) == 2 else 0.0
    return max(floor, wide * noise, published)


def _change(then: Quantity, now: Quantity, after: RunningResult, *, near: AbstractSet[Side | None]) -> Change:
    score = _score_of(now, after)
    reason = _why_not(then.estimate, now.estimate)
    difference = needed = None
    if then.estimate.value is not None and now.estimate.value is not None:
        difference = round(now.estimate.value - then.estimate.value, 4)
    if reason is None:
        needed = needed_difference(then.estimate, now.estimate, floor=_floor(now, near))
        reason = "few_strides" if needed is None else None
    changed = difference is not None and needed is not None and abs(difference) > needed
    return Change(
        quantity=now.name,
        side=now.side,
        instant=now.instant,
        before=then.estimate,
        after=now.estimate,
        difference=difference,
        needed=None if needed is None else round(needed, 4),
        verdict="not_comparable" if reason else "changed" if changed else "within_noise",
        reason=reason,
        band_before=_band(then.estimate, score),
        band_after=_band(now.estimate, score),
    )


def _floor(quantity: Quantity, near: AbstractSet[Side | None]) -> float:
    """Return the floor of a quantity, wider where a clip sees its arm or leg from the far side."""
    seen = quantity.side
    if quantity.name == "back_knee_deg" and seen is not None:
        seen = OTHER[seen]  # the knee of the leg that does not land
    is_far = seen is not None and bool(near - {seen})
    return FLOORS[quantity.name] * (FAR_FACTOR if is_far else 1.0)


def _why_not(before: Estimate, after: Estimate) -> Reason | None:
    if not _is_known(before.value):
        return "unknown_before"
    if not _is_known(after.value):
        return "unknown_after"
    if min(before.n, after.n) < FEWEST:
        return "few_strides"
    return "low_confidence" if min(before.confidence, after.confidence) < LEAST_CONFIDENCE else None


def _score_of(quantity: Quantity, result: RunningResult) -> Score | None:
    """Return the score whose ranges hold for a number; None where it has none or was read at the other instant."""
    if quantity.instant not in {None, result.instant}:
        return None
    for key, score in result.scores.items():
        measure, only = scored(key)
        if measure == quantity.name and only in {None, quantity.side}:
            return score
    return None


def scored(key: str) -> tuple[str | None, Side | None]:
    """Return which measure a score was made from, None for a key that is not listed, and of which side alone, if of one."""
    side: Side | None = "left" if key.endswith("_left") else "right" if key.endswith("_right") else None
    return SCORED_MEASURES.get(key.removesuffix(f"_{side}")), side


def _band(estimate: Estimate, score: Score | None) -> Band | None:
    return band_of(estimate.value, score) if score is not None and estimate.value is not None else None


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)

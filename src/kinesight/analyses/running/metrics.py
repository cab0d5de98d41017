"""Timing and distances of the whole run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.details import Stride
from kinesight.analyses.running.error_bars import CONTACT_S, FAR_CONTACT_S, OSCILLATION_M, SCALE, TIMING_S, cadence_error_spm
from kinesight.analyses.running.estimates import estimate, random_error, rounded
from kinesight.analyses.running.motion import SIDES, Side
from kinesight.analyses.running.result import BothSides, Landing, Measures, Metrics, PerSide
from kinesight.analyses.running.run import Run
from kinesight.domain.document import Estimate
from kinesight.domain.video import Floats
from kinesight.signals.robust import NORMAL_MAD

PHASES = 50
SIGNIFICANT = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Metres per pixel, NaN where unknown, and the speed of the belt where its pace was told.

    `mismatch` is how far body height and belt pace disagree about metres, as a part; 0 where only one of them was told.
    """

    m_per_px: float
    belt_m_per_s: float | None
    mismatch: float


def find_scale(run: Run, *, height_m: float | None, pace_s_per_km: float | None) -> Scale:
    """Return the scale: from the body height if it is known, else from the belt's pace over its speed in the picture."""
    speed_px_per_s = run.speed_px_per_s
    by_height = height_m / run.motion.body_px if height_m is not None else float("nan")
    belt_m_per_s = 1000.0 / pace_s_per_km if pace_s_per_km is not None and run.ground.moves else None
    by_pace = belt_m_per_s / speed_px_per_s if belt_m_per_s is not None and speed_px_per_s > 0 else float("nan")
    return Scale(
        m_per_px=by_height if np.isfinite(by_height) else by_pace,
        belt_m_per_s=belt_m_per_s,
        mismatch=float(np.nan_to_num(abs(by_pace / by_height - 1))),
    )


def run_metrics(run: Run, scale: Scale) -> Metrics:
    """Return cadence, contact, flight, duty factor, and where the scale is known step length, speed and vertical oscillation."""
    strides = run.strides
    steps = np.array([stride.step_s for stride in strides])
    usual_step_s = float(np.nanmedian(steps)) if np.isfinite(steps).any() else float("nan")
    trust = run.view_trust * float(np.mean([stride.strike_confidence for stride in strides]))
    speeds = [_speed_m_per_s(run, stride, scale) for stride in strides]
    lengths_m = [speed * stride.step_s for speed, stride in zip(speeds, strides, strict=True)]
    # both feet together are off by about the middle of near and far
    contact_bias_s = (CONTACT_S + FAR_CONTACT_S) / 2
    return Metrics(
        cadence_spm=_cadence(steps, trust=trust),
        contact_time_s=BothSides(**{side: _contact(run, side) for side in SIDES}),
        flight_time_s=estimate([stride.flight_s for stride in strides], trust=trust, bias=contact_bias_s),
        duty_factor=estimate(
            [stride.contact_s / (2 * _or(stride.step_s, usual_step_s)) for stride in strides],
            trust=trust,
            bias=contact_bias_s / (2 * usual_step_s),
        ),
        step_length_m=_in_metres(lengths_m, scale, trust=trust),
        speed_m_per_s=_overall_speed(run, speeds, scale),
        vertical_oscillation_m=_oscillation(run, scale, trust=trust),
        pace_s_per_km=_pace(speeds, scale, trust=run.view_trust),
    )


def per_side(run: Run, scale: Scale) -> PerSide:
    """Return the numbers of the steps that begin with the strike of either foot."""
    steps = np.array([stride.step_s for stride in run.strides])
    usual_step_s = float(np.nanmedian(steps)) if np.isfinite(steps).any() else float("nan")
    speeds = [_speed_m_per_s(run, stride, scale) for stride in run.strides]
    numbers: dict[str, dict[str, Estimate]] = {name: {} for name in PerSide.model_fields}
    for side in SIDES:
        own = [(stride, speed) for stride, speed in zip(run.strides, speeds, strict=True) if stride.foot == side]
        trust = run.view_trust * float(np.mean([stride.strike_confidence for stride, _ in own])) if own else 0.0
        values = {
            "step_time_s": [stride.step_s for stride, _ in own],
            "step_length_m": [speed * stride.step_s for stride, speed in own],
            "flight_time_s": [stride.flight_s for stride, _ in own],
            "duty_factor": [stride.contact_s / (2 * _or(stride.step_s, usual_step_s)) for stride, _ in own],
        }
        for name, found in values.items():
            numbers[name][side] = estimate(found, trust=trust)
    return PerSide(**{name: BothSides(**sides) for name, sides in numbers.items()})


def _pace(speeds: Sequence[float], scale: Scale, *, trust: float) -> Estimate:
    """Seconds per kilometre; told where the belt's pace was, so without a spread then."""
    found = estimate([1000 / speed for speed in speeds if speed > 0], trust=trust)
    return found if scale.belt_m_per_s is None else found.model_copy(update={"spread": None})


def find_asymmetry(
    strides: Sequence[Stride], metrics: Metrics, measures: Measures, floors: Mapping[str, float]
) -> dict[str, Estimate]:
    """Return left minus right of what differs by more than the noise: a fixed floor and three of its standard errors."""
    steps = {side: estimate([stride.step_s for stride in strides if stride.foot == side], bias=TIMING_S) for side in SIDES}
    pairs = {
        "contact_time_s": metrics.contact_time_s,
        "step_time_s": BothSides(left=steps["left"], right=steps["right"]),
    }
    for name in floors.keys() - pairs.keys():
        landing: Landing = getattr(measures, name)
        pairs[name] = BothSides(left=landing.left.initial_contact, right=landing.right.initial_contact)
    found = {}
    for name, pair in sorted(pairs.items()):
        difference = _difference(pair, floor=floors[name])
        if difference is not None:
            found[name] = difference
    return found


def _difference(pair: BothSides, *, floor: float) -> Estimate | None:
    left, right = pair.left, pair.right
    if left.value is None or right.value is None or left.spread is None or right.spread is None or min(left.n, right.n) < 3:
        return None
    error = NORMAL_MAD * float(np.hypot(left.spread / np.sqrt(left.n), right.spread / np.sqrt(right.n)))
    difference = left.value - right.value
    if abs(difference) <= max(floor, SIGNIFICANT * error):
        return None
    return Estimate(
        value=round(difference, 4),
        spread=round(float(np.hypot(left.spread, right.spread)), 4),
        n=min(left.n, right.n),
        confidence=min(left.confidence, right.confidence),
        error=None if left.error is None or right.error is None else round(float(np.hypot(left.error, right.error)), 4),
    )


def _cadence(steps_s: Floats, *, trust: float) -> Estimate:
    found = estimate(60 / steps_s, trust=trust)
    if found.value is None or found.n < 2:
        return found
    return found.model_copy(update={"error": rounded(cadence_error_spm(found.value, steps=found.n))})


def _contact(run: Run, side: Side) -> Estimate:
    own = [stride for stride in run.strides if stride.foot == side]
    trust = float(np.mean([min(stride.strike_confidence, stride.toe_off_confidence) for stride in own])) if own else 0.0
    return estimate(
        [stride.contact_s for stride in own], trust=trust, bias=CONTACT_S if side == run.motion.near else FAR_CONTACT_S
    )


def _in_metres(values: Sequence[float], scale: Scale, *, trust: float) -> Estimate:
    """Return a number whose scale may be off in all strides alike; the belt's own scale is exact."""
    found = estimate(values, trust=trust)
    off = 0.0 if scale.belt_m_per_s is not None else SCALE * abs(found.value or 0.0)
    return found.model_copy(update={"error": rounded(float(np.hypot(random_error(np.asarray(values, dtype=float)), off)))})


def _or(value: float, other: float) -> float:
    return value if np.isfinite(value) else other


def _speed_m_per_s(run: Run, stride: Stride, scale: Scale) -> float:
    """Mean speed over the step that follows a strike; the belt's own where its pace was told."""
    start = stride.strike_s / run.slow_motion
    inside = (run.motion.time_s >= start) & (run.motion.time_s < start + stride.step_s)
    if not inside.any():
        return float("nan")
    if scale.belt_m_per_s is not None:
        return scale.belt_m_per_s
    return float(np.mean(run.ground.runner_px_per_s[inside])) * scale.m_per_px


def _overall_speed(run: Run, speeds: Sequence[float], scale: Scale) -> Estimate:
    found = _in_metres(speeds, scale, trust=run.view_trust)
    # the belt's pace was told, not measured: that every step repeats it says nothing of its error
    return found if scale.belt_m_per_s is None else found.model_copy(update={"spread": None, "error": None})


def _oscillation(run: Run, scale: Scale, *, trust: float) -> Estimate:
    """Range of the hips per step without its trend: of the mean step for the value, of single steps for the spread."""
    height = run.motion.hips[:, 1]
    phase = np.linspace(0.0, 1.0, PHASES)
    courses = []
    for stride in run.strides:
        if np.isfinite(stride.step_s):
            course = np.interp(stride.strike_s / run.slow_motion + phase * stride.step_s, run.motion.time_s, height)
            courses.append(course - course[0] - phase * (course[-1] - course[0]))
    known = [course for course in courses if np.isfinite(course).all()]
    if not known or not np.isfinite(scale.m_per_px):
        return Estimate()
    single = estimate([float(np.ptp(course)) * scale.m_per_px for course in known], trust=trust)
    value = float(np.ptp(np.mean(known, axis=0))) * scale.m_per_px
    ranges = np.array([float(np.ptp(course)) for course in known]) * scale.m_per_px
    parts = (random_error(ranges), OSCILLATION_M, SCALE * value)
    return single.model_copy(update={"value": round(value, 4), "error": rounded(float(np.sqrt(np.sum(np.square(parts)))))})

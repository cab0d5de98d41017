"""From single stances to the numbers of the whole run, and what they are worth."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.back import error_bars
from kinesight.analyses.running.back.profile import BackProfile
from kinesight.analyses.running.back.run import BackRun
from kinesight.analyses.running.error_bars import SCALE, cadence_error_spm
from kinesight.analyses.running.estimates import estimate, random_error, rounded
from kinesight.analyses.running.motion import SIDES, Side
from kinesight.analyses.running.result import BothSides, Measures, Metrics, Score
from kinesight.analyses.running.scoring import score_reading
from kinesight.analyses.running.texts import Language, words_for
from kinesight.domain.document import Estimate
from kinesight.signals.robust import NORMAL_MAD, centre
from kinesight.signals.runs import longest_run

TIMING_TRUST = 0.8
"""No forward speed shows a landing from behind; strikes are twice as far from the truth as from the side."""
KNEE_TRUST = 0.6
"""The projection of a bent knee is no angle of the joint: 2D knee valgus does not follow the 3D one in runners."""
PRONATION_TRUST = 0.25
"""The points of a pose model at heel and ankle are as far apart as they are inexact."""
PHASES = 50
HALF_SURE_DEG = 2.0
"""A standard error of the drop that halves the confidence in it: the hips lie so close together that it is often a degree."""


def back_measures(run: BackRun, *, full_body: bool) -> Measures:
    """Return the measures of the back view, only pronation unless `full_body`; those of the side view stay unknown."""
    pronation = _both(run, "pronation_deg", trust=PRONATION_TRUST * run.heel_trust)
    if not full_body:
        return Measures(pronation_deg=pronation)
    return Measures(
        pelvic_drop_deg=BothSides(**{side: _drop(run, side) for side in SIDES}),
        knee_adduction_deg=_both(run, "knee_adduction_deg", trust=KNEE_TRUST * run.knee_trust),
        hip_adduction_deg=_both(run, "hip_adduction_deg", trust=KNEE_TRUST * run.knee_trust),
        pronation_deg=pronation,
    )


def back_metrics(run: BackRun, *, height_m: float | None, belt_m_per_s: float | None) -> Metrics:
    """Return cadence, contact, flight and duty factor; metres only as far as height or the belt's pace give them."""
    strides = run.strides
    trust = TIMING_TRUST * float(np.mean([stride.confidence for stride in strides]))
    steps = np.array([stride.step_s for stride in strides])
    usual_s = _usual_step_s(run)
    contacts = {side: [stride.contact_s for stride in strides if stride.foot == side] for side in SIDES}
    cadence = estimate(60 / steps, trust=trust)
    lengths_m = belt_m_per_s * steps if belt_m_per_s is not None else steps[:0]
    belt = Estimate() if belt_m_per_s is None else Estimate(value=round(belt_m_per_s, 4), n=len(strides), confidence=1.0)
    if cadence.value is not None and np.isfinite(usual_s):
        error = rounded(cadence_error_spm(60 / usual_s, steps=int(np.isfinite(steps).sum())))
        cadence = cadence.model_copy(update={"value": round(60 / usual_s, 4), "error": error})
    contact_bias_s = error_bars.CONTACT_S
    return Metrics(
        cadence_spm=cadence,
        contact_time_s=BothSides(**{side: estimate(contacts[side], trust=trust, bias=contact_bias_s) for side in SIDES}),
        flight_time_s=estimate([stride.flight_s for stride in strides], trust=trust, bias=contact_bias_s),
        duty_factor=estimate(
            [stride.contact_s / (2 * usual_s) for stride in strides], trust=trust, bias=contact_bias_s / (2 * usual_s)
        ),
        step_length_m=estimate(lengths_m, trust=trust, bias=0.0),
        speed_m_per_s=belt,
        vertical_oscillation_m=_oscillation(run, height_m, trust=trust) if height_m is not None else Estimate(),
    )


def rate_back(measures: Measures, profile: BackProfile, language: Language) -> dict[str, Score]:
    """Return a score for every measure of every leg that is known."""
    scores = {}
    for key, limits in profile.measures.items():
        for side in SIDES:
            reading: Estimate = getattr(getattr(measures, limits.measure), side)
            if reading.value is None:
                continue
            score, band, direction = score_reading(reading.value, limits)
            scores[f"{key}_{side}"] = Score(
                value_deg=reading.value,
                score=round(score, 4),
                band=band,
                range_good=limits.good,
                range_okay=limits.okay,
                range_bad=limits.bad,
                foot=side,
                confidence=reading.confidence,
                texts=words_for(language, key, band=band, direction=direction),
            )
    return scores


def back_total(scores: dict[str, Score], profile: BackProfile) -> float | None:
    """Return the weighted mean of the scores there are; None if there is none."""
    weights = [profile.measures[key.rpartition("_")[0]].weight for key in scores]
    return round(float(np.average([score.score for score in scores.values()], weights=weights)), 4) if scores else None


def _drop(run: BackRun, side: Side) -> Estimate:
    values = np.array([stride.pelvic_drop_deg for stride in run.strides if stride.foot == side])
    single = estimate(
        values,
        trust=min(run.frontal.motion.score["left_hip"], run.frontal.motion.score["right_hip"]),
    )
    peak = run.course.drop_deg[side] if run.course is not None else float("nan")
    if single.value is None or not np.isfinite(peak):
        return Estimate()
    error_deg = NORMAL_MAD * (single.spread if single.spread is not None else HALF_SURE_DEG) / np.sqrt(single.n)
    sure = single.confidence / (1.0 + (error_deg / HALF_SURE_DEG) ** 2)
    off_deg = error_bars.frontal_bias_deg("pelvic_drop_deg", yaw_deg=run.yaw_deg, roll_deg=run.roll_deg)
    # a lone stride says nothing of its error
    error = np.hypot(off_deg, error_bars.COURSE_PART * np.nan_to_num(random_error(values), nan=HALF_SURE_DEG))
    return single.model_copy(
        update={"value": round(peak, 4), "confidence": round(float(sure), 3), "error": rounded(float(error))}
    )


def _both(run: BackRun, name: str, *, trust: float) -> BothSides:
    if not trust > 0:
        return BothSides()
    bias_deg = error_bars.frontal_bias_deg(name, yaw_deg=run.yaw_deg, roll_deg=run.roll_deg)
    found = {}
    for side in SIDES:
        own = [stride for stride in run.strides if stride.foot == side]
        seen = float(np.mean([stride.confidence for stride in own])) if own else 0.0
        found[side] = estimate([getattr(stride, name) for stride in own], trust=trust * seen, bias=bias_deg)
    return BothSides(**found)


def _usual_step_s(run: BackRun) -> float:
    """Return the usual step time: the slope of the strikes against their number in the longest unbroken row.

    Single steps from behind are too noisy for a median of a few of them; a difference between the feet is left out of the slope.
    """
    steps = np.array([stride.step_s for stride in run.strides])
    row = longest_run(np.isfinite(steps))
    if row is None:
        return float("nan")
    strides = run.strides[row[0] : row[1] + 1]
    if len(strides) < 4:
        return centre(steps)
    number = np.arange(len(strides), dtype=float)
    left = np.array([1.0 if stride.foot == "left" else 0.0 for stride in strides])
    times = np.array([stride.strike_s for stride in strides]) / run.slow_motion
    weights, *_ = np.linalg.lstsq(np.stack([number, np.ones_like(number), left], axis=1), times, rcond=None)
    return float(weights[0])


def _oscillation(run: BackRun, height_m: float, *, trust: float) -> Estimate:
    """Range of the hips per step without its trend: of the mean step for the value, of single steps for the spread."""
    time_s, height = run.frontal.time_s, run.frontal.middle("hip")[:, 1]
    phase = np.linspace(0.0, 1.0, PHASES)
    courses = []
    for stride in run.strides:
        start = stride.strike_s / run.slow_motion
        course = (
            np.interp(start + phase * stride.step_s, time_s, height) if np.isfinite(stride.step_s) else np.full(PHASES, np.nan)
        )
        courses.append((course - course[0] - phase * (course[-1] - course[0])) * height_m / run.body_px(start))
    known = [course for course in courses if np.isfinite(course).all()]
    if not known:
        return Estimate()
    usual_m = float(np.ptp(np.mean(known, axis=0)))
    # segment lengths over height differ between people, and the camera is as far as they say
    single = estimate(
        [float(np.ptp(course)) for course in known], trust=trust, bias=float(np.hypot(error_bars.OSCILLATION_M, SCALE * usual_m))
    )
    return single.model_copy(update={"value": round(usual_m, 4)})

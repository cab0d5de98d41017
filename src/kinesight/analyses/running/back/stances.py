"""Every stance with its instants and angles, and the course of the pelvis over the mean stride."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.running.back.angles import INWARD
from kinesight.analyses.running.back.contacts import BackContact, alternating
from kinesight.analyses.running.back.details import BackStride
from kinesight.analyses.running.back.frontal import Frontal
from kinesight.analyses.running.motion import SIDES, Side
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre

STEP_S = (0.18, 0.6)
# The part of the contact over which the knee and the heel are averaged, and the share of it round the largest drop.
MID_STANCE = (0.4, 0.6)
ROUND_PEAK = 0.1
# The hip line turns with the stride and once more within it; more harmonics follow the noise of the hips, which lie close
# together.
HARMONICS = 2
MOST_UNKNOWN = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class PelvisCourse:
    """The hip line over the mean stride: its middle, and for each leg when in the contact (0..1) and by how much it rises."""

    middle_deg: float
    peak_at: Mapping[Side, float]
    drop_deg: Mapping[Side, float]


def pelvis_course(frontal: Frontal, tilt_deg: Floats, contacts: Sequence[BackContact]) -> PelvisCourse | None:
    """Return the course of the hip line, left side high +, over the mean stride; None without a whole stride.

    A short Fourier series in the phase of the stride is fitted to all strides at once: the peak of single strides is mostly
    noise, and always too high.
    """
    rows = [_stride_beats(contacts, side) for side in SIDES]
    found = [course for course in (_course(frontal, tilt_deg, contacts, beats) for beats in rows) if course is not None]
    if not found:
        return None
    # counted from either foot, so that a mirror changes nothing
    return PelvisCourse(
        middle_deg=float(np.mean([course.middle_deg for course in found])),
        peak_at={side: _mean_known([course.peak_at[side] for course in found]) for side in SIDES},
        drop_deg={side: _mean_known([course.drop_deg[side] for course in found]) for side in SIDES},
    )


def _course(frontal: Frontal, tilt_deg: Floats, contacts: Sequence[BackContact], beats: Floats) -> PelvisCourse | None:
    """Return the course over the strides that start at the beats; None where they are too few, or too little is seen."""
    if len(beats) < 2:
        return None
    whole = (frontal.time_s >= beats[0]) & (frontal.time_s <= beats[-1])
    inside = whole & np.isfinite(tilt_deg)
    if np.count_nonzero(inside) < (1 - MOST_UNKNOWN) * np.count_nonzero(whole):
        return None
    numbers = np.arange(len(beats))
    weights, *_ = np.linalg.lstsq(_waves(np.interp(frontal.time_s, beats, numbers)[inside]), tilt_deg[inside], rcond=None)
    stride_s = float(np.median(np.diff(beats)))
    peak_at: dict[Side, float] = {}
    drop: dict[Side, float] = {}
    share = np.linspace(0.0, 1.0, 51)
    for side in SIDES:
        own = [contact for contact in contacts if contact.foot == side]
        start = _mean_phase([float(np.interp(contact.strike_s, beats, numbers)) for contact in own if _within(contact, beats)])
        duty = centre(np.array([contact.usual_s for contact in own])) / stride_s
        course = INWARD[side] * (_waves(start + share * duty)[:, 1:] @ weights[1:])
        is_known = bool(np.isfinite(course).all())
        peak_at[side] = float(share[int(np.argmax(course))]) if is_known else float("nan")
        drop[side] = float(course.max()) if is_known else float("nan")
    return PelvisCourse(middle_deg=float(weights[0]), peak_at=peak_at, drop_deg=drop)


def measure_stances(
    frontal: Frontal,
    series: Mapping[str, Floats],
    contacts: Sequence[BackContact],
    *,
    course: PelvisCourse | None,
    slow_motion: float,
) -> tuple[BackStride, ...]:
    """Return every stance, in order; what no runner does, or what was not seen, is unknown."""
    stances = []
    for contact, raw_step_s in zip(contacts, alternating(contacts), strict=True):
        step_s = raw_step_s if STEP_S[0] <= raw_step_s <= STEP_S[1] else float("nan")
        middle_s = contact.strike_s + 0.5 * contact.usual_s
        drop_s = contact.strike_s + course.peak_at[contact.foot] * contact.usual_s if course else float("nan")
        drop = float("nan")
        if course is not None:
            tilt = _mean(frontal, series["pelvis_tilt_deg"], drop_s, ROUND_PEAK * contact.usual_s)
            drop = INWARD[contact.foot] * (tilt - course.middle_deg)
        at = {
            name: _mean(frontal, series[f"{contact.foot}_{name}"], middle_s, np.ptp(MID_STANCE) / 2 * contact.usual_s)
            for name in ("knee_adduction_deg", "hip_adduction_deg", "pronation_deg")
        }
        stances.append(
            BackStride(
                foot=contact.foot,
                strike_s=contact.strike_s * slow_motion,
                middle_s=middle_s * slow_motion,
                drop_s=drop_s * slow_motion,
                toe_off_s=contact.toe_off_s * slow_motion,
                contact_s=contact.contact_s,
                step_s=step_s,
                flight_s=step_s - contact.contact_s,
                pelvic_drop_deg=drop,
                confidence=_trust(frontal, contact.foot),
                **at,
            )
        )
    return tuple(stances)


def _mean_known(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def _stride_beats(contacts: Sequence[BackContact], side: Side) -> Floats:
    """Return the strikes of a foot; a stride over 1.5 times the usual hides one, and ends the row."""
    beats = np.array([contact.strike_s for contact in contacts if contact.foot == side])
    if len(beats) < 3:
        return beats
    gaps = np.diff(beats)
    pieces = np.split(beats, np.flatnonzero(gaps > 1.5 * np.median(gaps)) + 1)
    return max(pieces, key=len)


def _within(contact: BackContact, beats: Floats) -> bool:
    return bool(beats[0] <= contact.strike_s <= beats[-1])


def _mean_phase(phases: Sequence[float]) -> float:
    if not phases:
        return float("nan")
    turns = 2 * np.pi * np.array(phases)
    return float(np.arctan2(np.sin(turns).mean(), np.cos(turns).mean()) / (2 * np.pi))


def _waves(phase: Floats) -> Floats:
    columns = [np.ones_like(phase)]
    for number in range(1, HARMONICS + 1):
        columns += [np.cos(2 * np.pi * number * phase), np.sin(2 * np.pi * number * phase)]
    return np.stack(columns, axis=1)


def _mean(frontal: Frontal, values: Floats, middle_s: float, half_s: float) -> float:
    inside = values[np.abs(frontal.time_s - middle_s) <= half_s] if np.isfinite(middle_s + half_s) else values[:0]
    known = inside[np.isfinite(inside)]
    return float(known.mean()) if len(known) and len(known) >= (1 - MOST_UNKNOWN) * len(inside) else float("nan")


def _trust(frontal: Frontal, side: Side) -> float:
    return min(1.0, float(np.mean([frontal.motion.score[f"{side}_{name}"] for name in ("hip", "knee", "ankle")])))

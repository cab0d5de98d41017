"""Every landing with its instants and angles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from kinesight.analyses.running.angles import overstride_deg
from kinesight.analyses.running.contacts import ONE_CUE_S, Contact
from kinesight.analyses.running.details import LANDING_POINTS, LandingAngles, Stride
from kinesight.analyses.running.motion import OTHER, Motion, Side
from kinesight.analyses.running.profile import PatternBorders
from kinesight.analyses.running.result import Pattern
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre

FLAT_WITHIN_DEG = 3.0
FOOT_UNSURE_DEG = 3.0
FULL_CONTACT_AFTER_S = 0.05
LONGEST_LANDING_S = 0.12
# What passes as one contact and one step of running; outside of it the toe-off or the pairing of steps is wrong.
CONTACT_S = (0.06, 0.45)
STEP_S = (0.18, 0.6)
LONGEST_FLIGHT_S = 0.25
"""Such a flight lifts the body by g t² / 8 = 77 mm, twice what runners do; a longer one is a toe-off read too early."""

STRIDE_WITHIN = 0.2
"""Part of the usual stride time by which a strike may come early or late: a runner keeps time to a few hundredths."""
FEWEST_FOR_RHYTHM = 3
IRREGULAR_TRUST = 0.5

FAR_TRUST = 0.75
"""A far leg is half hidden: both timing and angles are about as much worse (Young 2023)."""


def measure_strides(
    motion: Motion, series: Mapping[str, Floats], contacts: Sequence[Contact], *, borders: PatternBorders, slow_motion: float
) -> tuple[Stride, ...]:
    """Return every landing, in order; a contact or step that no runner makes has unknown duration, one out of time is marked."""
    strides = []
    for index, contact in enumerate(contacts):
        following = contacts[index + 1] if index + 1 < len(contacts) else None
        alternates = following is not None and following.foot != contact.foot
        step_s = _within(following.strike_s - contact.strike_s, STEP_S) if following is not None and alternates else float("nan")
        contact_s = _within(contact.toe_off_s - contact.strike_s, CONTACT_S)
        if step_s - contact_s > LONGEST_FLIGHT_S:
            contact_s = float("nan")
        foot_deg = series[f"{contact.foot}_foot_deg"]
        full_s = full_contact_s(motion.time_s, foot_deg, contact)
        unsure_deg = FOOT_UNSURE_DEG * (1.0 if contact.foot == motion.near else 3.0)
        others_s = [
            full_contact_s(motion.time_s, foot_deg, contact, within_deg=FLAT_WITHIN_DEG + by) for by in (-unsure_deg, unsure_deg)
        ]
        first = _angles_at(motion, series, contact, contact.strike_s)
        trust = _trust(motion, contact.foot)
        strides.append(
            Stride(
                foot=contact.foot,
                strike_s=contact.strike_s * slow_motion,
                full_contact_s=full_s * slow_motion,
                toe_off_s=(contact.strike_s + contact_s) * slow_motion,
                contact_s=contact_s,
                step_s=step_s,
                flight_s=step_s - contact_s,
                initial_contact=first,
                full_contact=_angles_at(motion, series, contact, full_s),
                pattern=strike_pattern(first.foot_strike_deg, borders),
                strike_confidence=trust * contact.sharpness,
                toe_off_confidence=trust * _agreement(contact) if np.isfinite(contact_s) else 0.0,
                full_contact_error_s=max(abs(full_s - other_s) for other_s in others_s),
            )
        )
    return _marked(strides)


def _marked(strides: Sequence[Stride]) -> tuple[Stride, ...]:
    """Mark the strikes that are out of the runner's rhythm; the steps that they begin or end have unknown duration.

    A strike fits where the time to one of the two before or after it of the same foot is within a fifth of a stride of a whole
    number of usual strides, so that neither a missed landing nor a wrong one spoils its neighbours.
    """
    own = {side: [index for index, stride in enumerate(strides) if stride.foot == side] for side in OTHER}
    times = np.array([stride.strike_s for stride in strides])
    lasting = np.concatenate([np.diff(times[indices]) for indices in own.values()] or [np.array([])])
    if len(lasting) < FEWEST_FOR_RHYTHM:
        return tuple(strides)
    usual_s = centre(lasting)
    wrong = set()
    for indices in own.values():
        for place, index in enumerate(indices):
            around = [other for other in indices[max(place - 2, 0) : place + 3] if other != index]
            if around and not any(_is_whole(abs(times[other] - times[index]) / usual_s) for other in around):
                wrong.add(index)
    marked = []
    for index, stride in enumerate(strides):
        spoilt = {"step_s": float("nan"), "flight_s": float("nan")} if {index, index + 1} & wrong else {}
        if index in wrong:
            spoilt |= {"is_regular": False, "strike_confidence": IRREGULAR_TRUST * stride.strike_confidence}
        marked.append(replace(stride, **spoilt))  # type: ignore[arg-type]
    return tuple(marked)


def _is_whole(strides: float) -> bool:
    return round(strides) >= 1 and abs(strides - round(strides)) <= STRIDE_WITHIN


def full_contact_s(time_s: Floats, foot_deg: Floats, contact: Contact, *, within_deg: float = FLAT_WITHIN_DEG) -> float:
    """Return when the foot first lies within some degrees of flat after its strike, else 50 ms after it."""
    inside = (time_s >= contact.strike_s) & (time_s <= contact.strike_s + LONGEST_LANDING_S)
    off_flat = np.abs(foot_deg[inside] - contact.flat_deg)
    flat = np.flatnonzero(off_flat <= within_deg)
    return float(time_s[inside][flat[0]]) if len(flat) else contact.strike_s + FULL_CONTACT_AFTER_S


def strike_pattern(foot_strike_deg: float, borders: PatternBorders) -> Pattern | None:
    """Return which part of the foot lands first, by the angle against the flat foot; None where it is unknown."""
    if not np.isfinite(foot_strike_deg):
        return None
    if foot_strike_deg > borders.rearfoot_above_deg:
        return "rearfoot"
    return "forefoot" if foot_strike_deg < borders.forefoot_below_deg else "midfoot"


def _angles_at(motion: Motion, series: Mapping[str, Floats], contact: Contact, at_s: float) -> LandingAngles:
    side = contact.foot
    sources = {
        "front_knee_deg": (side, series[f"{side}_knee_deg"]),
        "back_knee_deg": (OTHER[side], series[f"{OTHER[side]}_knee_deg"]),
        "foot_strike_deg": (side, series[f"{side}_foot_deg"] - contact.flat_deg),
        "overstride_deg": (side, overstride_deg(series, side)),
    }
    read = {}
    for name, (leg, path) in sources.items():
        known = motion.is_seen([f"{leg}_{point}" for point in LANDING_POINTS[name]], at_s)
        read[name] = float(np.interp(at_s, motion.time_s, path)) if known else float("nan")
    return LandingAngles(**read)


def _trust(motion: Motion, side: Side) -> float:
    seen = float(np.mean([motion.score[f"{side}_{name}"] for name in ("ankle", "heel", "big_toe")]))
    return min(1.0, seen) * (1.0 if side == motion.near else FAR_TRUST)


def _agreement(contact: Contact) -> float:
    return float(np.clip(1.0 - contact.agreement_s / (2 * ONE_CUE_S), 0.0, 1.0)) if np.isfinite(contact.agreement_s) else 0.0


def _within(value: float, limits: tuple[float, float]) -> float:
    return value if limits[0] <= value <= limits[1] else float("nan")

"""When each foot meets and leaves the ground, seen from behind, where no forward speed shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy

from kinesight.analyses.running.back.frontal import TRUNK_PER_HEIGHT, Frontal
from kinesight.analyses.running.motion import OTHER, Side
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre
from kinesight.signals.runs import true_runs
from kinesight.signals.smoothing import low_pass

# A foot is lifted by more than this part of the trunk over the other, or there is no step.
LEAST_LIFT = 0.15
SHORTEST_STEP_S, LONGEST_STEP_S = 0.12, 1.0
# The trunk bobs once a step; this many times that rate keeps the shape of the push and little noise.
CUTOFF_PER_STEP_RATE, LOWEST_CUTOFF_HZ, HIGHEST_CUTOFF_HZ = 2.6, 5.0, 9.0
# Part of its highest upward speed against the trunk at which a foot has left the ground; measured on mocap with force plates.
LEAVING_SPEED = 0.3
CONTACT_S = (0.06, 0.45)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackStep:
    """One foot carries the body while the other is lifted; `at_s` is when that one is highest. The runner's seconds."""

    foot: Side
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackContact:
    """One foot on the ground; the runner's seconds, NaN where not seen.

    `contact_s` is how long this contact was seen to be, `usual_s` the middle of all contacts of the foot, by which the strike is
    placed before the toe-off: single contacts are noisier than they differ.
    """

    foot: Side
    strike_s: float
    toe_off_s: float
    contact_s: float
    usual_s: float


def find_lifts(frontal: Frontal) -> tuple[BackStep, ...]:
    """Return every step, walking or running, in order of time: from behind the lifted foot shows it best."""
    apart = (frontal.points["left_ankle"] - frontal.points["right_ankle"])[:, 1] / frontal.trunk_px
    known = np.isfinite(apart)
    if np.count_nonzero(known) < 4:
        return ()
    filled = np.interp(frontal.time_s, frontal.time_s[known], apart[known])
    distance = max(1, round(2 * SHORTEST_STEP_S * frontal.motion.rate_hz))
    found: list[BackStep] = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        peaks, _ = scipy.signal.find_peaks(sign * filled, height=LEAST_LIFT, prominence=LEAST_LIFT, distance=distance)
        carries: Side = "right" if side == "left" else "left"
        found += [BackStep(foot=carries, at_s=float(frontal.time_s[peak])) for peak in peaks if known[peak]]
    return tuple(sorted(found, key=lambda step: step.at_s))


def push_m_per_s2(frontal: Frontal, steps: Sequence[BackStep], *, height_m: float) -> Floats:
    """Return the upward acceleration of the trunk, (samples,); it shows when the legs push, from any side."""
    times = np.diff([step.at_s for step in steps])
    usual_s = float(np.median(times)) if len(times) else 0.35
    fps = frontal.motion.fps
    cutoff_hz = float(np.clip(CUTOFF_PER_STEP_RATE / max(usual_s, 0.1), LOWEST_CUTOFF_HZ, HIGHEST_CUTOFF_HZ))
    height = low_pass(frontal.body[:, 1], rate_hz=frontal.motion.rate_hz, cutoff_hz=min(cutoff_hz, 0.4 * fps))
    m_per_px = TRUNK_PER_HEIGHT * height_m / frontal.trunk_px
    speed = np.gradient(height, frontal.time_s) * m_per_px
    return np.asarray(np.gradient(speed, frontal.time_s))


def find_back_contacts(frontal: Frontal, steps: Sequence[BackStep], push: Floats) -> tuple[BackContact, ...]:
    """Return the contact of every step whose push is seen, in order of strikes.

    The toe-off is when the foot begins to rise against the trunk. For the strike the trunk's own course is used: it speeds
    upwards only while the leg pushes with more than the body weight, and with a push like half a sine (Morin et al. 2005), whose
    mean over a step is the weight, that begins asin(2 contact / (pi step)) / pi of the contact after the strike.
    """
    times = np.array([step.at_s for step in steps])
    gaps = np.diff(times)
    gaps = gaps[gaps < LONGEST_STEP_S]
    usual_s = float(np.median(gaps)) if len(gaps) else float("nan")
    if not np.isfinite(usual_s):
        return ()
    pushes = _pushes(frontal.time_s, push)
    found = []
    for step in steps:
        near = [(start, end) for start, end in pushes if abs((start + end) / 2 - step.at_s - 0.1 * usual_s) < 0.4 * usual_s]
        if near:
            start, end = max(near, key=lambda span: span[1] - span[0])
            contact = _contact(frontal, step.foot, start, end, step_s=usual_s)
            if contact is not None:
                found.append(contact)
    return _steadied(found)


def _steadied(contacts: Sequence[BackContact]) -> tuple[BackContact, ...]:
    every = centre(np.array([contact.contact_s for contact in contacts]))
    steadied = []
    for contact in contacts:
        own = centre(np.array([other.contact_s for other in contacts if other.foot == contact.foot]))
        usual_s = own if np.isfinite(own) else every
        leaves = np.isfinite(contact.toe_off_s) and np.isfinite(usual_s)
        strike_s = contact.toe_off_s - usual_s if leaves else contact.strike_s
        steadied.append(replace(contact, strike_s=strike_s, usual_s=usual_s))
    return tuple(sorted(steadied, key=lambda contact: contact.strike_s))


def _contact(frontal: Frontal, foot: Side, start_s: float, end_s: float, *, step_s: float) -> BackContact | None:
    leaves_s = _leaves_s(frontal, foot, (start_s + end_s) / 2, step_s=step_s)
    strike_s = leaves_s - contact_from(leaves_s - start_s, step_s=step_s)
    if np.isfinite(strike_s) and CONTACT_S[0] <= leaves_s - strike_s <= CONTACT_S[1]:
        seen_s = leaves_s - strike_s
        return BackContact(foot=foot, strike_s=strike_s, toe_off_s=leaves_s, contact_s=seen_s, usual_s=seen_s)
    # without a toe-off the push itself, which is symmetric, tells how long the contact was
    late_s = (contact_from_push(end_s - start_s, step_s=step_s) - (end_s - start_s)) / 2
    if not np.isfinite(late_s):
        return None
    unknown = float("nan")
    return BackContact(foot=foot, strike_s=start_s - late_s, toe_off_s=unknown, contact_s=unknown, usual_s=unknown)


def contact_from(seen_s: float, *, step_s: float) -> float:
    """Return the contact time from the part of it after the push exceeds body weight; NaN if impossible."""
    return _longest_with(seen_s, step_s=step_s, hidden=1.0)


def contact_from_push(seen_s: float, *, step_s: float) -> float:
    """Return the contact time from how long the push exceeds body weight; NaN if impossible."""
    return _longest_with(seen_s, step_s=step_s, hidden=2.0)


def _longest_with(seen_s: float, *, step_s: float, hidden: float) -> float:
    contact = np.linspace(*CONTACT_S, 400)
    contact = contact[2 * contact < np.pi * step_s]
    left = contact * (1 - hidden * np.arcsin(2 * contact / (np.pi * step_s)) / np.pi)
    # beyond the highest value of the seen part a longer contact would be seen for less time: no run
    rising = slice(0, int(np.argmax(left)) + 1)
    if not len(left) or not left[rising][0] <= seen_s <= left[rising][-1]:
        return float("nan")
    return float(np.interp(seen_s, left[rising], contact[rising]))


def _pushes(time_s: Floats, push: Floats) -> list[tuple[float, float]]:
    """Return start and end of every stretch of upward acceleration, between samples; none that the clip cuts."""
    spans = []
    for start, stop in true_runs(np.asarray(push > 0)):
        if start > 0 and stop < len(push) and np.isfinite(push[start - 1]) and np.isfinite(push[stop]):
            spans.append((_zero(time_s, push, start - 1), _zero(time_s, push, stop - 1)))
    return spans


def _zero(time_s: Floats, values: Floats, index: int) -> float:
    share = values[index] / (values[index] - values[index + 1])
    return float(time_s[index] + share * (time_s[index + 1] - time_s[index]))


def _leaves_s(frontal: Frontal, foot: Side, middle_s: float, *, step_s: float) -> float:
    """When the foot rises against the trunk with a part of the speed that it reaches next; NaN if it is not seen."""
    time_s = frontal.time_s
    after = np.flatnonzero((time_s >= middle_s - 0.1 * step_s) & (time_s <= middle_s + 0.75 * step_s))
    if len(after) < 3 or time_s[-1] < middle_s + 0.5 * step_s:
        return float("nan")
    rise = np.gradient(frontal.foot(foot)[:, 1] - frontal.body[:, 1], time_s)[after]
    if not np.isfinite(rise).all():
        return float("nan")
    top = int(np.argmax(rise))
    level = LEAVING_SPEED * rise[top]
    slow = np.flatnonzero(rise[:top] <= level)
    if not len(slow) or rise[top] <= 0:
        return float("nan")
    index = int(slow[-1])
    share = (level - rise[index]) / (rise[index + 1] - rise[index])
    return float(time_s[after[index]] + share * (time_s[after[index] + 1] - time_s[after[index]]))


def alternating(contacts: Sequence[BackContact]) -> list[float]:
    """Return the time to the next strike after each contact, NaN where the other foot does not follow."""
    steps = []
    for index, contact in enumerate(contacts):
        following = contacts[index + 1] if index + 1 < len(contacts) else None
        follows = following is not None and following.foot == OTHER[contact.foot]
        steps.append(following.strike_s - contact.strike_s if following is not None and follows else float("nan"))
    return steps

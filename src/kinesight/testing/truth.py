"""What is true of a body whose every position, foot strike and toe-off is known, in the plane of travel."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np

from kinesight.analyses.running.contacts import FLAT_FROM, FLAT_TO
from kinesight.analyses.running.motion import OTHER, SIDES, Side
from kinesight.analyses.running.strides import FLAT_WITHIN_DEG, FULL_CONTACT_AFTER_S, LONGEST_LANDING_S
from kinesight.domain.people import KEYPOINTS
from kinesight.domain.video import Floats
from kinesight.signals.geometry import inner_angle_deg, lean_deg, slope_deg
from kinesight.signals.robust import centre
from kinesight.testing.body import Body

INSTANTS = ("initial_contact", "full_contact")
PHASES = 50


def true_landings(body: Body, span: tuple[float, float]) -> Mapping[tuple[Side, str, str], float]:
    """Return the middle of the noise-free angles over the strikes within a span of seconds, by side, measure and instant."""
    knees = {side: _knee_deg(body, side) for side in SIDES}
    feet = {side: slope_deg(body.path_m(f"{side}_heel"), body.path_m(f"{side}_big_toe")) for side in SIDES}
    shanks = {side: lean_deg(body.path_m(f"{side}_ankle"), body.path_m(f"{side}_knee")) for side in SIDES}
    truth: dict[tuple[Side, str, str], float] = {}
    for side in SIDES:
        strikes = within(body.strikes_s[side], span)
        flat = centre(np.array([true_flat_deg(body, feet[side], side, strike) for strike in strikes]))
        full = np.array([_full_contact_s(body.time_s, feet[side] - flat, strike) for strike in strikes])
        paths = {
            "front_knee_deg": knees[side],
            "back_knee_deg": knees[OTHER[side]],
            "foot_strike_deg": feet[side] - flat,
            "overstride_deg": -shanks[side],
        }
        for measure, path in paths.items():
            for instant, times in zip(INSTANTS, (strikes, full), strict=True):
                truth[side, measure, instant] = centre(np.interp(times, body.time_s, path))
    return truth


def true_flat_deg(body: Body, foot_deg: Floats, side: Side, strike_s: float) -> float:
    """Return the heel-to-toe line while the foot lies flat after a strike; NaN where no toe-off follows."""
    later = body.toe_offs_s[side][body.toe_offs_s[side] > strike_s]
    if not len(later):
        return float("nan")
    contact = later[0] - strike_s
    inside = (body.time_s >= strike_s + FLAT_FROM * contact) & (body.time_s <= strike_s + FLAT_TO * contact)
    return float(np.median(foot_deg[inside])) if inside.any() else float("nan")


def _full_contact_s(time_s: Floats, off_flat_deg: Floats, strike_s: float) -> float:
    fine_s = np.arange(strike_s, strike_s + LONGEST_LANDING_S, 0.001)
    flat = np.flatnonzero(np.abs(np.interp(fine_s, time_s, off_flat_deg)) <= FLAT_WITHIN_DEG)
    return float(fine_s[flat[0]]) if len(flat) else strike_s + FULL_CONTACT_AFTER_S


def true_means(body: Body, near: Side) -> Mapping[str, float]:
    """Return the cycle means of the near elbow and of the trunk."""
    strikes = body.strikes_s[near]
    inside = (body.time_s >= strikes[0]) & (body.time_s < strikes[-1])
    elbow = inner_angle_deg(*(body.path_m(f"{near}_{point}") for point in ("shoulder", "elbow", "wrist")))
    middle = {point: (body.path_m(f"left_{point}") + body.path_m(f"right_{point}")) / 2 for point in ("hip", "shoulder")}
    head = slope_deg(body.path_m(f"{near}_ear"), body.path_m("nose"))
    trunk = lean_deg(middle["hip"], middle["shoulder"])
    return {name: float(path[inside].mean()) for name, path in (("elbow", elbow), ("trunk_lean", trunk), ("head", head))}


def _knee_deg(body: Body, side: Side) -> Floats:
    return inner_angle_deg(*(body.path_m(f"{side}_{point}") for point in ("hip", "knee", "ankle")))


def true_step_s(body: Body) -> float:
    """Return the usual time from one strike to the next of the other foot."""
    return centre(np.diff(_strikes_s(body)))


def true_contact_s(body: Body, side: Side) -> float:
    """Return the usual time from strike to toe-off of one foot."""
    contacts = []
    for strike in body.strikes_s[side]:
        later = body.toe_offs_s[side][body.toe_offs_s[side] > strike]
        contacts += [float(later[0] - strike)] if len(later) else []
    return centre(np.array(contacts))


def true_speed_m_per_s(body: Body) -> float:
    """Return the speed over the ground: that of the feet backwards against the hips in the middle of contacts."""
    speeds = []
    for side in SIDES:
        heel, toe = body.path_m(f"{side}_heel")[:, 0], body.path_m(f"{side}_big_toe")[:, 0]
        hips = (body.path_m("left_hip")[:, 0] + body.path_m("right_hip")[:, 0]) / 2
        against = np.gradient((heel + toe) / 2 - hips, body.time_s)
        for strike in body.strikes_s[side]:
            flat = (body.time_s >= strike + 0.08) & (body.time_s <= strike + 0.13)
            speeds += [-float(np.mean(against[flat]))] if flat.any() else []
    return centre(np.array(speeds))


def true_oscillation_m(body: Body) -> float:
    """Return the range of the hips' height over the mean step, without its trend."""
    height = (body.points_m[:, KEYPOINTS.index("left_hip"), 1] + body.points_m[:, KEYPOINTS.index("right_hip"), 1]) / 2
    strikes = _strikes_s(body)
    phase = np.linspace(0.0, 1.0, PHASES)
    courses = []
    for start, end in pairwise(strikes):
        course = np.interp(start + phase * (end - start), body.time_s, height)
        courses.append(course - course[0] - phase * (course[-1] - course[0]))
    return float(np.ptp(np.mean(courses, axis=0)))


def within(times_s: Floats, span: tuple[float, float]) -> Floats:
    """Return the times that lie in a span."""
    return times_s[(times_s >= span[0]) & (times_s <= span[1])]


def _strikes_s(body: Body) -> Floats:
    return np.sort(np.concatenate([body.strikes_s[side] for side in SIDES]))

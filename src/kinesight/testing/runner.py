"""A runner made of formulas: every position, foot strike and toe-off is known, for any speed, cadence and strike type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from kinesight.domain.people import KEYPOINTS
from kinesight.domain.video import Floats
from kinesight.testing.body import Body

THIGH_M, SHANK_M, TRUNK_M, FOOT_M = 0.43, 0.43, 0.50, 0.20
ANKLE_FROM_HEEL_M = np.array([0.045, 0.08])
ARM_M, FOREARM_M = 0.30, 0.26
HALF_HIPS_M, HALF_SHOULDERS_M = 0.09, 0.17
# With segment lengths over height as in Winter, Biomechanics and Motor Control of Human Movement, table 4.1.
HEIGHT_M = (THIGH_M + SHANK_M + TRUNK_M) / 0.779


@dataclass(frozen=True, slots=True, kw_only=True)
class Gait:
    """How the made-up person moves; defaults are those of a recreational rearfoot striker.

    `foot_at_strike_deg` is the heel-to-toe line over the ground, toes up +; `landing_speed` the forward speed of the foot over
    ground at the strike, as part of the running speed, which dies away within `settling_s`.
    """

    speed_m_per_s: float = 3.0
    cadence_spm: float = 170.0
    duty_factor: float = 0.36
    foot_at_strike_deg: float = 15.0
    landing_speed: float = 0.55
    settling_s: float = 0.025
    trunk_lean_deg: float = 7.0
    head_deg: float = -13.0
    elbow_deg: float = 85.0
    elbow_swing_deg: float = 12.0
    bounce_m: float = 0.035
    lift_m: float = 0.33
    strike_ahead: float = 0.33
    """Part of the stance travel that lies ahead of the hip."""
    first_strike_s: float = 0.13

    @property
    def stride_s(self) -> float:
        """Return the time from one strike to the next of the same foot."""
        return 120.0 / self.cadence_spm

    @property
    def contact_s(self) -> float:
        """Return the time from strike to toe-off."""
        return self.duty_factor * self.stride_s


WALKING = Gait(
    speed_m_per_s=1.3,
    cadence_spm=112.0,
    duty_factor=0.62,
    foot_at_strike_deg=18.0,
    landing_speed=0.4,
    trunk_lean_deg=2.0,
    elbow_deg=155.0,
    elbow_swing_deg=8.0,
    bounce_m=-0.02,
    lift_m=0.14,
    strike_ahead=0.48,
)
"""Somebody who walks: double support, hip highest in mid-stance."""


def runner(gait: Gait, *, seconds: float, rate_hz: float = 240.0) -> Body:
    """Return somebody who runs (or walks) on the spot of a treadmill for some time."""
    time = np.arange(round(seconds * rate_hz) + 1) / rate_hz
    hip_y = _hip_height(gait, time)
    points: dict[str, Floats] = {}
    starts = {"left": gait.first_strike_s, "right": gait.first_strike_s + gait.stride_s / 2}
    for side, start in starts.items():
        points |= _leg(gait, time - start, hip_y, side=side)
    points |= _upper_body(gait, time, hip_y)
    strikes = {side: _repeats(start, gait.stride_s, seconds) for side, start in starts.items()}
    return Body(
        time_s=time,
        points_m=np.stack([points[name] for name in KEYPOINTS], axis=1),
        strikes_s=strikes,
        toe_offs_s={side: _repeats(start + gait.contact_s, gait.stride_s, seconds) for side, start in starts.items()},
        height_m=HEIGHT_M,
    )


def bystander(*, seconds: float, rate_hz: float = 60.0) -> Body:
    """Return somebody who stands and sways a little."""
    body = runner(WALKING, seconds=1.0, rate_hz=rate_hz)
    time = np.arange(round(seconds * rate_hz) + 1) / rate_hz
    still = np.repeat(body.points_m[20:21], len(time), axis=0)
    still[:, :, 0] += 0.01 * np.sin(2 * np.pi * 0.3 * time)[:, None]
    none = {"left": np.array([]), "right": np.array([])}
    return Body(time_s=time, points_m=still, strikes_s=none, toe_offs_s=none, height_m=HEIGHT_M)


def in_sequence(parts: list[Body]) -> Body:
    """Return the parts one after the other, each starting where the hips of the one before it ended."""
    time, points = [parts[0].time_s], [parts[0].points_m]
    events = {kind: {side: [getattr(parts[0], kind)[side]] for side in ("left", "right")} for kind in ("strikes_s", "toe_offs_s")}
    hip = KEYPOINTS.index("left_hip")
    for part in parts[1:]:
        later = time[-1][-1] + (part.time_s[1] - part.time_s[0]) - part.time_s[0]
        shift = points[-1][-1, hip, 0] - part.points_m[0, hip, 0]
        time.append(part.time_s + later)
        points.append(part.points_m + np.array([shift, 0.0, 0.0]))
        for kind, by_side in events.items():
            for side, times in by_side.items():
                times.append(getattr(part, kind)[side] + later)
    joined = {kind: {side: np.concatenate(times) for side, times in by_side.items()} for kind, by_side in events.items()}
    return Body(
        time_s=np.concatenate(time),
        points_m=np.concatenate(points),
        strikes_s=joined["strikes_s"],
        toe_offs_s=joined["toe_offs_s"],
        height_m=parts[0].height_m,
    )


def _repeats(start: float, period: float, end: float) -> Floats:
    return np.arange(start - period * np.floor(start / period), end, period)


def _hip_height(gait: Gait, time: Floats) -> Floats:
    """Hip height over time: lowest in the middle of the contact for runners, so high that the legs just reach the ground."""
    middle = gait.first_strike_s + gait.contact_s / 2
    wave = -gait.bounce_m * np.cos(4 * np.pi * (time - middle) / gait.stride_s)
    phase = np.linspace(0.0, gait.stride_s, 400, endpoint=False)
    ankle = _foot(gait, phase)[2]
    over = -gait.bounce_m * np.cos(4 * np.pi * (phase - gait.contact_s / 2) / gait.stride_s)
    reach = 0.985 * (THIGH_M + SHANK_M)
    highest = np.min(ankle[:, 1] + np.sqrt(reach**2 - np.clip(ankle[:, 0], -0.8, 0.8) ** 2) - over)
    return np.asarray(highest + wave)


def _foot(gait: Gait, since_strike_s: Floats) -> tuple[Floats, Floats, Floats]:
    """Heel, toe and ankle ahead of the hip and over the ground, (samples, 2) each, by time since a strike of that foot."""
    phase = np.mod(since_strike_s, gait.stride_s)
    angle = _foot_angle(gait, phase)
    along = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    heel = _stance_heel(gait, phase)
    swing = phase > gait.contact_s
    heel[swing] = _swing_heel(gait, phase[swing])
    normal = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    ankle = heel + ANKLE_FROM_HEEL_M[0] * along + ANKLE_FROM_HEEL_M[1] * normal
    return heel, heel + FOOT_M * along, ankle


def _foot_angle(gait: Gait, phase: Floats) -> Floats:
    """Radians; falls to flat within a quarter of the contact, heel leaves from the middle on, turns back in the swing."""
    strike, push = np.radians(gait.foot_at_strike_deg), np.radians(-50.0)
    contact = gait.contact_s
    down = min(0.05, 0.25 * contact)
    landing = strike * (1 - np.clip(phase / down, 0, 1)) ** 2
    leaving = push * np.clip((phase - 0.55 * contact) / (0.45 * contact), 0, 1) ** 2
    leave_rate, land_rate = 2 * push / (0.45 * contact), -2 * strike / down
    air = gait.stride_s - contact
    knots = contact + air * np.array([0.0, 0.3, 0.75, 1.0])
    swing = CubicHermiteSpline(knots, [push, np.radians(-75.0), strike, strike], [leave_rate, 0.0, 0.0, land_rate])
    return np.where(phase > contact, swing(phase), landing + leaving)


def _stance_heel(gait: Gait, phase: Floats) -> Floats:
    """Heel in the stance: the foot turns about its heel or toe, which slides a little while it settles and then stays."""
    angle = _foot_angle(gait, phase)
    ahead = gait.strike_ahead * gait.speed_m_per_s * gait.contact_s
    slide = gait.landing_speed * gait.speed_m_per_s * gait.settling_s / 2
    settling = np.clip(1 - phase / gait.settling_s, 0.0, 1.0)
    rest = ahead - gait.speed_m_per_s * phase - slide * settling**2 - ANKLE_FROM_HEEL_M[0]
    flat_heel = np.stack([rest, np.zeros_like(rest)], axis=-1)
    on_toe = flat_heel + np.array([FOOT_M, 0.0]) - FOOT_M * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.where((angle < 0)[:, None], on_toe, flat_heel)


def _swing_heel(gait: Gait, phase: Floats) -> Floats:
    """Heel in the swing: leaves and lands with the speed of the stance."""
    edge = 1e-5
    before, leaving = _stance_heel(gait, np.array([gait.contact_s - edge, gait.contact_s]))
    landing, after = _stance_heel(gait, np.array([0.0, edge]))
    start_speed, end_speed = (leaving - before) / edge, (after - landing) / edge
    end_speed[1] = -0.5
    air = gait.stride_s - gait.contact_s
    knots = gait.contact_s + air * np.array([0.0, 0.4, 0.72, 1.0])
    fore, aft = landing[0], leaving[0]
    places = np.array([leaving, [aft + 0.4 * (fore - aft), gait.lift_m + 0.06], [fore + 0.02, 0.45 * gait.lift_m], landing])
    return np.asarray(CubicSpline(knots, places, bc_type=((1, start_speed), (1, end_speed)))(phase))


def _leg(gait: Gait, since_strike_s: Floats, hip_y: Floats, *, side: str) -> dict[str, Floats]:
    heel, toe, ankle = _foot(gait, since_strike_s)
    hip = np.stack([np.zeros_like(hip_y), hip_y], axis=-1)
    line = ankle - hip
    distance = np.minimum(np.hypot(*line.T), 0.999 * (THIGH_M + SHANK_M))
    at_hip = np.arccos(np.clip((THIGH_M**2 + distance**2 - SHANK_M**2) / (2 * THIGH_M * distance), -1, 1))
    thigh = np.arctan2(line[:, 1], line[:, 0]) + at_hip
    knee = hip + THIGH_M * np.stack([np.cos(thigh), np.sin(thigh)], axis=-1)
    lateral = HALF_HIPS_M if side == "right" else -HALF_HIPS_M
    paths = {"hip": hip, "knee": knee, "ankle": ankle, "heel": heel, "big_toe": toe}
    return {f"{side}_{name}": _at_depth(path, lateral) for name, path in paths.items()}


def _upper_body(gait: Gait, time: Floats, hip_y: Floats) -> dict[str, Floats]:
    lean, head = np.radians(gait.trunk_lean_deg), np.radians(gait.head_deg)
    hips = np.stack([np.zeros_like(hip_y), hip_y], axis=-1)
    neck = hips + TRUNK_M * np.array([np.sin(lean), np.cos(lean)])
    ear = neck + np.array([0.03, 0.17])
    points = {"nose": _at_depth(ear + 0.12 * np.array([np.cos(head), np.sin(head)]), 0.0)}
    beat = np.cos(2 * np.pi * (time - gait.first_strike_s) / gait.stride_s)
    for side, sign in (("left", -1.0), ("right", 1.0)):
        # the right arm is in front when the left foot lands
        upper = np.radians(-90.0 - 20.0 + sign * 35.0 * beat)
        bend = np.radians(180.0 - (gait.elbow_deg + sign * gait.elbow_swing_deg * beat))
        elbow = neck + ARM_M * np.stack([np.cos(upper), np.sin(upper)], axis=-1)
        wrist = elbow + FOREARM_M * np.stack([np.cos(upper + bend), np.sin(upper + bend)], axis=-1)
        for name, path in (("shoulder", neck), ("elbow", elbow), ("wrist", wrist)):
            points[f"{side}_{name}"] = _at_depth(path, sign * HALF_SHOULDERS_M)
        points[f"{side}_ear"] = _at_depth(ear, sign * 0.075)
    return points


def _at_depth(path: Floats, lateral_m: float) -> Floats:
    return np.concatenate([path, np.full((len(path), 1), lateral_m)], axis=1)

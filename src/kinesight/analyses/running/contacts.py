"""When each foot meets and leaves the ground, to a fraction of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.running.ground import Ground
from kinesight.analyses.running.motion import OTHER, Motion, Side
from kinesight.analyses.running.steps import Step
from kinesight.domain.video import Floats
from kinesight.signals.crossings import first_fall, peak_time
from kinesight.signals.geometry import inner_angle_deg, slope_deg
from kinesight.signals.robust import centre
from kinesight.signals.runs import longest_run

# Forward speed over ground, as part of the running speed, at which a foot lands. Measured on mocap with force plates: a rearfoot
# striker's foot still glides at 0.5 to 0.7 of it, a forefoot striker's at 0.3; between the strike types the level is
# interpolated.
LANDING_SPEED_REARFOOT, REARFOOT_DEG = 0.55, 10.0
LANDING_SPEED_FOREFOOT, MIDFOOT_DEG = 0.30, 2.0
STANDING_SPEED = 0.4
SWINGING_SPEED = 1.0
# Speed of the toe over ground, in any direction, at which it has left; same material.
LEAVING_SPEED = 0.33
TOE_WEIGHT = 0.8
ONE_CUE_S = 0.05
"""What two cues that differ this much are worth, one alone is."""
FLAT_FROM, FLAT_TO = 0.3, 0.55
"""Part of the contact in which the whole foot lies on the ground."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One foot on the ground; times in the runner's seconds, NaN where not seen.

    `flat_deg` is the heel-to-toe line while the foot lies flat, `sharpness` 0..1 how clearly the foot stops at the strike,
    `agreement_s` how far the two cues of the toe-off are apart.
    """

    foot: Side
    strike_s: float
    toe_off_s: float
    flat_deg: float
    sharpness: float
    agreement_s: float


def find_contacts(motion: Motion, ground: Ground, steps: Sequence[Step]) -> tuple[Contact, ...]:
    """Return every contact in order of strikes, of both feet, walking or running.

    One landing is looked for in each step. The strike is when the foot's forward speed over ground, between its last clear swing
    and the stance, falls through the landing speed of its strike type, which is read from the foot angle found with a middle
    speed first.
    """
    middle = (LANDING_SPEED_REARFOOT + LANDING_SPEED_FOREFOOT) / 2
    first = [_contact(motion, ground, step, landing_speed=middle) for step in steps]
    level = _landing_speeds(motion, [contact for contact in first if contact is not None])
    second = [_contact(motion, ground, step, landing_speed=level[step.foot]) for step in steps]
    return tuple(_with_common_flat([contact for contact in second if contact is not None]))


def _contact(motion: Motion, ground: Ground, step: Step, *, landing_speed: float) -> Contact | None:
    time = motion.time_s
    foot = ground.over_ground(motion.speed_px_per_s(motion.foot(step.foot)))
    around = (time >= step.ahead_s - 0.5 * step.step_s) & (time <= step.behind_s)
    inside = np.flatnonzero(around & np.isfinite(foot))
    if len(inside) == 0:
        return None
    # where the foot goes out of sight while it lands, the last that is seen of it stands for the stance
    stance = longest_run(foot[inside] < STANDING_SPEED) or (len(inside) - 1, len(inside))
    middle = int(inside[(stance[0] + stance[1] - 1) // 2])
    strike_s = _settles(time[inside[0] : middle + 1], foot[inside[0] : middle + 1], level=landing_speed)
    if not np.isfinite(strike_s):
        return None
    toe_off_s, agreement_s = _toe_off(motion, ground, step, middle=middle)
    at = int(np.searchsorted(time, strike_s))
    fall_per_s = -float(np.gradient(foot[max(at - 2, 0) : at + 3], time[max(at - 2, 0) : at + 3]).mean())
    return Contact(
        foot=step.foot,
        strike_s=strike_s,
        toe_off_s=toe_off_s,
        flat_deg=_flat_deg(motion, step.foot, strike_s, toe_off_s),
        # within 50 ms from swing to standing is as clear as a landing gets at these cut-offs
        sharpness=float(np.clip(fall_per_s * 0.05, 0.0, 1.0)),
        agreement_s=agreement_s,
    )


def _toe_off(motion: Motion, ground: Ground, step: Step, *, middle: int) -> tuple[float, float]:
    """When the foot leaves, and how far apart the two cues are.

    The knee is straightest close to the toe-off (Fellin 2010), and the toe begins to move over the ground; their mean is less
    noisy than each.
    """
    time, side = motion.time_s, step.foot
    after = (np.arange(len(time)) >= middle) & (time <= step.behind_s + 0.5 * step.step_s)
    toe = motion.points[f"{side}_big_toe"]
    lift = np.gradient(toe[:, 1], time) / np.maximum(ground.runner_px_per_s, 1.0)
    moving = np.hypot(ground.over_ground(motion.speed_px_per_s(toe)), lift)
    # backwards in time the toe settles
    by_toe = -_settles(-time[after][::-1], moving[after][::-1], level=LEAVING_SPEED)
    knee = inner_angle_deg(*(motion.points[f"{side}_{name}"] for name in ("hip", "knee", "ankle")))
    latest = by_toe + 0.06 if np.isfinite(by_toe) else step.behind_s + 0.25 * step.step_s
    near = after & (time <= latest) & (time >= (by_toe - 0.08 if np.isfinite(by_toe) else time[middle]))
    by_knee = peak_time(time[near], knee[near])
    if not np.isfinite(by_toe) and not np.any(time > latest):
        return float("nan"), float("nan")
    if np.isfinite(by_toe) and np.isfinite(by_knee):
        return TOE_WEIGHT * by_toe + (1 - TOE_WEIGHT) * by_knee, abs(by_toe - by_knee)
    return (by_toe, ONE_CUE_S) if np.isfinite(by_toe) else (by_knee, ONE_CUE_S)


def _settles(time_s: Floats, speed: Floats, *, level: float) -> float:
    """When a speed that is high in the swing first falls to the level after it was last clearly swinging.

    What happens between the clear swing and the stance decides, so that noise within the stance does not.
    """
    swinging = np.flatnonzero(speed >= SWINGING_SPEED)
    if not len(swinging) and not np.isfinite(speed).any():
        return float("nan")
    start = int(swinging[-1]) if len(swinging) else int(np.nanargmax(speed))
    return first_fall(time_s[start:], speed[start:], level=level)


def foot_deg(motion: Motion, side: Side) -> Floats:
    """Return the heel-to-toe line over the horizontal, toes up +, (samples,)."""
    return slope_deg(motion.points[f"{side}_heel"], motion.points[f"{side}_big_toe"])


def _flat_deg(motion: Motion, side: Side, strike_s: float, toe_off_s: float) -> float:
    if not np.isfinite(toe_off_s):
        return float("nan")
    contact = toe_off_s - strike_s
    flat = (motion.time_s >= strike_s + FLAT_FROM * contact) & (motion.time_s <= strike_s + FLAT_TO * contact)
    angles = foot_deg(motion, side)[flat]
    return float(np.median(angles[np.isfinite(angles)])) if np.isfinite(angles).any() else float("nan")


def _landing_speeds(motion: Motion, contacts: list[Contact]) -> Mapping[Side, float]:
    """Return the landing speed of each foot by its angle at the strike.

    The far foot is seen so badly that a wrong angle would shift its strikes; most runners land alike on both, so it takes the
    middle between its own and the near foot's angle.
    """
    angles = {side: centre(np.array([_strike_deg(motion, c) for c in contacts if c.foot == side])) for side in OTHER}
    far = OTHER[motion.near]
    angles[far] = centre(np.array([angles[far], angles[motion.near]]))
    steps, levels = [MIDFOOT_DEG, REARFOOT_DEG], [LANDING_SPEED_FOREFOOT, LANDING_SPEED_REARFOOT]
    unknown = float(np.mean(levels))
    return {side: float(np.interp(angle, steps, levels)) if np.isfinite(angle) else unknown for side, angle in angles.items()}


def _strike_deg(motion: Motion, contact: Contact) -> float:
    return float(np.interp(contact.strike_s, motion.time_s, foot_deg(motion, contact.foot))) - contact.flat_deg


def _with_common_flat(contacts: list[Contact]) -> list[Contact]:
    """Give all strides of a foot the same flat line; that of a single one is as noisy as the angle held against it."""
    common = {side: centre(np.array([c.flat_deg for c in contacts if c.foot == side])) for side in OTHER}
    return [replace(contact, flat_deg=common[contact.foot]) for contact in sorted(contacts, key=lambda contact: contact.strike_s)]

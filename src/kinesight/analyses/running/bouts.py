"""Which part of a clip is running, and what the person does in the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinesight.analyses.running.ground import GRAVITY_M_PER_S2, Ground
from kinesight.analyses.running.motion import LEG_PER_HEIGHT, SIDES, Motion
from kinesight.analyses.running.steps import Step
from kinesight.domain.errors import NotRunning
from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask, longest_run

Activity = Literal["runs", "walks", "stands"]

# Height that speed is held against where none is given; the limits are far enough apart for it not to matter.
USUAL_HEIGHT_M = 1.70
# Speed over the root of leg length times gravity: people change from walking to running at 0.7 (Froude number 0.5, Alexander
# 1989), nobody walks above 1, nobody runs forward below the least.
CHANGES_TO_RUNNING, FASTEST_WALK, LEAST_SPEED, STANDS = 0.7, 1.05, 0.35, 0.1
STANDING_SPEED = 0.4
MOST_DOUBLE_SUPPORT = 0.1
# A hip that sinks less than this part of the body height in mid-stance tells nothing.
CLEAR_BOUNCE = 0.004
# How far hips that rise may still be those of a runner who goes faster than anybody walks: a sprint start lifts the hips step
# by step.
RISING_HIPS = 0.03
SHORTEST_LEFT_OUT_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A part of the clip that is no running; the runner's seconds."""

    from_s: float
    to_s: float
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class Bout:
    """The longest stretch of running, its steps, and what was left out of the clip around it; the runner's seconds."""

    from_s: float
    to_s: float
    steps: tuple[Step, ...]
    left_out: tuple[LeftOut, ...]


def find_bout(motion: Motion, ground: Ground, steps: tuple[Step, ...], *, height_m: float | None) -> Bout:
    """Return the longest stretch of running steps.

    Who runs has the hip lowest in mid-stance, who walks highest (spring and pendulum: Cavagna 1977); who walks has both feet on
    the ground between the steps.

    Raises
    ------
    NotRunning
        If nobody runs in the clip; names what is done instead.
    """
    gaits = np.array([_gait(motion, ground, step, height_m=height_m or USUAL_HEIGHT_M) for step in steps])
    known = _without_loners(np.where(np.isnan(gaits), _neighbours(gaits), gaits))
    run = longest_run(known > 0)
    if run is None:
        paces = [_froude(motion, ground, _during(motion, step), height_m=height_m or USUAL_HEIGHT_M) for step in steps]
        raise _not_running(motion, [step for step, pace in zip(steps, paces, strict=True) if pace > STANDS])
    chosen = steps[run[0] : run[1]]
    others = [(step, value) for index, (step, value) in enumerate(zip(steps, known, strict=True)) if not run[0] <= index < run[1]]
    from_s, to_s = chosen[0].ahead_s - 0.5 * chosen[0].step_s, chosen[-1].behind_s + 0.5 * chosen[-1].step_s
    from_s, to_s = max(from_s, float(motion.time_s[0])), min(to_s, float(motion.time_s[-1]))
    left_out = [
        _left_out(motion, others, *span) for span in ((float(motion.time_s[0]), from_s), (to_s, float(motion.time_s[-1])))
    ]
    return Bout(from_s=from_s, to_s=to_s, steps=chosen, left_out=tuple(part for part in left_out if part is not None))


def _gait(motion: Motion, ground: Ground, step: Step, *, height_m: float) -> float:
    """Return 1 for a running step, -1 for a walking one, NaN where it cannot be told."""
    inside = _during(motion, step)
    pace = _froude(motion, ground, inside, height_m=height_m)
    if not pace >= LEAST_SPEED:
        return -1.0
    bounce = _bounce(motion, step, inside)
    may_rise = float(np.interp(pace, [CHANGES_TO_RUNNING, FASTEST_WALK], [CLEAR_BOUNCE, RISING_HIPS]))
    if pace > CHANGES_TO_RUNNING and bounce > -may_rise:
        return 1.0
    if not step.whole or not abs(bounce) >= CLEAR_BOUNCE:
        return float("nan")
    feet = [ground.over_ground(motion.speed_px_per_s(motion.foot(side)))[inside] for side in SIDES]
    both = float(np.mean((feet[0] < STANDING_SPEED) & (feet[1] < STANDING_SPEED)))
    return 1.0 if bounce > 0 and both <= MOST_DOUBLE_SUPPORT else -1.0


def _during(motion: Motion, step: Step) -> Mask:
    return np.asarray((motion.time_s >= step.ahead_s) & (motion.time_s <= step.behind_s))


def _froude(motion: Motion, ground: Ground, inside: Mask, *, height_m: float) -> float:
    speed_m_per_s = float(np.median(ground.runner_px_per_s[inside])) / motion.body_px * height_m
    return speed_m_per_s / float(np.sqrt(GRAVITY_M_PER_S2 * LEG_PER_HEIGHT * height_m))


def _bounce(motion: Motion, step: Step, inside: Mask) -> float:
    """Return how far the hips sink in the middle of the step below the line between its ends, over the body height."""
    hips = motion.hips[:, 1]
    line = np.interp(motion.time_s, [step.ahead_s, step.behind_s], np.interp([step.ahead_s, step.behind_s], motion.time_s, hips))
    middle = inside & (np.abs(motion.time_s - (step.ahead_s + step.behind_s) / 2) < 0.2 * step.step_s)
    sunk: Floats = (line - hips)[middle]
    return float(np.median(sunk[np.isfinite(sunk)])) / motion.body_px if np.isfinite(sunk).any() else float("nan")


def _neighbours(gaits: Floats) -> Floats:
    """Let the nearest step that could be told decide for one that could not; between two different ones it counts as walking."""
    known = np.flatnonzero(np.isfinite(gaits))
    if len(known) == 0:
        return np.full(len(gaits), -1.0)
    before = known[np.clip(np.searchsorted(known, np.arange(len(gaits)), side="right") - 1, 0, None)]
    after = known[np.clip(np.searchsorted(known, np.arange(len(gaits))), None, len(known) - 1)]
    return np.minimum(gaits[before], gaits[after])


def _without_loners(gaits: Floats) -> Floats:
    """Take a single running step beside walking ones for a walking step that was misjudged."""
    walks_before = np.concatenate([[False], gaits[:-1] < 0])
    walks_after = np.concatenate([gaits[1:] < 0, [False]])
    at_edge = np.isin(np.arange(len(gaits)), [0, len(gaits) - 1])
    alone = (walks_before & walks_after) | (at_edge & (walks_before | walks_after))
    return np.where(alone, -1.0, gaits)


def _seen_span(motion: Motion, from_s: float, to_s: float) -> tuple[float, float] | None:
    seen = motion.time_s[np.isfinite(motion.hips[:, 0]) & (motion.time_s >= from_s) & (motion.time_s <= to_s)]
    return (float(seen[0]), float(seen[-1])) if len(seen) and seen[-1] - seen[0] >= SHORTEST_LEFT_OUT_S else None


def _left_out(motion: Motion, others: list[tuple[Step, float]], from_s: float, to_s: float) -> LeftOut | None:
    span = _seen_span(motion, from_s, to_s)
    if span is None:
        return None
    within = [value for step, value in others if step.behind_s > span[0] and step.ahead_s < span[1]]
    activity: Activity = "stands" if not within else "runs" if np.median(within) > 0 else "walks"
    return LeftOut(from_s=span[0], to_s=span[1], activity=activity)


def _not_running(motion: Motion, steps: Sequence[Step]) -> NotRunning:
    if steps:
        moment = steps[len(steps) // 2].ahead_s
        return NotRunning("The person walks: the hips are highest over the standing foot; film somebody who runs.", time_s=moment)
    seen = motion.time_s[np.isfinite(motion.hips[:, 0])]
    moment = float(seen[len(seen) // 2]) if len(seen) else float(motion.time_s[0])
    return NotRunning("The person stands: no step is visible; film somebody who runs.", time_s=moment)

"""Which part of a clip filmed from behind is running, and what the person does in the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinesight.analyses.running.back.contacts import LONGEST_STEP_S, BackStep
from kinesight.analyses.running.back.frontal import Frontal
from kinesight.analyses.running.bouts import SHORTEST_LEFT_OUT_S, Activity, LeftOut
from kinesight.domain.errors import NotRunning, TooFewStrides
from kinesight.domain.video import Floats
from kinesight.signals.runs import true_runs

# Part of the step round the highest lift in which the standing leg pushes a runner up and lets a walker sink.
MID_STANCE = 0.15
# A runner falls freely between the steps, so the trunk must be seen to speed downwards by a good part of gravity; a walker's
# never does.
LEAST_FALL_M_PER_S2 = 4.0
LEAST_SEEN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackBout:
    """The longest stretch of running, its steps, and what was left out of the clip around it; the runner's seconds."""

    from_s: float
    to_s: float
    steps: tuple[BackStep, ...]
    left_out: tuple[LeftOut, ...]


def find_back_bout(frontal: Frontal, steps: Sequence[BackStep], push_m_per_s2: Floats) -> BackBout:
    """Return the longest stretch of alternating running steps.

    Who runs is pushed up in mid-stance and falls between the steps, who walks sinks over the standing foot (spring and pendulum:
    Cavagna 1977).

    Raises
    ------
    NotRunning
        If nobody runs in the clip; names what is done instead.
    TooFewStrides
        If the clip is too short to tell.
    """
    runs = np.array([_runs(frontal, steps, index, push_m_per_s2) for index in range(len(steps))], dtype=bool)
    pieces = [piece for start, stop in true_runs(runs) for piece in _unbroken(steps, start, stop)]
    if not pieces or max(stop - start for start, stop in pieces) < 2:
        raise _not_running(frontal, steps)
    start, stop = max(pieces, key=lambda piece: piece[1] - piece[0])
    chosen = tuple(steps[start:stop])
    usual_s = float(np.median(np.diff([step.at_s for step in chosen])))
    first, last = float(frontal.time_s[0]), float(frontal.time_s[-1])
    from_s, to_s = max(first, chosen[0].at_s - usual_s), min(last, chosen[-1].at_s + usual_s)
    left_out = [_left_out(frontal, steps, runs, *span) for span in ((first, from_s), (to_s, last))]
    return BackBout(from_s=from_s, to_s=to_s, steps=chosen, left_out=tuple(part for part in left_out if part is not None))


def _runs(frontal: Frontal, steps: Sequence[BackStep], index: int, push: Floats) -> bool:
    times = [step.at_s for step in steps]
    gaps = [abs(times[other] - times[index]) for other in (index - 1, index + 1) if 0 <= other < len(times)]
    if not gaps or min(gaps) > LONGEST_STEP_S:
        return False
    step_s = min(gaps)
    away = np.abs(frontal.time_s - times[index])
    middle, between = push[away <= MID_STANCE * step_s], push[(away >= 0.3 * step_s) & (away <= 0.7 * step_s)]
    if not np.isfinite(middle).any() or not np.isfinite(between).any():
        return False
    return bool(np.nanmean(middle) > 0 and np.nanmin(between) < -LEAST_FALL_M_PER_S2)


def _unbroken(steps: Sequence[BackStep], start: int, stop: int) -> list[tuple[int, int]]:
    """Split where a foot carries twice in a row or too long passes."""
    cuts = [
        index + 1
        for index in range(start, stop - 1)
        if steps[index].foot == steps[index + 1].foot or steps[index + 1].at_s - steps[index].at_s > LONGEST_STEP_S
    ]
    edges = [start, *cuts, stop]
    return list(pairwise(edges))


def _left_out(frontal: Frontal, steps: Sequence[BackStep], runs: Floats, from_s: float, to_s: float) -> LeftOut | None:
    body = frontal.body[:, 1]
    seen = frontal.time_s[np.isfinite(body) & (frontal.time_s >= from_s) & (frontal.time_s <= to_s)]
    if len(seen) == 0 or seen[-1] - seen[0] < SHORTEST_LEFT_OUT_S:
        return None
    within = [bool(run) for step, run in zip(steps, runs, strict=True) if seen[0] < step.at_s < seen[-1]]
    activity: Activity = "stands" if not within else "runs" if np.mean(within) > 0.5 else "walks"
    return LeftOut(from_s=float(seen[0]), to_s=float(seen[-1]), activity=activity)


def _not_running(frontal: Frontal, steps: Sequence[BackStep]) -> NotRunning | TooFewStrides:
    body = frontal.body[:, 1]
    seen = frontal.time_s[np.isfinite(body)]
    if steps and seen[-1] - seen[0] < LEAST_SEEN_S:
        return TooFewStrides("Too few steps are visible; film at least three strides.", time_s=float(seen[0]))
    if steps:
        moment = steps[len(steps) // 2].at_s
        return NotRunning("The person walks: the trunk never falls between two steps; film somebody who runs.", time_s=moment)
    moment = float(seen[len(seen) // 2]) if len(seen) else float(frontal.time_s[0])
    return NotRunning("The person stands: no foot is lifted; film somebody who runs.", time_s=moment)

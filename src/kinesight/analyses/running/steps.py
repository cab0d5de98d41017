"""Where in time each foot lands, roughly: from one ankle farthest ahead to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from kinesight.analyses.running.motion import LEG_PER_HEIGHT, Motion, Side

# Ankles apart by less than this part of the leg between two steps make no step.
LEAST_SEPARATION = 0.3
SHORTEST_STEP_S = 0.12
LONGEST_STEP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One landing of a foot: at `ahead_s` it is farthest ahead of the other, at `behind_s` the other is. The runner's seconds.

    `whole` says whether the other foot was seen ahead after it; if not, `behind_s` is a guess from the other steps.
    """

    foot: Side
    ahead_s: float
    behind_s: float
    whole: bool

    @property
    def step_s(self) -> float:
        """Return how long the step takes."""
        return self.behind_s - self.ahead_s


def find_steps(motion: Motion, *, longest_s: float = LONGEST_STEP_S) -> tuple[Step, ...]:
    """Return every step that takes no longer than the longest, walking or running, in order of time."""
    apart = motion.points["left_ankle"][:, 0] - motion.points["right_ankle"][:, 0]
    known = np.isfinite(apart)
    if np.count_nonzero(known) < 4:
        return ()
    filled = np.interp(motion.time_s, motion.time_s[known], apart[known])
    # a step that the clip cuts still counts from where the ankles pass each other
    padded = np.concatenate([[0.0], filled, [0.0]])
    least = LEAST_SEPARATION * LEG_PER_HEIGHT * motion.body_px
    distance = max(1, round(2 * SHORTEST_STEP_S * motion.rate_hz))
    turns: list[tuple[float, Side]] = []
    sides: tuple[tuple[float, Side], ...] = ((1.0, "left"), (-1.0, "right"))
    for sign, side in sides:
        peaks, _ = scipy.signal.find_peaks(sign * padded, prominence=least, distance=distance)
        turns += [(float(motion.time_s[int(np.clip(peak - 1, 0, len(filled) - 1))]), side) for peak in peaks]
    return _paired(sorted(turns), end_s=float(motion.time_s[-1]), longest_s=longest_s)


def _paired(turns: list[tuple[float, Side]], *, end_s: float, longest_s: float) -> tuple[Step, ...]:
    """Each landing lasts until the other foot is ahead; where that is not seen, as long as the step before it."""
    steps: list[Step] = []
    usual = float(np.median(np.diff([time for time, _ in turns]))) if len(turns) > 1 else 0.35
    for index, (time, side) in enumerate(turns):
        following = turns[index + 1] if index + 1 < len(turns) else None
        alternates = following is not None and following[1] != side and following[0] - time < longest_s
        behind = following[0] if following is not None and alternates else min(time + usual, end_s)
        if behind - time >= SHORTEST_STEP_S / 2:
            steps.append(Step(foot=side, ahead_s=time, behind_s=behind, whole=alternates))
    return tuple(steps)

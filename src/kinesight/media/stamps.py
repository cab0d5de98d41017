"""Picture times as they are in the file, repaired only where they do not increase."""

from __future__ import annotations

from array import array
from itertools import pairwise
from typing import NamedTuple

_JUMP_S = 1.0
_MOST_HALVINGS = 20


class StampRepair:
    """Makes picture times strictly increasing, one at a time, without looking ahead.

    A time later than the one before is kept as it is. A missing time is the one before plus the nominal interval. A time that is
    not later is put half the nominal interval after the one before, the next such one a quarter, and so on: a doubled stamp lands
    midway to the next good one, which stays true. A step back of more than a second (a clock that starts again) shifts this and
    all later times, so that they go on one nominal interval after the last.
    """

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._last_s: float | None = None
        self._shift_s = 0.0
        self._halvings = 0
        self.repaired = 0

    def next_s(self, stamp_s: float | None) -> float:
        """Return the time of the next picture in seconds, given its own stamp or None."""
        last_s = self._last_s
        if last_s is None:
            time_s = 0.0 if stamp_s is None else stamp_s
        elif stamp_s is not None and stamp_s + self._shift_s > last_s:
            time_s, self._halvings = stamp_s + self._shift_s, 0
        else:
            time_s = self._repair(last_s, stamp_s)
        self._last_s = time_s
        return time_s

    def _repair(self, last_s: float, stamp_s: float | None) -> float:
        self.repaired += 1
        if stamp_s is None:
            return last_s + self._interval_s
        shifted_s = stamp_s + self._shift_s
        if shifted_s < last_s - _JUMP_S or self._halvings >= _MOST_HALVINGS:
            self._shift_s += last_s + self._interval_s - shifted_s
            self._halvings = 0
            return stamp_s + self._shift_s
        self._halvings += 1
        return last_s + self._interval_s * 0.5**self._halvings


class Timing(NamedTuple):
    """What the times of a whole pass say; None where there were too few pictures."""

    frame_count: int
    fps: float | None
    duration_s: float | None
    variable_frame_rate: bool | None


def timing_of(times_s: array[float]) -> Timing:
    """Summarise strictly increasing picture times in seconds.

    The last picture is taken to last as long as the median one. The rate varies if the middle 98 % of the intervals differ by
    more than a quarter of their median: in a long video one repaired or lost stamp does not make it so.
    """
    count = len(times_s)
    if count < 2:
        return Timing(count, None, None, None)
    intervals = sorted(later - earlier for earlier, later in pairwise(times_s))
    median_s = intervals[len(intervals) // 2]
    span_s = times_s[-1] - times_s[0]
    outer = len(intervals) // 100
    spread_s = intervals[len(intervals) - 1 - outer] - intervals[outer]
    return Timing(count, (count - 1) / span_s, span_s + median_s, spread_s > median_s / 4)

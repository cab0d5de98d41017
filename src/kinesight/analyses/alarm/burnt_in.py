"""Burnt-in writing that changes: clocks and frame counters. Found, so that it can be named and left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import Flags, Greys
from kinesight.analyses.alarm.medians import median_over_time

STEP = 40
"""Grey levels by which a digit differs from its ground at least: writing is made to be read."""

SMALLEST_PX, TALLEST, WIDEST = 4, 0.075, 4.0
"""Height of a digit: pixels at least, share of the picture at most; width of what changes at once, in such heights."""

NEAR_BORDER = 0.17
"""Recorders write into the top or bottom share of the picture."""

EDGES, EDGE_STEP = 0.15, 25
"""Share of pixels beside a digit where a steep edge (grey levels a pixel) stands still: the rest of the writing."""

FULLER = 1.25
"""How much fuller of edges the line is than the picture above and below it: writing among leaves still stands out."""

BRIGHT, SWING = 160, 100
"""Grey level that the brightest tenth of a jumping digit reaches, or its ground if the digits are dark; and its greatest jump."""

BESIDE = 4.0
"""How far, in heights, the line is looked at on each side, and how far apart its changing digits may lie."""

SAME_PLACE = 0.6
"""Share of the changes of a line that hit its most frequent place: the last digit of a clock does not wander."""

_SQUARE = np.ones((3, 3), np.bool_)

Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class BurntIn:
    """Where writing changes, (h, w), and in which share of the steps from frame to frame it does."""

    mask: Flags
    changes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tick:
    """A change the size of a digit in one step: which step, and where (top, bottom, left, right)."""

    step: int
    box: Box


def find_burnt_in(grey: Greys) -> BurntIn:
    """Find lines of writing of which some digits change.

    A line counts if (1) what jumps in it from one frame to the next is as high as a digit and at most a few digits wide, near the
    top or bottom border, (2) nothing changes around it, and the digit stands still before or after, (3) the changes of a line
    keep coming back to the same place, and (4) steep edges that stand still fill the line beside it: the rest of the writing.

    Parameters
    ----------
    grey
        (n, h, w) frames as filmed: writing does not shake with the camera.
    """
    count, height, width = grey.shape
    mask = np.zeros((height, width), np.bool_)
    if count < 3:
        return BurntIn(mask=mask, changes=0.0)
    border = max(2 * SMALLEST_PX, round(NEAR_BORDER * height))
    edges: Flags | None = None
    when: set[int] = set()
    for top, bottom in ((0, border), (height - border, height)):
        band = grey[:, top:bottom]
        for line in _lines(_ticks(band, picture_height=height)):
            place = _around(line)
            if not _is_bright(band, line):
                continue
            edges = _still_edges(grey) if edges is None else edges
            if _is_writing(edges, (place[0] + top, place[1] + top, *place[2:])):
                mask[max(0, place[0] + top - 2) : place[1] + top + 2, max(0, place[2] - 3) : place[3] + 3] = True
                when |= {tick.step for tick in line}
    return BurntIn(mask=mask, changes=len(when) / (count - 1))


def _still_edges(grey: Greys) -> Flags:
    """Return where steep edges stand still, (h, w)."""
    still = median_over_time(grey[:: max(1, len(grey) // 15)])
    return np.asarray(np.abs(np.diff(still, axis=1, append=still[:, -1:])) > EDGE_STEP)


def _ticks(band: Greys, *, picture_height: int) -> list[_Tick]:
    """Return every change in a band that has the size of a digit and keeps to itself, in space and in time."""
    steps = np.maximum(band[1:], band[:-1]) - np.minimum(band[1:], band[:-1]) > STEP
    share = np.array([np.count_nonzero(step) for step in steps]) / steps[0].size
    # in a step in which something large passes nothing can be told
    chosen = np.flatnonzero((share > 0) & (share <= 0.1))
    tallest = max(SMALLEST_PX + 4, TALLEST * picture_height)
    ticks = []
    for step in chosen.tolist():
        labels, _ = ndimage.label(ndimage.binary_dilation(steps[step], _SQUARE), _SQUARE)
        for rows, columns in ndimage.find_objects(labels):
            # the dilation added a pixel on each side
            high, wide = rows.stop - rows.start - 2, columns.stop - columns.start - 2
            if SMALLEST_PX <= high <= tallest and 2 <= wide <= WIDEST * high and _alone(steps, step, rows, columns):
                ticks.append(_Tick(step=step, box=(rows.start, rows.stop, columns.start, columns.stop)))
    return ticks


def _alone(steps: NDArray[np.bool_], step: int, rows: slice, columns: slice) -> bool:
    """Return whether nothing changes above and below the box in this step, and nothing in it in the step before or after."""
    reach = max(2, (rows.stop - rows.start) // 3)
    around = steps[step, max(0, rows.start - reach) : rows.stop + reach, columns]
    outside = np.count_nonzero(around) - np.count_nonzero(steps[step, rows, columns])
    inside = steps[:, rows, columns]
    neighbours = [np.mean(inside[other]) for other in (step - 1, step + 1) if 0 <= other < len(inside)]
    return bool(outside == 0 and min(neighbours) < 0.05)


def _lines(ticks: Sequence[_Tick]) -> list[list[_Tick]]:
    """Return the changes that come back to one place, each with those in the same line beside it."""
    lines = []
    rest = list(ticks)
    while len(rest) >= 2:
        mates = [[other for other in rest if _same_place(tick, other)] for tick in rest]
        place = max(mates, key=len)
        if len({tick.step for tick in place}) < 2:
            break
        box = _around(place)
        reach = BESIDE * (box[1] - box[0])
        line = [
            tick for tick in rest if _same_rows(tick.box, box) and tick.box[2] > box[2] - reach and tick.box[3] < box[3] + reach
        ]
        # what wanders through the line leaves changes all along it
        if len({tick.step for tick in place}) >= SAME_PLACE * len({tick.step for tick in line}):
            lines.append(line)
        rest = [tick for tick in rest if tick not in line and tick not in place]
    return lines


def _same_rows(box: Box, other: Box) -> bool:
    return abs(box[0] - other[0]) + abs(box[1] - other[1]) <= max(4, (other[1] - other[0]) // 2)


def _same_place(tick: _Tick, other: _Tick) -> bool:
    shared = min(tick.box[3], other.box[3]) - max(tick.box[2], other.box[2])
    return _same_rows(tick.box, other.box) and 2 * shared >= min(tick.box[3] - tick.box[2], other.box[3] - other.box[2])


def _around(line: Sequence[_Tick]) -> Box:
    tops, bottoms, lefts, rights = zip(*(tick.box for tick in line), strict=True)
    return round(float(np.median(tops))), round(float(np.median(bottoms))), min(lefts), max(rights)


def _is_bright(band: Greys, line: Sequence[_Tick]) -> bool:
    """Return whether the writing, or the plate that it stands on, is bright, and far from what it is read against."""
    seen, swing = [], []
    for tick in line:
        rows, columns = slice(*tick.box[:2]), slice(*tick.box[2:])
        before, after = band[tick.step, rows, columns], band[tick.step + 1, rows, columns]
        brighter = np.maximum(before, after)
        jump = brighter - np.minimum(before, after)
        seen.append(brighter[jump > STEP])
        swing.append(jump.max())
    return bool(np.percentile(np.concatenate(seen), 90) >= BRIGHT and np.median(swing) >= SWING)


def _is_writing(edges: Flags, place: Box) -> bool:
    """Return whether steep edges that stand still fill the line beside a place, and not as much what is above and below."""
    top, bottom, left, right = place
    reach = round(BESIDE * (bottom - top))
    sides = [edges[top:bottom, max(0, left - reach) : left], edges[top:bottom, right : right + reach]]
    columns = slice(max(0, left - 2 * reach), right + 2 * reach)
    high = max(3, (bottom - top) // 2)
    strips = [edges[max(0, top - 1 - high) : max(0, top - 1), columns], edges[bottom + 1 : bottom + 1 + high, columns]]
    beside = max((float(np.mean(side)) for side in sides if side.shape[1] > bottom - top), default=0.0)
    apart = max((float(np.mean(strip)) for strip in strips if strip.size), default=0.0)
    return beside >= max(EDGES, FULLER * apart)

"""Tracks that changed from one person to another where two met: they are parted there, and linking decides anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinesight.analyses.persons.geometry import Indices, Mask
from kinesight.analyses.persons.likeness import CLEAR, Shown, shown_in
from kinesight.analyses.persons.motion import boxes_of
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import LOST_S, Track
from kinesight.domain.video import Floats

NEAR = 0.5
"""Body heights between two middles from which one may be taken for the other."""

NEAR_PER_S = 1.5
"""Body heights by which this grows with every second between two looks."""

COMPARED = 5
"""Clear looks before and after a meeting that are compared."""

COMPARED_S = 2.5
"""The nearest of them is at most so far away."""

LEAST_CLEAR = 1.0
"""Sum of weights on each side below which nothing is decided."""

BETTER = 0.05
"""By so much the other person has to be more alike before a track is parted."""

ALIKE = 0.2
"""A track whose looks before and after a meeting are no further apart is never parted."""

CHANGED = 0.3
"""A track whose looks change so much at a meeting is parted as soon as the other one is more alike at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """Tracks, and which of them (earlier, later) are not one person although they were one track."""

    tracks: tuple[Track, ...]
    apart: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traced:
    """A track in every look: middle x and top (looks, 2) and height, held for a moment before and after; NaN elsewhere.

    `from_s` and `to_s` are its ends with that moment. `look` (n,) are the looks with a box; `before` and `after` say what
    somebody looked like up to and from each of them.
    """

    from_s: float
    to_s: float
    place: Floats
    height: Floats
    look: Indices
    before: _Means
    after: _Means


@dataclass(frozen=True, slots=True, kw_only=True)
class _Means:
    """Mean looks (n + 1, FEATURES) of the clear moments nearest to each place between n boxes; how clear, when the nearest is."""

    looks: Floats
    clear: Floats
    nearest_s: Floats


def parted(tracks: Sequence[Track], looks: Sequence[Look]) -> Parted:
    """Return the tracks, parted where after a meeting they look like the other one."""
    times = np.array([look.time_s for look in looks])
    traced = [_traced(track, looks, times) for track in tracks]
    pieces: list[Track] = []
    apart: set[tuple[int, int]] = set()
    for number, track in enumerate(tracks):
        found = sorted({at for other, one in enumerate(traced) if other != number for at in _swaps(traced[number], one, times)})
        edges = sorted({0, *np.searchsorted(track.look, found).tolist(), len(track.look)})
        for first, last in pairwise(edges):
            if first:
                apart.add((len(pieces) - 1, len(pieces)))
            pieces.append(Track(look=track.look[first:last], box=track.box[first:last], path=track.path[first:last]))
    return Parted(tracks=tuple(pieces), apart=frozenset(apart))


def _traced(track: Track, looks: Sequence[Look], times: Floats) -> _Traced:
    at = times[track.look]
    is_near = (times >= at[0] - LOST_S) & (times <= at[-1] + LOST_S)
    values = np.stack([np.interp(times, at, track.path[:, part, 0]) for part in range(4)], axis=1)
    boxes = np.where(is_near[:, None], boxes_of(values), np.nan)
    shown = shown_in(track, looks)
    return _Traced(
        from_s=float(at[0]) - LOST_S,
        to_s=float(at[-1]) + LOST_S,
        place=np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 1]], axis=1),
        height=boxes[:, 3] - boxes[:, 1],
        look=track.look,
        before=_means(shown, at, is_before=True),
        after=_means(shown, at, is_before=False),
    )


def _means(shown: Shown, at_s: Floats, *, is_before: bool) -> _Means:
    """Return the means over the `COMPARED` clear moments before, or from, each place between boxes."""
    seen, clear = shown.looks.astype(np.float64), shown.clear
    kept = np.flatnonzero(clear >= CLEAR)
    summed = np.cumsum(np.concatenate([np.zeros((1, seen.shape[1])), clear[kept, None] * seen[kept] ** 2]), axis=0)
    weight = np.cumsum(np.concatenate([[0.0], clear[kept]]))
    # clear moments before each place; the window ends or begins there
    place = np.searchsorted(kept, np.arange(len(at_s) + 1))
    first, last = (np.maximum(place - COMPARED, 0), place) if is_before else (place, np.minimum(place + COMPARED, len(kept)))
    mean = np.sqrt(np.maximum(summed[last] - summed[first], 0.0))
    near = np.full(len(place), np.inf)
    is_known = last > first
    near[is_known] = at_s[kept[last[is_known] - 1 if is_before else first[is_known]]]
    norm = np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-9)
    # kept for every moment of a film, so in half the room
    return _Means(looks=(mean / norm).astype(np.float32), clear=weight[last] - weight[first], nearest_s=near)


def _swaps(one: _Traced, other: _Traced, times: Floats) -> list[int]:
    """Return the looks from which on a track looks like the other one whom it met there."""
    if other.from_s > one.to_s or one.from_s > other.to_s:
        return []
    is_near = _near(one, other, times)
    is_near &= (np.arange(len(times)) > one.look[0]) & (np.arange(len(times)) <= one.look[-1])
    starts = np.flatnonzero(np.diff(is_near.astype(np.int64), prepend=0) > 0)
    found = []
    for start in starts:
        rest = np.flatnonzero(~is_near[start:])
        end = start + (int(rest[0]) if len(rest) else len(is_near) - start)
        gains = [_gain(one, other, look, times) for look in range(start, end + 1) if look < len(times)]
        best = int(np.argmax(gains))
        if gains[best] > BETTER:
            found.append(int(start) + best)
    return found


def _near(one: _Traced, other: _Traced, times: Floats) -> Mask:
    height = (one.height + other.height) / 2
    gap_s = np.diff(times, prepend=times[0])
    apart = np.hypot(*(one.place - other.place).T) / np.maximum(height, 1.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(apart < NEAR + NEAR_PER_S * gap_s)


def _gain(one: _Traced, other: _Traced, look: int, times: Floats) -> float:
    """Return how much more alike the other person is than the same one, before and after a look; minus infinity if unknown.

    A track that looks quite different after it needs no more than that.
    """
    before, after = _mean(one, look, times, is_before=True), _mean(one, look, times, is_before=False)
    if before is None or after is None:
        return -np.inf
    crossed = []
    strange = _mean(other, look, times, is_before=True)
    if strange is not None:
        crossed.append(float(strange @ after))
    strange = _mean(other, look, times, is_before=False)
    if strange is not None:
        crossed.append(float(strange @ before))
    likest = max(crossed, default=-np.inf)
    same, strange_apart = (float(np.sqrt(max(1.0 - product, 0.0))) for product in (float(before @ after), likest))
    if same <= ALIKE or not np.isfinite(likest):
        return -np.inf
    return same - strange_apart + (BETTER if same > CHANGED else 0.0)


def _mean(one: _Traced, look: int, times: Floats, *, is_before: bool) -> Floats | None:
    """Return what somebody looked like just before a look or from it on, None where that was not clear."""
    place = int(np.searchsorted(one.look, look))
    means = one.before if is_before else one.after
    if means.clear[place] < LEAST_CLEAR or abs(float(means.nearest_s[place] - times[look])) > COMPARED_S:
        return None
    return np.asarray(means.looks[place])

"""How tall people are beside each other: box heights against what the place in the picture makes of everybody's height.

A standing camera shows everybody who stands at one place at heights in proportion to their own. The whole video says what a
place makes of heights, a smooth surface over the picture; what a track has beyond it is the person's, and who comes back has it
again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.geometry import Indices
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats

CLEAR_SCORE = 0.5
MOST_HIDDEN = 0.1
"""Boxes this sure, and hidden no further, show somebody from head to feet."""

NOISE = 0.05
"""Spread of the logarithm of box heights of one person at one place: steps, bending, the detector's."""

RELATED_S = 0.6
"""The boxes of so long tell as much as one: within a step they err alike."""

PEOPLE = 0.05
"""Spread of the logarithm of adults' statures."""

ONE_PERSON = 0.02
"""Spread of one person's from visit to visit, beyond the noise: shoes, loads, and what the surface does not follow."""

MOST_AGAINST = 4.0
"""Evidence that a difference of statures is at most; somebody may have sat down."""

LEAST_BOXES = 5
"""Boxes of a track below which it says nothing of a stature."""

STEEP = 3.0
"""How much more than in the middle heights may be at the picture's border, before anything is seen: a spread."""

TURNS = 12
"""Rounds of fitting; the last ones change nothing that counts."""

EDGE = 0.01
"""Share of the picture's side from its border in which a box that ends there is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """A track's stature: logarithm beyond the surface, variance of its own, boxes, and how it hangs on the surface (6,)."""

    log: float
    variance: float
    boxes: int
    hangs: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Statures:
    """Statures of the tracks that show one, by number of the track, and how unsure the surface is, (6, 6)."""

    tracks: dict[int, _Own]
    surface: Floats

    def evidence(self, some: Iterable[int], others: Iterable[int]) -> float:
        """Return the evidence that two groups of tracks are one person (natural logarithm of odds); 0 where nothing is known."""
        one, other = self._common(some), self._common(others)
        if one is None or other is None:
            return 0.0
        hangs = one.hangs - other.hangs
        unsure = one.variance + other.variance + float(hangs @ self.surface @ hangs)
        same, two = unsure + ONE_PERSON**2, unsure + ONE_PERSON**2 + 2 * PEOPLE**2
        square = (one.log - other.log) ** 2
        return max(-MOST_AGAINST, float(np.log(two / same) - square / same + square / two) / 2)

    def _common(self, numbers: Iterable[int]) -> _Own | None:
        known = [self.tracks[number] for number in sorted(numbers) if number in self.tracks]
        if not known:
            return None
        boxes = sum(own.boxes for own in known)
        share = np.array([own.boxes / boxes for own in known])
        return _Own(
            log=float(sum(part * own.log for part, own in zip(share, known, strict=True))),
            variance=float(sum(part**2 * own.variance for part, own in zip(share, known, strict=True))),
            boxes=boxes,
            hangs=np.asarray(share @ np.array([own.hangs for own in known])),
        )


NOBODYS = Statures(tracks={}, surface=np.zeros((6, 6)))
"""Where nothing is known of statures."""


def statures_of(tracks: Sequence[Track], looks: Sequence[Look], *, width: float, height: float) -> Statures:
    """Return the statures in a picture of a size in pixels; none where the camera moves or there are cuts.

    The logarithm of a height is that of a quadratic surface over the feet's place plus the person's own, fitted together by
    Gauss-Newton steps; statures are expected to be usual, which keeps surface and statures apart (a mixed-effects model), and
    what lies off counts less (Cauchy weights).
    """
    if any(look.is_after_cut or look.shift_px.any() for look in looks):
        return NOBODYS
    owner, log_height, place = _standing(tracks, looks, width=width, height=height)
    if not len(owner):
        return NOBODYS
    times = np.array([look.time_s for look in looks])
    related = max(1.0, RELATED_S / float(np.median(np.diff(times))))
    return _fitted(owner, log_height, np.stack(_quadratic(*place.T), axis=1), noise=NOISE * np.sqrt(related))


def _standing(tracks: Sequence[Track], looks: Sequence[Look], *, width: float, height: float) -> tuple[Indices, Floats, Floats]:
    """Return of each box that shows somebody whole: its track, logarithm of its height, place of the feet (n, 2) around 0."""
    owner, boxes = [], []
    for number, track in enumerate(tracks):
        found = [
            looks[look].xyxy_px[box]
            for look, box in zip(track.look, track.box, strict=True)
            if looks[look].score[box] >= CLEAR_SCORE and looks[look].hidden[box] <= MOST_HIDDEN
        ]
        edge = np.array([EDGE * width, EDGE * height])
        whole = [box for box in found if (box[:2] > edge).all() and (box[2:] < [width, height] - edge).all()]
        if len(whole) >= LEAST_BOXES:
            owner += [number] * len(whole)
            boxes += whole
    sides = np.array(boxes).reshape(-1, 4)
    place = np.stack([(sides[:, 0] + sides[:, 2]) / 2 - width / 2, sides[:, 3] - height / 2], axis=1) / (max(width, height) / 2)
    return np.array(owner, dtype=np.int64), np.log(np.maximum(sides[:, 3] - sides[:, 1], 1.0)), place


def _quadratic(x: Floats, y: Floats) -> tuple[Floats, ...]:
    return np.ones_like(x), x, y, x * x, x * y, y * y


def _fitted(owner: Indices, log_height: Floats, terms: Floats, *, noise: float) -> Statures:
    """Return the statures from the logarithms of heights (n,) and the terms (n, 6) of the surface at their places.

    `noise` is the spread of an independent box.
    """
    numbers, group = np.unique(owner, return_inverse=True)
    log = log_height - float(np.median(log_height))
    surface = np.eye(terms.shape[1])[0]
    own = np.array([float(np.median(log[group == row])) for row in range(len(numbers))])
    for _ in range(TURNS):
        sums = _sums(terms, surface, log, own, group, noise=noise)
        step = np.linalg.solve(sums.normal, sums.wanted)
        surface = surface + step
        own = (sums.left - sums.slopes @ step) / sums.weight
    sums = _sums(terms, surface, log, own, group, noise=noise)
    off = log - np.log(_level(terms, surface)) - own[group]
    restless = np.maximum(1.0, np.bincount(group, off**2) / np.bincount(group) / NOISE**2)
    return Statures(
        tracks={
            int(number): _Own(
                log=float(sums.left[row] / sums.weight[row]),
                variance=float(noise**2 * restless[row] / sums.weight[row]),
                boxes=int((group == row).sum()),
                hangs=sums.slopes[row] / sums.weight[row],
            )
            for row, number in enumerate(numbers)
        },
        surface=np.asarray(np.linalg.inv(sums.normal) * noise**2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sums:
    """Weighted sums over the boxes of each track (tracks, ...), and the normal equations of the surface without the statures."""

    weight: Floats
    left: Floats
    slopes: Floats
    normal: Floats
    wanted: Floats


def _sums(terms: Floats, surface: Floats, log: Floats, own: Floats, group: Indices, *, noise: float) -> _Sums:
    level = _level(terms, surface)
    left, slope = log - np.log(level), terms / level[:, None]
    weight = 1.0 / (1.0 + ((left - own[group]) / NOISE) ** 2)
    weights, lefts, *parts = (_by_group(group, weight * values) for values in (np.ones(len(log)), left, *slope.T))
    slopes = np.stack(parts, axis=1)
    prior = np.full(terms.shape[1], (noise / STEEP) ** 2)
    prior[0] = 0.0
    kept = slopes / (weights + (noise / PEOPLE) ** 2)[:, None]
    return _Sums(
        weight=weights,
        left=lefts,
        slopes=slopes,
        normal=slope.T @ (slope * weight[:, None]) - slopes.T @ kept + np.diag(prior),
        wanted=slope.T @ (weight * left) - kept.T @ lefts - prior * surface,
    )


def _by_group(group: Indices, values: Floats) -> Floats:
    return np.asarray(np.bincount(group, values), dtype=np.float64)


def _level(terms: Floats, surface: Floats) -> Floats:
    """Return the height of the surface at each place, beside the middle's; nowhere less than a twentieth."""
    return np.asarray(np.maximum(terms @ surface, 0.05))

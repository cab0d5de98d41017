"""What linking joins: stretches of one person in time, their looks, and where two such pieces follow on each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from kinesight.analyses.persons.appearance import mean_looks
from kinesight.analyses.persons.likeness import CLEAR, Likeness, Shown
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats

MOST_BESIDE_S = 0.35
"""One body may be found twice in the same pictures for so long, while it changes."""

NEAR_END = 5
"""Clear moments that say what somebody looks like at the end of a stretch."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stretch:
    """One track in time: its number, both ends, the states (n, PARTS, 2) at times (n,), and the shots of the ends.

    `begins` and `ends` (FEATURES,) are the looks near the ends, as the video's likeness sees them.
    """

    number: int
    time_s: Floats
    path: Floats
    shot: tuple[int, int]
    begins: Floats
    ends: Floats

    @property
    def from_s(self) -> float:
        """Return when it begins."""
        return float(self.time_s[0])

    @property
    def to_s(self) -> float:
        """Return when it ends."""
        return float(self.time_s[-1])

    def at(self, time_s: float) -> Floats:
        """Return the state (PARTS, 2) at the moment nearest to a time."""
        return np.asarray(self.path[int(np.argmin(np.abs(self.time_s - time_s)))])


Seam = tuple[Stretch, Stretch]
"""Two stretches that follow on each other once two pieces are one person."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Piece:
    """Stretches of one person in order of time, and what they look like in `clear` clear moments.

    `looks` (FEATURES,) are plain, `felt` (FEATURES,) as the video's likeness sees them; `numbers` are the tracks'.
    """

    stretches: tuple[Stretch, ...]
    looks: Floats
    felt: Floats
    clear: float
    numbers: frozenset[int]

    def unlike(self, other: Piece) -> float:
        """Return how unlike the two are."""
        return float(np.linalg.norm(self.felt - other.felt))


def piece_of(number: int, track: Track, looks: Sequence[Look], shots: Floats, shown: Shown, likeness: Likeness) -> Piece:
    """Return a track as a piece; `shots` (looks,) are the shots of the looks."""
    clear = np.flatnonzero(shown.clear >= CLEAR)
    near = [clear[:NEAR_END], clear[-NEAR_END:]] if len(clear) else [np.arange(len(shown.clear))] * 2
    begins, ends = (likeness.felt(mean_looks(shown.looks[rows].astype(np.float64), shown.clear[rows])) for rows in near)
    stretch = Stretch(
        number=number,
        time_s=np.array([looks[look].time_s for look in track.look]),
        path=track.path,
        shot=(int(shots[track.look[0]]), int(shots[track.look[-1]])),
        begins=begins,
        ends=ends,
    )
    return Piece(
        stretches=(stretch,),
        looks=shown.mean,
        felt=likeness.felt(shown.mean),
        clear=float(shown.clear.sum()),
        numbers=frozenset((number,)),
    )


def joined(one: Piece, other: Piece, likeness: Likeness) -> Piece:
    """Return both as one."""
    looks = mean_looks(np.array([one.looks, other.looks]), np.array([one.clear, other.clear]))
    return Piece(
        stretches=_in_order(one, other),
        looks=looks,
        felt=likeness.felt(looks),
        clear=one.clear + other.clear,
        numbers=one.numbers | other.numbers,
    )


def seams_between(one: Piece, other: Piece) -> tuple[Seam, ...]:
    """Return where the two follow on each other, the closest first; none where a stretch lies within another."""
    ordered = _in_order(one, other)
    seams = tuple(
        (before, after) for before, after in pairwise(ordered) if (before.number in one.numbers) != (after.number in one.numbers)
    )
    if any(after.from_s <= before.from_s or after.to_s <= before.to_s for before, after in seams):
        return ()
    return tuple(sorted(seams, key=gap_s))


def gap_s(seam: Seam) -> float:
    """Return how long nobody is seen between the two stretches; negative where they overlap."""
    before, after = seam
    return after.from_s - before.to_s


def strangers_of(tracks: Sequence[Track], looks: Sequence[Look]) -> dict[int, frozenset[int]]:
    """Return for each track which others are of somebody else: for a while both were found in the same pictures.

    Tracks whose boxes take turns may be of one body that was lost and found beside itself.
    """
    times = np.array([look.time_s for look in looks])
    lasts = np.diff(times, append=2 * times[-1:] - times[-2:-1]) if len(times) > 1 else np.ones(len(times))
    found: dict[int, set[int]] = {number: set() for number in range(len(tracks))}
    for one, other in combinations(range(len(tracks)), 2):
        if tracks[one].look[0] > tracks[other].look[-1] or tracks[other].look[0] > tracks[one].look[-1]:
            continue
        common = np.intersect1d(tracks[one].look, tracks[other].look, assume_unique=True)
        if float(lasts[common].sum()) > MOST_BESIDE_S:
            found[one].add(other)
            found[other].add(one)
    return {number: frozenset(others) for number, others in found.items()}


def _in_order(one: Piece, other: Piece) -> tuple[Stretch, ...]:
    return tuple(sorted(one.stretches + other.stretches, key=lambda stretch: (stretch.from_s, stretch.to_s)))

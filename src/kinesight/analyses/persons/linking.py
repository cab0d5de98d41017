"""Which tracks are one person: those that look alike and that one body can have walked. Rather two ids for one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from kinesight.analyses.persons.appearance import upper_part
from kinesight.analyses.persons.likeness import Likeness, likeness_of, shown_in
from kinesight.analyses.persons.pieces import Piece, Seam, gap_s, joined, piece_of, seams_between, strangers_of
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.stature import NOBODYS, Statures
from kinesight.analyses.persons.tracking import Track

QUICKEST = 3.5
"""Body heights a second that somebody may have moved unseen: a run."""

SLACK = 0.6
"""Body heights that the ends of two tracks may be apart whatever the time."""

SOON_S = 1.5
"""While a gap is no longer, where somebody was going says where to look."""

DRIFT = 0.8
"""Body heights a second by which somebody misses where they were going."""

SIZES_COUNT = 0.4
"""Body heights that a factor e in size counts as; somebody half hidden is half as high."""

ALL_THERE = 0.85
"""Whoever has this share of the height of a moment ago is seen as whole as then."""

ALIKE = 0.17
UNLIKE = 0.36
"""Usual distance of looks of the same person at two moments, and of two persons."""

SPREAD = 0.05
"""Spread of the first; looks that were seen clearly only once or twice count less."""

UNLIKE_SPREAD = 0.09

USUAL_PAIRS = 6.0
"""How many pairs of strangers the usual distance counts for, beside those that are seen at the same time in the video itself.

Where everybody wears dark coats, dark coats say little.
"""

NEEDED = 2.0
"""Evidence (natural logarithm of odds) from which two tracks are one person."""

MOST_FROM_LOOKS = 3.0

MOST_FROM_ELSE = 4.0
"""More than place (3.4) or stature (1.3) can say for two stretches."""

DISTINCT = 0.03
"""After a longer gap everybody else who may be the one has to look so much less alike; right after one, just less alike."""

TELLING = 0.3
"""Evidence of statures from which it is named among the reasons."""

SURELY_TALLER = -2.0
"""Evidence of statures from which on somebody may be somebody else, however alike they look."""

LEAST_CLEAR = 3.0
"""Sum of the clearness of somebody's moments from which their looks are compared with others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Why two tracks are one person: when the first ended, when the second began, and what spoke for it (logarithms of odds)."""

    from_s: float
    to_s: float
    likeness: float
    missed: float
    stature: float
    evidence: float
    is_at_once: bool

    @property
    def why(self) -> str:
        """Return the reason in words."""
        if np.isfinite(self.missed):
            return f"appearance {self.likeness:.2f}, {self.missed:.1f} body heights from where it was expected"
        tall = "as tall, " if self.stature > TELLING else "of another height, " if self.stature < -TELLING else ""
        return f"appearance {self.likeness:.2f}, {tall}reachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The tracks of one person in order of time, and the joints between them."""

    tracks: tuple[int, ...]
    joints: tuple[Joint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Strangers:
    """Distance of looks between different people of this video, and its spread."""

    mean: float
    spread: float


_Pair = tuple[int, int]
"""Numbers of two pieces, the smaller first; a piece has the number of one of its tracks."""


def link(
    tracks: Sequence[Track],
    looks: Sequence[Look],
    *,
    apart: frozenset[tuple[int, int]] = frozenset(),
    statures: Statures = NOBODYS,
) -> tuple[Chain, ...]:
    """Return the persons as chains of tracks, in order of their first track.

    Agglomerative: the best supported pair is joined first and then judged as one. Pairs seen at the same time are never joined,
    nor are pairs that nobody can have walked between. Tracks in `apart` were one until they met somebody: where they are is no
    evidence for them; looks and statures are, and they have to look like nobody else.
    """
    shots = np.cumsum([look.is_after_cut for look in looks])
    shown = [shown_in(track, looks) for track in tracks]
    likeness = likeness_of(shown)
    pieces = {number: piece_of(number, track, looks, shots, shown[number], likeness) for number, track in enumerate(tracks)}
    linking = _Linking(pieces, likeness, statures, strangers=strangers_of(tracks, looks), apart=apart)
    linking.run()
    return linking.chains()


class _Linking:
    """Joins pieces until nothing is left to join."""

    def __init__(
        self,
        pieces: dict[int, Piece],
        likeness: Likeness,
        statures: Statures,
        *,
        strangers: dict[int, frozenset[int]],
        apart: frozenset[tuple[int, int]],
    ) -> None:
        self._pieces = pieces
        self._joints: dict[int, tuple[Joint, ...]] = dict.fromkeys(pieces, ())
        self._likeness = likeness
        self._statures = statures
        self._apart = apart
        self._beside = strangers
        self._strangers = self._usual_strangers()

    def run(self) -> None:
        """Join the best supported pair again and again."""
        waiting = self._judged(combinations(sorted(self._pieces), 2))
        while waiting:
            pair, _ = max(waiting.items(), key=_rank)
            joint = waiting.pop(pair)
            if not self._is_distinct(pair, joint):
                continue
            self._join(pair, joint)
            waiting = {other: found for other, found in waiting.items() if not set(pair) & set(other)}
            one = pair[0]
            waiting |= self._judged((min(one, other), max(one, other)) for other in sorted(self._pieces) if other != one)

    def chains(self) -> tuple[Chain, ...]:
        """Return what has been joined, in order of the first track."""
        found = [
            Chain(tracks=tuple(stretch.number for stretch in piece.stretches), joints=self._joints[number])
            for number, piece in self._pieces.items()
        ]
        return tuple(sorted(found, key=lambda chain: chain.tracks[0]))

    def _judged(self, pairs: Iterable[_Pair]) -> dict[_Pair, Joint]:
        found = ((pair, self._joint(pair)) for pair in pairs)
        return {pair: joint for pair, joint in found if joint is not None}

    def _join(self, pair: _Pair, joint: Joint) -> None:
        one, other = pair
        self._pieces[one] = joined(self._pieces[one], self._pieces.pop(other), self._likeness)
        joints = (*self._joints[one], joint, *self._joints.pop(other))
        self._joints[one] = tuple(sorted(joints, key=lambda each: (each.to_s, each.from_s)))

    def _joint(self, pair: _Pair) -> Joint | None:
        """Return the joint of two pieces, None where they are not one person."""
        one, other = (self._pieces[number] for number in pair)
        seams = () if self._are_beside(one, other) else seams_between(one, other)
        if not seams:
            return None
        (before, after), gap = seams[0], gap_s(seams[0])
        is_soon = gap <= SOON_S and not self._was_parted(one, other)
        unlike = self._unlikeness(one, other, seams[0]) if is_soon else one.unlike(other)
        evidence = _from_looks(unlike, self._strangers, sure=min(1.0, min(one.clear, other.clear) / 4.0))
        # most pairs end here: strangers, whatever else there is
        if evidence < NEEDED - MOST_FROM_ELSE or not all(_is_reachable(seam) for seam in seams):
            return None
        stature = 0.0 if is_soon else self._statures.evidence(one.numbers, other.numbers)
        evidence += stature
        missed = np.nan
        if is_soon and before.shot[1] == after.shot[0]:
            missed = _missed(seams[0])
            evidence += _from_place(missed, gap)
        if evidence < NEEDED:
            return None
        return Joint(
            from_s=before.to_s,
            to_s=after.from_s,
            likeness=1.0 - unlike,
            missed=missed,
            stature=stature,
            evidence=evidence,
            is_at_once=is_soon,
        )

    def _usual_strangers(self) -> _Strangers:
        """Return how unlike people are who are seen at the same time, and so are not one."""
        known = [piece for piece in self._pieces.values() if piece.clear >= LEAST_CLEAR]
        found = np.array([one.unlike(other) for one, other in combinations(known, 2) if self._are_beside(one, other)])
        weight = USUAL_PAIRS / (USUAL_PAIRS + len(found))
        mean = weight * UNLIKE + (1 - weight) * (float(found.mean()) if len(found) else 0.0)
        seen = float(((found - mean) ** 2).mean()) if len(found) else 0.0
        variance = weight * (UNLIKE_SPREAD**2 + (UNLIKE - mean) ** 2) + (1 - weight) * seen
        return _Strangers(mean=mean, spread=float(np.sqrt(variance)))

    def _are_beside(self, one: Piece, other: Piece) -> bool:
        return any(self._beside[number] & other.numbers for number in one.numbers)

    def _was_parted(self, one: Piece, other: Piece) -> bool:
        return any((min(a, b), max(a, b)) in self._apart for a in one.numbers for b in other.numbers)

    def _unlikeness(self, one: Piece, other: Piece, seam: Seam) -> float:
        """Return how unlike two are that follow at once. Of who then ends higher, only the upper part is compared."""
        plain = min(one.unlike(other), float(np.linalg.norm(seam[0].ends - seam[1].begins)))
        before, after = (float(state[2, 0]) for state in (seam[0].path[-1], seam[1].path[0]))
        share = float(np.exp(-abs(before - after)))
        if share > ALL_THERE:
            return plain
        is_first = seam[0].number in one.numbers
        whole, cut = (one, other) if (before > after) == is_first else (other, one)
        upper = self._likeness.felt(upper_part(whole.looks, share))
        return min(plain, float(np.linalg.norm(upper - cut.felt)))

    def _is_distinct(self, pair: _Pair, joint: Joint) -> bool:
        """Return whether nobody else who may be the person looks as much like either piece as the two like each other.

        Who was seen beside the first, and not beside the second, may be the second; and the other way round.
        """
        first, second = (self._pieces[number] for number in pair)
        apart = 1.0 - joint.likeness + (0.0 if joint.is_at_once else DISTINCT)
        for number, rival in self._pieces.items():
            if number in pair or rival.clear < LEAST_CLEAR:
                continue
            is_beside_first, is_beside_second = self._are_beside(rival, first), self._are_beside(rival, second)
            if is_beside_first == is_beside_second:
                continue
            like = second if is_beside_first else first
            if rival.unlike(like) < apart and self._statures.evidence(rival.numbers, like.numbers) > SURELY_TALLER:
                return False
        return True


def _rank(item: tuple[_Pair, Joint]) -> tuple[bool, float, int, int]:
    """Return what is joined first: what follows at once; then the best supported."""
    (one, other), joint = item
    return joint.is_at_once, joint.evidence, -one, -other


def _from_looks(unlike: float, strangers: _Strangers, *, sure: float) -> float:
    """Return the evidence from looks: how usual so unlike looks are for one person against for two."""
    same = max(unlike - ALIKE, 0.0) / (SPREAD * (2.0 - sure))
    two = min(unlike - strangers.mean, 0.0) / strangers.spread
    evidence = (two**2 - same**2) / 2 + float(np.log(strangers.spread / SPREAD))
    return float(np.clip(evidence, -2 * MOST_FROM_LOOKS, MOST_FROM_LOOKS * sure))


def _is_reachable(seam: Seam) -> bool:
    """Return whether one body can have gone from the one end to the other; another shot may be another place."""
    before, after = seam
    return before.shot[1] != after.shot[0] or _missed(seam) <= SLACK + QUICKEST * max(gap_s(seam), 0.0)


def _missed(seam: Seam) -> float:
    """Return how far, in body heights, the second begins from where the first was going (for a while; people turn)."""
    last, first = seam[0].path[-1], seam[1].at(seam[0].to_s)
    ahead_s = float(np.clip(gap_s(seam), 0.0, SOON_S)) / 2
    height = float(np.exp((last[2, 0] + first[2, 0]) / 2))
    # from head to head: where somebody stands is often hidden
    there = last[:2, 0] + last[:2, 1] * ahead_s
    back = first[:2, 0] - first[:2, 1] * ahead_s
    sizes = abs(float(last[2, 0] - first[2, 0]))
    return float(np.hypot(*(there - back))) / height + SIZES_COUNT * sizes


def _from_place(missed: float, gap: float) -> float:
    """Return the evidence from a place that was expected: a normal spread around it against anywhere within some body heights."""
    spread = 0.25 + DRIFT * max(gap, 0.0)
    anywhere = 12.0
    return float(np.log(anywhere / (2 * np.pi * spread**2)) - missed**2 / (2 * spread**2))

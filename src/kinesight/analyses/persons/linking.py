"""Which tracks are one person: those that look alike and that one body can have walked. Rather two ids for one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.appearance import distances, mean_looks, upper_part
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats

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

MOST_OVERLAP_S = 0.35
"""Two tracks of one person may run side by side for so long while one body is found twice."""

ALIKE = 0.17
UNLIKE = 0.36
"""Usual distance of looks of the same person at two moments, and of two persons."""

SPREAD = 0.07
"""Spread of the first; looks that were seen clearly only once or twice count less."""

UNLIKE_SPREAD = 0.09

USUAL_PAIRS = 6.0
"""How many pairs of strangers the usual distance counts for, beside those that are seen at the same time in the video itself.

Where everybody wears dark coats, dark coats say little.
"""

NEEDED = 2.0
"""Evidence (natural logarithm of odds) from which two tracks are one person."""

MOST_FROM_LOOKS = 3.0

DISTINCT = 0.05
"""After a longer gap everybody else who may be the one has to look so much less alike; right after one, just less alike."""

LEAST_CLEAR = 3.0
"""Sum of the clearness of somebody's moments from which their looks are compared with others'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """Why two successive tracks are one person: when the first ended and the second began, and what spoke for it."""

    from_s: float
    to_s: float
    likeness: float
    missed: float
    evidence: float

    @property
    def why(self) -> str:
        """Return the reason in words."""
        if np.isfinite(self.missed):
            return f"appearance {self.likeness:.2f}, {self.missed:.1f} body heights from where it was expected"
        return f"appearance {self.likeness:.2f}, reachable"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Piece:
    """What linking knows of a chain: both ends, looks with their number of clear moments, and the shots it lies in."""

    from_s: float
    to_s: float
    shot: tuple[int, int]
    first: Floats
    last: Floats
    looks: Floats
    clear: float
    spans: tuple[tuple[float, float], ...]

    def is_beside(self, other: _Piece) -> bool:
        """Return whether both are seen at the same time, and so are two people."""
        return any(
            min(end, last) - max(start, first) > MOST_OVERLAP_S for start, end in self.spans for first, last in other.spans
        )


def link(tracks: Sequence[Track], looks: Sequence[Look], *, apart: frozenset[tuple[int, int]] = frozenset()) -> tuple[Chain, ...]:
    """Return the persons as chains of tracks, in order of their first track; pairs of tracks in `apart` are never joined.

    Agglomerative: the best supported pair is joined first and then judged as one. Pairs seen at the same time are never joined,
    nor are pairs that nobody can have walked between.
    """
    shots = np.cumsum([look.is_after_cut for look in looks])
    pieces = {number: _piece(track, looks, shots) for number, track in enumerate(tracks)}
    chains = {number: Chain(tracks=(number,)) for number in pieces}
    strangers = _strangers(tuple(pieces.values()))
    joints = {
        pair: joint
        for pair in _pairs(pieces)
        if pair not in apart and (joint := _judged(pieces[pair[0]], pieces[pair[1]], strangers)) is not None
    }
    while joints:
        (one, other), joint = max(joints.items(), key=_rank)
        if not _is_distinct(one, other, pieces):
            del joints[one, other]
            continue
        pieces[one] = _joined(pieces[one], pieces[other])
        chains[one] = Chain(
            tracks=chains[one].tracks + chains[other].tracks, joints=(*chains[one].joints, joint, *chains[other].joints)
        )
        del pieces[other], chains[other]
        joints = {pair: found for pair, found in joints.items() if not {one, other} & set(pair)}
        for number in pieces:
            for pair in ((one, number), (number, one)):
                if (
                    number != one
                    and not _are_apart(chains, pair, apart)
                    and (found := _judged(pieces[pair[0]], pieces[pair[1]], strangers)) is not None
                ):
                    joints[pair] = found
    return tuple(chains[number] for number in sorted(chains, key=lambda number: chains[number].tracks[0]))


def _rank(item: tuple[tuple[int, int], Joint]) -> tuple[bool, float, int, int]:
    """Return what is joined first: what follows at once, lest a later return is joined over it; then the best supported."""
    (one, other), joint = item
    return joint.to_s - joint.from_s <= SOON_S, joint.evidence, -one, -other


def _is_distinct(one: int, other: int, pieces: dict[int, _Piece]) -> bool:
    """Return whether nobody else who may be the person looks as much like either piece as the two like each other.

    Who was seen beside the first, and not beside the second, may be the second; and the other way round.
    """
    first, second = pieces[one], pieces[other]
    gap_s = second.from_s - first.to_s
    apart = _unlikeness(first, second, gap_s) + (DISTINCT if gap_s > SOON_S else 0.0)
    for number, rival in pieces.items():
        if number in {one, other} or rival.clear < LEAST_CLEAR:
            continue
        is_beside_first, is_beside_second = rival.is_beside(first), rival.is_beside(second)
        if is_beside_first == is_beside_second:
            continue
        like = second if is_beside_first else first
        if float(distances(rival.looks[None], like.looks[None])[0, 0]) < apart:
            return False
    return True


def _are_apart(chains: dict[int, Chain], pair: tuple[int, int], apart: frozenset[tuple[int, int]]) -> bool:
    one, other = (chains[number].tracks for number in pair)
    return any((min(a, b), max(a, b)) in apart for a in one for b in other)


def _pairs(pieces: dict[int, _Piece]) -> list[tuple[int, int]]:
    return [(one, other) for one in pieces for other in pieces if one != other]


def _strangers(pieces: Sequence[_Piece]) -> _Strangers:
    """Return how unlike people are who are seen at the same time, and so are not one."""
    found = []
    for number, one in enumerate(pieces):
        for other in pieces[number + 1 :]:
            together_s = min(one.to_s, other.to_s) - max(one.from_s, other.from_s)
            if together_s > MOST_OVERLAP_S and min(one.clear, other.clear) >= LEAST_CLEAR:
                found.append(float(distances(one.looks[None], other.looks[None])[0, 0]))
    weight = USUAL_PAIRS / (USUAL_PAIRS + len(found))
    mean = weight * UNLIKE + (1 - weight) * (float(np.mean(found)) if found else 0.0)
    apart = np.array(found) - mean
    variance = weight * (UNLIKE_SPREAD**2 + (UNLIKE - mean) ** 2) + (1 - weight) * (float((apart**2).mean()) if found else 0.0)
    return _Strangers(mean=mean, spread=float(np.sqrt(variance)))


def _judged(one: _Piece, other: _Piece, strangers: _Strangers) -> Joint | None:
    """Return the joint of two pieces, the first before the second; None where they are not one person."""
    gap_s = other.from_s - one.to_s
    if other.from_s <= one.from_s or gap_s < -MOST_OVERLAP_S or other.to_s <= one.to_s:
        return None
    apart = _unlikeness(one, other, gap_s)
    sure = min(1.0, min(one.clear, other.clear) / 4.0)
    same = max(apart - ALIKE, 0.0) / (SPREAD * (2.0 - sure))
    other_one = min(apart - strangers.mean, 0.0) / strangers.spread
    evidence = (other_one**2 - same**2) / 2 + float(np.log(strangers.spread / SPREAD))
    evidence = float(np.clip(evidence, -2 * MOST_FROM_LOOKS, MOST_FROM_LOOKS * sure))
    missed = np.nan
    if one.shot[1] == other.shot[0]:
        missed = _missed(one, other, gap_s)
        if missed > SLACK + QUICKEST * max(gap_s, 0.0):
            return None
        if gap_s <= SOON_S:
            evidence += _from_place(missed, gap_s)
        else:
            missed = np.nan
    if evidence < NEEDED:
        return None
    return Joint(from_s=one.to_s, to_s=other.from_s, likeness=1.0 - apart, missed=float(missed), evidence=evidence)


def _unlikeness(one: _Piece, other: _Piece, gap_s: float) -> float:
    """Return the distance of looks. Of a body that ends higher right after it was whole, only the upper part is compared."""
    plain = float(distances(one.looks[None], other.looks[None])[0, 0])
    share = float(np.exp(-abs(one.last[2, 0] - other.first[2, 0])))
    if gap_s > SOON_S or share > 0.85:
        return plain
    whole, cut = (one, other) if one.last[2, 0] > other.first[2, 0] else (other, one)
    return min(plain, float(distances(upper_part(whole.looks, share)[None], cut.looks[None])[0, 0]))


def _missed(one: _Piece, other: _Piece, gap_s: float) -> float:
    """Return how far, in body heights, the second piece begins from where the first was going (for a while; people turn)."""
    ahead_s = float(np.clip(gap_s, 0.0, SOON_S)) / 2
    height = float(np.exp((one.last[2, 0] + other.first[2, 0]) / 2))
    # from head to head: where somebody stands is often hidden
    there = one.last[:2, 0] + one.last[:2, 1] * ahead_s
    back = other.first[:2, 0] - other.first[:2, 1] * ahead_s
    sizes = abs(float(one.last[2, 0] - other.first[2, 0]))
    return float(np.hypot(*(there - back))) / height + SIZES_COUNT * sizes


def _from_place(missed: float, gap_s: float) -> float:
    """Return the evidence from a place that was expected: a normal spread around it against anywhere within some body heights."""
    spread = 0.25 + DRIFT * max(gap_s, 0.0)
    anywhere = 12.0
    return float(np.log(anywhere / (2 * np.pi * spread**2)) - missed**2 / (2 * spread**2))


def _piece(track: Track, looks: Sequence[Look], shots: Floats) -> _Piece:
    pairs = [(looks[look], int(box)) for look, box in zip(track.look, track.box, strict=True)]
    weight = np.array([max(0.0, 1.0 - 1.5 * look.hidden[box]) * min(1.0, look.score[box] / 0.6) for look, box in pairs])
    seen = np.array([look.looks[box] for look, box in pairs], dtype=np.float64)
    return _Piece(
        from_s=pairs[0][0].time_s,
        to_s=pairs[-1][0].time_s,
        shot=(int(shots[track.look[0]]), int(shots[track.look[-1]])),
        first=track.path[0],
        last=track.path[-1],
        looks=mean_looks(seen, weight),
        clear=float(weight.sum()),
        spans=((pairs[0][0].time_s, pairs[-1][0].time_s),),
    )


def _joined(one: _Piece, other: _Piece) -> _Piece:
    return _Piece(
        from_s=one.from_s,
        to_s=other.to_s,
        shot=(one.shot[0], other.shot[1]),
        first=one.first,
        last=other.last,
        looks=mean_looks(np.array([one.looks, other.looks]), np.array([one.clear, other.clear])),
        clear=one.clear + other.clear,
        spans=one.spans + other.spans,
    )

"""Joins the boxes of successive looks into tracks of one person each, as long as nobody can be taken for somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy

from kinesight.analyses.persons.appearance import distances
from kinesight.analyses.persons.geometry import Indices, Mask, overlaps, shares_inside
from kinesight.analyses.persons.motion import Motions, begun, boxes_of, predicted, smoothed, surprises, updated
from kinesight.analyses.persons.sightings import Look
from kinesight.domain.video import Floats

SURE = 0.4
"""Score of a box that may go on with any track."""

FAINT = 0.2
"""Least score of a box that may go on with a track that nothing surer goes on with."""

STARTS = 0.45
"""Least score of a box that begins a track."""

SURPRISE = 18.5
"""Squared distance over four values that one true box in a thousand exceeds (chi-square)."""

FAINT_SURPRISE = 9.5
"""The same for one in twenty: a faint box has to be where it is expected."""

UNLIKE = 0.45
"""Distance of looks from which a box is somebody else, whatever its place."""

UNLIKE_LATER = 0.38
"""The same once somebody has been lost for `LOST_S`; in between it falls evenly, as where somebody is says less and less."""

LOOKS_COUNT = 80.0
"""What a squared distance of looks costs, in squared standard deviations of place."""

LOST_S = 1.0
"""A track that nothing goes on with for so long ends; linking may take it up again."""

LEARNT_PER_LOOK = 0.2
"""Weight of the newest clear box in what a track looks like."""

NEARER = 0.05
"""Who stands no further up in the picture than this share of a height may hide somebody."""

BESIDE = 0.3
"""Overlap with a taken box from which a box may be the same body again."""

SAME_PLACE = 0.55
"""Overlap with a box that goes on with a track, from which a box begins no track of its own."""

STAYS = 0.4
"""Overlap with the expected body from which the only box there is taken for it, however much its shape has changed.

Who gets up from the ground or is half gone behind a tree changes shape more quickly than anybody's walk explains.
"""

ALONE = 0.2
"""Overlap with anybody else from which a body is not the only one there."""

STAYS_S = 0.4
"""For so long after the last look a body is expected to be where it was going, whatever its shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One person for a while: `look` (n,) and `box` (n,) number the look and the box in it, in order of time.

    `path` (n, PARTS, 2) is where the box was and how it moved, smoothed.
    """

    look: Indices
    box: Indices
    path: Floats


@dataclass(slots=True, eq=False)
class _Open:
    """A track while it is followed."""

    motion: Motions
    looks: Floats
    seen_s: float
    covered: float = 0.0
    look: list[int] = field(default_factory=list)
    box: list[int] = field(default_factory=list)
    steps: list[Motions] = field(default_factory=list)
    expected: list[Motions] = field(default_factory=list)


def follow(looks: Sequence[Look]) -> tuple[Track, ...]:
    """Return the tracks of a video, in the order in which they begin."""
    open_tracks: list[_Open] = []
    ended: list[_Open] = []
    before_s = looks[0].time_s if looks else 0.0
    for number, look in enumerate(looks):
        _move(open_tracks, after_s=look.time_s - before_s, shift_px=look.shift_px)
        before_s = look.time_s
        gone = [track for track in open_tracks if look.is_after_cut or look.time_s - track.seen_s > LOST_S]
        ended += gone
        open_tracks = [track for track in open_tracks if track not in gone]
        _go_on(open_tracks, look, number)
    ended += open_tracks
    ended.sort(key=lambda track: (track.look[0], track.box[0]))
    return tuple(_closed(track, looks) for track in ended)


def _move(tracks: Sequence[_Open], *, after_s: float, shift_px: Floats) -> None:
    """Let everybody move on to the next look, all at once."""
    if tracks and after_s > 0:
        motions = predicted(_all(tracks), after_s=after_s, shift_px=shift_px)
        for number, track in enumerate(tracks):
            track.motion = Motions(mean=motions.mean[[number]], cov=motions.cov[[number]])


def _all(tracks: Sequence[_Open]) -> Motions:
    return Motions(
        mean=np.concatenate([track.motion.mean for track in tracks]), cov=np.concatenate([track.motion.cov for track in tracks])
    )


def _go_on(open_tracks: list[_Open], look: Look, number: int) -> None:
    """Give each box to the track that it goes on with, sure ones first, and begin tracks with the rest."""
    sure, faint = np.flatnonzero(look.score >= SURE), np.flatnonzero((look.score >= FAINT) & (look.score < SURE))
    overlap = overlaps(look.xyxy_px, look.xyxy_px)
    if open_tracks:
        for track, share in zip(open_tracks, _covered(_all(open_tracks), look), strict=True):
            track.covered = float(share)
    owner: dict[int, _Open] = {}
    for boxes, limit in ((sure, SURPRISE), (faint, FAINT_SURPRISE)):
        waiting = [track for track in open_tracks if track.look[-1] != number]
        if not waiting or not len(boxes):
            continue
        unlike = distances(np.array([track.looks for track in waiting]), look.looks[boxes])
        limit_of_looks = np.array([_most_unlike(look.time_s - track.seen_s) for track in waiting])
        is_out = (unlike > limit_of_looks[:, None]) | _looks_like_owner(unlike, look, boxes, overlap, owner)
        pairs = _assigned(waiting, look, boxes, limit=limit, unlike=np.where(is_out, np.inf, unlike))
        found = [(waiting[row], int(boxes[column])) for row, column in pairs]
        _extend(found, look, number)
        owner |= {box: track for track, box in found}
    found = _alone(open_tracks, look, number, owner)
    _extend(found, look, number)
    owner |= {box: track for track, box in found}
    taken = overlap[:, sorted(owner)] > SAME_PLACE
    is_new = (look.score[sure] >= STARTS) & ~taken[sure].any(axis=1)
    open_tracks += [_begun(look, number, int(box)) for box in sure[is_new] if int(box) not in owner]


def _alone(open_tracks: Sequence[_Open], look: Look, number: int, owner: dict[int, _Open]) -> list[tuple[_Open, int]]:
    """Return pairs of a track that nothing goes on with yet and the box in its place, where nobody else can be meant."""
    free = np.array([box for box in np.flatnonzero(look.score >= FAINT) if int(box) not in owner], dtype=np.int64)
    if not open_tracks or not len(free):
        return []
    apart = overlaps(boxes_of(_all(open_tracks).mean[:, :, 0]), look.xyxy_px[free])
    unlike = distances(np.array([track.looks for track in open_tracks]), look.looks[free])
    found = []
    for row, track in enumerate(open_tracks):
        column = int(np.argmax(apart[row]))
        is_late = track.look[-1] == number or look.time_s - track.seen_s > STAYS_S
        if is_late or apart[row, column] < STAYS or unlike[row, column] > UNLIKE:
            continue
        others = np.delete(apart[:, column], row)
        if not (others > ALONE).any():
            found.append((track, int(free[column])))
    return found


def _most_unlike(lost_s: float) -> float:
    return UNLIKE + (UNLIKE_LATER - UNLIKE) * min(lost_s / LOST_S, 1.0)


def _looks_like_owner(unlike: Floats, look: Look, boxes: Indices, overlap: Floats, owner: dict[int, _Open]) -> Mask:
    """Return which boxes no track may have, (tracks, boxes): those beside a taken one that look more like who took that.

    One body is often found twice, and somebody who is lost nearby would go on with the second box. `unlike` (tracks, boxes).
    """
    barred = np.zeros(unlike.shape, dtype=bool)
    for taken, other in sorted(owner.items()):
        beside = overlap[boxes, taken] > BESIDE
        if beside.any():
            barred |= beside & (unlike >= distances(other.looks[None], look.looks[boxes]))
    return barred


def _assigned(tracks: Sequence[_Open], look: Look, boxes: Indices, *, limit: float, unlike: Floats) -> list[tuple[int, int]]:
    """Return the pairs of track and box that go together at the least cost; `unlike` is infinite where they cannot."""
    covered = np.array([track.covered for track in tracks])
    surprise = surprises(_all(tracks), look.xyxy_px[boxes], covered=covered)
    clear = 1.0 - 0.7 * look.hidden[boxes]
    is_out = (surprise > limit) | ~np.isfinite(unlike)
    cost = surprise + LOOKS_COUNT * clear * np.where(is_out, 0.0, unlike) ** 2
    rows, columns = scipy.optimize.linear_sum_assignment(np.where(is_out, 1e6, cost))
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if not is_out[row, column]]


def _covered(motions: Motions, look: Look) -> Floats:
    """Return which share of each expected body is behind others, (n,); a box that may be the body itself covers nothing of it."""
    bodies, people = boxes_of(motions.mean[:, :, 0]), look.xyxy_px[look.score >= SURE]
    if not len(people):
        return np.zeros(len(bodies))
    is_nearer = people[None, :, 3] > bodies[:, None, 3] - NEARER * (bodies[:, 3] - bodies[:, 1])[:, None]
    is_other = overlaps(bodies, people) < SAME_PLACE
    return np.asarray(np.where(is_nearer & is_other, shares_inside(bodies, people), 0.0).max(axis=1))


def _begun(look: Look, number: int, box: int) -> _Open:
    motion = begun(look.xyxy_px[[box]])
    return _Open(
        motion=motion, looks=look.looks[box], seen_s=look.time_s, look=[number], box=[box], steps=[motion], expected=[motion]
    )


def _extend(pairs: Sequence[tuple[_Open, int]], look: Look, number: int) -> None:
    """Let tracks go on with a box each, all at once."""
    if not pairs:
        return
    tracks, boxes = [track for track, _ in pairs], np.array([box for _, box in pairs])
    sure = np.minimum(1.0, look.score[boxes] / 0.6)
    covered = np.array([track.covered for track in tracks])
    motions = updated(_all(tracks), look.xyxy_px[boxes], trust=sure * (1.0 - 0.6 * look.hidden[boxes]), covered=covered)
    learnt = (LEARNT_PER_LOOK * (1.0 - look.hidden[boxes]) * sure)[:, None]
    mixed = np.sqrt((1 - learnt) * np.array([track.looks for track in tracks]) ** 2 + learnt * look.looks[boxes] ** 2)
    mixed /= np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)
    for row, (track, box) in enumerate(pairs):
        track.expected.append(track.motion)
        track.motion = Motions(mean=motions.mean[[row]], cov=motions.cov[[row]])
        track.steps.append(track.motion)
        track.look.append(number)
        track.seen_s = look.time_s
        track.box.append(box)
        track.looks = mixed[row]


def _closed(track: _Open, looks: Sequence[Look]) -> Track:
    times = np.array([looks[number].time_s for number in track.look])
    path = smoothed(track.steps, track.expected, np.diff(times))
    return Track(look=np.array(track.look), box=np.array(track.box), path=path)

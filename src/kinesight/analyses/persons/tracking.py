"""Joins the boxes of successive looks into tracks of one person each, as long as nobody can be taken for somebody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

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
    look: list[int] = field(default_factory=list)
    box: list[int] = field(default_factory=list)
    steps: list[Motions] = field(default_factory=list)
    expected: list[Motions] = field(default_factory=list)


def follow(looks: Sequence[Look]) -> tuple[Track, ...]:
    """Return the tracks of a video, in the order in which they begin."""
    open_tracks: list[_Open] = []
    ended: list[_Open] = []
    before_s = 0.0
    for number, look in enumerate(looks):
        after_s = look.time_s - before_s if number else 0.0
        before_s = look.time_s
        for track in open_tracks:
            track.motion = predicted(track.motion, after_s=after_s, shift_px=look.shift_px)
        gone = [t for t in open_tracks if look.is_after_cut or look.time_s - looks[t.look[-1]].time_s > LOST_S]
        ended += gone
        open_tracks = [track for track in open_tracks if track not in gone]
        _go_on(open_tracks, look, number)
    ended += open_tracks
    ended.sort(key=lambda track: (track.look[0], track.box[0]))
    return tuple(_closed(track, looks) for track in ended)


def _go_on(open_tracks: list[_Open], look: Look, number: int) -> None:
    """Give each box to the track that it goes on with, sure ones first, and begin tracks with the rest."""
    sure, faint = np.flatnonzero(look.score >= SURE), np.flatnonzero((look.score >= FAINT) & (look.score < SURE))
    overlap = overlaps(look.xyxy_px, look.xyxy_px)
    owner: dict[int, _Open] = {}
    for boxes, limit in ((sure, SURPRISE), (faint, FAINT_SURPRISE)):
        waiting = [track for track in open_tracks if track.look[-1] != number]
        doubled = _looks_like_owner(waiting, look, boxes, overlap, owner)
        for row, column in _assigned(waiting, look, boxes, limit=limit, is_barred=doubled):
            _extend(waiting[row], look, number, int(boxes[column]))
            owner[int(boxes[column])] = waiting[row]
    taken = overlap[:, sorted(owner)] > SAME_PLACE
    is_new = (look.score[sure] >= STARTS) & ~taken[sure].any(axis=1)
    open_tracks += [_begun(look, number, int(box)) for box in sure[is_new] if int(box) not in owner]


def _looks_like_owner(tracks: Sequence[_Open], look: Look, boxes: Indices, overlap: Floats, owner: dict[int, _Open]) -> Mask:
    """Return which boxes no track may have, (tracks, boxes): those beside a taken one that look more like who took that.

    One body is often found twice, and somebody who is lost nearby would go on with the second box.
    """
    barred = np.zeros((len(tracks), len(boxes)), dtype=bool)
    if not tracks or not len(boxes):
        return barred
    unlike = distances(np.array([track.looks for track in tracks]), look.looks[boxes])
    for taken, other in sorted(owner.items()):
        beside = overlap[boxes, taken] > BESIDE
        if beside.any():
            barred |= beside & (unlike >= distances(other.looks[None], look.looks[boxes]))
    return barred


def _assigned(tracks: Sequence[_Open], look: Look, boxes: Indices, *, limit: float, is_barred: Mask) -> list[tuple[int, int]]:
    """Return the pairs of track and box that go together at the least cost."""
    if not tracks or not len(boxes):
        return []
    motions = Motions(
        mean=np.concatenate([track.motion.mean for track in tracks]), cov=np.concatenate([track.motion.cov for track in tracks])
    )
    surprise = surprises(motions, look.xyxy_px[boxes], covered=_covered(motions, look))
    unlike = distances(np.array([track.looks for track in tracks]), look.looks[boxes])
    clear = 1.0 - 0.7 * look.hidden[boxes]
    cost = surprise + LOOKS_COUNT * clear * unlike**2
    is_out = (surprise > limit) | (unlike > UNLIKE) | is_barred
    ceiling = 1e6
    rows, columns = linear_sum_assignment(np.where(is_out, ceiling, cost))
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
    return _Open(motion=motion, looks=look.looks[box], look=[number], box=[box], steps=[motion], expected=[motion])


def _extend(track: _Open, look: Look, number: int, box: int) -> None:
    track.expected.append(track.motion)
    trust = np.array([min(1.0, look.score[box] / 0.6) * (1.0 - 0.6 * look.hidden[box])])
    covered = _covered(track.motion, look)
    track.motion = updated(track.motion, look.xyxy_px[[box]], trust=trust, covered=covered)
    track.steps.append(track.motion)
    track.look.append(number)
    track.box.append(box)
    learnt = LEARNT_PER_LOOK * (1.0 - look.hidden[box]) * min(1.0, look.score[box] / 0.6)
    mixed = np.sqrt((1 - learnt) * track.looks**2 + learnt * look.looks[box] ** 2)
    track.looks = mixed / max(float(np.linalg.norm(mixed)), 1e-9)


def _closed(track: _Open, looks: Sequence[Look]) -> Track:
    times = np.array([looks[number].time_s for number in track.look])
    path = smoothed(track.steps, track.expected, np.diff(times))
    return Track(look=np.array(track.look), box=np.array(track.box), path=path)


def track_boxes(track: Track) -> Floats:
    """Return the smoothed boxes of a track, (n, 4)."""
    return boxes_of(track.path[:, :, 0])

"""From chains of tracks to persons: a box in every frame of their time, who is none, and in which order they are numbered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinesight.analyses.persons.geometry import Indices, Mask, areas, clipped
from kinesight.analyses.persons.linking import Chain, Joint
from kinesight.analyses.persons.motion import boxes_of
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats

GAP_S = 1.0
"""Somebody who was not seen for so long is taken to have been hidden, and is filled in between."""

SHORTEST_S = 0.4
"""Somebody seen for less time is not listed, unless the video is hardly longer."""

LEAST_INSIDE = 0.1
"""Somebody of whom less than this share is inside the picture has left it."""

FEWEST_LOOKS = 3
CONVINCING = 0.58
"""Mean score of the three surest looks from which somebody is a person."""

STILL_S = 1.5
STIRS = 2.5
"""Somebody seen for `STILL_S` in whose box nothing ever changes by this many times the noise is a picture of a person."""

REACHES_HEIGHTS = 0.15
"""Whoever moves this many of their own heights is no picture on a wall."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One person of a video.

    `frames` (n,) are the source frames in which the person has a box, in order; `boxes_px` (n, 4); `is_filled` (n,): not seen
    there, but hidden for a moment. `look` (m,) and `box` (m,) name the moments that were looked at; `score` (n,) 0..1.
    """

    frames: Indices
    boxes_px: Floats
    is_filled: Mask
    score: Floats
    look: Indices
    box: Indices
    joints: tuple[Joint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is known of the video: the time of every frame (frames,), and its size in pixels."""

    time_s: Floats
    width_px: int
    height_px: int


def persons_of(chains: Sequence[Chain], tracks: Sequence[Track], looks: Sequence[Look], film: Film) -> tuple[Person, ...]:
    """Return whoever is a person, by first appearance, then the largest first."""
    found = [_person(chain, tracks, looks, film) for chain in chains if _is_person(chain, tracks, looks, film)]
    return tuple(sorted(found, key=lambda person: (int(person.frames[0]), -_size(person), float(person.boxes_px[0, 0]))))


def _size(person: Person) -> float:
    side = person.boxes_px[:, 2:] - person.boxes_px[:, :2]
    return round(float(np.median(np.prod(side, axis=1))), 1)


def _moments(chain: Chain, tracks: Sequence[Track]) -> tuple[Indices, Indices]:
    look = np.concatenate([tracks[number].look for number in chain.tracks])
    box = np.concatenate([tracks[number].box for number in chain.tracks])
    order = np.argsort(look, kind="stable")
    return look[order], box[order]


def _is_person(chain: Chain, tracks: Sequence[Track], looks: Sequence[Look], film: Film) -> bool:
    look, box = _moments(chain, tracks)
    score = np.array([looks[a].score[b] for a, b in zip(look, box, strict=True)])
    seen_s = looks[look[-1]].time_s - looks[look[0]].time_s
    length_s = float(film.time_s[-1] - film.time_s[0])
    enough = min(FEWEST_LOOKS, max(1, len(looks) // 2))
    if len(look) < enough or seen_s < min(SHORTEST_S, length_s / 2):
        return False
    if float(np.sort(score)[-FEWEST_LOOKS:].mean()) < CONVINCING:
        return False
    return not _is_picture(chain, tracks, looks, seen_s=seen_s)


def _is_picture(chain: Chain, tracks: Sequence[Track], looks: Sequence[Look], *, seen_s: float) -> bool:
    """Return whether this is a poster or a mannequin: it never moves, and nothing inside it ever does."""
    if seen_s < STILL_S:
        return False
    path = np.concatenate([tracks[number].path for number in chain.tracks])
    centre, height = path[:, :2, 0], np.exp(path[:, 2, 0])
    if np.ptp(centre, axis=0).max() > REACHES_HEIGHTS * float(np.median(height)):
        return False
    look, box = _moments(chain, tracks)
    liveliness = np.array([looks[a].liveliness[b] for a, b in zip(look, box, strict=True)])
    known = liveliness[np.isfinite(liveliness)]
    return len(known) >= len(liveliness) / 2 and float(np.percentile(known, 90)) < STIRS


def _person(chain: Chain, tracks: Sequence[Track], looks: Sequence[Look], film: Film) -> Person:
    frames = np.arange(len(film.time_s))
    boxes = np.full((len(frames), 4), np.nan)
    filled = np.zeros(len(frames), dtype=bool)
    score = np.full(len(frames), np.nan)
    for number in chain.tracks:
        track = tracks[number]
        at = np.array([looks[look].frame for look in track.look])
        inside = slice(int(at[0]), int(at[-1]) + 1)
        times = film.time_s[inside]
        path = np.stack([np.interp(times, film.time_s[at], track.path[:, part, 0]) for part in range(4)], axis=1)
        seen = np.array([looks[look].score[box] for look, box in zip(track.look, track.box, strict=True)])
        boxes[inside] = boxes_of(path)
        score[inside] = np.interp(times, film.time_s[at], seen)
        filled[inside] = _far_from(times, film.time_s[at])
        _extend(boxes, score, track, at, looks, film)
    _fill(boxes, filled, film.time_s)
    visible = clipped(boxes, width=film.width_px, height=film.height_px)
    known = np.isfinite(boxes[:, 0]) & (areas(visible) > LEAST_INSIDE * areas(boxes))
    look, box = _moments(chain, tracks)
    return Person(
        frames=frames[known],
        boxes_px=visible[known],
        is_filled=filled[known],
        score=np.nan_to_num(score[known], nan=0.0),
        look=look,
        box=box,
        joints=chain.joints,
    )


def _extend(boxes: Floats, score: Floats, track: Track, at: Indices, looks: Sequence[Look], film: Film) -> None:
    """Go on in place to the frames before and after that are nearer to the first and last look than to any without the person."""
    looked = np.array([look.frame for look in looks])
    before = int(looked[track.look[0] - 1]) if track.look[0] > 0 else -1
    after = int(looked[track.look[-1] + 1]) if track.look[-1] + 1 < len(looks) else len(film.time_s)
    if looks[track.look[0]].is_after_cut:
        before = int(at[0]) - 1
    if track.look[-1] + 1 < len(looks) and looks[track.look[-1] + 1].is_after_cut:
        after = int(at[-1]) + 1
    for near, first, last in (
        (0, (before + int(at[0])) // 2 + 1 if before >= 0 else 0, int(at[0])),
        (-1, int(at[-1]) + 1, (int(at[-1]) + after + 1) // 2 if after < len(film.time_s) else after),
    ):
        inside = np.arange(first, last)
        if len(inside):
            ahead_s = film.time_s[inside] - film.time_s[at[near]]
            boxes[inside] = boxes_of(track.path[near, :, 0] + ahead_s[:, None] * track.path[near, :, 1])
            score[inside] = looks[track.look[near]].score[track.box[near]]


def _far_from(times: Floats, seen: Floats) -> Mask:
    """Return which times lie in a gap between two moments that is longer than usual for this track."""
    if len(seen) < 2:
        return np.zeros(len(times), dtype=bool)
    gaps = np.diff(seen)
    after = np.clip(np.searchsorted(seen, times, side="right") - 1, 0, len(gaps) - 1)
    is_seen = np.isin(times, seen)
    return np.asarray((gaps[after] > 2.5 * float(np.median(gaps))) & ~is_seen)


def _fill(boxes: Floats, filled: Mask, time_s: Floats) -> None:
    """Fill gaps of up to `GAP_S` in a straight line, in place."""
    known = np.flatnonzero(np.isfinite(boxes[:, 0]))
    for before, after in pairwise(known):
        if after - before < 2 or time_s[after] - time_s[before] > GAP_S:
            continue
        inside = np.arange(before + 1, after)
        share = (time_s[inside] - time_s[before]) / (time_s[after] - time_s[before])
        boxes[inside] = boxes[before] + share[:, None] * (boxes[after] - boxes[before])
        filled[inside] = True

"""Who leaves and comes back: identities against labels, fewer pictures a second, and clips joined so that the truth is known."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from kinesight.analyses.persons.geometry import Indices, Mask, overlaps
from kinesight.analyses.persons.observe import Footage, followed, linked, people_in
from kinesight.analyses.persons.people import Film
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.swaps import Parted
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats
from kinesight.testing.persons_exam import Boxes

MATCH = 0.5
"""Overlap of a found box with a labelled one from which they are the same."""

MIXED_S = 0.5
"""An id that is with two people for so long each is a false merge; less is a box that slips while two pass."""

AWAY_S = 2.0
"""Who is not labelled for so long was away or hidden, and comes back."""

CLEAR_VOTES, CLEAR_SHARE = 3, 0.85
"""A track is somebody's who is labelled there so often, and in this share of its labels."""

Labels = Mapping[int, Sequence[tuple[str, Floats]]]
"""Who is where, by frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistakes:
    """How identities went wrong: `merged` ids stand for two people, `extra` ids are more than one for somebody.

    `persons` were found, of `labelled` people; `returns` is how often somebody came back, `returns_kept` how often with the
    same id; `matched` is the share of the labelled boxes that were found.
    """

    labelled: int
    persons: int
    matched: float
    merged: int
    extra: int
    returns: int
    returns_kept: int


def labels_of(path: Path) -> dict[int, list[tuple[str, Floats]]]:
    """Return who is where in some frames, from rows of frame, person, left, top, right, bottom."""
    found: dict[int, list[tuple[str, Floats]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for frame, person, *box in csv.reader(file):
            found.setdefault(int(frame), []).append((person, np.array([float(side) for side in box])))
    return found


def mistakes(labels: Labels, found: Boxes, *, persons: int, label_s: float) -> Mistakes:
    """Return what went wrong with identities; labels are `label_s` apart."""
    seen: dict[str, list[tuple[int, int]]] = {}
    total = 0
    for frame, people in sorted(labels.items()):
        total += len(people)
        for person, one in _matched(people, found[frame]):
            seen.setdefault(person, []).append((frame, one))
    together: dict[tuple[int, str], int] = {}
    for person, moments in seen.items():
        for _, one in moments:
            together[one, person] = together.get((one, person), 0) + 1
    enough = [pair for pair, count in together.items() if count * label_s > MIXED_S]
    ids, names = [one for one, _ in enough], [person for _, person in enough]
    returns = [pair for moments in seen.values() for pair in _returns(moments, away=AWAY_S / label_s, step=_step(labels))]
    return Mistakes(
        labelled=len({person for people in labels.values() for person, _ in people}),
        persons=persons,
        matched=sum(len(moments) for moments in seen.values()) / total,
        merged=len(ids) - len(set(ids)),
        extra=len(names) - len(set(names)),
        returns=len(returns),
        returns_kept=sum(before == after for before, after in returns),
    )


def labelled(labels: Labels, found: Boxes) -> tuple[Boxes, Boxes]:
    """Return labels and what was found as boxes of the labelled frames only, people by number, for `persons_exam.scores`."""
    numbers = {name: number for number, name in enumerate(sorted({name for people in labels.values() for name, _ in people}))}
    frames = sorted(labels)
    return [[(numbers[name], box) for name, box in labels[frame]] for frame in frames], [found[frame] for frame in frames]


def _step(labels: Mapping[int, object]) -> int:
    return int(np.median(np.diff(sorted(labels))))


def _matched(people: Sequence[tuple[str, Floats]], found: Sequence[tuple[int, Floats]]) -> list[tuple[str, int]]:
    if not found or not people:
        return []
    overlap = overlaps(np.array([box for _, box in people]), np.array([box for _, box in found]))
    rows, columns = linear_sum_assignment(-overlap)
    return [(people[int(a)][0], found[int(b)][0]) for a, b in zip(rows, columns, strict=True) if overlap[a, b] >= MATCH]


def _returns(moments: Sequence[tuple[int, int]], *, away: float, step: int) -> list[tuple[int, int]]:
    """Return the ids before and after each time somebody was away."""
    return [(before, after) for (first, before), (last, after) in pairwise(moments) if (last - first) / step >= away]


def single_visits(footage: Footage, labels: Labels, *, films: int = 40, seed: int = 0) -> float:
    """Return how many false merges a film has in which everybody comes only once, as a mean over such films.

    Of each labelled person one visit is drawn and all the others are left out, so that whoever looks like somebody who was here
    before is a stranger: the case that a film in which people do come back shows seldom.
    """
    meetings = followed(footage.looks)
    names = [_name_of(track, footage.looks, labels) for track in meetings.tracks]
    visits = _visits(meetings.tracks, names, footage.looks)
    random, wrong = np.random.default_rng(seed), 0
    for _ in range(films):
        kept = sorted(number for one in visits.values() for number in one[int(random.integers(len(one)))])
        place = {number: row for row, number in enumerate(kept)}
        part = Parted(
            tracks=tuple(meetings.tracks[number] for number in kept),
            apart=frozenset((place[one], place[other]) for one, other in meetings.apart if {one, other} <= place.keys()),
        )
        chains = linked(part, footage.looks, footage.film)
        wrong += sum(len({names[kept[row]] for row in chain.tracks}) > 1 for chain in chains)
    return wrong / films


def _visits(tracks: Sequence[Track], names: Sequence[str | None], looks: Sequence[Look]) -> dict[str, list[list[int]]]:
    """Return the numbers of the tracks of each person, by visit."""
    visits: dict[str, list[list[int]]] = {}
    ended_s: dict[str, float] = {}
    for number in sorted(range(len(tracks)), key=lambda one: int(tracks[one].look[0])):
        name = names[number]
        if name is None:
            continue
        first_s, last_s = (looks[look].time_s for look in tracks[number].look[[0, -1]])
        if first_s - ended_s.get(name, -np.inf) >= AWAY_S:
            visits.setdefault(name, []).append([])
        visits[name][-1].append(number)
        ended_s[name] = max(last_s, ended_s.get(name, -np.inf))
    return visits


def _name_of(track: Track, looks: Sequence[Look], labels: Labels) -> str | None:
    """Return whose track it is; None where the labels do not say so clearly."""
    votes: dict[str, int] = {}
    for look, box in zip(track.look, track.box, strict=True):
        found = [(0, looks[look].xyxy_px[box])]
        for name, _ in _matched(labels.get(looks[look].frame, ()), found):
            votes[name] = votes.get(name, 0) + 1
    likest = max(votes, key=lambda name: votes[name], default=None)
    return likest if likest and votes[likest] >= max(CLEAR_VOTES, CLEAR_SHARE * sum(votes.values())) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Clips joined to one film: its looks, times, and of each frame the number of the clip (-1: an empty scene)."""

    looks: tuple[Look, ...]
    film: Film
    clip: Floats


def joined(footages: Sequence[Footage], *, gap_s: float) -> Joined:
    """Return the first 45 % of every clip, one after the other, then the last 45 % of each; an empty scene before each."""
    parts = [(number, one, 0.0, 0.45) for number, one in enumerate(footages)]
    parts += [(number, one, 0.55, 1.01) for number, one in enumerate(footages)]
    looks: list[Look] = []
    times: list[float] = []
    clip: list[int] = []
    for number, footage, first, last in parts:
        length_s = float(footage.film.time_s[-1])
        is_in = (footage.film.time_s >= first * length_s) & (footage.film.time_s < last * length_s)
        start_s = times[-1] + 0.04 if times else 0.0
        for at_s in np.arange(0.0, gap_s, 0.2):
            looks.append(_empty(footage.looks[0], frame=len(times), time_s=start_s + at_s, is_after_cut=at_s == 0.0))
            times.append(start_s + at_s)
            clip.append(-1)
        looks += _moved(footage, is_in, frame=len(times), time_s=start_s + gap_s)
        moved_s = footage.film.time_s[is_in] - footage.film.time_s[is_in][0]
        times += (moved_s + start_s + gap_s).tolist()
        clip += [number] * len(moved_s)
    film = Film(time_s=np.array(times), width_px=1000, height_px=1000)
    return Joined(looks=tuple(looks), film=film, clip=np.array(clip, dtype=np.float64))


def _moved(footage: Footage, is_in: Mask, *, frame: int, time_s: float) -> list[Look]:
    """Return the looks of a part of a clip as a new shot that begins at a frame and a time, 1000 px wide."""
    first = int(np.flatnonzero(is_in)[0])
    scale, begins_s = 1000.0 / footage.film.width_px, float(footage.film.time_s[first])
    kept = [look for look in footage.looks if is_in[look.frame]]
    return [
        replace(
            look,
            frame=look.frame - first + frame,
            time_s=look.time_s - begins_s + time_s,
            xyxy_px=look.xyxy_px * scale,
            shift_px=look.shift_px * scale,
            is_after_cut=look is kept[0] or look.is_after_cut,
        )
        for look in kept
    ]


def _empty(like: Look, *, frame: int, time_s: float, is_after_cut: bool) -> Look:
    return Look(
        frame=frame,
        time_s=time_s,
        xyxy_px=np.zeros((0, 4)),
        score=np.zeros(0),
        looks=np.zeros((0, like.looks.shape[1])),
        hidden=np.zeros(0),
        liveliness=np.zeros(0),
        shift_px=np.zeros(2),
        is_after_cut=is_after_cut,
    )


def across_clips(film: Joined) -> tuple[int, int, int]:
    """Return how many persons were found in joined clips, how many are said to be in two clips, how many came back rightly."""
    persons = people_in(film.looks, film.film)
    wrong = kept = 0
    for person in persons:
        clips = {int(one) for one in film.clip[person.frames] if one >= 0}
        wrong += len(clips) > 1
        kept += len(clips) == 1 and _is_in_both(film, person.frames, clips.pop())
    return len(persons), wrong, kept


def _is_in_both(film: Joined, frames: Indices, clip: int) -> bool:
    """Return whether frames lie in both parts of a clip."""
    own = np.flatnonzero(film.clip == clip)
    cut = int(own[np.argmax(np.diff(own))])
    inside = frames[np.isin(frames, own)]
    return bool((inside <= cut).any() and (inside > cut).any())

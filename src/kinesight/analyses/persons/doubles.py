"""Tracks that are nobody: of a part of somebody, a second one of somebody, or hardly seen. They go before persons are made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesight.analyses.persons.geometry import areas, shared_areas
from kinesight.analyses.persons.motion import boxes_of
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.tracking import Track
from kinesight.domain.video import Floats

INSIDE = 0.75
"""Share of the smaller box inside the larger one from which they may be one body."""

SAME_TOP = 0.2
"""Heads are at one level where the tops of two boxes differ by no more than this share of the smaller one's height."""

MOST_OF_LIFE = 0.7
"""Share of its time for which a track has to be inside another one to be a part of it; people who pass each other part again."""


FEWEST = 2
SUREST = 0.45
"""A track has at least so many looks, and its three surest have this mean score; fainter ones join strangers."""


def worth_linking(tracks: Sequence[Track], looks: Sequence[Look]) -> tuple[Track, ...]:
    """Return the tracks that may be somebody, or a stretch of somebody."""
    kept = []
    for track in tracks:
        score = np.sort([looks[look].score[box] for look, box in zip(track.look, track.box, strict=True)])
        if len(score) >= min(FEWEST, len(looks)) and score[-3:].mean() >= SUREST:
            kept.append(track)
    return without_doubles(kept, looks)


def without_doubles(tracks: Sequence[Track], looks: Sequence[Look]) -> tuple[Track, ...]:
    """Return the tracks without those that follow a part of somebody who has a better one."""
    times = np.array([look.time_s for look in looks])
    paths = [_path(track, times) for track in tracks]
    rank = sorted(range(len(tracks)), key=lambda number: (-_weight(tracks[number], looks), number))
    kept: list[int] = []
    for number in rank:
        own = tracks[number]
        beside = [other for other in kept if tracks[other].look[0] <= own.look[-1] and own.look[0] <= tracks[other].look[-1]]
        if not any(_is_part(paths[number], paths[other]) for other in beside):
            kept.append(number)
    return tuple(tracks[number] for number in sorted(kept))


def _weight(track: Track, looks: Sequence[Look]) -> float:
    """Return how good a track is: how often, how surely and how large somebody was seen."""
    seen = [(looks[look].score[box], looks[look].xyxy_px[box]) for look, box in zip(track.look, track.box, strict=True)]
    return float(sum(score * np.sqrt(max(box[3] - box[1], 1.0)) for score, box in seen))


def _path(track: Track, times: Floats) -> Floats:
    """Return the box of a track in every look from its first to its last, (looks, 4), NaN outside."""
    boxes = np.full((len(times), 4), np.nan)
    inside = slice(int(track.look[0]), int(track.look[-1]) + 1)
    values = [np.interp(times[inside], times[track.look], track.path[:, part, 0]) for part in range(4)]
    boxes[inside] = boxes_of(np.stack(values, axis=1))
    return boxes


def _is_part(path: Floats, other: Floats) -> bool:
    """Return whether one path is that of a part of the other, or of the same body, for most of its time."""
    both = np.isfinite(path[:, 0]) & np.isfinite(other[:, 0])
    own = int(np.isfinite(path[:, 0]).sum())
    if not own or both.sum() < MOST_OF_LIFE * own:
        return False
    one, two = path[both], other[both]
    shared = np.diagonal(shared_areas(one, two))
    inside = shared / np.maximum(np.minimum(areas(one), areas(two)), 1e-9)
    smaller = np.minimum(one[:, 3] - one[:, 1], two[:, 3] - two[:, 1])
    same_top = np.abs(one[:, 1] - two[:, 1]) <= SAME_TOP * smaller
    return float(((inside >= INSIDE) & same_top).sum()) >= MOST_OF_LIFE * own

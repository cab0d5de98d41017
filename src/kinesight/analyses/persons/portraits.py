"""Which moments show a person best: head and shoulders, sharp, frontal, large, and not hidden."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kinesight.analyses.persons.faces import Heads
from kinesight.analyses.persons.geometry import clipped
from kinesight.analyses.persons.observations import Portrait
from kinesight.analyses.persons.people import Film, Person
from kinesight.analyses.persons.sightings import Look
from kinesight.domain.video import Floats

KEPT = 3
"""Portraits of one person, the best first: after a split each part still has one, unless it is short."""

APART_S = 1.0
"""Portraits of one person are at least so far apart, so that they show different moments."""

ENOUGH_PX = 96.0
"""Height of a head above which more pixels make no better portrait."""

LEAST_PX = 160.0
"""Height of the picture of a person; where head and shoulders are smaller, more of the person is shown."""


def portraits_of(person: Person, heads: Heads, looks: Sequence[Look], film: Film) -> tuple[Portrait, ...]:
    """Return the best moments of a person, the best first; at least one."""
    moments = _moments(person, heads, looks)
    kept: list[Portrait] = []
    for quality, frame, head, body in sorted(moments, key=lambda one: (-one[0], one[1])):
        apart = [abs(float(film.time_s[frame] - film.time_s[other.frame])) for other in kept]
        if all(gap >= APART_S for gap in apart):
            kept.append(Portrait(frame=frame, box_px=head_and_shoulders(head, body, film), quality=round(quality, 4)))
        if len(kept) == KEPT:
            break
    return tuple(kept)


def head_and_shoulders(head: Floats, body: Floats, film: Film) -> Floats:
    """Return what a picture of a person shows, (4,), inside the film's picture; four wide to five high where there is room."""
    size = head[3] - head[1]
    height = min(max(2.0 * size, LEAST_PX), film.height_px)
    # a small person in a large picture: rather the whole body than nothing but surroundings
    height = min(height, max(2.0 * size, 1.15 * (body[3] - body[1])))
    width = min(0.8 * height, film.width_px)
    left = np.clip((head[0] + head[2]) / 2 - width / 2, 0.0, film.width_px - width)
    top = np.clip(head[1] - 0.35 * size, 0.0, film.height_px - height)
    box = np.array([[left, top, left + width, top + height]])
    return np.asarray(clipped(np.round(box, 1), width=film.width_px, height=film.height_px)[0])


def _moments(person: Person, heads: Heads, looks: Sequence[Look]) -> list[tuple[float, int, Floats, Floats]]:
    """Return quality, frame, head and body of every moment that was looked at."""
    portrait = {face.look: face.portrait for face in heads.faces}
    rows = np.searchsorted(person.frames, [looks[look].frame for look in person.look])
    found = []
    for look, box, row in zip(person.look, person.box, rows, strict=True):
        head, body = heads.boxes_px[row], person.boxes_px[row]
        seen = looks[look]
        size = min(1.0, float(head[3] - head[1]) / ENOUGH_PX)
        free = 1.0 - 0.9 * float(seen.hidden[box])
        # somebody seen from behind is shown by the body, but any face is better
        face = 0.15 * float(seen.score[box]) + portrait.get(int(look), 0.0)
        found.append((size**0.5 * free * face, int(seen.frame), head, body))
    return found

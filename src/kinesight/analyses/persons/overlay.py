"""The overlay of a persons analysis: everybody's box, head and number, in a colour of their own."""

from __future__ import annotations

import colorsys

import numpy as np

from kinesight.analyses.persons.observations import Observations, Presence
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.result import PersonsResult
from kinesight.domain.analysis import Findings, Moment
from kinesight.domain.ports import Canvas, Colour
from kinesight.domain.video import Floats

_GOLDEN = 0.618_033_988_75
"""Steps of this share of the colour circle keep neighbouring numbers apart, however many there are."""

_DARK: Colour = (20, 22, 28)


def colour_of(obj_id: int) -> Colour:
    """Return the colour of a person; the same number has the same colour in every video."""
    red, green, blue = colorsys.hsv_to_rgb((0.58 + obj_id * _GOLDEN) % 1.0, 0.62, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)


class PersonsOverlay:
    """Draws boxes with numbers; fulfils the `Overlay` protocol.

    Parameters
    ----------
    observations
        Who is where.
    """

    def __init__(self, observations: Observations) -> None:
        self._seen = observations
        self.moments: tuple[Moment, ...] = ()
        self.thumbnail_s: float = _fullest_s(observations)

    def draw(self, canvas: Canvas, *, time_s: float) -> None:
        """Draw everybody who is in the picture at this moment."""
        width, height = canvas.size_px
        scale = np.array([width / self._seen.width_px, height / self._seen.height_px])
        frame = int(np.argmin(np.abs(self._seen.time_s - time_s)))
        line_px = max(1.5, min(width, height) / 320)
        for person in self._seen.persons:
            row = frame - person.first_frame
            if 0 <= row < len(person.score) and np.isfinite(person.boxes_px[row, 0]):
                _draw_person(canvas, person, row, scale=np.tile(scale, 2), line_px=line_px)


def overlay(
    observations: Observations,
    findings: Findings[PersonsResult] | None,  # noqa: ARG001 - every analysis has it
    parameters: PersonsParameters,  # noqa: ARG001
) -> PersonsOverlay:
    """Return the overlay of an analysis."""
    return PersonsOverlay(observations)


def _draw_person(canvas: Canvas, person: Presence, row: int, *, scale: Floats, line_px: float) -> None:
    colour = colour_of(person.obj_id)
    is_seen = person.head_source[row] != "filled" or person.score[row] > 0
    _frame(canvas, person.boxes_px[row] * scale, colour=colour, width_px=line_px, opacity=0.95 if is_seen else 0.5)
    if np.isfinite(person.heads_px[row, 0]):
        _frame(canvas, person.heads_px[row] * scale, colour=colour, width_px=line_px * 0.6, opacity=0.6)
    label = str(person.obj_id) if person.name is None else f"{person.obj_id} {person.name}"
    size = max(12.0, 8.0 * line_px)
    left, top = (float(side) for side in (person.boxes_px[row] * scale)[:2])
    middle = top - 0.6 * size if top > 1.2 * size else top + 0.6 * size
    canvas.panel(
        (left, middle - 0.6 * size),
        width_px=canvas.text_width_px(label, size_px=size) + 0.7 * size,
        height_px=1.2 * size,
        colour=colour,
        opacity=0.9,
    )
    canvas.text((left + 0.35 * size, middle), label, size_px=size, colour=_DARK)


def _frame(canvas: Canvas, box: Floats, *, colour: Colour, width_px: float, opacity: float) -> None:
    left, top, right, bottom = (float(side) for side in box)
    corners = ((left, top), (right, top), (right, bottom), (left, bottom))
    for start, end in zip(corners, (*corners[1:], corners[0]), strict=True):
        canvas.line(start, end, colour=colour, width_px=width_px, opacity=opacity)


def _fullest_s(observations: Observations) -> float:
    """Return the moment with the most people, then the largest; the middle of the video if there is nobody."""
    size = np.zeros((len(observations.time_s), 2))
    for person in observations.persons:
        rows = np.flatnonzero(person.is_there)
        boxes = person.boxes_px[rows]
        size[rows + person.first_frame, 0] += 1
        size[rows + person.first_frame, 1] += np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    if not size.any():
        return float(observations.time_s[len(observations.time_s) // 2])
    best = np.lexsort((-size[:, 1], -size[:, 0]))[0]
    return float(observations.time_s[best])

"""What is known about one surveillance camera: where and when it guards, and what it has shown before."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kinesight.domain.document import Document

Share = Annotated[float, Field(ge=0.0, le=1.0)]
"""A position as a share of the picture's width or height, from the top left, so that it fits every resolution."""

Corner = tuple[Share, Share]
"""x and y."""


class Area(Document):
    """A polygon in the picture with a name that appears in explanations."""

    name: str = Field(min_length=1, max_length=80)
    corners: tuple[Corner, ...] = Field(min_length=3, max_length=64)


class Direction(StrEnum):
    """Which way across a line counts, looking from its start to its end."""

    ANY = "any"
    TO_THE_LEFT = "to_the_left"
    TO_THE_RIGHT = "to_the_right"


class Line(Document):
    """A line that somebody may have to cross before it counts."""

    name: str = Field(min_length=1, max_length=80)
    start: Corner
    end: Corner
    direction: Direction = Direction.ANY


class SightRules(Document):
    """Where in the picture of a camera something counts.

    With `zones` only what happens inside one of them can be an intrusion; without, the whole picture is guarded. What lies in a
    mask is not looked at. With `lines`, an object must cross one of them. `minimum_dwell_s` is how long an object must be inside.
    """

    zones: tuple[Area, ...] = Field(default=(), max_length=32)
    masks: tuple[Area, ...] = Field(default=(), max_length=32)
    lines: tuple[Line, ...] = Field(default=(), max_length=32)
    minimum_dwell_s: float = Field(default=0.0, ge=0.0, le=60.0)


class CameraRules(SightRules):
    """How one clip of a camera is judged.

    `is_armed` is what the schedule said when the clip was accepted; unarmed, nothing is an intrusion, but everything is named.
    """

    is_armed: bool = True


class Light(StrEnum):
    """How the picture is lit; memories of one kind say nothing about the other."""

    DAY = "day"
    INFRARED = "infrared"


class ParkedObject(Document):
    """Something that stood still through a whole clip. `box` is left, top, right, bottom as shares of the picture."""

    label: str
    box: tuple[Share, Share, Share, Share]


class Scene(Document):
    """What a clip left behind of its camera's view, small enough to go into a row.

    `background` is the median picture in grey, row by row, `width` x `height`, base64 of one byte per cell.
    `age_s` is how long before the clip that is judged it was seen; 0 in a result.
    """

    light: Light
    width: int = Field(ge=8, le=160)
    height: int = Field(ge=8, le=160)
    background: str = Field(max_length=40_000)
    parked: tuple[ParkedObject, ...] = Field(default=(), max_length=64)
    age_s: float = Field(default=0.0, ge=0.0)

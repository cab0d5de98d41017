"""The result of a persons analysis."""

from __future__ import annotations

from kinesight.domain.document import Document


class Range(Document):
    """A stretch in which a person is in the picture, first and last frame included; frames count from 0."""

    first_s: float
    last_s: float
    first_frame: int
    last_frame: int


class Link(Document):
    """Why two appearances are one person. `evidence` is the natural logarithm of the odds; null where somebody said so."""

    from_s: float
    to_s: float
    why: str
    evidence: float | None = None


class PersonFound(Document):
    """One person. `confidence` 0..1: how sure it is that this is one; `head_visible`: the share of the time with a seen face."""

    obj_id: int
    name: str | None = None
    confidence: float
    ranges: tuple[Range, ...]
    preview: str | None = None
    preview_s: float | None = None
    head_visible: float
    links: tuple[Link, ...] = ()


class Correction(Document):
    """One change that somebody made to the persons, in the words of the command line."""

    action: str
    detail: str


class PersonsResult(Document):
    """Who is in a video, and when. `cuts_s` are the first moments of new shots; `corrections` were made by hand."""

    detected_objects: int
    persons: tuple[PersonFound, ...]
    cuts_s: tuple[float, ...] = ()
    corrections: tuple[Correction, ...] = ()

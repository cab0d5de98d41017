"""Where everybody and their heads are in every frame, and heads.json, in which it is kept for correcting and for head tasks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kinesight.analyses.persons.geometry import Mask
from kinesight.analyses.persons.result import Correction, Link
from kinesight.domain.document import Notice, UsedModel
from kinesight.domain.video import Floats, VideoInfo

HEADS_SCHEMA = "kinesight.heads/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait:
    """The moment at which a person is shown best: `frame`, and the head and shoulders there, (4,) pixels of the source."""

    frame: int
    box_px: Floats
    quality: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """One person over consecutive frames from `first_frame`; frames without the person hold NaN.

    `boxes_px` and `heads_px` (frames, 4) are left, top, right, bottom in pixels of the upright source; `head_source` (frames,)
    says whether a face ("face") or a pose ("pose") was seen there, or the head follows from the body ("body") or from the moments
    around ("filled"); `score` (frames,) 0..1, 0 where the person is not seen.
    """

    obj_id: int
    first_frame: int
    boxes_px: Floats
    heads_px: Floats
    head_source: tuple[str | None, ...]
    score: Floats
    confidence: float
    name: str | None = None
    portraits: tuple[Portrait, ...] = ()
    links: tuple[Link, ...] = ()

    def __post_init__(self) -> None:
        frames = len(self.score)
        if self.boxes_px.shape != (frames, 4) or self.heads_px.shape != (frames, 4) or len(self.head_source) != frames:
            raise ValueError(f"person {self.obj_id}: {frames} scores do not fit boxes {self.boxes_px.shape} and heads")

    @property
    def is_there(self) -> Mask:
        """Return in which of the frames the person is in the picture."""
        return np.asarray(np.isfinite(self.boxes_px[:, 0]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """Everybody in a video, `obj_id` rising; what it was made with and from; what was corrected by hand since."""

    video_sha256: str
    width_px: int
    height_px: int
    time_s: Floats
    persons: tuple[Presence, ...]
    cuts_s: tuple[float, ...] = ()
    models: tuple[UsedModel, ...] = ()
    video: VideoInfo | None = None
    notices: tuple[Notice, ...] = ()
    history: tuple[Correction, ...] = field(default=())

    def person(self, obj_id: int) -> Presence | None:
        """Return the person with this id, None if there is none."""
        return next((person for person in self.persons if person.obj_id == obj_id), None)


def used_models(observations: Observations) -> tuple[UsedModel, ...]:
    """Return the models that the observations were made with."""
    return observations.models

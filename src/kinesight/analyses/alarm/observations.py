"""What observing a clip leaves: small enough to keep, enough to judge the clip again under other rules without pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from kinesight.domain.cameras import Scene
from kinesight.domain.document import Document, UsedModel
from kinesight.domain.errors import BadObservations
from kinesight.domain.video import VideoInfo

SCHEMA = "kinesight.alarm/1"

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom in pixels of the video."""


class Mover(Document):
    """Something that changed the picture and was followed. Lists run over its sights, thinned out to some forty.

    `filled` is the share of its box that changed; `strength` the mean change in noise units; `newness` how much of the structure
    in the box was not there before: near 0 for mere light, near 1 for a body; `clearness` how far it stands out of the noise as a
    whole: its upper quartile of strength, less where only few pixels of the working size speak for it.
    """

    time_s: tuple[float, ...] = Field(min_length=1, max_length=400)
    box_px: tuple[Corners, ...] = Field(min_length=1, max_length=400)
    filled: tuple[float, ...]
    strength: tuple[float, ...]
    newness: float
    clearness: float
    sights: int


class Detection(Document):
    """An object that the detector named in one look.

    `changed` is the share of its box that differs from what stands still; `flicker` the median noise there in grey levels;
    `mover` the number of the mover that it is, if any.
    """

    time_s: float
    label: str
    score: float
    box_px: Corners
    changed: float
    flicker: float = 0.0
    mover: int | None = None


class Look(Document):
    """One run of the detector: when, at which part of the picture, and the movers that were in it large enough to be named."""

    time_s: float
    region_px: Corners
    movers: tuple[int, ...] = ()


class Trouble(Document):
    """Why a clip could not be judged completely. `code` is the `error_code` of the result."""

    code: int
    message: str


class Observations(Document):
    """One observed clip; `analyse` is a pure function of it.

    `features` are the named numbers of the whole clip, on which the scores of harmless causes rest.
    """

    schema_: str = Field(default=SCHEMA, alias="schema")
    video: VideoInfo
    decoded: int
    duration_s: float
    models: tuple[UsedModel, ...] = ()
    movers: tuple[Mover, ...] = Field(default=(), max_length=64)
    detections: tuple[Detection, ...] = Field(default=(), max_length=512)
    looks: tuple[Look, ...] = Field(default=(), max_length=64)
    features: dict[str, float | None] = Field(default_factory=dict)
    text_changes: float = 0.0
    scene: Scene
    trouble: Trouble | None = None


def store(observations: Observations) -> dict[str, Any]:
    """Return the observations as a JSON-ready document."""
    return observations.model_dump(mode="json", by_alias=True)


def restore(document: Mapping[str, Any]) -> Observations:
    """Return the observations that a document holds. Raises `BadObservations`."""
    try:
        observations = Observations.model_validate(document)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "document"
        raise BadObservations(f"Not stored observations of an alarm clip: {where}: {first['msg']}.") from error
    if observations.schema_ != SCHEMA:
        raise BadObservations(f"The stored observations are of schema {observations.schema_!r}; expected {SCHEMA!r}.")
    for mover in observations.movers:
        if not len(mover.time_s) == len(mover.box_px) == len(mover.filled) == len(mover.strength):
            raise BadObservations("Not stored observations of an alarm clip: the lists of a mover differ in length.")
    return observations


def used_models(observations: Observations) -> tuple[UsedModel, ...]:
    """Return the models that took part."""
    return observations.models

"""The envelope that every result shares: schema, provenance, video facts, warnings."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from kinesight.domain.video import VideoInfo

RESULT_SCHEMA = "kinesight.result/1"
POSES_SCHEMA = "kinesight.poses/1"


class Document(BaseModel):
    """Base of every document that leaves the program: frozen, no unknown fields, unknown numbers are null."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", populate_by_name=True)


class Notice(Document):
    """Something the reader must know to trust the result rightly."""

    code: str
    message: str


class UsedModel(Document):
    """A model that took part in the result."""

    task: str
    name: str
    sha256: str


class MadeBy(Document):
    """Where a result comes from, enough to make it again."""

    kinesight: str
    models: tuple[UsedModel, ...] = ()
    parameters: dict[str, Any] = Field(default_factory=dict)


class ResultDocument(Document):
    """result.json: the envelope around one analysis' result."""

    schema_: str = Field(default=RESULT_SCHEMA, alias="schema")
    analysis: str
    made_by: MadeBy
    video: VideoInfo | None
    warnings: tuple[Notice, ...] = ()
    result: dict[str, Any]


class Estimate(Document):
    """A measured number with its error.

    `spread` is the median absolute deviation over strides, `n` the number of strides or frames it rests on, `confidence` 0..1.
    `error` is the half-width around the value in which the true one lies in at least nine of ten cases; null where that is not
    known.
    """

    value: float | None = None
    spread: float | None = None
    n: int = 0
    confidence: float = 0.0
    error: float | None = None

"""Bodies and answers of the gaard-compatible API, field for field as the vendor names them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Word = Annotated[str, Field(min_length=1, max_length=200)]
Status = Literal["accepted", "processing", "done", "failed"]

STANDARD_LABELS = (
    "animal",
    "flag",
    "person",
    "plant",
    "rain",
    "spider",
    "text",
    "vehicule",
    "web",
    "wind",
    "EMPTY",
    "FIX",
    "N/A",
)
"""The labels that every tenant has, in the vendor's order; they are not the names of the scores."""


class Accepted(BaseModel):
    """The answer to an accepted clip."""

    id: str = Field(examples=["66f0a1b2c3d4e5f607182930"])
    accepted_at: str


class Refused(BaseModel):
    """Body of every error answer."""

    success: Literal[False] = False
    error: str


class TimedOut(Refused):
    """The answer to a call that waited in vain; the result is read by the id later."""

    id: str


class Statuses(BaseModel):
    """How far the verdict and the drawn video are."""

    classify: Status
    video: Status


class Video(BaseModel):
    """The clip; `specs` has flat keys, some with a dot in them, and is empty before the end."""

    videoname: str
    filesize: int | None
    specs: dict[str, float | int | None]


class Classification(BaseModel):
    """One clip and what it shows; `risk` is empty before the end."""

    model_config = ConfigDict(populate_by_name=True)

    id: str
    status: Statuses
    parent_id: str
    parentId: str  # noqa: N815  # the vendor's name
    camera_id: str
    cameraId: str  # noqa: N815
    analyse_id: int | None
    tenant: str
    duration: int = Field(description="Microseconds.")
    duration_seconds: int
    model: str
    version: str
    error_code: int
    error_msg: str
    risk: Literal["", "safe", "danger", "intrusion"]
    labels: list[str]
    scores: dict[str, float]
    video: Video
    timing: dict[str, float] = Field(description="Milliseconds.")
    metadata: dict[str, Any]
    created_at: str
    started_at: str | None


class LabelFields(BaseModel):
    """What an operator says about a clip; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    labels: list[Word] = Field(max_length=64)
    comment: str = Field(default="", max_length=4000)


class FlowLabelFields(LabelFields):
    """The same with the clip in the body: its `id`, or the name it was sent under."""

    id: str | None = Field(default=None, max_length=64)
    videoName: str | None = Field(default=None, max_length=255)  # noqa: N815


class LabelEntry(BaseModel):
    """What is kept of an operator's words."""

    id: str
    analyseId: int | None  # noqa: N815
    videoName: str | None  # noqa: N815
    labels: list[str]
    createdAt: str  # noqa: N815
    userId: str  # noqa: N815
    backup: bool
    version: str
    comment: str


class Labelled(BaseModel):
    """The answer of the label call."""

    success: Literal[True] = True
    data: LabelEntry


class CustomLabelFields(BaseModel):
    """One label of a tenant's own; `label` is how it is shown."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    value: Word
    label: Annotated[str, Field(max_length=200)] | None = None


class CustomLabels(BaseModel):
    """A tenant's own labels."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    labels: list[CustomLabelFields] = Field(max_length=1000)


class Success(BaseModel):
    """It was done."""

    success: Literal[True] = True


class LabelChoice(BaseModel):
    """The labels that an operator can choose from."""

    standard: list[str]
    custom: list[str]

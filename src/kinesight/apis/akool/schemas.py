"""Bodies and answers of the Akool-compatible API, field for field as the vendor names them; `kinesight` holds what is ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kinesight.domain.heads import Style

MODEL = "akool-premium"
"""The one model name of the contract."""

Status = Literal[1, 2, 3, 4]
ObjId = Annotated[int, Field(ge=0, le=100_000)]
Url = Annotated[str, Field(min_length=1, max_length=4096)]


class Asked(BaseModel):
    """Base of request bodies; unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class TokenFields(Asked):
    """Client id and API key, which is the vendor's `clientSecret`."""

    clientId: str = Field(max_length=200)  # noqa: N815  # the vendor's name
    clientSecret: str = Field(max_length=1000)  # noqa: N815


class AnalyzeFields(Asked):
    """The video whose persons are wanted."""

    video_url: Url
    type: Literal["head"]


class Mapping(Asked):
    """One person and the picture of the face that he gets."""

    obj_id: ObjId
    img_url: Url


class OurFields(Asked):
    """What this server can do besides; no field of the vendor's."""

    mode: Literal["replace", "anonymize"] = "replace"
    keep: tuple[ObjId, ...] = Field(default=(), max_length=1000)
    only: tuple[ObjId, ...] | None = Field(default=None, max_length=1000)
    style: Style = "blur"
    visible_mark: bool = True


class TaskFields(Asked):
    """A head task; `consent` and `kinesight` are no fields of the vendor's."""

    video_url: Url
    mappings: tuple[Mapping, ...] | None = None
    model_name: str = Field(max_length=200)
    resolution: Literal["480p", "720p", "source"]
    keep_original_sound: bool | None = None
    webhookUrl: str | None = Field(default=None, max_length=4096)  # noqa: N815
    template_id: str | None = Field(default=None, max_length=200)
    consent: str | None = Field(default=None, max_length=2000)
    kinesight: OurFields = OurFields()


class AkoolToken(BaseModel):
    """The answer of getToken, which has neither `msg` nor `data`."""

    code: Literal[1000] = 1000
    token: str


class AkoolRefused(BaseModel):
    """Body of every error answer; HTTP status 200 as well."""

    code: int = Field(examples=[1003])
    msg: str


class AkoolMedia(BaseModel):
    """One person's picture."""

    media_type: Literal["images"] = "images"
    obj_id: int
    img_url: str


class AkoolVideoInfo(BaseModel):
    """Facts of the video."""

    width: int
    height: int
    fps: float | None = None
    frame_count: int | None = None


class AkoolFileLink(BaseModel):
    """One file besides the contract."""

    name: str
    url: str


class AkoolPersonEvidence(BaseModel):
    """What is known of a person besides the picture."""

    obj_id: int
    name: str | None
    confidence: float
    head_visible: float
    ranges: list[dict[str, float]]


class AkoolAnalysisEvidence(BaseModel):
    """Ours: when everybody is there and how sure it is, the files of the analysis."""

    persons: list[AkoolPersonEvidence]
    files: list[AkoolFileLink]


class AkoolAnalysisResult(BaseModel):
    """Who is in the video."""

    detected_objects: int
    media: list[AkoolMedia]
    video_info: AkoolVideoInfo | None = None
    kinesight: AkoolAnalysisEvidence


class AkoolAnalysis(BaseModel):
    """One analysis. What is None in this model is absent on the wire."""

    id: str = Field(alias="_id", examples=["6a10b2c3d4e5f60718293a4b"])
    create_time: int = Field(description="Milliseconds since the epoch.")
    uid: int
    team_id: str
    video_url: str
    type: Literal["head"] = "head"
    status: Status
    task_id: str
    progress: int
    analysis_result: AkoolAnalysisResult | None = None
    error_reason: str | None = None
    error_code: int | None = None


class AkoolCreatedTask(BaseModel):
    """A task as it was accepted."""

    id: str = Field(alias="_id")
    create_time: int
    uid: int
    team_id: str
    video_duration: float | None
    task_id: str
    resolution: str
    status: Status
    deduction_lock_duration: int
    model_name: str
    file_name: str
    video_url: None


class AkoolTaskEvidence(BaseModel):
    """Ours: what was done to whom, what can still be seen, and the files of the task."""

    result: dict[str, Any]
    files: list[AkoolFileLink]


class AkoolTask(BaseModel):
    """A task in whatever state it is; `error_reason` and `error_code` are absent unless it failed."""

    id: str = Field(alias="_id")
    uid: int
    team_id: str
    source_video_url: str
    create_time: int
    status: Status
    video_duration: float | None
    resolution: str
    deduction_duration: int
    video_url: str | None
    progress: int
    priority: int
    task_id: str
    error_reason: str | None = None
    error_code: int | None = None
    file_name: str
    model_name: str
    kinesight: AkoolTaskEvidence | None = None


class AkoolAnalysisAnswer(BaseModel):
    """The envelope with an analysis."""

    code: Literal[1000] = 1000
    msg: str
    data: AkoolAnalysis


class AkoolCreatedAnswer(BaseModel):
    """The envelope with an accepted task."""

    code: Literal[1000] = 1000
    msg: str
    data: AkoolCreatedTask


class AkoolTaskAnswer(BaseModel):
    """The envelope with a task."""

    code: Literal[1000] = 1000
    msg: str
    data: AkoolTask

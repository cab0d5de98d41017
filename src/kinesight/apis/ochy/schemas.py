"""Forms and answers of the Ochy-compatible API, field for field as the vendor names them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool

Language = Literal["en", "fr", "de", "zh", "ko", "pt", "es", "it", "ja"]
Height = Annotated[float, Field(allow_inf_nan=False, description="Metres; over 3 it is taken as centimetres.")]
Weight = Annotated[float, Field(allow_inf_nan=False, description="Kilograms.")]
Status = Literal["pending", "analyzing", "success", "failed"]
AnalysisType = Literal["side_view", "back_view"]


class StartForm(BaseModel):
    """Text fields of `POST /analysis/start`; unknown ones are ignored, as the vendor's framework does."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    analysis_type: AnalysisType = "side_view"
    subject_id: str | None = Field(default=None, max_length=200)
    height: Height = 1.7
    weight: Weight = 70.0
    pace: str | None = Field(default=None, pattern=r"^[0-9]{2}:[0-9]{2}$", description="Belt pace, MM:SS a kilometre.")
    language: Language = "en"
    treadmill: bool = False
    full_body: bool = True
    notify_via_webhook: bool = False


class Started(BaseModel):
    """The answer to an accepted clip."""

    message: str = Field(examples=["Analysis started for ID: 0190a6f4-5c1e-7d4e-9d31-0c9b4f6f0a11"])
    video_id: str


class Waiting(BaseModel):
    """An analysis that has no result yet."""

    video_id: str
    status: Literal["pending", "analyzing"]
    percentage: int


class Succeeded(BaseModel):
    """An analysis with its result; links expire and are new at each read."""

    video_id: str
    status: Literal["success"]
    percentage: int
    thumbnail: str | None
    output_video: str | None
    biomechanical_analysis: dict[str, Any]


class Why(BaseModel):
    """Why an analysis failed; not in the vendor's contract, but what a client needs to tell its user."""

    code: str
    message: str


class Failed(BaseModel):
    """An analysis that will have no result."""

    video_id: str
    status: Literal["failed"]
    error: Why


class Listed(BaseModel):
    """One analysis in a list."""

    video_id: str
    status: Status
    percentage: int
    analysis_type: AnalysisType | None
    subject_id: str | None
    created_at: str


class AnalysisList(BaseModel):
    """One page of analyses, newest first; `next_cursor` is null on the last."""

    analyses: tuple[Listed, ...]
    next_cursor: str | None


class SubjectFields(BaseModel):
    """What may be written of a subject; everything is optional, unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    email: str | None = Field(default=None, max_length=320)
    name: str | None = Field(default=None, max_length=200)
    height: Height | None = None
    weight: Weight | None = None


class CreatedSubject(BaseModel):
    """The answer to a new subject."""

    subject_id: str
    created_at: str


class SubjectView(BaseModel):
    """One subject."""

    id: str
    email: str | None
    name: str | None
    height: float | None
    weight: float | None
    created_at: str


class SubjectList(BaseModel):
    """One page of subjects, newest first; `next_cursor` is null on the last."""

    subjects: tuple[SubjectView, ...]
    next_cursor: str | None


class Message(BaseModel):
    """What was done, in words."""

    message: str


class WebhookFields(BaseModel):
    """Where events go, and whether any do."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    url: str = Field(min_length=1, max_length=2048, examples=["https://app.example.com/ochy-events"])
    enabled: StrictBool


class WebhookView(BaseModel):
    """The configuration; `secret` is what receivers check signatures with."""

    url: str
    enabled: bool
    updated_at: str
    secret: str


class WebhookTest(BaseModel):
    """What came of a test event; `status_code` is null where no answer came, `error` says why."""

    delivered: bool
    status_code: int | None
    latency_ms: int | None
    error: str | None

"""Forms and answers of the Ochy-compatible API, field for field as the vendor names them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Language = Literal["en", "fr", "de", "zh", "ko", "pt", "es", "it", "ja"]


class StartForm(BaseModel):
    """Text fields of `POST /analysis/start`; unknown ones are ignored, as the vendor's framework does."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    analysis_type: Literal["side_view", "back_view"] = "side_view"
    subject_id: str | None = Field(default=None, max_length=200)
    height: float = Field(default=1.7, allow_inf_nan=False, description="Metres; over 3 it is taken as centimetres.")
    weight: float = Field(default=70.0, allow_inf_nan=False, description="Kilograms.")
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

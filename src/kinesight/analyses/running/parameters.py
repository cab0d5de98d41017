"""What a caller can choose about a running analysis."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kinesight.analyses.running.profile import load_profile
from kinesight.domain.errors import BadParameter

Language = Literal["en", "fr", "de", "zh", "ko", "pt", "es", "it", "ja"]


class RunningParameters(BaseModel):
    """Choices for one running analysis; defaults suit a side view of an adult filmed overground."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    view: Literal["side", "back", "auto"] = "auto"
    height_m: float | None = Field(default=None, gt=0.5, lt=2.6)
    weight_kg: float | None = Field(default=None, gt=10, lt=350)
    sex: Literal["female", "male"] | None = None
    """Which published means a profile compares with; None: only those that hold for both."""
    treadmill: bool | None = None
    """None: found from the clip."""
    pace_s_per_km: float | None = Field(default=None, gt=60, lt=3600)
    """Belt pace; turns treadmill timings into metres."""
    incline_percent: float | None = Field(default=None, ge=-40, le=40)
    """How much the belt or the ground rises ahead, as its display or a map says; None: taken as level."""
    instant: Literal["full_contact", "initial_contact"] = "full_contact"
    language: Language = "en"
    person: int | None = Field(default=None, ge=0)
    """Which person, counted by first appearance from 0; None: the largest, longest, most runner-like one."""
    pose_model: Literal["heavy", "full", "onnx"] = "heavy"
    full_body: bool = True
    """False: of a back view, pronation alone."""
    profile: str = "ochy-side/1"
    """Name and version of what a side view is judged by: ranges, weights, norms."""
    back_profile: str = "ochy-back/1"
    """What a back view is judged by."""
    minimum_fps: float = Field(default=24.0, gt=0)
    slow_motion: float | None = Field(default=None, ge=1.0, le=40.0)
    """How many times slower the clip plays than the runner ran; None: found from the clip, 1: as fast."""

    @field_validator("profile")
    @classmethod
    def _profile_exists(cls, name: str) -> str:
        try:
            return load_profile(name).name
        except BadParameter as error:
            raise ValueError(error.message.rstrip(".")) from error

    @model_validator(mode="after")
    def _pace_needs_a_treadmill(self) -> RunningParameters:
        if self.pace_s_per_km is not None and self.treadmill is False:
            raise ValueError("pace is the belt's; it needs treadmill")
        return self

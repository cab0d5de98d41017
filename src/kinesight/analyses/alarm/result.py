"""The published result of one alarm clip."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from kinesight.domain.cameras import Scene
from kinesight.domain.document import Document

SCORE_NAMES = (
    "NOTHING",
    "animal",
    "flag",
    "intrusion",
    "other",
    "person",
    "plant",
    "rain",
    "spider",
    "text",
    "vehicule",
    "web",
    "wind",
)
"""The 13 scores in the spelling of the compatible API; independent of each other, each 0..1."""

NUISANCES = ("NOTHING", "flag", "other", "plant", "rain", "spider", "text", "web", "wind")
"""Scores that name a harmless cause."""

Risk = Literal["safe", "danger", "intrusion"]
Box = tuple[float, float, float, float]


class Thresholds(Document):
    """The thresholds that were applied to `scores.intrusion`."""

    low: float
    high: float


class Evidence(Document):
    """One thing that speaks for a label: where, when, and why it counts. `box_px` is left, top, width, height."""

    label: str
    score: float
    time_s: float
    box_px: Box | None = None
    track: int | None = None
    why: str


class TrackSummary(Document):
    """One thing that moved: what it was taken for and how it went. Lengths are in pixels of the video.

    `straightness` is net displacement over path length; `zones` are the names of the areas it was in.
    """

    track: int
    label: str | None
    score: float
    first_s: float
    last_s: float
    boxes: tuple[tuple[float, Box], ...] = ()
    displacement_px: float
    straightness: float | None = None
    zones: tuple[str, ...] = ()
    why: str = ""


class Counterfactual(Document):
    """A change of the camera's rules under which the risk would be another one."""

    change: str
    risk: Risk


class AlarmResult(Document):
    """What an alarm clip shows.

    `features` are the named numbers that the scores rest on; `rule` is the name of the rule that decided; `scene` is what the
    next clip of the same camera may be compared with. `error_code` is 0 unless the clip could not be judged completely; the
    risk is then at least danger. `metadata` is what the sender gave with the clip.
    """

    risk: Risk
    labels: tuple[str, ...]
    scores: dict[str, float]
    thresholds: Thresholds
    evidence: tuple[Evidence, ...] = ()
    explanation: str
    rule: str
    tracks: tuple[TrackSummary, ...] = ()
    counterfactuals: tuple[Counterfactual, ...] = ()
    features: dict[str, float | None] = Field(default_factory=dict)
    scene: Scene | None = None
    error_code: int = 0
    error_message: str = ""
    metadata: dict[str, Any] = Field(default_factory=dict)

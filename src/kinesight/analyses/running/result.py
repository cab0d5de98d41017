"""The result document of the running analysis, as fixed in docs/reference/result.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kinesight.domain.document import Document, Estimate

Side = Literal["left", "right"]
Band = Literal["good", "okay", "bad"]
Pattern = Literal["rearfoot", "midfoot", "forefoot"]
Instant = Literal["initial_contact", "full_contact"]


class Event(Document):
    """A foot meets or leaves the ground; `confidence` 0..1."""

    foot: Side
    kind: Literal["foot_strike", "toe_off"]
    time_s: float
    confidence: float


class BothSides(Document):
    """One number for each of the runner's sides."""

    left: Estimate = Estimate()
    right: Estimate = Estimate()


class AtInstants(Document):
    """One angle at the two instants of a landing."""

    initial_contact: Estimate = Estimate()
    full_contact: Estimate = Estimate()


class Landing(Document):
    """One angle per landing leg and instant."""

    left: AtInstants = AtInstants()
    right: AtInstants = AtInstants()


class Metrics(Document):
    """Spatio-temporal numbers; metres need the runner's height."""

    cadence_spm: Estimate = Estimate()
    contact_time_s: BothSides = BothSides()
    flight_time_s: Estimate = Estimate()
    duty_factor: Estimate = Estimate()
    step_length_m: Estimate = Estimate()
    speed_m_per_s: Estimate = Estimate()
    vertical_oscillation_m: Estimate = Estimate()
    asymmetry: dict[str, Estimate] = Field(default_factory=dict)


class Measures(Document):
    """Joint and segment angles in degrees; definitions in docs/analyses/running.md."""

    elbow_deg: BothSides = BothSides()
    back_knee_deg: Landing = Landing()
    front_knee_deg: Landing = Landing()
    foot_strike_deg: Landing = Landing()
    head_deg: BothSides = BothSides()
    trunk_lean_deg: Estimate = Estimate()
    overstride_deg: Landing = Landing()
    pelvic_drop_deg: BothSides = BothSides()
    knee_adduction_deg: BothSides = BothSides()
    pronation_deg: BothSides = BothSides()


class Texts(Document):
    """What a reading means and what to do about it, in the wanted language."""

    title: str
    position: str
    recap: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()
    overstride_title: str | None = None


class Score(Document):
    """One reading held against its ranges: 1 ideal, 2/3 border of good, 1/3 border of okay, 0 far off."""

    value_deg: float
    score: float
    band: Band
    range_good: tuple[float, float]
    range_okay: tuple[float, float]
    foot: Side | None = None
    confidence: float = 0.0
    texts: Texts


class Style(Document):
    """A running style with how close the runner is to its centre, 0..100."""

    title: str
    animal: str
    percentage: int
    summary: str


class FootStrikePattern(Document):
    """Which part of the foot lands first; None where it cannot be told."""

    left: Pattern | None = None
    right: Pattern | None = None


class RunningResult(Document):
    """What one clip says about how somebody runs."""

    view: Literal["side", "back"]
    direction: Literal["left", "right"] | None
    treadmill: bool
    near_side: Side | None = None
    instant: Instant
    profile: str
    running_from_s: float
    running_to_s: float
    events: tuple[Event, ...]
    metrics: Metrics
    measures: Measures
    foot_strike_pattern: FootStrikePattern
    scores: dict[str, Score]
    total_score: float | None
    styles: tuple[Style, ...]
    swaps_repaired: int
    outliers_removed: int = 0
    """Single keypoints in single frames that were replaced because they jumped."""
    gaps_filled: int = 0
    """Times that a keypoint was out of sight for up to 0.25 s and was filled in from the other strides."""
    detours_corrected: int = 0
    """Times that a keypoint left its usual path for up to 0.2 s and was put back on it by the other strides."""

"""The result document of the running analysis, as fixed in docs/reference/result.md."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from kinesight.domain.document import Document, Estimate

Side = Literal["left", "right"]
Band = Literal["good", "okay", "bad"]
Pattern = Literal["rearfoot", "midfoot", "forefoot"]
Instant = Literal["initial_contact", "full_contact"]
Sex = Literal["female", "male"]
StyleName = Literal["stick", "bounce", "push", "hop", "sit"]


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


class PerSide(Document):
    """Numbers of the steps that begin with the strike of either foot."""

    step_time_s: BothSides = BothSides()
    step_length_m: BothSides = BothSides()
    flight_time_s: BothSides = BothSides()
    duty_factor: BothSides = BothSides()


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
    pace_s_per_km: Estimate = Estimate()


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
    hip_adduction_deg: BothSides = BothSides()


class Exercise(Document):
    """An exercise: its code, the same in every language, its name and how it is done, in the wanted language."""

    code: str
    name: str
    how: str


class Texts(Document):
    """What a reading means and what to do about it, in the wanted language; `exercises` are codes, `what_to_do` their words."""

    title: str
    position: str
    recap: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()
    what_to_do: tuple[Exercise, ...] = ()
    overstride_title: str | None = None
    explanation: str | None = None


class Score(Document):
    """One reading held against its ranges: 1 ideal, 2/3 border of good, 1/3 border of okay, 0 far off."""

    value_deg: float
    score: float
    band: Band
    range_good: tuple[float, float]
    range_okay: tuple[float, float]
    range_bad: tuple[float, float] | None = None
    foot: Side | None = None
    confidence: float = 0.0
    texts: Texts


class Style(Document):
    """A running style with how close the runner is to its centre, 0..100."""

    code: StyleName | None = None
    title: str
    animal: str
    percentage: int
    summary: str


class StylePlace(Document):
    """Where a run lies on the two axes of style, in percent above (+) or below (-) what is usual at its speed."""

    frequency_percent: float
    duty_factor_percent: float


class Norm(Document):
    """One number of a run beside the mean of a published group of runners.

    `difference_percent` is the run's number against the mean; `speed_m_per_s` the speeds at which the mean holds; `sex` the
    group's, None for a mean of both.
    """

    value: float
    mean: float
    difference_percent: float
    sex: Sex | None
    speed_m_per_s: tuple[float, float]
    group: str
    source: str
    doi: str


class FootStrikePattern(Document):
    """Which part of the foot lands first; None where it cannot be told."""

    left: Pattern | None = None
    right: Pattern | None = None


class OverstrideBands(Document):
    """How the shank's angle at the result's instant stands to the profile's borders; None where it is unknown."""

    left: Band | None = None
    right: Band | None = None


class Curve(Document):
    """One joint's angle over the gait cycle in degrees: the middle of all cycles and their median absolute deviation.

    One value for each entry of `cycle_percent`, from `n` cycles in which the joint was seen throughout; one cycle alone has no
    spread.
    """

    mean: tuple[float, ...]
    spread: tuple[float, ...] | None
    n: int
    confidence: float


class CurvesOfSides(Document):
    """One joint's curve for each of the runner's sides; None where a side shows no whole cycle."""

    left: Curve | None = None
    right: Curve | None = None


class GaitCurves(Document):
    """Joint angles over the cycle from one strike of a foot to its next; definitions in docs/analyses/running.md.

    `cycle_percent` are the 51 instants from 0 to 100; `toe_off_percent` says when the foot leaves.
    """

    cycle_percent: tuple[float, ...]
    toe_off_percent: BothSides
    ankle_deg: CurvesOfSides
    knee_deg: CurvesOfSides
    hip_deg: CurvesOfSides
    shoulder_deg: CurvesOfSides
    elbow_deg: CurvesOfSides


class Camera(Document):
    """What the camera did, and whether the ground is understood.

    `moves` and `moved_px` (how far the background shifts, in pixels of the source picture) are None where the background could
    not be followed; `stance_slip` is how fast a foot that lies flat still slides over the ground, as part of the running speed:
    near 0 where camera and ground are understood.
    """

    moves: bool | None = None
    moved_px: float | None = None
    stance_slip: float | None = None


class TimeBaseOfClip(Document):
    """How many times slower the clip plays than the runner ran: found from it unless `is_told`.

    `fall` checks scale and time together: the acceleration of the hips over that which keeps a body of this duty factor running;
    1 where height and time are right, 0.25 where a clip is twice slower than believed. None with fewer than three steps in a row;
    without a height that of a runner of 1.70 m.
    """

    slow_motion: float = 1.0
    is_told: bool = False
    fall: float | None = None


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
    """All five, the closest first; empty where step frequency, duty factor or speed are unknown."""
    style_place: StylePlace | None = None
    norms: dict[str, Norm] = Field(default_factory=dict)
    """By the metric's name; only where the profile has a mean for such a runner at this speed."""
    language: str = "en"
    """The language of texts, styles and notices."""
    swaps_repaired: int
    outliers_removed: int = 0
    """Single keypoints in single frames that were replaced because they jumped."""
    camera_yaw_deg: float | None = None
    """How far the camera stands off the wanted place: from the side 0..90; from straight behind, to the runner's right +."""
    camera_roll_deg: float | None = None
    """How far the camera is turned about its axis, a level line sinking to the right +; null where it is unknown."""
    camera: Camera = Camera()
    time_base: TimeBaseOfClip = TimeBaseOfClip()
    overstride: OverstrideBands = OverstrideBands()
    curves: GaitCurves | None = None
    per_side: PerSide = PerSide()
    gaps_filled: int = 0
    """Times that a keypoint was out of sight for up to 0.25 s and was filled in from the other strides."""
    detours_corrected: int = 0
    """Times that a keypoint left its usual path for up to 0.2 s and was put back on it by the other strides."""

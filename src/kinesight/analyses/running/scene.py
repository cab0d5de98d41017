"""What the pictures and the report of a running analysis show, gathered once in the form that drawing needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from kinesight.analyses.running.back.angles import INWARD
from kinesight.analyses.running.back.details import BackDetails, BackStride
from kinesight.analyses.running.details import RunningDetails, Stride
from kinesight.analyses.running.motion import SIDES
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.page_texts import PageTexts, load_page_texts
from kinesight.analyses.running.profile import Range
from kinesight.analyses.running.result import Band, Instant, RunningResult, Score, Side
from kinesight.analyses.running.scoring import score_reading
from kinesight.domain.analysis import Findings
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats

ANGLE_SCORES: Mapping[str, str] = {
    "front_knee": "forward_cycle",
    "back_knee": "back_cycle",
    "foot": "foot",
    "trunk": "trunk",
}
"""Which score's ranges each angle of a landing is held against."""

SERIES_SCORES: Mapping[str, str] = {"trunk": "trunk", "elbow": "arm", "head": "head"}
"""Which score's ranges hold over the whole cycle, by angle series without its side."""

BRIDGED_SCORE = 0.35
"""Score of a point that is known but was not seen in this frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One landing of one foot; unknown times and angles are NaN.

    `instant_s` is when the angles were read, the scores' instant; `angles_deg` has front_knee, back_knee, foot and trunk; seen
    from behind, pelvic_drop, knee_adduction and pronation of the foot that carries, such as pelvic_drop_left, at mid-stance.
    Times are the video's; `contact_s` and `flight_s`, of this contact and the flight after it, are the runner's: they differ in
    slow motion.
    """

    foot: Side
    strike_s: float
    instant_s: float
    toe_off_s: float
    contact_s: float = math.nan
    flight_s: float = math.nan
    angles_deg: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One clip as it is drawn: the track, smoothed where known; landings in order of time; angle series; the result if any.

    `series_deg` maps names such as left_knee or trunk to (frames,) degrees on the track's own stamps.
    """

    track: PoseTrack
    steps: tuple[Step, ...] = ()
    series_deg: Mapping[str, Floats] = field(default_factory=dict)
    result: RunningResult | None = None

    @property
    def say(self) -> PageTexts:
        """Return the words in the language of the result; English where there is none."""
        return load_page_texts(self.result.language if self.result else "en")

    def nearest_frame(self, time_s: float) -> int:
        """Return the index of the frame closest in time. Raises `ValueError` on a track without frames."""
        if not len(self.track.time_s):
            raise ValueError("the track has no frames")
        after = int(np.searchsorted(self.track.time_s, time_s))
        before = max(0, after - 1)
        after = min(after, len(self.track.time_s) - 1)
        return before if time_s - self.track.time_s[before] <= self.track.time_s[after] - time_s else after

    def pose_at(self, time_s: float) -> Mapping[str, tuple[float, float]]:
        """Return the keypoints at a moment between frames, interpolated linearly; points unknown in either frame are left out."""
        times = self.track.time_s
        after = int(np.clip(np.searchsorted(times, time_s), 1, max(1, len(times) - 1)))
        if len(times) < 2:
            xy = self.track.xy_px[0] if len(times) else np.full((len(self.track.keypoints), 2), np.nan)
        else:
            share = float(np.clip((time_s - times[after - 1]) / (times[after] - times[after - 1]), 0.0, 1.0))
            before_xy, after_xy = self.track.xy_px[after - 1], self.track.xy_px[after]
            xy = before_xy if share == 0 else after_xy if share == 1 else (1 - share) * before_xy + share * after_xy
        return {name: (x, y) for name, (x, y) in zip(self.track.keypoints, xy.tolist(), strict=True) if math.isfinite(x + y)}

    def body_height_px(self) -> float:
        """Return the median height of the visible body in source pixels; NaN where nobody is seen."""
        ys = self.track.xy_px[..., 1]
        seen = np.isfinite(ys).sum(axis=1) >= 6
        # nanmax warns on frames without a person, so those are taken out first
        return float(np.median(np.nanmax(ys[seen], axis=1) - np.nanmin(ys[seen], axis=1))) if seen.any() else float("nan")

    def band(self, angle: str, value_deg: float) -> Band | None:
        """Return the band of one reading by the ranges of its score; None where there are none or the reading is unknown."""
        score = self.result.scores.get(ANGLE_SCORES.get(angle, angle)) if self.result else None
        return band_of(value_deg, score) if score else None


def band_of(value_deg: float, score: Score) -> Band | None:
    """Return the band of a reading by the ranges of a score; None for NaN."""
    if not np.isfinite(value_deg):
        return None
    limits = Range(measure="", good=score.range_good, okay=score.range_okay, weight=1.0)
    return score_reading(value_deg, limits)[1]


def scene_of(observations: Observations, findings: Findings[RunningResult] | None, *, instant: Instant | None = None) -> Scene:
    """Return what is drawn of an analysis; without findings the keypoints as they were seen.

    Parameters
    ----------
    observations
        What was seen.
    findings
        What was concluded, with `RunningDetails`; None for a refused analysis.
    instant
        The instant at which angles are shown; the result's own if omitted.
    """
    track = observations.track
    if findings is not None and isinstance(findings.details, BackDetails):
        return _back_scene(track, findings.details, findings.result)
    if findings is None or not isinstance(findings.details, RunningDetails):
        return Scene(track=track)
    details = findings.details
    shown = instant or findings.result.instant
    smooth = PoseTrack(
        keypoints=details.keypoints,
        time_s=details.time_s,
        xy_px=details.xy_px,
        score=_smooth_scores(track, details),
        width_px=track.width_px,
        height_px=track.height_px,
    )
    series = {_plain_name(name): values for name, values in details.series.items()}
    steps = tuple(_step(stride, details, shown) for stride in sorted(details.strides, key=lambda stride: stride.strike_s))
    return Scene(track=smooth, steps=steps, series_deg=series, result=findings.result)


def _back_scene(track: PoseTrack, details: BackDetails, result: RunningResult) -> Scene:
    smooth = PoseTrack(
        keypoints=details.keypoints,
        time_s=details.time_s,
        xy_px=details.xy_px,
        score=_smooth_scores(track, details),
        width_px=track.width_px,
        height_px=track.height_px,
    )
    series = {name.removesuffix("_deg"): values for name, values in details.series.items()}
    tilt = series.pop("pelvis_tilt")
    series |= {f"{side}_pelvis": INWARD[side] * tilt for side in SIDES}
    steps = tuple(_back_step(stride, details.time_s, series) for stride in details.strides)
    return Scene(track=smooth, steps=steps, series_deg=series, result=result)


def _back_step(stride: BackStride, time_s: Floats, series: Mapping[str, Floats]) -> Step:
    foot = stride.foot
    return Step(
        foot=foot,
        strike_s=stride.strike_s,
        instant_s=stride.middle_s,
        toe_off_s=stride.toe_off_s,
        contact_s=stride.contact_s,
        flight_s=stride.flight_s,
        angles_deg={
            f"pelvic_drop_{foot}": float(np.interp(stride.middle_s, time_s, series[f"{foot}_pelvis"])),
            f"knee_adduction_{foot}": stride.knee_adduction_deg,
            f"pronation_{foot}": stride.pronation_deg,
        },
    )


def _smooth_scores(track: PoseTrack, details: RunningDetails | BackDetails) -> Floats:
    """Return the scores as seen; points that were bridged or put right count as barely seen, so that they are drawn faintly."""
    columns = [track.keypoints.index(name) if name in track.keypoints else None for name in details.keypoints]
    seen = [np.zeros(len(track.time_s)) if column is None else track.score[:, column] for column in columns]
    known = np.isfinite(details.xy_px).all(axis=2)
    return np.where(known, np.maximum(np.stack(seen, axis=1), BRIDGED_SCORE), 0.0)


def _plain_name(name: str) -> str:
    return name.removesuffix("_deg").removesuffix("_lean")


def _step(stride: Stride, details: RunningDetails, instant: Instant) -> Step:
    angles = stride.initial_contact if instant == "initial_contact" else stride.full_contact
    instant_s = stride.strike_s if instant == "initial_contact" else stride.full_contact_s
    trunk = np.interp(instant_s, details.time_s, details.series["trunk_lean_deg"])
    return Step(
        foot=stride.foot,
        strike_s=stride.strike_s,
        instant_s=instant_s,
        toe_off_s=stride.toe_off_s,
        contact_s=stride.contact_s,
        flight_s=stride.flight_s,
        angles_deg={
            "front_knee": angles.front_knee_deg,
            "back_knee": angles.back_knee_deg,
            "foot": angles.foot_strike_deg,
            "trunk": float(trunk),
        },
    )

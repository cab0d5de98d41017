"""From keypoints as a model gave them to one smooth, evenly sampled movement that always goes forward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinesight.domain.errors import BadObservations, NobodyVisible
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.geometry import length
from kinesight.signals.robust import jump_outliers
from kinesight.signals.runs import Mask, true_runs
from kinesight.signals.smoothing import low_pass, resample, uniform_times
from kinesight.signals.swaps import exchanged

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
OTHER: Mapping[Side, Side] = {"left": "right", "right": "left"}

LEG = ("hip", "knee", "ankle", "heel", "big_toe")
ARM = ("shoulder", "elbow", "wrist")
NEEDED = tuple(f"{side}_{point}" for side in SIDES for point in ("shoulder", "hip", "knee", "ankle"))

# Cut-offs measured on mocap with force plates: 6 Hz bends the front knee by 2.5 deg at foot strike, 12 Hz by 0.1 deg.
LEG_CUTOFF_HZ = 12.0
UPPER_CUTOFF_HZ = 8.0
CUTOFF_PER_FPS = 0.4
LONGEST_GAP_S = 0.12
# A knee turns by 30 degrees in this time, so across a longer hole it is bridged for drawing, but not read.
LONGEST_BLINK_S = 0.07
RATE_HZ, HIGHEST_RATE_HZ = 240.0, 1000.0
MOST_SAMPLES = 2_000_000
# Excursions shorter than this part of the body height are left to the smoothing; a frame's excursion of MOST_JUMP is more than a
# foot's hardest turn makes at 30 frames a second.
LEAST_JUMP, MOST_JUMP = 0.05, 0.1
# Thigh, shank and trunk over body height: Winter, Biomechanics and Motor Control of Human Movement, table 4.1.
SEGMENTS_PER_HEIGHT = 0.245 + 0.246 + 0.288
LEG_PER_HEIGHT = 0.53


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """One person's movement with x forward, whichever way the person goes in the picture, and y up, in source pixels.

    `time_s` (samples,) even, seconds as the runner lived them; `points` by keypoint name, (samples, 2), NaN where unknown;
    `body_px` the body height; `fps` the usual rate of the source pictures in the runner's time; `facing` in the picture;
    `swaps` runs of source frames whose sides were exchanged; `outliers` single points of single frames taken out; `score` how
    sure the model is of each point where it found it, 0..1; `seen_s` by keypoint the times of the source frames in which it was
    kept; `gaps_filled` holes and `detours` that the other strides filled.
    """

    time_s: Floats
    points: Mapping[str, Floats]
    body_px: float
    fps: float
    facing: Side
    swaps: int
    outliers: int
    score: Mapping[str, float]
    seen_s: Mapping[str, Floats]
    gaps_filled: int = 0
    detours: int = 0

    @property
    def near(self) -> Side:
        """Return the runner's side that the camera sees: a runner who goes right in the picture shows the right side."""
        return self.facing

    @property
    def rate_hz(self) -> float:
        """Return samples per second."""
        return float((len(self.time_s) - 1) / (self.time_s[-1] - self.time_s[0]))

    @property
    def hips(self) -> Floats:
        """Return the middle between the hips, (samples, 2)."""
        return np.asarray((self.points["left_hip"] + self.points["right_hip"]) / 2)

    @property
    def shoulders(self) -> Floats:
        """Return the middle between the shoulders, (samples, 2)."""
        return np.asarray((self.points["left_shoulder"] + self.points["right_shoulder"]) / 2)

    def is_seen(self, names: Sequence[str], at_s: float) -> bool:
        """Return whether every point was seen within a frame or so before and after a time: known there, not guessed."""
        longest_s = max(LONGEST_BLINK_S, 2.2 / self.fps)
        for name in names:
            times = self.seen_s[name]
            after = int(np.searchsorted(times, at_s))
            if after in (0, len(times)) or times[after] - times[after - 1] > longest_s:
                return False
        return True

    def foot(self, side: Side) -> Floats:
        """Return the middle of the foot, (samples, 2): between heel and toe, or the ankle where the model has no foot points."""
        middle = np.asarray((self.points[f"{side}_heel"] + self.points[f"{side}_big_toe"]) / 2)
        return middle if np.isfinite(middle).any() else self.points[f"{side}_ankle"]

    def speed_px_per_s(self, path: Floats) -> Floats:
        """Return the forward speed along a (samples, 2) path."""
        return np.asarray(np.gradient(path[:, 0], self.time_s))


def prepare(track: PoseTrack, *, slow_motion: float) -> Motion:
    """Return the smooth movement behind a pose track.

    Sides are repaired first, then points that jump are taken out, then holes up to 0.12 s are bridged, then all is resampled
    evenly and low-passed: 12 Hz for legs, 8 Hz for the rest, never more than 0.4 times the frame rate.

    Raises
    ------
    BadObservations
        If a point is missing without which no step can be seen.
    NobodyVisible
        If fewer than four frames show the person.
    """
    missing = [name for name in NEEDED if name not in track.keypoints]
    if missing:
        raise BadObservations(
            f"The poses lack {', '.join(missing)}; the running analysis needs shoulders, hips, knees and ankles."
        )
    points = {name: _known(track, name) for name in KEYPOINTS}
    seen = np.isfinite(points["left_hip"][:, 0]) | np.isfinite(points["right_hip"][:, 0])
    if np.count_nonzero(seen) < 4:
        raise NobodyVisible(time_s=float(track.time_s[0]) if len(track.time_s) else None)
    first, last = np.flatnonzero(seen)[[0, -1]]
    time_s = track.time_s[first : last + 1] / slow_motion
    points = {name: path[first : last + 1] for name, path in points.items()}
    if (time_s[-1] - time_s[0]) * RATE_HZ > MOST_SAMPLES:
        raise BadObservations(f"The poses span {time_s[-1] - time_s[0]:.0f} s, which is too long to analyse.")
    body_px = body_height_px(points)
    points, swaps = _sides_repaired(time_s, points)
    points, outliers = _jumps_removed(time_s, points, body_px=body_px)
    facing = find_facing(points)
    fps = 1.0 / float(np.median(np.diff(time_s)))
    even_s = uniform_times(time_s, rate_hz=float(np.clip(fps, RATE_HZ, HIGHEST_RATE_HZ)))
    return Motion(
        time_s=even_s,
        points=_smoothed(time_s, points, even_s, fps=fps, forward=1.0 if facing == "right" else -1.0),
        body_px=body_px,
        fps=fps,
        facing=facing,
        swaps=swaps,
        outliers=outliers,
        score={name: _usual_score(track, name) for name in KEYPOINTS},
        seen_s={name: time_s[np.isfinite(path[:, 0])] for name, path in points.items()},
    )


def body_height_px(points: Mapping[str, Floats]) -> float:
    """Return the body height in pixels from the usual lengths of trunk, thighs and shanks.

    Medians over time: seen from the side a segment keeps its length, and its own noise lengthens it little.
    """
    middle = {name: (points[f"left_{name}"] + points[f"right_{name}"]) / 2 for name in ("shoulder", "hip")}
    total = _usual_length(middle["shoulder"] - middle["hip"])
    for upper, lower in (("hip", "knee"), ("knee", "ankle")):
        total += float(np.mean([_usual_length(points[f"{side}_{upper}"] - points[f"{side}_{lower}"]) for side in SIDES]))
    if not np.isfinite(total) or total <= 0:
        raise NobodyVisible("Trunk and legs are never visible together; film the whole body, head to feet.")
    return total / SEGMENTS_PER_HEIGHT


def find_facing(points: Mapping[str, Floats]) -> Side:
    """Return which way the person faces in the picture, decided once: most of heel to toe, ear to nose and drift of the hips."""
    votes = [_usual_x(points[f"{side}_big_toe"] - points[f"{side}_heel"]) for side in SIDES]
    votes += [_usual_x(points["nose"] - points[f"{side}_ear"]) for side in SIDES]
    lean = [_usual_x(points[f"{side}_ankle"] - points[f"{side}_knee"]) for side in SIDES]
    # shanks trail the knees most of the time, so this vote counts the other way round; it decides where a model has no feet
    votes += [-value for value in lean]
    return "right" if float(np.nansum(np.sign(votes))) >= 0 else "left"


def _known(track: PoseTrack, name: str) -> Floats:
    path = track.point(name) * [1.0, -1.0]
    if name in track.keypoints:
        path[track.score[:, track.keypoints.index(name)] <= 0] = np.nan
    return path


def _usual_score(track: PoseTrack, name: str) -> float:
    if name not in track.keypoints:
        return 0.0
    score = track.score[:, track.keypoints.index(name)]
    return float(np.mean(score[score > 0])) if np.any(score > 0) else 0.0


def _usual_length(vector: Floats) -> float:
    known = length(vector)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if len(known) else float("nan")


def _usual_x(vector: Floats) -> float:
    known = vector[np.isfinite(vector[:, 0]), 0]
    return float(np.median(known)) if len(known) else float("nan")


def _sides_repaired(time_s: Floats, points: Mapping[str, Floats]) -> tuple[dict[str, Floats], int]:
    """Legs and arms apart; an exchange of both at the same time counts once."""
    repaired = dict(points)
    anywhere: Mask = np.zeros(len(time_s), dtype=bool)
    for chain in (LEG, ARM):
        left = np.stack([points[f"left_{name}"] for name in chain], axis=1)
        right = np.stack([points[f"right_{name}"] for name in chain], axis=1)
        swapped = exchanged(time_s, left, right)
        anywhere |= swapped
        for index, name in enumerate(chain):
            repaired[f"left_{name}"] = np.where(swapped[:, None], right[:, index], left[:, index])
            repaired[f"right_{name}"] = np.where(swapped[:, None], left[:, index], right[:, index])
    return repaired, len(true_runs(anywhere))


def _jumps_removed(time_s: Floats, points: Mapping[str, Floats], *, body_px: float) -> tuple[dict[str, Floats], int]:
    cleaned, count = {}, 0
    for name, path in points.items():
        wild = jump_outliers(time_s, path, least=LEAST_JUMP * body_px, most=MOST_JUMP * body_px)
        count += int(np.count_nonzero(wild))
        cleaned[name] = np.where(wild[:, None], np.nan, path)
    return cleaned, count


def _smoothed(time_s: Floats, points: Mapping[str, Floats], even_s: Floats, *, fps: float, forward: float) -> dict[str, Floats]:
    rate_hz = (len(even_s) - 1) / (even_s[-1] - even_s[0])
    smooth: dict[str, Floats] = {}
    for cutoff_hz, members in (
        (LEG_CUTOFF_HZ, [name for name in points if name.partition("_")[2] in LEG]),
        (UPPER_CUTOFF_HZ, [name for name in points if name.partition("_")[2] not in LEG]),
    ):
        paths = resample(time_s, np.stack([points[name] for name in members], axis=1), even_s, longest_gap_s=LONGEST_GAP_S)
        paths = low_pass(paths, rate_hz=rate_hz, cutoff_hz=min(cutoff_hz, CUTOFF_PER_FPS * fps)) * [forward, 1.0]
        smooth |= {name: paths[:, index] for index, name in enumerate(members)}
    return smooth

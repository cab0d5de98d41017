"""How far the analysis of a back view is from the truth, on bodies whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.back.details import BackDetails
from kinesight.analyses.running.motion import SIDES, Side
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats
from kinesight.testing.back_view import BackCamera, filmed_from_behind, jittery
from kinesight.testing.body import Body
from kinesight.testing.exam import Target

MATCH_WITHIN_S = 0.08
MID_STANCE = (0.4, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackCondition:
    """How a body is filmed from behind; `noise_m` is the error of a point where the runner is half-way."""

    camera: BackCamera = field(default_factory=BackCamera)
    fps: float = 60.0
    noise_m: float = 0.01
    travelling_m_per_s: float = 0.0


BACK_TARGETS: Mapping[str, Target] = {
    "found": Target(label="foot strikes found", limit=0.95, unit="%", at_least=True),
    "false": Target(label="false foot strikes", limit=0.05, unit="%"),
    "strike_ms": Target(label="foot strike time", limit=20.0, unit="ms"),
    "toe_off_ms": Target(label="toe-off time", limit=20.0, unit="ms"),
    "cadence_spm": Target(label="cadence", limit=1.0, unit="spm"),
    "drop_bias_deg": Target(label="pelvic drop: systematic", limit=1.0, unit="°"),
    "drop_deg": Target(label="pelvic drop: one clip", limit=1.5, unit="°"),
    "knee_deg": Target(label="knee adduction", limit=3.0, unit="°"),
    "yaw_deg": Target(label="camera yaw", limit=4.0, unit="°"),
    "roll_deg": Target(label="camera roll", limit=2.0, unit="°"),
}
"""Targets for keypoints with 1 cm noise; docs/accuracy.md says what the systematic error is."""

BACK_GROUPS: Mapping[str, tuple[BackCondition, ...]] = {
    "treadmill, straight from behind, level camera, 30, 60 and 120 fps": tuple(
        BackCondition(fps=fps) for fps in (30.0, 60.0, 120.0)
    ),
    "treadmill, camera 10° to one side": tuple(BackCondition(camera=BackCamera(yaw_deg=yaw)) for yaw in (-10.0, 10.0)),
    "treadmill, picture turned by 3°": tuple(BackCondition(camera=BackCamera(roll_deg=roll)) for roll in (-3.0, 3.0)),
    "over ground, running away from the camera": (
        BackCondition(camera=BackCamera(distance_m=6.0, focal_px=3000.0), travelling_m_per_s=3.7),
    ),
}
"""What is measured together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackMarks:
    """Errors of one analysis, signed; times in seconds, angles in degrees, one per leg where there are two."""

    strikes: int
    found: int
    false: int
    strike_s: Floats
    toe_off_s: Floats
    cadence_spm: float
    drop_deg: Floats
    knee_deg: Floats
    yaw_deg: float
    roll_deg: float


def back_exam(body: Body, condition: BackCondition, *, seed: int) -> BackMarks:
    """Film the body from behind, spoil the keypoints, analyse them and hold the result against the truth."""
    track = back_track_of(body, condition, seed=seed)
    findings = analyse(Observations(track=track), RunningParameters(height_m=body.height_m))
    result, details = findings.result, findings.details
    if not isinstance(details, BackDetails):
        raise TypeError("the body was not seen from behind")
    span = (float(track.time_s[0]), float(track.time_s[-1]))
    strikes, toe_offs, true, false = [], [], 0, 0
    for side in SIDES:
        own = [stride for stride in details.strides if stride.foot == side]
        times = np.array([stride.strike_s for stride in own])
        # a stance that the clip cuts is no step to be found
        real = np.array([start for start, end in _stances(body, side) if span[0] <= start and end <= span[1]])
        true, false = (
            true + len(real),
            false + sum(float(np.abs(body.strikes_s[side] - time).min()) > MATCH_WITHIN_S for time in times),
        )
        strikes.append(_errors(real, times))
        toe_offs.append(_errors(_inside(body.toe_offs_s[side], span), np.array([stride.toe_off_s for stride in own])))
    drops, knees = true_drops_deg(body), true_stances_deg(body)["knee_adduction_deg"]
    matched = np.concatenate(strikes)
    return BackMarks(
        strikes=true,
        found=len(matched),
        false=false,
        strike_s=matched,
        toe_off_s=np.concatenate(toe_offs),
        cadence_spm=_number(result.metrics.cadence_spm.value) - _true_cadence(body),
        drop_deg=np.array([_number(getattr(result.measures.pelvic_drop_deg, side).value) - drops[side] for side in SIDES]),
        knee_deg=np.array([_number(getattr(result.measures.knee_adduction_deg, side).value) - knees[side] for side in SIDES]),
        yaw_deg=_number(result.camera_yaw_deg) - condition.camera.yaw_deg,
        roll_deg=_number(result.camera_roll_deg) - condition.camera.roll_deg,
    )


def back_track_of(body: Body, condition: BackCondition, *, seed: int) -> PoseTrack:
    """Return the keypoints that a model with the condition's errors would give."""
    sampled = body.at(np.arange(body.time_s[0], body.time_s[-1], 1 / condition.fps)).travelling(condition.travelling_m_per_s)
    camera = condition.camera
    track = filmed_from_behind(sampled, camera)
    if condition.noise_m == 0:
        return track
    half_way_m = camera.distance_m + condition.travelling_m_per_s * float(np.ptp(sampled.time_s)) / 2
    return jittery(track, sigma_px=condition.noise_m * camera.focal_px / half_way_m, seed=seed)


def true_drops_deg(body: Body) -> Mapping[Side, float]:
    """Return the highest point of the mean course of each stance's hip line against its mean over whole strides."""
    left, right = (_point(body, f"{side}_hip") for side in SIDES)
    tilt = np.degrees(np.arctan2((left - right)[:, 1], (right - left)[:, 2]))
    beats = body.strikes_s["left"]
    middle = float(tilt[(body.time_s >= beats[0]) & (body.time_s < beats[-1])].mean())

    def peak(side: Side) -> float:
        sign = 1.0 if side == "left" else -1.0
        courses = [np.interp(np.linspace(*stance, 41), body.time_s, sign * (tilt - middle)) for stance in _stances(body, side)]
        return float(np.mean(courses, axis=0).max())

    return {side: peak(side) for side in SIDES}


def true_stances_deg(body: Body) -> Mapping[str, Mapping[Side, float]]:
    """Return by measure and leg the middle of the stances' angles in the plane across the way, at mid-stance.

    Knee and hip adduction inward +, the heel against the shank outward +.
    """
    found: dict[str, dict[Side, float]] = {"knee_adduction_deg": {}, "hip_adduction_deg": {}, "pronation_deg": {}}
    left, right = (_point(body, f"{side}_hip") for side in SIDES)
    tilt = np.degrees(np.arctan2((left - right)[:, 1], (right - left)[:, 2]))
    for side in SIDES:
        inward = 1.0 if side == "left" else -1.0
        hip, knee, ankle, heel = (_point(body, f"{side}_{name}") for name in ("hip", "knee", "ankle", "heel"))
        thigh, shank, below = (
            np.degrees(np.arctan2(inward * (low - high)[:, 2], (high - low)[:, 1]))
            for high, low in ((hip, knee), (knee, ankle), (ankle, heel))
        )
        paths = {
            "knee_adduction_deg": thigh - shank,
            "hip_adduction_deg": thigh + inward * tilt,
            "pronation_deg": shank - below,
        }
        for name, path in paths.items():
            readings = [
                float(np.interp(start + (end - start) * np.linspace(*MID_STANCE, 9), body.time_s, path).mean())
                for start, end in _stances(body, side)
            ]
            found[name][side] = float(np.median(readings))
    return found


def back_pooled(marks: Sequence[BackMarks]) -> Mapping[str, float]:
    """Return one number per question over several exams: parts for rates, else mean absolute errors in ms and degrees.

    The systematic error of the drop is that of the mean over all exams of one group, leg by leg.
    """
    true = sum(mark.strikes for mark in marks)

    def error(values: Callable[[BackMarks], Floats | float]) -> float:
        return float(np.mean([np.abs(values(mark)).mean() for mark in marks]))

    return {
        "found": sum(mark.found for mark in marks) / true,
        "false": sum(mark.false for mark in marks) / true,
        "strike_ms": 1000 * error(lambda mark: mark.strike_s),
        "toe_off_ms": 1000 * error(lambda mark: mark.toe_off_s),
        "cadence_spm": error(lambda mark: mark.cadence_spm),
        "drop_bias_deg": float(np.abs(np.mean([mark.drop_deg for mark in marks], axis=0)).mean()),
        "drop_deg": error(lambda mark: mark.drop_deg),
        "knee_deg": error(lambda mark: mark.knee_deg),
        "yaw_deg": error(lambda mark: mark.yaw_deg),
        "roll_deg": error(lambda mark: mark.roll_deg),
    }


def back_interval(marks: Sequence[BackMarks], key: str, *, draws: int = 200) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a pooled number over exams."""
    random = np.random.default_rng(0)
    picks = random.integers(len(marks), size=(draws, len(marks)))
    numbers = [back_pooled([marks[index] for index in pick])[key] for pick in picks]
    return float(np.percentile(numbers, 2.5)), float(np.percentile(numbers, 97.5))


def _point(body: Body, name: str) -> Floats:
    return np.asarray(body.points_m[:, KEYPOINTS.index(name)])


def _stances(body: Body, side: Side) -> list[tuple[float, float]]:
    ends = body.toe_offs_s[side]
    pairs = [(float(start), float(ends[ends > start][0])) for start in body.strikes_s[side] if (ends > start).any()]
    return [pair for pair in pairs if pair[0] >= body.time_s[0] and pair[1] <= body.time_s[-1]]


def _inside(times: Floats, span: tuple[float, float]) -> Floats:
    return times[(times >= span[0]) & (times <= span[1])]


def _errors(true_s: Floats, found_s: Floats) -> Floats:
    known = found_s[np.isfinite(found_s)]
    if not len(known):
        return np.array([])
    errors = np.array([known[np.argmin(np.abs(known - time))] - time for time in true_s])
    return np.asarray(errors[np.abs(errors) <= MATCH_WITHIN_S])


def _true_cadence(body: Body) -> float:
    strikes = np.sort(np.concatenate([body.strikes_s[side] for side in SIDES]))
    return 60.0 * (len(strikes) - 1) / float(strikes[-1] - strikes[0])


def _number(value: float | None) -> float:
    return float("nan") if value is None else value

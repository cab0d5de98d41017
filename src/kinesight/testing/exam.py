"""How far the running analysis is from the truth, on bodies whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.angles import angle_series
from kinesight.analyses.running.contacts import Contact
from kinesight.analyses.running.details import RunningDetails
from kinesight.analyses.running.motion import OTHER, SIDES, Side, prepare
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.result import Measures, Metrics, RunningResult
from kinesight.analyses.running.strides import measure_strides
from kinesight.domain.analysis import Findings
from kinesight.domain.document import Estimate
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre
from kinesight.testing import truth
from kinesight.testing.body import Body
from kinesight.testing.side_view import Camera, filmed, filmed_panning, noisy, with_detours, with_gaps

MATCH_WITHIN_S = 0.05
PANNING_DISTANCE_M, PANNING_FOCAL_PX, SHAKE_PX = 18.0, 3600.0, 4.0
FOLLOWING_ERROR_PX = 0.15
"""Error of the background's shift from one frame to the next; measured on crops of real clips along known paths: 0.10 to 0.19."""
LANDING = ("front_knee_deg", "back_knee_deg", "foot_strike_deg", "overstride_deg")
CLEAR_OF_BORDER_DEG = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a body is filmed: which way it runs, how many frames a second of its own time, what errors the keypoints have.

    `slow_motion` is how many times slower the clip plays; `gaps` takes five to ten frames of a limb or of everything away, about
    once a second; `detours_m` puts a point off by so much for four to eight frames, as often.
    """

    facing: Side
    fps: float
    noise_m: float = 0.01
    rough: bool = False
    travelling_m_per_s: float = 0.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0
    gaps: bool = False
    detours_m: float = 0.0
    slow_motion: float = 1.0
    panning: bool = False
    """Over ground: a hand-held camera turns after the runner, and its motion is known to about a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a pooled number has to reach; `unit` is "%" for rates, which are parts, else "ms", "mm", "°" or "spm"."""

    label: str
    limit: float
    unit: str
    at_least: bool = False

    def met_by(self, number: float) -> bool:
        """Return whether a number reaches the target; NaN does not."""
        return number >= self.limit if self.at_least else number <= self.limit

    def shown(self, number: float) -> str:
        """Return a number with the unit of the target."""
        return f"{100 * number:.1f} %" if self.unit == "%" else f"{number:.1f} {self.unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What is measured together on one body: `measure` returns the numbers of every exam of one seed, by the targets' keys.

    A number `oracle_<key>` beside the number of a key is what a measurement that knows the true contact times would reach.
    """

    title: str
    targets: Mapping[str, Target]
    measure: Callable[[Body, int], Sequence[Mapping[str, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One published number: how far off it is, and the error that was published with it; NaN where there is none."""

    off: float
    error: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Errors of one analysis, by "near" and "far" leg where there is one of each.

    `strike_s` and `toe_off_s` are signed errors of what was found; `readings` those of the published values by key;
    `oracle_deg` the absolute errors of angles with the true strikes and toe-offs put in; `patterns` whether each foot clear of
    the border was rightly told to land on the heel or not.
    """

    strikes: Mapping[str, int]
    found: Mapping[str, int]
    false: Mapping[str, int]
    strike_s: Mapping[str, Floats]
    toe_off_s: Mapping[str, Floats]
    readings: Mapping[str, Reading]
    oracle_deg: Mapping[str, float]
    patterns: tuple[bool, ...]


def exam(body: Body, condition: Condition, *, seed: int) -> Marks:
    """Film the body, spoil the keypoints, analyse them and hold the result against the truth."""
    track, shift = filmed_under(body, condition, seed=seed)
    parameters = RunningParameters(height_m=body.height_m, slow_motion=condition.slow_motion)
    findings = analyse(Observations(track=track, camera_xy_px=shift), parameters)
    named = {condition.facing: "near", OTHER[condition.facing]: "far"}
    span = (float(track.time_s[0]) / condition.slow_motion, float(track.time_s[-1]) / condition.slow_motion)
    found = {
        kind: {side: _times(findings, side, kind) / condition.slow_motion for side in SIDES} for kind in ("strike", "toe_off")
    }
    strikes = {name: _match(body.strikes_s[side], found["strike"][side], span) for side, name in named.items()}
    toe_offs = {name: _match(body.toe_offs_s[side], found["toe_off"][side], span) for side, name in named.items()}
    true = truth.true_landings(body, span)
    return Marks(
        strikes={name: match.true for name, match in strikes.items()},
        found={name: len(match.errors_s) for name, match in strikes.items()},
        false={name: match.false for name, match in strikes.items()},
        strike_s={name: match.errors_s for name, match in strikes.items()},
        toe_off_s={name: match.errors_s for name, match in toe_offs.items()},
        readings={
            **_measure_readings(findings.result.measures, true, truth.true_means(body, condition.facing), named),
            **_metric_readings(findings.result.metrics, body, named),
        },
        oracle_deg=_oracle_errors(body, track, true, named, slow_motion=condition.slow_motion),
        patterns=_patterns(findings.result, true),
    )


def track_of(body: Body, condition: Condition, *, seed: int) -> PoseTrack:
    """Return the keypoints that a model with the condition's errors would give."""
    return filmed_under(body, condition, seed=seed)[0]


def filmed_under(body: Body, condition: Condition, *, seed: int) -> tuple[PoseTrack, Floats | None]:
    """Return the keypoints that a model with the condition's errors would give, and the shift of the background if it moves.

    The first frame falls where the seed says.
    """
    step_s = 1 / condition.fps
    offset_s = float(np.random.default_rng([seed, 1]).uniform(0, step_s))
    sampled = body.at(np.arange(body.time_s[0] + offset_s, body.time_s[-1], step_s))
    camera = Camera(facing=condition.facing, yaw_deg=condition.yaw_deg, roll_deg=condition.roll_deg)
    shift: Floats | None = None
    if condition.travelling_m_per_s:
        sampled = sampled.travelling(condition.travelling_m_per_s)
        camera = replace(camera, distance_m=12.0, focal_px=1100.0)
    if condition.panning:
        camera = replace(camera, distance_m=PANNING_DISTANCE_M, focal_px=PANNING_FOCAL_PX)
        track, shift = filmed_panning(sampled, camera, shake_px=SHAKE_PX, seed=seed)
        # errors of single steps add up, as they do where a background is followed from picture to picture
        steps = np.random.default_rng(seed).normal(0.0, FOLLOWING_ERROR_PX, shift.shape)
        shift = shift + np.cumsum(steps, axis=0)
    else:
        track = filmed(sampled, camera)
    px_per_m = camera.focal_px / camera.distance_m
    if condition.noise_m:
        sigma_px = condition.noise_m * px_per_m
        track = noisy(track, sigma_px=sigma_px, far_side=OTHER[condition.facing], seed=seed, rough=condition.rough)
    if condition.gaps:
        track = with_gaps(track, seed=seed)
    if condition.detours_m:
        track = with_detours(track, seed=seed, away_px=condition.detours_m * px_per_m)
    return replace(track, time_s=track.time_s * condition.slow_motion), shift


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    true: int
    false: int
    errors_s: Floats


def _times(findings: Findings[RunningResult], side: Side, kind: str) -> Floats:
    details: RunningDetails = findings.details
    times = (getattr(stride, f"{kind}_s") for stride in details.strides if stride.foot == side)
    return np.array([float(time) for time in times if np.isfinite(time)])


def _match(true_s: Floats, found_s: Floats, span: tuple[float, float]) -> _Match:
    true_s = truth.within(true_s, span)
    errors = [float(found_s[np.argmin(np.abs(found_s - time))] - time) for time in true_s if len(found_s)]
    near = np.array([error for error in errors if abs(error) <= MATCH_WITHIN_S])
    return _Match(true=len(true_s), false=len(found_s) - len(near), errors_s=near)


def _reading(estimate: Estimate, true: float, *, scale: float = 1.0) -> Reading:
    value, error = estimate.value, getattr(estimate, "error", None)
    return Reading(
        off=float("nan") if value is None else scale * (value - true), error=float("nan") if error is None else scale * error
    )


def _measure_readings(
    measures: Measures, true: Mapping[tuple[Side, str, str], float], means: Mapping[str, float], named: Mapping[Side, str]
) -> dict[str, Reading]:
    readings = {}
    for (side, measure, instant), value in true.items():
        key = f"{named[side]}_{measure}" if instant == "initial_contact" else f"{named[side]}_full_{measure}"
        readings[key] = _reading(getattr(getattr(getattr(measures, measure), side), instant), value)
    near = next(side for side, name in named.items() if name == "near")
    readings["near_elbow_deg"] = _reading(getattr(measures.elbow_deg, near), means["elbow"])
    readings["near_head_deg"] = _reading(getattr(measures.head_deg, near), means["head"])
    readings["trunk_lean_deg"] = _reading(measures.trunk_lean_deg, means["trunk_lean"])
    return readings


def _metric_readings(metrics: Metrics, body: Body, named: Mapping[Side, str]) -> dict[str, Reading]:
    step_s, speed = truth.true_step_s(body), truth.true_speed_m_per_s(body)
    contacts = {side: truth.true_contact_s(body, side) for side in SIDES}
    contact_s = sum(contacts.values()) / 2
    readings = {
        "cadence_spm": _reading(metrics.cadence_spm, 60 / step_s),
        "flight_ms": _reading(metrics.flight_time_s, step_s - contact_s, scale=1000),
        "duty_factor": _reading(metrics.duty_factor, contact_s / (2 * step_s)),
        "speed_m_per_s": _reading(metrics.speed_m_per_s, speed),
        "step_length_m": _reading(metrics.step_length_m, speed * step_s),
        "oscillation_mm": _reading(metrics.vertical_oscillation_m, truth.true_oscillation_m(body), scale=1000),
    }
    for side, name in named.items():
        readings[f"{name}_contact_ms"] = _reading(getattr(metrics.contact_time_s, side), contacts[side], scale=1000)
    return readings


def _patterns(result: RunningResult, true: Mapping[tuple[Side, str, str], float]) -> tuple[bool, ...]:
    borders = load_profile(result.profile).pattern
    right = []
    for side in SIDES:
        beyond_deg = true[side, "foot_strike_deg", "initial_contact"] - borders.rearfoot_above_deg
        if abs(beyond_deg) > CLEAR_OF_BORDER_DEG:
            right.append((getattr(result.foot_strike_pattern, side) == "rearfoot") == (beyond_deg > 0))
    return tuple(right)


def _oracle_errors(
    body: Body,
    track: PoseTrack,
    true: Mapping[tuple[Side, str, str], float],
    named: Mapping[Side, str],
    *,
    slow_motion: float,
) -> Mapping[str, float]:
    """Errors that remain with the true strikes and toe-offs: those of keypoints and smoothing."""
    motion = prepare(track, slow_motion=slow_motion)
    series = angle_series(motion)
    errors = {}
    for side, name in named.items():
        strikes = truth.within(body.strikes_s[side], (float(motion.time_s[0]), float(motion.time_s[-1])))
        seen = replace(body, time_s=motion.time_s)
        flat = centre(np.array([truth.true_flat_deg(seen, series[f"{side}_foot_deg"], side, strike) for strike in strikes]))
        contacts = [
            Contact(foot=side, strike_s=float(strike), toe_off_s=np.nan, flat_deg=flat, sharpness=1.0, agreement_s=0.0)
            for strike in strikes
        ]
        strides = measure_strides(motion, series, contacts, borders=load_profile("ochy-side/1").pattern, slow_motion=1.0)
        for measure in LANDING:
            values = np.array([getattr(stride.initial_contact, measure) for stride in strides])
            errors[f"{name}_{measure}"] = abs(centre(values) - true[side, measure, "initial_contact"])
    return errors


def pooled(marks: Iterable[Marks]) -> dict[str, float]:
    """Return one number per question over several exams: parts for rates, else mean absolute errors in the key's unit.

    A published value that is unknown makes its number NaN, which meets no target.
    """
    every = list(marks)
    numbers: dict[str, float] = {}
    for name in ("near", "far"):
        true = sum(mark.strikes[name] for mark in every)
        numbers[f"{name}_found"] = sum(mark.found[name] for mark in every) / true
        numbers[f"{name}_false"] = sum(mark.false[name] for mark in every) / true
        numbers[f"{name}_strike_ms"] = 1000 * _mean_size(np.concatenate([mark.strike_s[name] for mark in every]))
        numbers[f"{name}_toe_off_ms"] = 1000 * _mean_size(np.concatenate([mark.toe_off_s[name] for mark in every]))
    for key in every[0].readings:
        numbers[key] = _mean_size(np.array([mark.readings[key].off for mark in every]))
    for key in every[0].oracle_deg:
        numbers[f"oracle_{key}"] = float(np.mean([mark.oracle_deg[key] for mark in every]))
    told = [right for mark in every for right in mark.patterns]
    numbers["pattern"] = float(np.mean(told)) if told else float("nan")
    return numbers


def _mean_size(errors: Floats) -> float:
    return float(np.abs(errors).mean()) if len(errors) else float("nan")


def confidence_interval(numbers: Sequence[Mapping[str, float]], key: str, *, draws: int = 400) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the mean of a number over exams."""
    random = np.random.default_rng(0)
    picks = random.integers(len(numbers), size=(draws, len(numbers)))
    means = np.array([number[key] for number in numbers])[picks].mean(axis=1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))

"""How far the running analysis is from the truth, on bodies whose truth is known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.angles import angle_series
from kinesight.analyses.running.contacts import FLAT_FROM, FLAT_TO, Contact
from kinesight.analyses.running.details import RunningDetails
from kinesight.analyses.running.motion import OTHER, SIDES, Side, prepare
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.profile import load_profile
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.strides import measure_strides
from kinesight.domain.analysis import Findings
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.geometry import inner_angle_deg, lean_deg, slope_deg
from kinesight.signals.robust import centre
from kinesight.testing.body import Body
from kinesight.testing.side_view import Camera, filmed, filmed_panning, noisy

MATCH_WITHIN_S = 0.05
PANNING_DISTANCE_M, PANNING_FOCAL_PX, SHAKE_PX = 18.0, 3600.0, 4.0
FOLLOWING_ERROR_PX = 0.15
"""Error of the background's shift from one frame to the next; measured on crops of real clips along known paths: 0.10 to 0.19."""
LANDING = ("front_knee_deg", "back_knee_deg", "foot_strike_deg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a body is filmed: which way it runs, how many frames a second, what errors the keypoints have."""

    facing: Side
    fps: float
    noise_m: float = 0.01
    rough: bool = False
    travelling_m_per_s: float = 0.0
    panning: bool = False
    """Over ground: a hand-held camera turns after the runner, and its motion is known to about a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a pooled number has to reach; `unit` is "%" for rates, which are parts, else "ms", "°" or "spm"."""

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


TARGETS: Mapping[str, Target] = {
    "near_found": Target(label="near leg: foot strikes found", limit=0.98, unit="%", at_least=True),
    "near_false": Target(label="near leg: false foot strikes", limit=0.02, unit="%"),
    "near_strike_ms": Target(label="near leg: foot strike time", limit=10.0, unit="ms"),
    "near_toe_off_ms": Target(label="near leg: toe-off time", limit=12.0, unit="ms"),
    "near_contact_ms": Target(label="near leg: contact time", limit=15.0, unit="ms"),
    "cadence_spm": Target(label="cadence", limit=1.0, unit="spm"),
    "near_front_knee_deg": Target(label="near leg: front knee at contact", limit=2.0, unit="°"),
    "near_back_knee_deg": Target(label="near leg: back knee at contact", limit=4.0, unit="°"),
    "near_foot_strike_deg": Target(label="near leg: foot at contact", limit=3.0, unit="°"),
    "near_elbow_deg": Target(label="near arm: elbow", limit=3.0, unit="°"),
    "near_trunk_lean_deg": Target(label="trunk lean", limit=1.0, unit="°"),
    "far_front_knee_deg": Target(label="far leg: front knee at contact", limit=4.0, unit="°"),
    "far_back_knee_deg": Target(label="far leg: back knee at contact", limit=5.0, unit="°"),
    "far_foot_strike_deg": Target(label="far leg: foot at contact", limit=5.0, unit="°"),
}
"""Targets for keypoints with 1 cm noise; docs/accuracy.md says where they come from."""

GROUPS: Mapping[str, tuple[Condition, ...]] = {
    "treadmill, 60 and 120 fps, both directions": tuple(
        Condition(facing=side, fps=fps) for side in SIDES for fps in (60.0, 120.0)
    ),
    "the same with rough noise": tuple(Condition(facing=side, fps=fps, rough=True) for side in SIDES for fps in (60.0, 120.0)),
    "treadmill, 30 fps, both directions": tuple(Condition(facing=side, fps=30.0) for side in SIDES),
    "over ground, 60 fps, both directions": tuple(Condition(facing=side, fps=60.0, travelling_m_per_s=3.7) for side in SIDES),
    "the same, panning and hand-held": tuple(
        Condition(facing=side, fps=60.0, travelling_m_per_s=3.7, panning=True) for side in SIDES
    ),
}
"""What is measured together. The first group is the one that the targets are meant for; all have to meet them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Errors of one analysis, by "near" and "far" leg where there is one of each.

    `strike_s` and `toe_off_s` are signed errors of what was found; `angles_deg` absolute errors of the reported values by leg
    and measure; `oracle_deg` the same with the true strikes and toe-offs put in.
    """

    strikes: Mapping[str, int]
    found: Mapping[str, int]
    false: Mapping[str, int]
    strike_s: Mapping[str, Floats]
    toe_off_s: Mapping[str, Floats]
    angles_deg: Mapping[tuple[str, str], float]
    oracle_deg: Mapping[tuple[str, str], float]
    cadence_spm: float
    contact_s: Mapping[str, float]


def exam(body: Body, condition: Condition, *, seed: int) -> Marks:
    """Film the body, spoil the keypoints, analyse them and hold the result against the truth."""
    track, shift = filmed_under(body, condition, seed=seed)
    findings = analyse(Observations(track=track, camera_xy_px=shift), RunningParameters(height_m=body.height_m))
    named = {condition.facing: "near", OTHER[condition.facing]: "far"}
    truth = _true_landings(body, track)
    span = (float(track.time_s[0]), float(track.time_s[-1]))
    strikes = {name: _match(body.strikes_s[side], _times(findings, side, "strike_s"), span) for side, name in named.items()}
    toe_offs = {name: _match(body.toe_offs_s[side], _times(findings, side, "toe_off_s"), span) for side, name in named.items()}
    return Marks(
        strikes={name: match.true for name, match in strikes.items()},
        found={name: len(match.errors_s) for name, match in strikes.items()},
        false={name: match.false for name, match in strikes.items()},
        strike_s={name: match.errors_s for name, match in strikes.items()},
        toe_off_s={name: match.errors_s for name, match in toe_offs.items()},
        angles_deg=_angle_errors(findings.result, truth, _true_means(body, condition.facing), named),
        oracle_deg=_oracle_errors(body, track, truth, named),
        cadence_spm=(findings.result.metrics.cadence_spm.value or np.nan) - _true_cadence(body),
        contact_s={
            name: (getattr(findings.result.metrics.contact_time_s, side).value or np.nan) - _true_contact(body, side)
            for side, name in named.items()
        },
    )


def track_of(body: Body, condition: Condition, *, seed: int) -> PoseTrack:
    """Return the keypoints that a model with the condition's errors would give."""
    return filmed_under(body, condition, seed=seed)[0]


def filmed_under(body: Body, condition: Condition, *, seed: int) -> tuple[PoseTrack, Floats | None]:
    """Return the keypoints that a model with the condition's errors would give, and the shift of the background if it moves."""
    sampled = body.at(np.arange(body.time_s[0], body.time_s[-1], 1 / condition.fps))
    camera = Camera(facing=condition.facing)
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
    if condition.noise_m == 0:
        return track, shift
    sigma_px = condition.noise_m * camera.focal_px / camera.distance_m
    return noisy(track, sigma_px=sigma_px, far_side=OTHER[condition.facing], seed=seed, rough=condition.rough), shift


@dataclass(frozen=True, slots=True, kw_only=True)
class _Match:
    true: int
    false: int
    errors_s: Floats


def _times(findings: Findings[RunningResult], side: Side, kind: str) -> Floats:
    details: RunningDetails = findings.details
    times = (getattr(stride, kind) for stride in details.strides if stride.foot == side)
    return np.array([float(time) for time in times if np.isfinite(time)])


def _match(true_s: Floats, found_s: Floats, span: tuple[float, float]) -> _Match:
    true_s = true_s[(true_s >= span[0]) & (true_s <= span[1])]
    errors = [float(found_s[np.argmin(np.abs(found_s - time))] - time) for time in true_s if len(found_s)]
    near = np.array([error for error in errors if abs(error) <= MATCH_WITHIN_S])
    return _Match(true=len(true_s), false=len(found_s) - len(near), errors_s=near)


def _true_landings(body: Body, track: PoseTrack) -> Mapping[tuple[Side, str], float]:
    """Return the middle of the noise-free angles at the true strikes, in the plane of travel, by side and measure."""
    knees = {side: _knee_deg(body, side) for side in SIDES}
    feet = {side: slope_deg(body.path_m(f"{side}_heel"), body.path_m(f"{side}_big_toe")) for side in SIDES}
    truth: dict[tuple[Side, str], float] = {}
    for side in SIDES:
        strikes = body.strikes_s[side]
        strikes = strikes[(strikes >= track.time_s[0]) & (strikes <= track.time_s[-1])]

        def at_strikes(values: Floats, strikes: Floats = strikes) -> float:
            return centre(np.interp(strikes, body.time_s, values))

        flat = centre(np.array([_true_flat(body, feet[side], side, strike) for strike in strikes]))
        truth[side, "front_knee_deg"] = at_strikes(knees[side])
        truth[side, "back_knee_deg"] = at_strikes(knees[OTHER[side]])
        truth[side, "foot_strike_deg"] = at_strikes(feet[side]) - flat
    return truth


def _true_flat(body: Body, foot_deg: Floats, side: Side, strike_s: float) -> float:
    later = body.toe_offs_s[side][body.toe_offs_s[side] > strike_s]
    if not len(later):
        return float("nan")
    contact = later[0] - strike_s
    inside = (body.time_s >= strike_s + FLAT_FROM * contact) & (body.time_s <= strike_s + FLAT_TO * contact)
    return float(np.median(foot_deg[inside])) if inside.any() else float("nan")


def _true_means(body: Body, near: Side) -> Mapping[str, float]:
    strikes = body.strikes_s[near]
    inside = (body.time_s >= strikes[0]) & (body.time_s < strikes[-1])
    elbow = inner_angle_deg(*(body.path_m(f"{near}_{point}") for point in ("shoulder", "elbow", "wrist")))
    middle = {point: (body.path_m(f"left_{point}") + body.path_m(f"right_{point}")) / 2 for point in ("hip", "shoulder")}
    trunk = lean_deg(middle["hip"], middle["shoulder"])
    return {"elbow_deg": float(elbow[inside].mean()), "trunk_lean_deg": float(trunk[inside].mean())}


def _knee_deg(body: Body, side: Side) -> Floats:
    return inner_angle_deg(*(body.path_m(f"{side}_{point}") for point in ("hip", "knee", "ankle")))


def _angle_errors(
    result: RunningResult, truth: Mapping[tuple[Side, str], float], means: Mapping[str, float], named: Mapping[Side, str]
) -> Mapping[tuple[str, str], float]:
    errors = {}
    for side, name in named.items():
        for measure in LANDING:
            value = getattr(getattr(result.measures, measure), side).initial_contact.value
            errors[name, measure] = abs((value if value is not None else np.nan) - truth[side, measure])
    near = next(side for side, name in named.items() if name == "near")
    elbow, trunk = getattr(result.measures.elbow_deg, near).value, result.measures.trunk_lean_deg.value
    errors["near", "elbow_deg"] = abs((elbow or np.nan) - means["elbow_deg"])
    errors["near", "trunk_lean_deg"] = abs((trunk if trunk is not None else np.nan) - means["trunk_lean_deg"])
    return errors


def _oracle_errors(
    body: Body, track: PoseTrack, truth: Mapping[tuple[Side, str], float], named: Mapping[Side, str]
) -> Mapping[tuple[str, str], float]:
    """Errors that remain with the true strikes and toe-offs: those of keypoints and smoothing."""
    motion = prepare(track, slow_motion=1.0)
    series = angle_series(motion)
    errors = {}
    for side, name in named.items():
        strikes = body.strikes_s[side]
        inside = strikes[(strikes >= track.time_s[0]) & (strikes <= track.time_s[-1])]
        seen = replace(body, time_s=motion.time_s)
        flat = centre(np.array([_true_flat(seen, series[f"{side}_foot_deg"], side, strike) for strike in inside]))
        contacts = [
            Contact(foot=side, strike_s=float(strike), toe_off_s=np.nan, flat_deg=flat, sharpness=1.0, agreement_s=0.0)
            for strike in inside
        ]
        strides = measure_strides(motion, series, contacts, borders=load_profile("ochy-side/1").pattern, slow_motion=1.0)
        for measure in LANDING:
            values = np.array([getattr(stride.initial_contact, measure) for stride in strides])
            errors[name, measure] = abs(centre(values) - truth[side, measure])
    return errors


def _true_cadence(body: Body) -> float:
    strikes = np.sort(np.concatenate([body.strikes_s[side] for side in SIDES]))
    return 60.0 / centre(np.diff(strikes))


def _true_contact(body: Body, side: Side) -> float:
    contacts = []
    for strike in body.strikes_s[side]:
        later = body.toe_offs_s[side][body.toe_offs_s[side] > strike]
        contacts += [float(later[0] - strike)] if len(later) else []
    return centre(np.array(contacts))


def pooled(marks: Iterable[Marks]) -> Mapping[str, float]:
    """Return one number per question over several exams: parts for rates, else mean absolute errors in ms and degrees."""
    every = list(marks)
    numbers: dict[str, float] = {}
    for name in ("near", "far"):
        true = sum(mark.strikes[name] for mark in every)
        numbers[f"{name}_found"] = sum(mark.found[name] for mark in every) / true
        numbers[f"{name}_false"] = sum(mark.false[name] for mark in every) / true
        numbers[f"{name}_strike_ms"] = 1000 * float(np.abs(np.concatenate([mark.strike_s[name] for mark in every])).mean())
        numbers[f"{name}_toe_off_ms"] = 1000 * float(np.abs(np.concatenate([mark.toe_off_s[name] for mark in every])).mean())
        numbers[f"{name}_contact_ms"] = 1000 * float(np.mean([abs(mark.contact_s[name]) for mark in every]))
    for key in every[0].angles_deg:
        numbers["_".join(key)] = float(np.mean([mark.angles_deg[key] for mark in every]))
    for key in every[0].oracle_deg:
        numbers["oracle_" + "_".join(key)] = float(np.mean([mark.oracle_deg[key] for mark in every]))
    numbers["cadence_spm"] = float(np.mean([abs(mark.cadence_spm) for mark in every]))
    return numbers


def confidence_interval(marks: Sequence[Marks], key: str, *, draws: int = 400) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of a pooled number over exams."""
    random = np.random.default_rng(0)
    picks = random.integers(len(marks), size=(draws, len(marks)))
    singles = [pooled([mark])[key] for mark in marks]
    means = np.asarray(singles)[picks].mean(axis=1)
    return float(np.percentile(means, 2.5)), float(np.percentile(means, 97.5))

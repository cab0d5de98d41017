"""Observations in, findings out: a back view is handed on, a side view is analysed in this order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np

from kinesight.analyses.running.angles import angle_series
from kinesight.analyses.running.back.analysis import analyse_back
from kinesight.analyses.running.back.orientation import chosen_view
from kinesight.analyses.running.back.profile import load_back_profile
from kinesight.analyses.running.bouts import USUAL_HEIGHT_M, find_bout
from kinesight.analyses.running.camera import CameraMotion, prepare_steadied, stance_slip
from kinesight.analyses.running.contacts import find_contacts
from kinesight.analyses.running.curves import gait_curves
from kinesight.analyses.running.details import SERIES, RunningDetails, Stride
from kinesight.analyses.running.ground import Ground
from kinesight.analyses.running.level import find_roll_deg, levelled, turned
from kinesight.analyses.running.measures import run_measures, run_pattern
from kinesight.analyses.running.metrics import Scale, find_asymmetry, find_scale, per_side, run_metrics
from kinesight.analyses.running.motion import Motion, prepare
from kinesight.analyses.running.norms import find_norms, norm_notices
from kinesight.analyses.running.notices import notices
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.profile import Profile, load_profile
from kinesight.analyses.running.readings import overstride_bands, rate
from kinesight.analyses.running.repeats import repaired_by_repeats
from kinesight.analyses.running.result import Camera, Event, Metrics, RunningResult, Score, Style, StylePlace, TimeBaseOfClip
from kinesight.analyses.running.run import Run
from kinesight.analyses.running.scoring import total_score
from kinesight.analyses.running.steps import find_steps
from kinesight.analyses.running.strides import measure_strides
from kinesight.analyses.running.styles import style_percentages, style_place
from kinesight.analyses.running.texts import Language, load_language
from kinesight.analyses.running.time_base import TimeBase, fall_over_needed, hip_wave, slow_motion_of
from kinesight.analyses.running.view import check_feet, check_view
from kinesight.domain.analysis import Findings
from kinesight.domain.errors import FrameRateTooLow, NobodyVisible, SceneError, TooFewStrides
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats

FEWEST_STRIKES = 2
FEWEST_STEPS_FOR_STYLE = 3
WALKING_DUTY_FACTOR = 0.5


def analyse(observations: Observations, parameters: RunningParameters) -> Findings[RunningResult]:
    """Return what the observed keypoints say about how somebody runs.

    Raises
    ------
    BadParameter
        If a parameter asks for what there is not: an unknown profile.
    NobodyVisible, FrameRateTooLow, FeetCutOff, WrongView, NotRunning, TooFewStrides
        If the clip does not show a run from the side or from behind; `time_s` is the moment, in the stream's seconds.
    """
    profile = profile_for(parameters)
    _check_frames(observations.track, parameters)
    check_feet(observations.track)
    told = TimeBase(slow_motion=parameters.slow_motion or 1.0, is_told=parameters.slow_motion is not None)
    with _in_stream_seconds(told):
        movement = prepare_steadied(observations, slow_motion=told.slow_motion)
        if chosen_view(movement[0], parameters.view) == "back":
            return analyse_back(observations, parameters, prepare(observations.track, slow_motion=told.slow_motion))
        run = None if told.is_told else _slowed_run(observations, movement[0], parameters, profile)
        return _judged(observations, parameters, profile, run or _find_run(movement, told, parameters, profile))


def _slowed_run(observations: Observations, motion: Motion, parameters: RunningParameters, profile: Profile) -> Run | None:
    """Return the run of a clip in slow motion at the factor that is found; None where there is none, or then no run."""
    slowed = TimeBase(slow_motion=slow_motion_of(motion, height_m=parameters.height_m), is_told=False)
    if slowed.slow_motion <= 1:
        return None
    movement = prepare_steadied(observations, slow_motion=slowed.slow_motion)
    try:
        run = _find_run(movement, slowed, parameters, profile)
    except SceneError:
        return None
    return run if run.duty_factor < WALKING_DUTY_FACTOR else None


@contextmanager
def _in_stream_seconds(base: TimeBase) -> Iterator[None]:
    """Say refusals at the moment of the stream, not of the runner."""
    try:
        yield
    except SceneError as refusal:
        moment = None if refusal.time_s is None else refusal.time_s * base.slow_motion
        raise type(refusal)(refusal.message, time_s=moment) from refusal


def _roll_in_picture(run: Run) -> float | None:
    """Return how far a level line sinks to the right of the picture, degrees; None where it is unknown."""
    if not np.isfinite(run.roll_deg):
        return None
    return round(-run.roll_deg if run.motion.facing == "right" else run.roll_deg, 2)


def profile_for(parameters: RunningParameters) -> Profile:
    """Return what a side view is judged by. Raises `BadParameter` if the parameters ask for profiles that there are not."""
    load_back_profile(parameters.back_profile)
    return load_profile(parameters.profile)


def _check_frames(track: PoseTrack, parameters: RunningParameters) -> None:
    if len(track.time_s) < 2:
        raise NobodyVisible("A single picture shows no run; send a video.")
    fps = (parameters.slow_motion or 1.0) / float(np.median(np.diff(track.time_s)))
    # a clip at the limit may miss it by rounding of its stamps
    if fps < 0.99 * parameters.minimum_fps:
        raise FrameRateTooLow(
            f"The clip has {fps:.3g} frames a second; at least {parameters.minimum_fps:.3g} are needed to time a foot strike.",
            time_s=float(track.time_s[0]),
        )


def _find_run(
    movement: tuple[Motion, Ground, CameraMotion], base: TimeBase, parameters: RunningParameters, profile: Profile
) -> Run:
    motion, ground, camera = movement
    yaw_deg = check_view(motion)
    steps = find_steps(motion)
    roll_deg = find_roll_deg(motion, ground, steps, yaw_deg=yaw_deg, incline_percent=parameters.incline_percent or 0.0)
    motion = levelled(motion, roll_deg=roll_deg)
    bout = find_bout(motion, ground, steps, height_m=parameters.height_m)
    repaired = repaired_by_repeats(motion, find_contacts(motion, ground, bout.steps))
    if repaired is not motion:
        motion, steps = repaired, find_steps(repaired)
        bout = find_bout(motion, ground, steps, height_m=parameters.height_m)
    series = angle_series(motion)
    contacts = find_contacts(motion, ground, bout.steps)
    if len(contacts) < FEWEST_STRIKES:
        seen = "No foot strike is" if not contacts else "Only one foot strike is"
        raise TooFewStrides(f"{seen} visible; film at least three strides.", time_s=bout.from_s)
    strides = measure_strides(motion, series, contacts, borders=profile.pattern, slow_motion=base.slow_motion)
    return Run(
        motion=motion,
        ground=ground,
        bout=bout,
        strides=strides,
        series=series,
        yaw_deg=yaw_deg,
        time_base=base,
        wave=hip_wave(motion, bout.steps, height_m=parameters.height_m),
        camera=camera,
        stance_slip=stance_slip(motion, ground, contacts),
        roll_deg=roll_deg,
    )


def _judged(observations: Observations, parameters: RunningParameters, profile: Profile, run: Run) -> Findings[RunningResult]:
    motion, bout = run.motion, run.bout
    scale = find_scale(run, height_m=parameters.height_m, pace_s_per_km=parameters.pace_s_per_km)
    measures = run_measures(run)
    metrics = run_metrics(run, scale)
    asymmetry = find_asymmetry(run.strides, metrics, measures, profile.asymmetry)
    pattern = run_pattern(run.strides)
    language = load_language(parameters.language)
    scores = rate(measures, pattern, profile, language, instant=parameters.instant, near=motion.near)
    place = _place(run, metrics, parameters, profile)
    say = load_page_texts(parameters.language)
    result = RunningResult(
        view="side",
        direction=motion.facing,
        treadmill=run.ground.moves if parameters.treadmill is None else parameters.treadmill,
        near_side=motion.near,
        instant=parameters.instant,
        profile=profile.name,
        running_from_s=round(bout.from_s * run.slow_motion, 4),
        running_to_s=round(bout.to_s * run.slow_motion, 4),
        events=_events(run.strides),
        metrics=metrics.model_copy(update={"asymmetry": asymmetry}),
        measures=measures,
        foot_strike_pattern=pattern,
        scores=scores,
        total_score=_total(scores, profile),
        styles=_styles(place, language, profile),
        style_place=place,
        norms=find_norms(metrics, profile, sex=parameters.sex),
        language=parameters.language,
        swaps_repaired=motion.swaps,
        outliers_removed=motion.outliers,
        camera_yaw_deg=round(run.yaw_deg, 2) if np.isfinite(run.yaw_deg) else None,
        camera_roll_deg=_roll_in_picture(run),
        camera=_camera(run),
        time_base=_time_base(run),
        overstride=overstride_bands(measures, profile.overstride, instant=parameters.instant),
        curves=gait_curves(run),
        per_side=per_side(run, scale),
        gaps_filled=motion.gaps_filled,
        detours_corrected=motion.detours,
    )
    return Findings(
        result=result,
        warnings=(
            *observations.notices,
            *notices(run, scale, parameters),
            *norm_notices(metrics, profile, sex=parameters.sex, say=say),
        ),
        details=_details(observations.track, run, scale),
    )


def _total(scores: Mapping[str, Score], profile: Profile) -> float | None:
    total = total_score({key: score.score for key, score in scores.items()}, profile)
    return None if total is None else round(total, 4)


def _camera(run: Run) -> Camera:
    slip = round(run.stance_slip, 4) if np.isfinite(run.stance_slip) else None
    if not run.camera.is_known:
        return Camera(stance_slip=slip)
    return Camera(moves=run.camera.moves, moved_px=round(run.camera.range_px, 1), stance_slip=slip)


def _time_base(run: Run) -> TimeBaseOfClip:
    fall = fall_over_needed(run.wave, run.duty_factor)
    return TimeBaseOfClip(
        slow_motion=run.slow_motion, is_told=run.time_base.is_told, fall=None if fall is None else round(fall, 3)
    )


def _events(strides: Sequence[Stride]) -> tuple[Event, ...]:
    found = []
    for stride in strides:
        strike = Event(
            foot=stride.foot,
            kind="foot_strike",
            time_s=round(stride.strike_s, 5),
            confidence=round(stride.strike_confidence, 3),
        )
        found.append(strike)
        if np.isfinite(stride.toe_off_s):
            found.append(
                Event(
                    foot=stride.foot,
                    kind="toe_off",
                    time_s=round(stride.toe_off_s, 5),
                    confidence=round(stride.toe_off_confidence, 3),
                )
            )
    return tuple(sorted(found, key=lambda event: event.time_s))


def _place(run: Run, metrics: Metrics, parameters: RunningParameters, profile: Profile) -> StylePlace | None:
    cadence, duty = metrics.cadence_spm.value, metrics.duty_factor.value
    if cadence is None or duty is None or metrics.cadence_spm.n < FEWEST_STEPS_FOR_STYLE:
        return None
    return style_place(
        profile.styles,
        cadence_spm=cadence,
        duty_factor=duty,
        speed_heights_per_s=run.speed_px_per_s / run.motion.body_px,
        height_m=parameters.height_m or USUAL_HEIGHT_M,
    )


def _styles(place: StylePlace | None, language: Language, profile: Profile) -> tuple[Style, ...]:
    if place is None:
        return ()
    found = []
    for name, percentage in style_percentages(profile.styles, place):
        words = language.styles[name]
        found.append(Style(code=name, title=words.title, animal=words.animal, percentage=percentage, summary=words.summary))
    return tuple(found)


def _details(track: PoseTrack, run: Run, scale: Scale) -> RunningDetails:
    motion = run.motion
    at_s = track.time_s / run.slow_motion
    upright = np.array([1.0 if motion.facing == "right" else -1.0, -1.0])
    as_filmed = [turned(path, by_deg=float(np.nan_to_num(run.roll_deg))) for path in motion.points.values()]

    def at_frames(path: Floats) -> Floats:
        return np.interp(at_s, motion.time_s, path, left=np.nan, right=np.nan)

    xy_px = np.stack([np.stack([at_frames(path[:, 0]), at_frames(path[:, 1])], axis=1) for path in as_filmed], axis=1)
    return RunningDetails(
        time_s=track.time_s,
        keypoints=tuple(motion.points),
        xy_px=xy_px * upright + run.camera.path_px[:, None],
        series={name: at_frames(run.series[name]) for name in SERIES},
        strides=run.strides,
        facing=motion.facing,
        near_side=motion.near,
        running_from_s=run.bout.from_s * run.slow_motion,
        running_to_s=run.bout.to_s * run.slow_motion,
        camera_yaw_deg=run.yaw_deg,
        scale_m_per_px=scale.m_per_px,
    )

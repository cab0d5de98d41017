"""Observations in, findings out: the order in which a back view is analysed."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.back.angles import FRONTAL_SERIES, find_roll_deg, find_yaw_deg, frontal_angles
from kinesight.analyses.running.back.contacts import find_back_contacts, find_lifts, push_m_per_s2
from kinesight.analyses.running.back.details import BackDetails, BackStride
from kinesight.analyses.running.back.frontal import find_frontal
from kinesight.analyses.running.back.notices import back_notices
from kinesight.analyses.running.back.numbers import back_measures, back_metrics, back_total, rate_back
from kinesight.analyses.running.back.profile import load_back_profile
from kinesight.analyses.running.back.run import BackRun
from kinesight.analyses.running.back.stances import measure_stances, pelvis_course
from kinesight.analyses.running.back.walks import find_back_bout
from kinesight.analyses.running.bouts import USUAL_HEIGHT_M
from kinesight.analyses.running.motion import SIDES, Motion, Side
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import Event, FootStrikePattern, RunningResult
from kinesight.analyses.running.texts import load_language
from kinesight.domain.analysis import Findings
from kinesight.domain.errors import TooFewStrides
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask

FEWEST_STRIKES = 3
"""One whole stride: without it the hips have no middle to tilt about."""
STRIKE_CONFIDENCE, TOE_OFF_CONFIDENCE = 0.7, 0.85


def analyse_back(observations: Observations, parameters: RunningParameters, motion: Motion) -> Findings[RunningResult]:
    """Return what keypoints seen from behind say about how somebody runs; moments of refusals are the runner's seconds.

    Raises
    ------
    BadParameter
        If there is no such profile.
    NotRunning, TooFewStrides
        If the clip shows no run.
    """
    profile = load_back_profile(parameters.back_profile)
    run = find_back_run(motion, parameters)
    told = 1000.0 / parameters.pace_s_per_km if parameters.pace_s_per_km is not None else None
    treadmill = run.keeps_size if parameters.treadmill is None else parameters.treadmill
    measures = back_measures(run, full_body=parameters.full_body)
    scores = rate_back(measures, profile, load_language(parameters.language))
    result = RunningResult(
        view="back",
        direction=None,
        treadmill=treadmill,
        instant=parameters.instant,
        profile=profile.name,
        running_from_s=round(run.bout.from_s * run.slow_motion, 4),
        running_to_s=round(run.bout.to_s * run.slow_motion, 4),
        events=_events(run),
        metrics=back_metrics(run, height_m=parameters.height_m, belt_m_per_s=told if treadmill else None),
        measures=measures,
        foot_strike_pattern=FootStrikePattern(),
        scores=scores,
        total_score=back_total(scores, profile),
        styles=(),
        language=parameters.language,
        swaps_repaired=motion.swaps,
        outliers_removed=motion.outliers,
        camera_yaw_deg=_known(run.yaw_deg),
        camera_roll_deg=_known(run.roll_deg),
    )
    return Findings(
        result=result,
        warnings=(*observations.notices, *back_notices(run, measures, parameters)),
        details=_details(observations.track, run),
    )


def find_back_run(motion: Motion, parameters: RunningParameters) -> BackRun:
    """Return the run in the clip with its stances, the camera's place and the angles over time."""
    slow_motion = parameters.slow_motion or 1.0
    frontal = find_frontal(motion)
    lifts = find_lifts(frontal)
    push = push_m_per_s2(frontal, lifts, height_m=parameters.height_m or USUAL_HEIGHT_M)
    bout = find_back_bout(frontal, lifts, push)
    contacts = find_back_contacts(frontal, bout.steps, push)
    if len(contacts) < FEWEST_STRIKES or len({contact.foot for contact in contacts}) < 2:
        raise TooFewStrides("Fewer than three steps in a row are visible; film at least three strides.", time_s=bout.from_s)
    yaw_deg = find_yaw_deg(frontal, contacts)
    roll_deg = find_roll_deg(frontal, contacts, yaw_deg=float(np.nan_to_num(yaw_deg)))
    series = frontal_angles(frontal, yaw_deg=float(np.nan_to_num(yaw_deg)), roll_deg=float(np.nan_to_num(roll_deg)))
    course = pelvis_course(frontal, series["pelvis_tilt_deg"], contacts)
    return BackRun(
        frontal=frontal,
        bout=bout,
        strides=measure_stances(frontal, series, contacts, course=course, slow_motion=slow_motion),
        course=course,
        series=series,
        yaw_deg=yaw_deg,
        roll_deg=roll_deg,
        slow_motion=slow_motion,
    )


def _known(value: float) -> float | None:
    return round(value, 2) if np.isfinite(value) else None


def _events(run: BackRun) -> tuple[Event, ...]:
    found: list[Event] = []
    for stride in run.strides:
        found += _event(stride, "foot_strike")
        found += _event(stride, "toe_off")
    return tuple(sorted(found, key=lambda event: event.time_s))


def _event(stride: BackStride, kind: str) -> list[Event]:
    time_s, trust = (stride.strike_s, STRIKE_CONFIDENCE) if kind == "foot_strike" else (stride.toe_off_s, TOE_OFF_CONFIDENCE)
    if not np.isfinite(time_s):
        return []
    return [
        Event.model_validate(
            {"foot": stride.foot, "kind": kind, "time_s": round(time_s, 5), "confidence": round(trust * stride.confidence, 3)}
        )
    ]


def _carries(run: BackRun, side: Side, time_s: Floats) -> Mask:
    carries = np.zeros(len(time_s), dtype=bool)
    for stride in run.strides:
        if stride.foot == side:
            carries |= (time_s >= stride.strike_s) & (time_s <= 2 * stride.middle_s - stride.strike_s)
    return carries


def _details(track: PoseTrack, run: BackRun) -> BackDetails:
    frontal = run.frontal
    at_s = track.time_s / run.slow_motion

    def at_frames(path: Floats) -> Floats:
        return np.interp(at_s, frontal.time_s, path, left=np.nan, right=np.nan)

    paths = [np.stack([at_frames(path[:, 0]), -at_frames(path[:, 1])], axis=1) for path in frontal.points.values()]
    series = {name: at_frames(run.series[name]) for name in FRONTAL_SERIES}
    for side in SIDES:
        # only the foot that carries says something of its heel
        series[f"{side}_pronation_deg"] = np.where(_carries(run, side, track.time_s), series[f"{side}_pronation_deg"], np.nan)
    if run.course is not None:
        series["pelvis_tilt_deg"] = series["pelvis_tilt_deg"] - run.course.middle_deg
    return BackDetails(
        time_s=track.time_s,
        keypoints=tuple(frontal.points),
        xy_px=np.stack(paths, axis=1),
        series=series,
        strides=run.strides,
        running_from_s=run.bout.from_s * run.slow_motion,
        running_to_s=run.bout.to_s * run.slow_motion,
    )

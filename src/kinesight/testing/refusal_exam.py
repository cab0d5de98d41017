"""Clips that show no run from the side: whether each is refused, and for the right reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.errors import KinesightError
from kinesight.domain.people import PoseTrack
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, track_of
from kinesight.testing.runner import WALKING, bystander, runner
from kinesight.testing.side_view import changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A clip that has to be refused with a code, and the code, or "none", that it got for each seed."""

    shows: str
    expected: str
    given: tuple[str, ...]


def refusals(body: Body, *, seeds: range) -> tuple[Refusal, ...]:
    """Return what becomes of clips of a runner, a walker and a bystander that cannot be analysed."""
    found = []
    for shows, (expected, clip) in _clips(body).items():
        found.append(Refusal(shows=shows, expected=expected, given=tuple(_code(clip(seed), body) for seed in seeds)))
    return tuple(found)


def _clips(body: Body) -> Mapping[str, tuple[str, Callable[[int], PoseTrack]]]:
    plain = Condition(facing="right", fps=60.0)
    walker, idle = runner(WALKING, seconds=5.0), bystander(seconds=5.0)
    return {
        "a walk on a treadmill": ("not_running", lambda seed: track_of(walker, plain, seed=seed)),
        "a walk over ground": (
            "not_running",
            lambda seed: track_of(walker, replace(plain, travelling_m_per_s=WALKING.speed_m_per_s), seed=seed),
        ),
        "somebody who stands": ("not_running", lambda seed: track_of(idle, plain, seed=seed)),
        "a run from the front": ("wrong_view", lambda seed: track_of(body, replace(plain, yaw_deg=85.0), seed=seed)),
        "a run from 60° off the side": ("wrong_view", lambda seed: track_of(body, replace(plain, yaw_deg=60.0), seed=seed)),
        "feet under the lower edge": ("feet_cut_off", lambda seed: _without_feet(track_of(body, plain, seed=seed))),
        "15 frames a second": ("frame_rate_too_low", lambda seed: track_of(body, replace(plain, fps=15.0), seed=seed)),
        "a single step": ("too_few_strides", lambda seed: _first_seconds(track_of(body, plain, seed=seed), 0.5)),
        "nobody": ("nobody_visible", lambda seed: _nobody(track_of(body, plain, seed=seed))),
    }


def _code(track: PoseTrack, body: Body) -> str:
    try:
        analyse(Observations(track=track), RunningParameters(height_m=body.height_m))
    except KinesightError as refusal:
        return refusal.code
    return "none"


def _without_feet(track: PoseTrack) -> PoseTrack:
    """Return the track with the picture's lower edge at the knees."""
    knees = np.concatenate([track.point("left_knee")[:, 1], track.point("right_knee")[:, 1]])
    return replace(track, height_px=int(np.median(knees)))


def _first_seconds(track: PoseTrack, seconds: float) -> PoseTrack:
    inside = track.time_s <= track.time_s[0] + seconds
    return replace(track, time_s=track.time_s[inside], xy_px=track.xy_px[inside], score=track.score[inside])


def _nobody(track: PoseTrack) -> PoseTrack:
    return changed(track, xy_px=np.full_like(track.xy_px, np.nan))

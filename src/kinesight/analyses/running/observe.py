"""From pictures to one runner's keypoints: follow everybody, then choose whom the clip is about."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.people_tracker import FollowedPerson, PeopleTracker
from kinesight.domain.document import Notice
from kinesight.domain.errors import BadParameter, NobodyVisible, TooFewFrames
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.ports import Models, VideoReader, Watch
from kinesight.domain.video import Floats

LOOK_AT_PX = 1280
"""Longest side of the pictures that the models see; a runner filling half of it covers more pixels than a pose model reads."""

SHORTEST_S = 0.4
"""A person seen for less time cannot be the subject of a running analysis (about one step)."""

WINDOW_S = 0.4
"""Length of the windows that are judged as running or not; about one step."""

RUNNING_FEET_PER_S = 2.2
"""Body heights per second by which the distance between the ankles changes at its quickest (90th percentile of a window).

Walking at 1.4 m/s stays under 1.5 and running at 2.5 m/s comes to 3 (foot swing speed is about twice the speed of travel)."""


def observe(reader: VideoReader, models: Models, parameters: RunningParameters, watch: Watch) -> Observations:
    """Return the keypoints of the runner.

    Raises
    ------
    NobodyVisible
        Nobody is seen for long enough.
    BadParameter
        The wanted person does not exist.
    TooFewFrames
        The clip has fewer than two pictures.
    """
    tracker = PeopleTracker(models.detector(), models.pose(parameters.pose_model))
    time_s: list[float] = []
    for frame in reader.frames(longest_side_px=LOOK_AT_PX):
        watch.progress("observe", frame.index, reader.info.frame_count)
        time_s.append(frame.time_s)
        tracker.see(frame)
    if len(time_s) < 2:
        raise TooFewFrames(f"The video has {len(time_s)} picture; send at least a second of film.")
    times = np.array(time_s)
    people = tuple(p for p in tracker.people() if _seen_s(p, times) >= SHORTEST_S)
    number = _choose(people, times, parameters.person)
    info = reader.info
    return Observations(
        track=_track(people[number], times, width_px=info.width_px, height_px=info.height_px),
        models=(models.detector().used, models.pose(parameters.pose_model).used),
        video=info,
        notices=_notices(people, number, asked=parameters.person),
    )


def _choose(people: tuple[FollowedPerson, ...], times: Floats, wanted: int | None) -> int:
    """Return the number of the person that the clip is about: the one asked for, else the most runner-like, largest, longest."""
    if not people:
        raise NobodyVisible(
            "Nobody is visible long enough; film one runner, whole body, head to feet, filling half of the picture."
        )
    if wanted is None:
        return int(np.argmax([_importance(person, times) for person in people]))
    if wanted >= len(people):
        raise BadParameter(
            f"Person {wanted} was asked for, but the clip shows {len(people)}, counted from 0 by first appearance."
        )
    return wanted


def _seen_s(person: FollowedPerson, times: Floats) -> float:
    frames = np.array(person.frames)
    return float(times[frames[-1]] - times[frames[0]])


def _importance(person: FollowedPerson, times: Floats) -> float:
    """Return time seen × size, running time counted twenty times: a passer-by in front never beats a runner behind him."""
    height = _body_height_px(person)
    return height * (_seen_s(person, times) + 20.0 * running_time_s(person, times))


def _body_height_px(person: FollowedPerson) -> float:
    y = person.xy_px[:, :, 1]
    return float(np.median(np.nanmax(y, axis=1) - np.nanmin(y, axis=1)))


def running_time_s(person: FollowedPerson, times: Floats) -> float:
    """Return for how many seconds the feet move as fast as a runner's.

    The distance between the ankles is used because it does not care which leg is which: a swap of the legs, the commonest
    mistake of pose models seen from the side, does not look like speed.
    """
    ankles = [KEYPOINTS.index("left_ankle"), KEYPOINTS.index("right_ankle")]
    apart = np.linalg.norm(person.xy_px[:, ankles[0]] - person.xy_px[:, ankles[1]], axis=1)
    when = times[np.array(person.frames)]
    with np.errstate(invalid="ignore"):
        speed = np.abs(np.diff(apart) / np.diff(when)) / _body_height_px(person)
    middle = (when[1:] + when[:-1]) / 2
    windows = np.arange(when[0], when[-1] - WINDOW_S / 2, WINDOW_S)
    fast = 0.0
    for start in windows:
        inside = speed[(middle >= start) & (middle < start + WINDOW_S)]
        inside = inside[np.isfinite(inside)]
        if len(inside) >= 3 and np.percentile(inside, 90) > RUNNING_FEET_PER_S:
            fast += WINDOW_S
    return fast


def _track(person: FollowedPerson, times: Floats, *, width_px: int, height_px: int) -> PoseTrack:
    xy = np.full((len(times), len(KEYPOINTS), 2), np.nan)
    score = np.zeros((len(times), len(KEYPOINTS)))
    frames = np.array(person.frames)
    xy[frames], score[frames] = person.xy_px, person.score
    return PoseTrack(keypoints=KEYPOINTS, time_s=times, xy_px=xy, score=score, width_px=width_px, height_px=height_px)


def _notices(people: tuple[FollowedPerson, ...], number: int, *, asked: int | None) -> tuple[Notice, ...]:
    if len(people) == 1 or asked is not None:
        return ()
    text = (
        f"The clip shows {len(people)} people; number {number} (from 0, by first appearance) was analysed as the most runner-like. "
        "Another one can be chosen with the parameter person."
    )
    return (Notice(code="several_people", message=text),)

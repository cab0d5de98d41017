"""From pictures to one runner's keypoints: follow everybody, then choose whom the clip is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kinesight.analyses.running.analysis import analyse, profile_for
from kinesight.analyses.running.camera import camera_path
from kinesight.analyses.running.feet import steadied
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.people_tracker import FollowedPerson, PeopleTracker
from kinesight.domain.document import Notice
from kinesight.domain.errors import BadParameter, NobodyVisible, SceneError, TooFewFrames
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.ports import Models, VideoReader, Watch
from kinesight.domain.video import Floats

LOOK_AT_PX = 1280
"""Longest side of the pictures that the models see; a runner filling half of it covers more pixels than a pose model reads."""

SHORTEST_S = 0.4
"""A person seen for less time cannot be the subject of a running analysis (about one step)."""

MOST_CANDIDATES = 8
"""People that are tried as the runner, the largest and longest seen first."""


def observe(reader: VideoReader, models: Models, parameters: RunningParameters, watch: Watch) -> Observations:
    """Return the keypoints of the runner.

    Raises
    ------
    NobodyVisible
        Nobody is seen for long enough.
    BadParameter
        The wanted person does not exist; or, before anything is read, an unknown profile is asked for.
    TooFewFrames
        The clip has fewer than two pictures.
    """
    profile_for(parameters)
    tracker = PeopleTracker(models.detector(), models.pose(parameters.pose_model), models.patches())
    background = models.background()
    time_s: list[float] = []
    maps: list[Floats] = []
    for frame in reader.frames(longest_side_px=LOOK_AT_PX):
        watch.progress("observe", frame.index, reader.info.frame_count)
        time_s.append(frame.time_s)
        tracker.see(frame)
        maps.append(_map_in_source(background.see(frame.rgb, people_xyxy_px=tracker.boxes_xyxy_px()), scale=frame.scale))
    if len(time_s) < 2:
        raise TooFewFrames(f"The video has {len(time_s)} picture; send at least a second of film.")
    times = np.array(time_s)
    info = reader.info
    seen = tuple(p for p in tracker.people() if _seen_s(p, times) >= SHORTEST_S)
    tracks = tuple(_track(person, times, width_px=info.width_px, height_px=info.height_px) for person in seen)
    shifts = tuple(camera_path(np.array(maps), track) for track in tracks)
    importance = [_body_height_px(person) * _seen_s(person, times) for person in seen]
    seen_people = tuple(Observations(track=track, camera_xy_px=shift) for track, shift in zip(tracks, shifts, strict=True))
    number = _choose(seen_people, importance, parameters)
    return replace(
        seen_people[number],
        models=(models.detector().used, models.pose(parameters.pose_model).used),
        video=info,
        notices=_notices(len(tracks), number, asked=parameters.person, language=parameters.language),
    )


def _map_in_source(background: Floats | None, *, scale: float) -> Floats:
    if background is None:
        return np.full((2, 3), np.nan)
    return np.column_stack([background[:, :2], background[:, 2] / scale])


def _choose(people: Sequence[Observations], importance: Sequence[float], parameters: RunningParameters) -> int:
    """Return the number of the person that the clip is about: the one asked for, else the largest, longest one who runs.

    Who runs is what the analysis itself says: nothing quicker told a walker with a jittery pose from a slow runner (the speed of
    the ankles of both reaches 2.5 to 2.8 body heights a second).
    """
    if not people:
        raise NobodyVisible(
            "Nobody is visible long enough; film one runner, whole body, head to feet, filling half of the picture."
        )
    if parameters.person is not None:
        if parameters.person >= len(people):
            several = "one person" if len(people) == 1 else f"{len(people)} people"
            raise BadParameter(f"person: {parameters.person} was asked for, but the clip shows {several}, counted from 0.")
        return parameters.person
    order = sorted(range(len(people)), key=lambda number: -importance[number])
    runners = (number for number in order[:MOST_CANDIDATES] if len(people) > 1 and _runs(people[number], parameters))
    return next(runners, order[0])


def _runs(person: Observations, parameters: RunningParameters) -> bool:
    try:
        analyse(person, parameters)
    except SceneError:
        return False
    return True


def _seen_s(person: FollowedPerson, times: Floats) -> float:
    frames = np.array(person.frames)
    return float(times[frames[-1]] - times[frames[0]])


def _body_height_px(person: FollowedPerson) -> float:
    y = person.xy_px[:, :, 1]
    return float(np.median(np.nanmax(y, axis=1) - np.nanmin(y, axis=1)))


def _track(person: FollowedPerson, times: Floats, *, width_px: int, height_px: int) -> PoseTrack:
    xy = np.full((len(times), len(KEYPOINTS), 2), np.nan)
    score = np.zeros((len(times), len(KEYPOINTS)))
    frames = np.array(person.frames)
    moved_px = np.full((len(times), *person.feet_moved_px.shape[1:]), np.nan)
    trust = np.zeros((len(times), person.feet_trust.shape[1]))
    xy[frames], score[frames] = person.xy_px, person.score
    moved_px[frames], trust[frames] = person.feet_moved_px, person.feet_trust
    xy = steadied(xy, moved_px, trust, body_px=_body_height_px(person))
    return PoseTrack(keypoints=KEYPOINTS, time_s=times, xy_px=xy, score=score, width_px=width_px, height_px=height_px)


def _notices(people: int, number: int, *, asked: int | None, language: str) -> tuple[Notice, ...]:
    if people == 1 or asked is not None:
        return ()
    text = load_page_texts(language)("notice.several_people", people=people, number=number)
    return (Notice(code="several_people", message=text),)

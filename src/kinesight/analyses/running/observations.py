"""What was seen of the runner, and poses.json, in which it is kept and from which it can be analysed again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from pydantic import ValidationError

from kinesight.domain.document import POSES_SCHEMA, Notice, UsedModel
from kinesight.domain.errors import BadObservations
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats, VideoInfo
from kinesight.signals.runs import Mask

Entry = TypeVar("Entry", UsedModel, Notice)

MOST_FRAMES = 500_000
MOST_KEYPOINTS = 300
MOST_VALUES = 20_000_000
MOST_PIXELS = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """One runner's keypoints over time, and what they were made with and from; `notices` is what observing has to warn of.

    `camera_xy_px` (frames, 2) is where the background beside the runner has moved to since the first frame, in pixels of the
    source picture, NaN in frames where that is unknown; None where nothing is known of the camera: it counts as standing still.
    """

    track: PoseTrack
    camera_xy_px: Floats | None = None
    models: tuple[UsedModel, ...] = ()
    video: VideoInfo | None = None
    notices: tuple[Notice, ...] = ()


def store(observations: Observations) -> dict[str, Any]:
    """Return the observations as a kinesight.poses/1 document; points that were not found are null."""
    track = observations.track
    known: Mask = np.asarray(np.isfinite(track.xy_px).all(axis=2))
    rounded = np.round(track.xy_px, 3)
    document: dict[str, Any] = {
        "schema": POSES_SCHEMA,
        "width_px": track.width_px,
        "height_px": track.height_px,
        "keypoints": list(track.keypoints),
        "time_s": [float(time) for time in track.time_s],
        "xy_px": [
            [point if seen else None for point, seen in zip(points, row, strict=True)]
            for points, row in zip(rounded.tolist(), known.tolist(), strict=True)
        ],
        "score": np.round(np.where(known, track.score, 0.0), 4).tolist(),
        "models": [model.model_dump() for model in observations.models],
        "warnings": [notice.model_dump() for notice in observations.notices],
    }
    if observations.camera_xy_px is not None:
        followed: Mask = np.asarray(np.isfinite(observations.camera_xy_px).all(axis=1))
        shifts = np.round(observations.camera_xy_px, 3).tolist()
        document["camera_xy_px"] = [shift if seen else None for shift, seen in zip(shifts, followed.tolist(), strict=True)]
    if observations.video is not None:
        document["video"] = observations.video.model_dump(mode="json")
    return document


def restore(document: Mapping[str, Any]) -> Observations:
    """Return the observations of a kinesight.poses/1 document.

    Keypoint names may be a subset of the usual ones or more; a missing `score` means 1.

    Raises
    ------
    BadObservations
        If anything in the document cannot be what it should be; the message names it.
    """
    if not isinstance(document, Mapping):
        raise BadObservations("The poses are not a JSON object.")
    if document.get("schema") != POSES_SCHEMA:
        raise BadObservations(f'The poses have schema {document.get("schema")!r}, not "{POSES_SCHEMA}".')
    names = _names(document.get("keypoints"))
    time_s = _times(document.get("time_s"))
    if len(time_s) * len(names) > MOST_VALUES:
        raise BadObservations(f"The poses have {len(time_s)} frames of {len(names)} keypoints, which is too much to analyse.")
    xy_px = _positions("xy_px", document.get("xy_px"), frames=len(time_s), keypoints=len(names))
    score = _scores(document.get("score"), frames=len(time_s), keypoints=len(names))
    known = np.isfinite(xy_px).all(axis=2)
    return Observations(
        track=PoseTrack(
            keypoints=names,
            time_s=time_s,
            xy_px=xy_px,
            score=np.where(known, score, 0.0),
            width_px=_size(document, "width_px"),
            height_px=_size(document, "height_px"),
        ),
        camera_xy_px=_camera(document.get("camera_xy_px"), frames=len(time_s)),
        models=_entries("models", UsedModel, document.get("models")),
        notices=_entries("warnings", Notice, document.get("warnings")),
        video=_video(document.get("video")),
    )


def used_models(observations: Observations) -> tuple[UsedModel, ...]:
    """Return the models that the observations were made with."""
    return observations.models


def _size(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST_PIXELS:
        raise BadObservations(f"{name} is {_short(value)}, not a whole number of pixels from 1 to {MOST_PIXELS}.")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not _is_list(value) or not 0 < len(value) <= MOST_KEYPOINTS or not all(isinstance(name, str) for name in value):
        raise BadObservations(f"keypoints is {_short(value)}, not a list of 1 to {MOST_KEYPOINTS} names.")
    if len(set(value)) != len(value):
        raise BadObservations("keypoints names a point twice.")
    return tuple(value)


def _times(value: Any) -> Floats:
    if not _is_list(value):
        raise BadObservations(f"time_s is {_short(value)}, not a list of seconds.")
    if not 0 < len(value) <= MOST_FRAMES:
        raise BadObservations(f"time_s has {len(value)} frames; 1 to {MOST_FRAMES} can be analysed.")
    if not all(_is_number(time) for time in value):
        raise BadObservations("time_s holds something else than finite numbers.")
    times = np.array(value, dtype=float)
    if not bool(np.all(np.diff(times) > 0)):
        wrong = int(np.argmin(np.diff(times) > 0)) + 1
        raise BadObservations(f"time_s does not increase at frame {wrong}.")
    return times


def _positions(name: str, value: Any, *, frames: int, keypoints: int) -> Floats:
    _check_rows(name, value, frames=frames, keypoints=keypoints)
    xy_px = np.full((frames, keypoints, 2), np.nan)
    for frame, row in enumerate(value):
        for index, point in enumerate(row):
            if point is None:
                continue
            if not _is_list(point) or len(point) != 2 or not (_is_number(point[0]) and _is_number(point[1])):
                raise BadObservations(f"{name} of frame {frame}, keypoint {index} is {_short(point)}, not [x, y] or null.")
            if max(abs(point[0]), abs(point[1])) > 10 * MOST_PIXELS:
                raise BadObservations(f"{name} of frame {frame}, keypoint {index} lies far outside any picture.")
            xy_px[frame, index] = point
    return xy_px


def _camera(value: Any, *, frames: int) -> Floats | None:
    if value is None:
        return None
    if not _is_list(value) or len(value) != frames:
        raise BadObservations(f"camera_xy_px is not a list with one [x, y] or null for each of the {frames} times.")
    return _positions("camera_xy_px", [[shift] for shift in value], frames=frames, keypoints=1)[:, 0]


def _scores(value: Any, *, frames: int, keypoints: int) -> Floats:
    if value is None:
        return np.ones((frames, keypoints))
    _check_rows("score", value, frames=frames, keypoints=keypoints)
    for frame, row in enumerate(value):
        if not all(_is_number(score) and 0 <= score <= 1 for score in row):
            raise BadObservations(f"score of frame {frame} holds something else than numbers from 0 to 1.")
    return np.array(value, dtype=float)


def _check_rows(name: str, value: Any, *, frames: int, keypoints: int) -> None:
    if not _is_list(value) or len(value) != frames:
        raise BadObservations(f"{name} is not a list with one row for each of the {frames} times.")
    for frame, row in enumerate(value):
        if not _is_list(row) or len(row) != keypoints:
            raise BadObservations(f"{name} of frame {frame} is not a row of {keypoints} keypoints.")


def _entries(name: str, kind: type[Entry], value: Any) -> tuple[Entry, ...]:
    if value is None:
        return ()
    if not _is_list(value):
        raise BadObservations(f"{name} is {_short(value)}, not a list.")
    try:
        return tuple(kind.model_validate(entry) for entry in value)
    except ValidationError as error:
        fields = ", ".join(kind.model_fields)
        raise BadObservations(f"{name} holds an entry that is not {{{fields}}}.") from error


def _video(value: Any) -> VideoInfo | None:
    if value is None:
        return None
    try:
        return VideoInfo.model_validate(value)
    except ValidationError as error:
        raise BadObservations(f"video does not describe a video: {error.errors()[0]['loc']}.") from error


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def _is_number(value: Any) -> bool:
    # an integer too long for a float is no usable number either
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)


def _short(value: Any) -> str:
    text = repr(value) if not _is_list(value) or len(value) < 4 else f"a list of {len(value)}"
    return text if len(text) <= 60 else f"{text[:57]}..."

"""heads.json: observations as a document, and a document as observations, with every way in which it can be wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard, TypeVar

import numpy as np
from pydantic import BaseModel, ValidationError

from kinesight.analyses.persons.observations import HEADS_SCHEMA, Observations, Portrait, Presence
from kinesight.analyses.persons.result import Correction, Link
from kinesight.domain.document import Notice, UsedModel
from kinesight.domain.errors import BadObservations
from kinesight.domain.video import Floats, VideoInfo

Entry = TypeVar("Entry", bound=BaseModel)

MOST_FRAMES = 2_000_000
MOST_PERSONS = 10_000
MOST_PIXELS = 100_000
SOURCES = frozenset({"face", "pose", "body", "filled", None})


def store(observations: Observations) -> dict[str, Any]:
    """Return the observations as a kinesight.heads/1 document; frames in which a person is not seen hold null."""
    document: dict[str, Any] = {
        "schema": HEADS_SCHEMA,
        "video_sha256": observations.video_sha256,
        "width_px": observations.width_px,
        "height_px": observations.height_px,
        "time_s": [float(time) for time in observations.time_s],
        "persons": [_stored(person) for person in observations.persons],
        "cuts_s": list(observations.cuts_s),
        "models": [model.model_dump() for model in observations.models],
        "warnings": [notice.model_dump() for notice in observations.notices],
        "history": [correction.model_dump() for correction in observations.history],
    }
    if observations.video is not None:
        document["video"] = observations.video.model_dump(mode="json")
    return document


def restore(document: Mapping[str, Any]) -> Observations:
    """Return the observations of a kinesight.heads/1 document.

    Raises
    ------
    BadObservations
        If anything in the document cannot be what it should be; the message names it.
    """
    if not isinstance(document, Mapping):
        raise BadObservations("The persons are not a JSON object.")
    if document.get("schema") != HEADS_SCHEMA:
        raise BadObservations(f'The persons have schema {document.get("schema")!r}, not "{HEADS_SCHEMA}".')
    time_s = _times(document.get("time_s"))
    persons = document.get("persons")
    if not _is_list(persons) or len(persons) > MOST_PERSONS:
        raise BadObservations(f"persons is not a list of up to {MOST_PERSONS} persons.")
    found = tuple(_person(entry, frames=len(time_s)) for entry in persons)
    ids = [person.obj_id for person in found]
    if sorted(set(ids)) != ids:
        raise BadObservations("The obj_id of the persons do not rise.")
    video = document.get("video")
    return Observations(
        video_sha256=_text(document.get("video_sha256"), "video_sha256"),
        width_px=_size(document, "width_px"),
        height_px=_size(document, "height_px"),
        time_s=time_s,
        persons=found,
        cuts_s=tuple(_numbers(document.get("cuts_s", []), "cuts_s").tolist()),
        models=_entries(UsedModel, document.get("models", []), "models"),
        video=None if video is None else _entries(VideoInfo, [video], "video")[0],
        notices=_entries(Notice, document.get("warnings", []), "warnings"),
        history=_entries(Correction, document.get("history", []), "history"),
    )


def _stored(person: Presence) -> dict[str, Any]:
    return {
        "obj_id": person.obj_id,
        "first_frame": person.first_frame,
        "box_xyxy_px": _boxes_or_null(person.boxes_px),
        "head_xyxy_px": _boxes_or_null(person.heads_px),
        "head_source": list(person.head_source),
        "score": np.round(person.score, 3).tolist(),
        "confidence": round(person.confidence, 3),
        "name": person.name,
        "portraits": [
            {"frame": one.frame, "box_xyxy_px": np.round(one.box_px, 1).tolist(), "quality": round(one.quality, 4)}
            for one in person.portraits
        ],
        "links": [link.model_dump() for link in person.links],
    }


def _boxes_or_null(boxes: Floats) -> list[list[float] | None]:
    known = np.isfinite(boxes[:, 0])
    return [box if is_known else None for box, is_known in zip(np.round(boxes, 1).tolist(), known, strict=True)]


def _person(entry: Any, *, frames: int) -> Presence:
    if not isinstance(entry, Mapping):
        raise BadObservations("persons holds something else than objects.")
    obj_id, first = entry.get("obj_id"), entry.get("first_frame")
    if not _is_whole(obj_id):
        raise BadObservations(f"obj_id is {obj_id!r}, not a whole number from 0.")
    what = f"person {obj_id}"
    if not _is_whole(first) or first >= frames:
        raise BadObservations(f"first_frame of {what} is {first!r}, not one of the {frames} frames.")
    boxes = _boxes(entry.get("box_xyxy_px"), what=f"box_xyxy_px of {what}", most=frames - first)
    heads = _boxes(entry.get("head_xyxy_px"), what=f"head_xyxy_px of {what}", most=frames - first)
    source, score = entry.get("head_source"), _numbers(entry.get("score"), f"score of {what}")
    if not _is_list(source) or not all(isinstance(one, str | None) and one in SOURCES for one in source):
        raise BadObservations(f"head_source of {what} holds something else than face, pose, body, filled and null.")
    if not len(boxes) == len(heads) == len(source) == len(score):
        raise BadObservations(f"The lists of {what} differ in length.")
    if not ((score >= 0) & (score <= 1)).all():
        raise BadObservations(f"score of {what} holds something else than numbers from 0 to 1.")
    if not np.isfinite(boxes[:, 0]).any():
        raise BadObservations(f"{what} is in no frame.")
    return Presence(
        obj_id=obj_id,
        first_frame=first,
        boxes_px=boxes,
        heads_px=heads,
        head_source=tuple(source),
        score=score,
        confidence=float(np.clip(_numbers([entry.get("confidence", 1.0)], f"confidence of {what}")[0], 0.0, 1.0)),
        name=None if entry.get("name") is None else _text(entry["name"], f"name of {what}"),
        portraits=_portraits(entry.get("portraits", []), what=what, frames=frames),
        links=_entries(Link, entry.get("links", []), f"links of {what}"),
    )


def _portraits(value: Any, *, what: str, frames: int) -> tuple[Portrait, ...]:
    if not _is_list(value):
        raise BadObservations(f"portraits of {what} is not a list.")
    found = []
    for entry in value:
        frame = entry.get("frame") if isinstance(entry, Mapping) else None
        if not _is_whole(frame) or frame >= frames:
            raise BadObservations(f"A portrait of {what} is of no frame of the video.")
        box = _boxes([entry.get("box_xyxy_px")], what=f"portraits of {what}", most=1)[0]
        if not np.isfinite(box).all():
            raise BadObservations(f"A portrait of {what} has no box.")
        found.append(Portrait(frame=frame, box_px=box, quality=float(_numbers([entry.get("quality", 0.0)], what)[0])))
    return tuple(found)


def _boxes(value: Any, *, what: str, most: int) -> Floats:
    if not _is_list(value) or not 0 < len(value) <= most:
        raise BadObservations(f"{what} is not a list of 1 to {most} boxes: there are no more frames.")
    found = np.full((len(value), 4), np.nan)
    for row, box in enumerate(value):
        if box is None:
            continue
        if not _is_list(box) or len(box) != 4 or not all(_is_number(side) and abs(side) <= MOST_PIXELS for side in box):
            raise BadObservations(f"{what}, entry {row}, is not [left, top, right, bottom] or null.")
        if box[2] < box[0] or box[3] < box[1]:
            raise BadObservations(f"{what}, entry {row}, ends before it begins.")
        found[row] = box
    return found


def _times(value: Any) -> Floats:
    times = _numbers(value, "time_s")
    if not 0 < len(times) <= MOST_FRAMES:
        raise BadObservations(f"time_s has {len(times)} frames; 1 to {MOST_FRAMES} can be used.")
    if not bool(np.all(np.diff(times) > 0)):
        raise BadObservations("time_s does not increase.")
    return times


def _numbers(value: Any, what: str) -> Floats:
    if not _is_list(value) or not all(_is_number(one) for one in value):
        raise BadObservations(f"{what} is not a list of finite numbers.")
    return np.array(value, dtype=np.float64)


def _size(document: Mapping[str, Any], name: str) -> int:
    value = document.get(name)
    if not _is_whole(value) or not 0 < value <= MOST_PIXELS:
        raise BadObservations(f"{name} is {str(value)[:40]}, not a whole number of pixels from 1 to {MOST_PIXELS}.")
    return int(value)


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or len(value) > 200:
        raise BadObservations(f"{what} is not a text of up to 200 characters.")
    return value


def _entries(kind: type[Entry], value: Any, what: str) -> tuple[Entry, ...]:
    if not _is_list(value):
        raise BadObservations(f"{what} is not a list.")
    try:
        return tuple(kind.model_validate(entry) for entry in value)
    except ValidationError as error:
        raise BadObservations(f"{what} holds an entry that is not {{{', '.join(kind.model_fields)}}}.") from error


def _is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)

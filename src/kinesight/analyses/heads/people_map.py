"""heads.json read into arrays: which person's head is where, in every frame of the video."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kinesight.domain.errors import BadResult, OtherVideo, UnknownPerson
from kinesight.domain.heads import HeadMap, HeadTrack
from kinesight.domain.video import Floats

Box = tuple[float, float, float, float]

SEEN = ("face",)
"""Where a head's place comes from when it is exact; a pose ("pose") says it less exactly, and "filled" and "body" are guesses."""


CUT_EARLY_S = 1e-4
"""A cut is the time of the first frame after it; times may be rounded."""


class _Person(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    obj_id: int = Field(ge=0)
    first_frame: int = Field(ge=0)
    box_xyxy_px: list[Box | None]
    head_xyxy_px: list[Box | None]
    head_source: list[str | None]


class _Heads(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    schema_: Literal["kinesight.heads/1"] = Field(alias="schema")
    video_sha256: str
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    time_s: list[float] = Field(min_length=1)
    persons: list[_Person]
    cuts_s: list[float] = Field(default_factory=list)


def read_head_map(document: Mapping[str, Any], *, what: str = "heads.json") -> HeadMap:
    """Return the map that a person analysis stored.

    Parameters
    ----------
    document
        A `kinesight.heads/1` document.
    what
        What to call it in an error.

    Raises
    ------
    BadResult
        It is no such document, or its lists do not fit its frames.
    """
    try:
        heads = _Heads.model_validate(document)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise BadResult(f"{what} is not a list of heads as `kinesight analyze persons` writes it ({where}).") from error
    time_s = np.asarray(heads.time_s, dtype=np.float64)
    if not bool(np.all(np.diff(time_s) > 0)):
        raise BadResult(f"{what}: the times of the frames do not increase.")
    tracks = tuple(_track(person, len(time_s), what=what) for person in heads.persons)
    if len({track.obj_id for track in tracks}) < len(tracks):
        raise BadResult(f"{what} names one person twice.")
    shot = np.searchsorted(np.sort(heads.cuts_s) - CUT_EARLY_S, time_s, side="right").astype(np.int64)
    return HeadMap(
        video_sha256=heads.video_sha256,
        width_px=heads.width_px,
        height_px=heads.height_px,
        time_s=time_s,
        shot=shot,
        tracks=tracks,
    )


def _track(person: _Person, frames: int, *, what: str) -> HeadTrack:
    count = len(person.head_xyxy_px)
    if len(person.box_xyxy_px) != count or len(person.head_source) != count or person.first_frame + count > frames:
        raise BadResult(f"{what}: the lists of person {person.obj_id} do not fit the {frames} frames of the video.")
    place = slice(person.first_frame, person.first_frame + count)
    body, head = np.full((frames, 4), np.nan), np.full((frames, 4), np.nan)
    seen = np.zeros(frames, dtype=bool)
    body[place], head[place] = _rows(person.box_xyxy_px), _rows(person.head_xyxy_px)
    seen[place] = [source in SEEN for source in person.head_source]
    return HeadTrack(obj_id=person.obj_id, body_xyxy_px=body, head_xyxy_px=head, is_seen=seen)


def _rows(boxes: list[Box | None]) -> Floats:
    return np.array([(np.nan,) * 4 if box is None else box for box in boxes], dtype=np.float64).reshape(-1, 4)


def refuse_other_video(heads: HeadMap, *, sha256: str) -> None:
    """Raise `OtherVideo` unless the map belongs to the video with this hash."""
    if heads.video_sha256 != sha256:
        raise OtherVideo


def refuse_unknown(heads: HeadMap, obj_ids: Iterable[int]) -> None:
    """Raise `UnknownPerson` if one of these persons is not in the map."""
    known = [track.obj_id for track in heads.tracks]
    for obj_id in obj_ids:
        if obj_id not in known:
            there = f"there are {', '.join(map(str, known))}" if known else "nobody was found in it"
            raise UnknownPerson(f"There is no person {obj_id} in the analysed video; {there}.")

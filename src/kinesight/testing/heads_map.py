"""A map of heads made from a detector's faces alone, for tests and measuring: what a person analysis would say, only simpler."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np

from kinesight.analyses.heads.found import Risk, join_heads
from kinesight.domain.people import Faces
from kinesight.domain.ports import VideoReader
from kinesight.domain.video import Floats, Image

SURE = 0.5
"""Least score of a face that makes a person."""


def heads_document(reader: VideoReader, detect: Callable[[Image], Faces]) -> dict[str, Any]:
    """Return a `kinesight.heads/1` document with one person for each face that can be followed."""
    risks: list[Risk] = []
    time_s: list[float] = []
    with closing(reader.frames()) as frames:
        for frame in frames:
            time_s.append(frame.time_s)
            found = detect(frame.rgb)
            for box, score in zip(found.xyxy_px, found.score, strict=True):
                if score >= SURE:
                    left, top, right, bottom = map(float, box)
                    place = (left, top, right, bottom)
                    risks.append(
                        Risk(
                            frame=frame.index, time_s=frame.time_s, xyxy_px=place, score=float(score), kind="unknown", obj_id=None
                        )
                    )
    paths = sorted((head.xyxy_px for head in join_heads(risks, frames=len(time_s))), key=_order)
    return {
        "schema": "kinesight.heads/1",
        "video_sha256": reader.info.sha256,
        "width_px": reader.info.width_px,
        "height_px": reader.info.height_px,
        "time_s": time_s,
        "persons": [_person(obj_id, path) for obj_id, path in enumerate(paths)],
    }


def _order(path: Floats) -> tuple[int, float]:
    first = int(np.flatnonzero(np.isfinite(path[:, 0]))[0])
    return first, float(path[first, 0])


def _person(obj_id: int, path: Floats) -> dict[str, Any]:
    known = np.flatnonzero(np.isfinite(path[:, 0]))
    first, last = int(known[0]), int(known[-1])
    heads = [None if np.isnan(box[0]) else [float(side) for side in box] for box in path[first : last + 1]]
    bodies = [
        None if box is None else [box[0] - (box[2] - box[0]), box[1], box[2] + (box[2] - box[0]), box[3] * 1.5] for box in heads
    ]
    return {
        "obj_id": obj_id,
        "first_frame": first,
        "box_xyxy_px": bodies,
        "head_xyxy_px": heads,
        "head_source": [None if box is None else "face" for box in heads],
        "score": [0.0 if box is None else 0.9 for box in heads],
    }

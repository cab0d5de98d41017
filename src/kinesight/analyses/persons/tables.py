"""The persons of a video in the formats of others: MOTChallenge text, and COCO."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from kinesight.analyses.persons.observations import Observations
from kinesight.analyses.persons.result import PersonsResult
from kinesight.domain.analysis import Findings


def tables(observations: Observations, findings: Findings[PersonsResult]) -> dict[str, str]:  # noqa: ARG001 - every analysis has it
    """Return tracks.txt and coco.json."""
    return {"tracks.txt": tracks_text(observations), "coco.json": json.dumps(coco(observations), separators=(",", ":"))}


def tracks_text(observations: Observations) -> str:
    """Return a line per person and frame: frame, id, left, top, width, height, confidence, -1, -1, -1; both count from 1.

    Format: Milan et al., MOT16: A Benchmark for Multi-Object Tracking, arXiv:1603.00831.
    """
    lines = []
    for person in observations.persons:
        for row in np.flatnonzero(person.is_there):
            left, top, right, bottom = person.boxes_px[row]
            frame = person.first_frame + int(row) + 1
            box = f"{left:.1f},{top:.1f},{right - left:.1f},{bottom - top:.1f}"
            lines.append((frame, person.obj_id, f"{frame},{person.obj_id + 1},{box},{person.score[row]:.3f},-1,-1,-1"))
    return "".join(f"{line}\n" for _, _, line in sorted(lines))


def coco(observations: Observations) -> dict[str, Any]:
    """Return the boxes as a COCO document: a picture per frame, an annotation per person and frame with its `track_id` and head.

    Format: Lin et al., Microsoft COCO: Common Objects in Context, ECCV 2014, with the `track_id` that video sets add.
    """
    annotations: list[dict[str, Any]] = []
    for person in observations.persons:
        for row in np.flatnonzero(person.is_there):
            left, top, right, bottom = (round(float(side), 1) for side in person.boxes_px[row])
            width, height = round(right - left, 1), round(bottom - top, 1)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": person.first_frame + int(row) + 1,
                    "category_id": 1,
                    "track_id": person.obj_id,
                    "bbox": [left, top, width, height],
                    "area": round(width * height, 1),
                    "iscrowd": 0,
                    "score": round(float(person.score[row]), 3),
                    "head_bbox": _width_and_height(person.heads_px[row]),
                }
            )
    size = {"width": observations.width_px, "height": observations.height_px}
    images = [
        {"id": frame + 1, "frame": frame, "time_s": float(time), "file_name": f"{frame + 1:06d}.jpg", **size}
        for frame, time in enumerate(observations.time_s)
    ]
    return {"images": images, "annotations": annotations, "categories": [{"id": 1, "name": "person"}]}


def _width_and_height(box: np.ndarray[Any, np.dtype[np.float64]]) -> list[float] | None:
    if not np.isfinite(box).all():
        return None
    left, top, right, bottom = (round(float(side), 1) for side in box)
    return [left, top, round(right - left, 1), round(bottom - top, 1)]

"""Pure arithmetic on boxes that detectors share: overlap suppression and the letterbox."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.people import Boxes
from kinesight.domain.video import Floats, Image


def suppress_overlaps(xyxy: Floats, score: Floats, group: NDArray[np.int64], *, overlap: float) -> NDArray[np.int64]:
    """Return which boxes survive greedy non-maximum suppression within their groups, best first.

    Parameters
    ----------
    xyxy
        (n, 4) left, top, right, bottom, any unit.
    score
        (n,) higher is better; of equal ones the first wins.
    group
        (n,) class numbers; boxes of different groups do not suppress each other.
    overlap
        Intersection over union above which the worse box goes.

    Returns
    -------
    ndarray
        Indices into the boxes.
    """
    order = np.argsort(-score, kind="stable")
    boxes, groups = xyxy[order], group[order]
    area = np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1)
    alive = np.ones(len(order), dtype=bool)
    kept: list[int] = []
    for index in range(len(order)):
        if not alive[index]:
            continue
        kept.append(index)
        rest = slice(index + 1, None)
        side = np.minimum(boxes[index, 2:], boxes[rest, 2:]) - np.maximum(boxes[index, :2], boxes[rest, :2])
        shared = np.prod(np.maximum(side, 0.0), axis=1)
        union = area[index] + area[rest] - shared
        alive[rest] &= (shared <= overlap * union) | (groups[rest] != groups[index])
    return order[kept]


def found_boxes(
    xyxy_px: Floats, score: Floats, class_number: NDArray[np.int64], *, labels: tuple[str, ...], picture: Image
) -> Boxes:
    """Return boxes clipped to the picture, in the given order, without those that lie outside it."""
    height, width = picture.shape[:2]
    clipped = np.clip(xyxy_px, 0.0, np.array([width, height, width, height], dtype=np.float64))
    inside = np.all(clipped[:, 2:] > clipped[:, :2], axis=1)
    return Boxes(
        xyxy_px=clipped[inside],
        score=np.clip(score[inside], 0.0, 1.0),
        label=tuple(labels[number] for number in class_number[inside]),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterboxed:
    """A picture shrunk or enlarged to fit the top left of a fixed size, the rest grey; `scale` is input per source pixel."""

    picture: Image
    scale: float


def letterbox(rgb: Image, *, width_px: int, height_px: int, grey: int = 114) -> Letterboxed:
    """Fit a picture into a size without distorting it, as YOLOX and RTMDet are trained: top left, padded with grey 114."""
    height, width = rgb.shape[:2]
    scale = min(width_px / width, height_px / height)
    inner = (max(1, min(width_px, round(width * scale))), max(1, min(height_px, round(height * scale))))
    canvas = np.full((height_px, width_px, 3), grey, dtype=np.uint8)
    canvas[: inner[1], : inner[0]] = cv2.resize(rgb, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return Letterboxed(picture=canvas, scale=scale)

"""Pure arithmetic on boxes (n, 4) of left, top, right, bottom, in pixels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.video import Floats

Mask = NDArray[np.bool_]
Indices = NDArray[np.int64]


def areas(boxes: Floats) -> Floats:
    """Return the area of each box, (n,)."""
    return np.asarray(np.prod(np.maximum(boxes[:, 2:] - boxes[:, :2], 0.0), axis=1))


def shared_areas(boxes: Floats, others: Floats) -> Floats:
    """Return the area that each pair of boxes has in common, (n, m)."""
    corner = np.maximum(boxes[:, None, :2], others[None, :, :2])
    side = np.minimum(boxes[:, None, 2:], others[None, :, 2:]) - corner
    return np.asarray(np.prod(np.maximum(side, 0.0), axis=2))


def overlaps(boxes: Floats, others: Floats) -> Floats:
    """Return intersection over union of each pair, (n, m)."""
    shared = shared_areas(boxes, others)
    union = areas(boxes)[:, None] + areas(others)[None, :] - shared
    return np.asarray(shared / np.maximum(union, 1e-9))


def shares_inside(boxes: Floats, others: Floats) -> Floats:
    """Return which share of each box lies in each other one, (n, m)."""
    return np.asarray(shared_areas(boxes, others) / np.maximum(areas(boxes), 1e-9)[:, None])


def clipped(boxes: Floats, *, width: float, height: float) -> Floats:
    """Return the boxes cut to the picture."""
    return np.asarray(np.clip(boxes, 0.0, np.array([width, height, width, height], dtype=np.float64)))


def hidden_shares(people: Floats, boxes: Floats) -> Floats:
    """Return which share of each box lies behind one of the people, (boxes,).

    Who stands lower in the picture is nearer to the camera.
    """
    if not len(people) or not len(boxes):
        return np.zeros(len(boxes))
    is_nearer = people[None, :, 3] > boxes[:, None, 3]
    return np.asarray(np.where(is_nearer, shares_inside(boxes, people), 0.0).max(axis=1))

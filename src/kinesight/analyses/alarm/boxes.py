"""Arithmetic on boxes: left, top, right, bottom."""

from __future__ import annotations

import numpy as np

from kinesight.domain.video import Floats


def shared_area(box: Floats, other: Floats) -> float:
    """Return the area that two boxes (4,) have in common."""
    return float(np.prod(np.maximum(np.minimum(box[2:], other[2:]) - np.maximum(box[:2], other[:2]), 0.0)))


def overlap(box: Floats, other: Floats) -> float:
    """Return the intersection over union of two boxes (4,)."""
    shared = shared_area(box, other)
    union = float(np.prod(box[2:] - box[:2]) + np.prod(other[2:] - other[:2])) - shared
    return shared / union if union > 0 else 0.0

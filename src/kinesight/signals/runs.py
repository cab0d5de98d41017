"""Stretches of equal truth in a row of booleans."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""Row of booleans; the length is named where it is used."""


def true_runs(mask: Mask) -> list[tuple[int, int]]:
    """Return [start, stop) of every stretch of True, in order."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in zip(edges[::2], edges[1::2], strict=True)]


def longest_run(mask: Mask) -> tuple[int, int] | None:
    """Return [start, stop) of the longest stretch of True, the first among equals; None if nothing is True."""
    return max(true_runs(mask), key=lambda run: run[1] - run[0], default=None)

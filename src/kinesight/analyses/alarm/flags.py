"""Counting and widening flags: true or false for every pixel."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.alarm.evidence import Flags
from kinesight.domain.video import Floats


def share_of(flags: Flags) -> Floats:
    """Return the share of each picture (n, h, w) in which flags are set, (n,)."""
    return np.asarray(np.array([np.count_nonzero(picture) for picture in flags]) / flags[0].size)


def often_of(flags: Flags) -> Floats:
    """Return in which share of the pictures (n, h, w) each pixel's flag is set, (h, w)."""
    counts = np.zeros(flags.shape[1:], np.uint16)
    for first in range(0, len(flags), 255):  # so many fit into a byte, and bytes are added quickest
        counts += np.add.reduce(flags[first : first + 255].view(np.uint8), axis=0, dtype=np.uint8)
    return counts / len(flags)


def widened(flags: Flags) -> Flags:
    """Return the flags (h, w) with one more pixel on every side, corners included."""
    down = flags.copy()
    down[1:] |= flags[:-1]
    down[:-1] |= flags[1:]
    wide = down.copy()
    wide[:, 1:] |= down[:, :-1]
    wide[:, :-1] |= down[:, 1:]
    return wide

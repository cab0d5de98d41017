"""What stands still and how much noise is on it; what differs from it in units of that noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import Greys
from kinesight.analyses.alarm.medians import median_over_time
from kinesight.analyses.alarm.slopes import slopes_of

Picture = NDArray[np.float32]

MEDIAN_OF = 25
"""Frames, spread over the clip, of which the background is the median; more changes nothing that matters and costs time."""

LEAST_NOISE = 1.3
"""Grey levels; coded video is often quieter than that for seconds, until the coder mends a block."""

EDGE_NOISE = 0.06
"""Noise per grey level of step between neighbours: half of a tenth of a pixel of jitter, and the coder's ringing at edges."""


def background_of(pictures: Picture) -> Picture:
    """Return what is in a place most of the time, (h, w): the temporal median of steadied frames (n, h, w)."""
    chosen = np.unique(np.linspace(0, len(pictures) - 1, MEDIAN_OF).round().astype(int))
    return median_over_time(pictures[chosen])


def noise_of(pictures: Picture, background: Picture) -> Picture:
    """Return the standard deviation of what does not move, (h, w) grey levels, from differences of neighbouring frames.

    The median over time leaves out whatever passes; what flickers most of the time, such as water or leaves, raises the noise in
    its place. Edges are given more, because a tenth of a pixel of jitter shows there.
    """
    if len(pictures) < 3:
        flicker = np.zeros_like(background)
    else:
        chosen = np.unique(np.linspace(0, len(pictures) - 2, 2 * MEDIAN_OF).round().astype(int))
        # 1.48: standard deviation per median absolute deviation; root 2: a difference has the noise of both
        flicker = median_over_time(np.abs(pictures[chosen + 1] - pictures[chosen])) * np.float32(1.4826 / np.sqrt(2.0))
    down, across = slopes_of(background)
    steep = ndimage.maximum_filter(np.hypot(down, across), size=3)
    wide = ndimage.uniform_filter(flicker, size=5)
    return np.asarray(np.sqrt(LEAST_NOISE**2 + np.maximum(flicker, wide) ** 2 + (EDGE_NOISE * steep) ** 2), np.float32)


def change_of(pictures: Picture, background: Picture, noise: Picture) -> Greys:
    """Return the difference from the background in noise units, averaged over 3 x 3 pixels, (n, h, w), 0..255."""
    change = np.empty(pictures.shape, np.uint8)
    # one after another: a picture fits into the processor's nearer memory, a clip does not
    for picture, found in zip(pictures, change, strict=True):
        difference = picture - background
        difference /= noise
        smooth = _smoothed(difference)
        np.abs(smooth, out=smooth)
        np.minimum(smooth, np.float32(255.0), out=smooth)
        found[:] = smooth
    return change


def _smoothed(picture: Picture) -> Picture:
    """Return the means over 3 x 3 pixels, (h, w), as `ndimage.uniform_filter` gives them, in a third of its time."""
    wide = np.pad(picture, 1, mode="edge")
    rows = wide[:-2] + wide[1:-1]
    rows += wide[2:]
    sums = rows[:, :-2] + rows[:, 1:-1]
    sums += rows[:, 2:]
    sums /= np.float32(9.0)
    return sums

"""What stands still and how much noise is on it; what differs from it in units of that noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import Greys

Picture = NDArray[np.float32]

MEDIAN_OF = 25
"""Frames, spread over the clip, of which the background is the median; more changes nothing that matters and costs time."""

LEAST_NOISE = 1.3
"""Grey levels; coded video is often quieter than that for seconds, until the coder mends a block."""

EDGE_NOISE = 0.06
"""Noise per grey level of step between neighbours: half of a tenth of a pixel of jitter, and the coder's ringing at edges."""


def median_over_time(pictures: Picture) -> Picture:
    """Return the median of each pixel, (h, w), of pictures (n, h, w); along rows: quicker than `numpy.median`."""
    count, *size = pictures.shape
    by_pixel = np.ascontiguousarray(pictures.reshape(count, -1).T)
    middle = ((count - 1) // 2, count // 2)
    by_pixel.partition(middle, axis=1)
    return np.asarray((by_pixel[:, middle[0]] + by_pixel[:, middle[1]]) / 2, np.float32).reshape(size)


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
    down, across = np.gradient(background)
    steep = ndimage.maximum_filter(np.hypot(down, across), size=3)
    wide = ndimage.uniform_filter(flicker, size=5)
    return np.asarray(np.sqrt(LEAST_NOISE**2 + np.maximum(flicker, wide) ** 2 + (EDGE_NOISE * steep) ** 2), np.float32)


def change_of(pictures: Picture, background: Picture, noise: Picture) -> Greys:
    """Return the difference from the background in noise units, averaged over 3 x 3 pixels, (n, h, w), 0..255."""
    change = pictures - background
    change /= noise
    smooth = ndimage.uniform_filter(change, size=(1, 3, 3))
    return np.asarray(np.minimum(np.abs(smooth), 255.0), np.uint8)

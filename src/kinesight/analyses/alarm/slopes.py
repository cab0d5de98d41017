"""Slopes of small pictures, as `numpy.gradient` gives them, without the time that it takes to begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]


def slopes_of(picture: Picture) -> Picture:
    """Return the slopes down and across of pictures (..., h, w) with sides of two pixels and more, as (2, ..., h, w).

    Half the difference of the neighbours on both sides; at the border the difference to the one neighbour.
    """
    slopes = np.empty((2, *picture.shape), np.float32)
    down, across = slopes
    np.subtract(picture[..., 2:, :], picture[..., :-2, :], out=down[..., 1:-1, :])
    down[..., 1:-1, :] /= np.float32(2.0)
    down[..., 0, :] = picture[..., 1, :] - picture[..., 0, :]
    down[..., -1, :] = picture[..., -1, :] - picture[..., -2, :]
    np.subtract(picture[..., 2:], picture[..., :-2], out=across[..., 1:-1])
    across[..., 1:-1] /= np.float32(2.0)
    across[..., 0] = picture[..., 1] - picture[..., 0]
    across[..., -1] = picture[..., -1] - picture[..., -2]
    return slopes

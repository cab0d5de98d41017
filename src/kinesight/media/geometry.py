"""Sizes and orientations: pure functions on numbers, and on arrays where a picture is turned."""

from __future__ import annotations

import struct
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Orientation(NamedTuple):
    """How a coded picture is brought upright: mirrored left to right first, then turned clockwise by so many quarters."""

    quarters: int = 0
    is_mirrored: bool = False


def orientation_of(matrix: bytes | None) -> Orientation:
    """Read an FFmpeg display matrix (nine native int32, 16.16 fixed point; libavutil/display.h).

    The matrix maps x' = a x + c y, y' = b x + d y in picture coordinates (y down); angles between the quarters go to the nearest
    one. None and singular matrices mean upright.
    """
    if matrix is None or len(matrix) < 36:
        return Orientation()
    a, b, _, c, d = struct.unpack("=5i", matrix[:20])
    determinant = a * d - b * c
    if determinant == 0:
        return Orientation()
    is_mirrored = determinant < 0
    if is_mirrored:  # undo the mirroring that happens first: x -> -x
        a, b = -a, -b
    if abs(a) >= abs(b):
        return Orientation(0 if a > 0 else 2, is_mirrored)
    return Orientation(1 if b > 0 else 3, is_mirrored)


def turn(picture: NDArray[np.uint8], orientation: Orientation) -> NDArray[np.uint8]:
    """Return a view of the picture, (height, width, 3), brought upright."""
    upright = picture[:, ::-1] if orientation.is_mirrored else picture
    return np.rot90(upright, -orientation.quarters)


def square_size(width_px: int, height_px: int, pixel_aspect: Fraction | None) -> tuple[int, int]:
    """Return the size with square pixels; the side with the coarser pixels grows, so that no detail is lost.

    An aspect outside 1/4..4 is taken for damage and ignored.
    """
    if not pixel_aspect or not Fraction(1, 4) <= pixel_aspect <= 4:
        return width_px, height_px
    if pixel_aspect >= 1:
        return round(width_px * pixel_aspect), height_px
    return width_px, round(height_px / pixel_aspect)


def upright_size(width_px: int, height_px: int, orientation: Orientation) -> tuple[int, int]:
    """Return the size after turning."""
    return (height_px, width_px) if orientation.quarters % 2 else (width_px, height_px)


def delivered_size(width_px: int, height_px: int, longest_side_px: int | None) -> tuple[int, int, float]:
    """Return width, height and scale of a picture whose longest side is limited; it is never enlarged."""
    longest = max(width_px, height_px)
    if longest_side_px is None or longest_side_px >= longest:
        return width_px, height_px, 1.0
    scale = longest_side_px / longest
    return max(1, round(width_px * scale)), max(1, round(height_px * scale)), scale

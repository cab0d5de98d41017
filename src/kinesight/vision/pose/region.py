"""Pure geometry between a turned region of a picture and the fixed picture that a pose network sees.

Positions are continuous: (0, 0) is the top left corner of the top left pixel, whose centre is at (0.5, 0.5).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from kinesight.domain.people import Roi
from kinesight.domain.video import Floats, Image


def matrix_to_picture(roi: Roi, *, width_px: int, height_px: int) -> Floats:
    """Return the 2x3 matrix that takes continuous positions in the network's picture to positions in the source picture."""
    sine, cosine = math.sin(roi.rotation_rad), math.cos(roi.rotation_rad)
    step_x, step_y = roi.width_px / width_px, roi.height_px / height_px
    turn = np.array([[cosine * step_x, -sine * step_y], [sine * step_x, cosine * step_y]])
    centre = np.array([roi.centre_x_px, roi.centre_y_px])
    return np.column_stack([turn, centre - turn @ np.array([width_px / 2, height_px / 2])])


def cut_out(rgb: Image, matrix: Floats, *, width_px: int, height_px: int) -> Image:
    """Return the network's picture; what lies outside the source is black. `matrix` as from `matrix_to_picture`."""
    index = matrix.copy()
    # OpenCV's positions are pixel indices, half a pixel off from continuous ones on both sides
    index[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(rgb, index, (width_px, height_px), flags=flags), dtype=np.uint8)


def to_picture(xy: Floats, matrix: Floats) -> Floats:
    """Return positions (n, 2) in the network's picture as positions in the source picture."""
    return xy @ matrix[:, :2].T + matrix[:, 2]

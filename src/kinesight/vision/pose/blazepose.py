"""BlazePose (heavy and full) on LiteRT: 33 points of one person, followed from picture to picture by its own region."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.people import PoseEstimate, Roi
from kinesight.domain.video import Floats, Image
from kinesight.vision.litert_session import LiteRtSession
from kinesight.vision.pose.region import cut_out, matrix_to_picture, to_picture

_SIDE_PX = 256
_POINTS = 39
_VALUES = 5

_POINT_OF_KEYPOINT = np.array([0, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32])
"""Which of the model's points stands for each of KEYPOINTS: nose, ears, then shoulders to wrists, hips to ankles, heels, and the
foot index, which lies at the big toe; left before right."""

_BODY_CENTRE, _BODY_CIRCLE = 33, 34
"""Auxiliary points: the middle of the hips, and a point on the circle round the whole body, above the head."""

_CELLS = 64
_CELL_PX = _SIDE_PX / _CELLS
"""The network also gives a coarse map per point of where it may be; the landmark positions are rougher than those maps."""

_REACH = np.arange(-3, 4)
"""Cells round a landmark that may correct it: far enough to reach the true place, mostly too near to reach the other leg."""

_SURE_CELL = 0.5
"""Least probability of the best of those cells; below it the landmark stays where it is."""

_MARGIN = 1.25
"""The region is this much larger than the circle round the body, or than the person's box."""


class BlazePose:
    """Finds one person's keypoints in a square, turned region.

    Parameters
    ----------
    path
        The .tflite file of the catalogue.
    used
        Its provenance.
    threads
        Threads of one inference.
    copies
        Inferences that can run at once.

    Notes
    -----
    A point's score is visibility × presence: the model's probabilities that the point is not hidden, and that it lies inside the
    region. A foot outside the region and a leg behind a tree are both points that should not be measured.
    Positions are those of the landmarks, corrected by the maps (`refine`). On two real videos this cut the frame-to-frame noise
    of the leg points by 26 to 36 % and brought points from 6.9 to 4.8 px near the places read off by hand.
    Source of the outputs' meaning: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020.
    """

    def __init__(self, path: Path, *, used: UsedModel, threads: int, copies: int = 1) -> None:
        self._session = LiteRtSession(
            path,
            input_shape=(1, _SIDE_PX, _SIDE_PX, 3),
            output_shapes=((1, _POINTS * _VALUES), (1, 1), (1, _CELLS, _CELLS, _POINTS)),
            threads=threads,
            copies=copies,
        )
        self._used = used

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def roi_around(self, box_xyxy_px: tuple[float, float, float, float]) -> Roi:
        """Return the upright square round a person's box, 1.25 × its longer side."""
        left, top, right, bottom = box_xyxy_px
        side_px = _MARGIN * max(right - left, bottom - top)
        return Roi(centre_x_px=(left + right) / 2, centre_y_px=(top + bottom) / 2, width_px=side_px, height_px=side_px)

    def estimate(self, rgb: Image, roi: Roi) -> PoseEstimate:
        """Return the keypoints of the person in the region, and where to look next; below presence 0.5, detect again."""
        matrix = matrix_to_picture(roi, width_px=_SIDE_PX, height_px=_SIDE_PX)
        picture = cut_out(rgb, matrix, width_px=_SIDE_PX, height_px=_SIDE_PX)
        values, presence, maps = self._session.run(np.multiply(picture, np.float32(1 / 255), dtype=np.float32)[np.newaxis])
        points, score = decode(values)
        centre, circle = to_picture(points[[_BODY_CENTRE, _BODY_CIRCLE]], matrix)
        return PoseEstimate(
            xy_px=to_picture(refine(points[_POINT_OF_KEYPOINT], maps[0], _POINT_OF_KEYPOINT), matrix),
            score=score[_POINT_OF_KEYPOINT],
            presence=float(presence[0, 0]),
            next_roi=roi_of_body(centre, circle),
        )


def decode(values: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return positions (39, 2) in pixels of the network's picture and scores (39,) 0..1 from the raw output (1, 195).

    Each point has x, y, z and the logits of its visibility and presence; the score is the product of both probabilities.
    """
    table = values.reshape(_POINTS, _VALUES).astype(np.float64)
    probability = 1 / (1 + np.exp(-table[:, 3:5]))
    return table[:, :2], probability[:, 0] * probability[:, 1]


def refine(points: Floats, maps: NDArray[np.float32], channel: NDArray[np.int64]) -> Floats:
    """Return positions moved to the centre of mass of what their maps say nearby.

    Parameters
    ----------
    points
        (n, 2) in pixels of the network's picture.
    maps
        (64, 64, channels) logits; the cell in row r and column c speaks of the position (4 c, 4 r).
    channel
        (n,) which map belongs to each point.

    Returns
    -------
    ndarray
        (n, 2). A point stays where it is when it lies outside the picture or no cell near it is sure.

    Notes
    -----
    The mass of a cell is the square of its probability, so that the faint surroundings do not pull towards the old position.
    Own derivation; that the centre of a cell's area fits worse than its corner (6.5 against 4.8 px) was measured.
    """
    column, row = np.floor(points / _CELL_PX).astype(np.int64).T
    rows, columns = row[:, np.newaxis] + _REACH, column[:, np.newaxis] + _REACH
    inside_rows, inside_columns = (rows >= 0) & (rows < _CELLS), (columns >= 0) & (columns < _CELLS)
    near = maps[
        np.clip(rows, 0, _CELLS - 1)[:, :, np.newaxis],
        np.clip(columns, 0, _CELLS - 1)[:, np.newaxis, :],
        channel[:, np.newaxis, np.newaxis],
    ]
    probability = 1 / (1 + np.exp(-near.astype(np.float64)))
    probability *= inside_rows[:, :, np.newaxis] & inside_columns[:, np.newaxis, :]
    mass = probability**2
    total = np.maximum(mass.sum(axis=(1, 2)), np.finfo(np.float64).tiny)
    centre = np.stack([(mass.sum(axis=1) * columns).sum(axis=1), (mass.sum(axis=2) * rows).sum(axis=1)], axis=1)
    in_picture = ((points >= 0) & (points < _SIDE_PX)).all(axis=1)
    sure = in_picture & (probability.max(axis=(1, 2)) >= _SURE_CELL)
    return np.where(sure[:, np.newaxis], centre / total[:, np.newaxis] * _CELL_PX, points)


def roi_of_body(centre_px: Floats, circle_px: Floats) -> Roi:
    """Return the square round the body's circle, turned so that its point on the circle is straight above the centre.

    Parameters
    ----------
    centre_px, circle_px
        (2,) the middle of the hips, and a point on the circle round the body.
    """
    x, y = circle_px - centre_px
    side_px = 2 * _MARGIN * math.hypot(x, y)
    return Roi(
        centre_x_px=float(centre_px[0]),
        centre_y_px=float(centre_px[1]),
        width_px=side_px,
        height_px=side_px,
        rotation_rad=math.atan2(x, -y),
    )

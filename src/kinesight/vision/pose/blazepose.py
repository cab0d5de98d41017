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

    Notes
    -----
    A point's score is visibility × presence: the model's probabilities that the point is not hidden, and that it lies inside the
    region. A foot outside the region and a leg behind a tree are both points that should not be measured.
    Source of the outputs' meaning: Bazarevsky et al., BlazePose: On-device Real-time Body Pose Tracking, 2020.
    """

    def __init__(self, path: Path, *, used: UsedModel, threads: int) -> None:
        self._session = LiteRtSession(
            path, input_shape=(1, _SIDE_PX, _SIDE_PX, 3), output_shapes=((1, _POINTS * _VALUES), (1, 1)), threads=threads
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
        values, presence = self._session.run(np.multiply(picture, np.float32(1 / 255), dtype=np.float32)[np.newaxis])
        points, score = decode(values)
        xy_px = to_picture(points, matrix)
        return PoseEstimate(
            xy_px=xy_px[_POINT_OF_KEYPOINT],
            score=score[_POINT_OF_KEYPOINT],
            presence=float(presence[0, 0]),
            next_roi=roi_of_body(xy_px[_BODY_CENTRE], xy_px[_BODY_CIRCLE]),
        )


def decode(values: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Return positions (39, 2) in pixels of the network's picture and scores (39,) 0..1 from the raw output (1, 195).

    Each point has x, y, z and the logits of its visibility and presence; the score is the product of both probabilities.
    """
    table = values.reshape(_POINTS, _VALUES).astype(np.float64)
    probability = 1 / (1 + np.exp(-table[:, 3:5]))
    return table[:, :2], probability[:, 0] * probability[:, 1]


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

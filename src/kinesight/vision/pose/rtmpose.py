"""RTMPose-style SimCC models that a user brings as ONNX, with Halpe26 or COCO-WholeBody points."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.people import KEYPOINTS, PoseEstimate, Roi
from kinesight.domain.video import Floats, Image
from kinesight.vision.onnx_session import OnnxSession
from kinesight.vision.pose.region import cut_out, matrix_to_picture, to_picture

PointSet = Literal["halpe26", "coco-wholebody"]

_POINTS: dict[PointSet, tuple[int, tuple[int, ...]]] = {
    "halpe26": (26, (0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 25, 20, 21)),
    "coco-wholebody": (133, (0, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 22, 17, 20)),
}
"""How many points each set has, and which of them stands for each of KEYPOINTS.
Sources: Halpe-FullBody (Fang et al., AlphaPose, TPAMI 2022); COCO-WholeBody (Jin et al., ECCV 2020)."""

_SPLIT = 2.0
"""Bins per pixel of the network's picture."""

_MARGIN = 1.25
_SURE_ENOUGH = 0.3
"""Least score of a point that takes part in placing the next region."""

# ImageNet statistics of 8-bit RGB, which every RTMPose model is trained with
_MEAN = np.array([123.675, 116.28, 103.53], dtype=np.float32)
_DEVIATION = np.array([58.395, 57.12, 57.375], dtype=np.float32)

_EXPECTED = "simcc_x (1, {points}, 2 × width) and simcc_y (1, {points}, 2 × height) with width {width} and height {height}"


class RtmPose:
    """Finds one person's keypoints in an upright region with the aspect ratio of the network's picture.

    Parameters
    ----------
    path
        The .onnx file; docs/reference/models.md has its contract.
    used
        Its provenance.
    points
        The point set that it was trained on.
    providers
        ONNX Runtime execution providers, best first.
    threads
        Threads of one inference on the processor.

    Raises
    ------
    ModelUnusable
        The graph's input or outputs are not those of the contract.

    Notes
    -----
    A point's score is the smaller of its two SimCC maxima, cut to 0..1. There is no presence output; the mean score stands in.
    Source: Jiang et al., RTMPose, 2023; Li et al., SimCC, ECCV 2022.
    """

    def __init__(self, path: Path, *, used: UsedModel, points: PointSet, providers: tuple[str, ...], threads: int) -> None:
        self._session = OnnxSession(path, providers=providers, threads=threads)
        self._used = used
        self._width_px, self._height_px = self._session.width_px, self._session.height_px
        count, self._point_of_keypoint = _POINTS[points]
        expected = _EXPECTED.format(points=count, width=self._width_px, height=self._height_px)
        for name, side_px in (("simcc_x", self._width_px), ("simcc_y", self._height_px)):
            sizes = self._session.output_named(name, expected=expected)
            if len(sizes) != 3 or sizes[1:] != (count, round(_SPLIT * side_px)):
                raise self._session.unusable(expected)

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def roi_around(self, box_xyxy_px: tuple[float, float, float, float]) -> Roi:
        """Return the smallest upright region of the network's aspect ratio that holds the box enlarged 1.25 ×."""
        left, top, right, bottom = box_xyxy_px
        aspect = self._width_px / self._height_px
        width_px = _MARGIN * max(right - left, (bottom - top) * aspect)
        return Roi(centre_x_px=(left + right) / 2, centre_y_px=(top + bottom) / 2, width_px=width_px, height_px=width_px / aspect)

    def estimate(self, rgb: Image, roi: Roi) -> PoseEstimate:
        """Return the keypoints of the person in the region, and the region round the sure ones."""
        matrix = matrix_to_picture(roi, width_px=self._width_px, height_px=self._height_px)
        picture = cut_out(rgb, matrix, width_px=self._width_px, height_px=self._height_px)
        normal = ((picture.astype(np.float32) - _MEAN) / _DEVIATION).transpose(2, 0, 1)
        simcc_x, simcc_y = self._session.run(np.ascontiguousarray(normal), "simcc_x", "simcc_y")
        points, score = decode(simcc_x[0], simcc_y[0])
        chosen = list(self._point_of_keypoint)
        xy_px, score = to_picture(points[chosen], matrix), score[chosen]
        return PoseEstimate(xy_px=xy_px, score=score, presence=float(score.mean()), next_roi=self._next_roi(xy_px, score, roi))

    def _next_roi(self, xy_px: Floats, score: Floats, roi: Roi) -> Roi:
        sure = xy_px[score >= _SURE_ENOUGH]
        if len(sure) < len(KEYPOINTS) // 2:  # too little to place a region by: the person is lost or hidden, stay here
            return roi
        return self.roi_around((*sure.min(axis=0), *sure.max(axis=0)))


def decode(simcc_x: NDArray[np.generic], simcc_y: NDArray[np.generic]) -> tuple[Floats, Floats]:
    """Return positions (n, 2) in pixels of the network's picture and scores (n,) 0..1.

    The inputs are the bins of each point, (n, 2 × width) and (n, 2 × height). A bin's number over the split ratio is a pixel
    index; half a pixel leads from there to the continuous position. A point without any positive bin is NaN with score 0.
    """
    index = np.stack([simcc_x.argmax(axis=1), simcc_y.argmax(axis=1)], axis=1)
    peak = np.minimum(simcc_x.max(axis=1), simcc_y.max(axis=1)).astype(np.float64)
    xy = np.where(peak[:, np.newaxis] > 0, index / _SPLIT + 0.5, np.nan)
    return xy, np.clip(peak, 0.0, 1.0)

"""CenterFace on ONNX Runtime: the default face detector."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.people import FACE_POINTS, Faces
from kinesight.domain.video import Floats, Image
from kinesight.vision.detection.boxes import suppress_overlaps
from kinesight.vision.onnx_session import AnySizeSession

_OUTPUTS = ("537", "538", "539", "540")
"""How the pinned file names its outputs: heat, log size, offset, points."""

_STEP_PX = 32
"""The network halves the picture five times and doubles it again, so its sides are multiples of this."""

_STRIDE = 4.0


class CenterFace:
    """Finds faces with five points each, at any size of picture.

    Parameters
    ----------
    path
        The .onnx file of the catalogue.
    used
        Its provenance.
    threads
        Threads of one inference.
    threshold
        Least score of a face, unless another one is asked for.
    overlap
        Intersection over union above which the worse of two faces is dropped.
    """

    def __init__(self, path: Path, *, used: UsedModel, threads: int, threshold: float = 0.2, overlap: float = 0.3) -> None:
        self._session = AnySizeSession(path, outputs=_OUTPUTS, threads=threads)
        self._used = used
        self._threshold = threshold
        self._overlap = overlap

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def detect(self, rgb: Image, *, longest_side_px: int | None = None, least_score: float | None = None) -> Faces:
        """Return the faces found, best first, in pixels of the picture."""
        height, width = rgb.shape[:2]
        scale = 1.0 if longest_side_px is None else longest_side_px / max(width, height)
        inner = (_in_steps(width * scale), _in_steps(height * scale))
        method = cv2.INTER_AREA if inner[0] < width else cv2.INTER_LINEAR
        picture = cv2.resize(rgb, inner, interpolation=method).transpose(2, 0, 1)
        heat, *shapes = self._session.run(np.ascontiguousarray(picture, dtype=np.float32))
        row, column = np.nonzero(heat[0, 0] >= (self._threshold if least_score is None else least_score))
        log_size, offset, points = (values[0][:, row, column].T.astype(np.float64) for values in shapes)
        xyxy_px = decode(np.column_stack([row, column]), log_size, offset)
        points_px = decode_points(xyxy_px, points)
        score = heat[0, 0, row, column].astype(np.float64)
        kept = suppress_overlaps(xyxy_px, score, np.zeros(len(score), dtype=np.int64), overlap=self._overlap)
        return _in_picture(xyxy_px[kept], score[kept], points_px[kept], size=(width, height), inner=inner)


def decode(cells: NDArray[np.int64], log_size: Floats, offset: Floats) -> Floats:
    """Return boxes (n, 4) left, top, right, bottom in pixels of the network's picture.

    Parameters
    ----------
    cells, offset
        (n, 2) row and column of the heat map's cells, of 4 px, and where in them the centre lies, in cells.
    log_size
        (n, 2) logarithm of height and width in cells.

    Source: Xu et al., CenterFace: Joint Face Detection and Alignment Using Face as Point, Scientific Programming 2020.
    """
    centre = (cells + offset + 0.5)[:, ::-1] * _STRIDE
    half = np.exp(log_size)[:, ::-1] * _STRIDE / 2
    return np.column_stack([centre - half, centre + half])


def decode_points(xyxy_px: Floats, points: Floats) -> Floats:
    """Return the points (n, 5, 2) in pixels from (n, 10) row, column, row, … as shares of the box from its top left."""
    shares = points.reshape(-1, len(FACE_POINTS), 2)[:, :, ::-1]
    corner, side = xyxy_px[:, None, :2], xyxy_px[:, None, 2:] - xyxy_px[:, None, :2]
    return np.asarray(corner + shares * side)


def _in_steps(side_px: float) -> int:
    return max(1, int(np.ceil(side_px / _STEP_PX))) * _STEP_PX


def _in_picture(xyxy: Floats, score: Floats, points: Floats, *, size: tuple[int, int], inner: tuple[int, int]) -> Faces:
    """Return faces in pixels of the picture instead of the network's, clipped to it, without those outside."""
    scale = np.array(size) / np.array(inner)
    clipped = np.clip(xyxy * np.tile(scale, 2), 0.0, np.tile(np.array(size, dtype=np.float64), 2))
    inside = np.all(clipped[:, 2:] > clipped[:, :2], axis=1)
    return Faces(xyxy_px=clipped[inside], score=np.clip(score[inside], 0.0, 1.0), points_px=(points * scale)[inside])

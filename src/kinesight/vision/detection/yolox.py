"""YOLOX-style detectors that a user brings as ONNX: raw grid outputs of strides 8, 16 and 32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.people import Boxes
from kinesight.domain.video import Floats, Image
from kinesight.vision.detection.boxes import found_boxes, letterbox, suppress_overlaps
from kinesight.vision.detection.coco import COCO_80
from kinesight.vision.onnx_session import OnnxSession

_STRIDES = (8, 16, 32)


class Yolox:
    """Finds objects with a YOLOX-style graph.

    Parameters
    ----------
    path
        The .onnx file; docs/reference/models.md has its contract.
    used
        Its provenance.
    providers
        ONNX Runtime execution providers, best first.
    threads
        Threads of one inference on the processor.
    threshold
        Least score, objectness × class probability, of a box.
    overlap
        Intersection over union above which the worse of two boxes of one class is dropped.

    Raises
    ------
    ModelUnusable
        The graph's input or output is not that of the contract.

    Notes
    -----
    Source: Ge et al., YOLOX: Exceeding YOLO Series in 2021.
    """

    def __init__(
        self,
        path: Path,
        *,
        used: UsedModel,
        providers: tuple[str, ...],
        threads: int,
        threshold: float = 0.35,
        overlap: float = 0.5,
    ) -> None:
        self._session = OnnxSession(path, providers=providers, threads=threads)
        self._grid = grid(width_px=self._session.width_px, height_px=self._session.height_px)
        self._output, self._labels = self._only_output()
        self._used = used
        self._threshold = threshold
        self._overlap = overlap

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def detect(self, rgb: Image, *, least_score: float | None = None) -> Boxes:
        """Return the objects found, best first, in pixels of the picture; `least_score` replaces the threshold."""
        threshold = self._threshold if least_score is None else least_score
        boxed = letterbox(rgb, width_px=self._session.width_px, height_px=self._session.height_px)
        bgr = np.ascontiguousarray(boxed.picture[:, :, ::-1].transpose(2, 0, 1), dtype=np.float32)
        (raw,) = self._session.run(bgr, self._output)
        values = raw[0].astype(np.float64)
        cell, class_number = np.nonzero(values[:, 4:5] * values[:, 5:] >= threshold)
        score = values[cell, 4] * values[cell, 5 + class_number]
        xyxy_px = decode(values[cell, :4], self._grid[cell]) / boxed.scale
        kept = suppress_overlaps(xyxy_px, score, class_number, overlap=self._overlap)
        return found_boxes(xyxy_px[kept], score[kept], class_number[kept], labels=self._labels, picture=rgb)

    def _only_output(self) -> tuple[str, tuple[str, ...]]:
        cells = len(self._grid)
        outputs = self._session.outputs()
        labels_by_width = {5 + len(labels): labels for labels in (COCO_80, ("person",))}
        if len(outputs) == 1:
            ((name, sizes),) = outputs.items()
            if len(sizes) == 3 and sizes[1] == cells and sizes[2] in labels_by_width:
                return name, labels_by_width[sizes[2]]
        raise self._session.unusable(f"one output (1, {cells}, 85) for the 80 COCO classes or (1, {cells}, 6) for persons alone")


def grid(*, width_px: int, height_px: int) -> Floats:
    """Return the cells of the three levels, (n, 3): column, row, stride in pixels; level by level, row by row."""
    levels = []
    for stride in _STRIDES:
        row, column = np.mgrid[: height_px // stride, : width_px // stride]
        levels.append(np.column_stack([column.ravel(), row.ravel(), np.full(row.size, stride)]))
    return np.concatenate(levels).astype(np.float64)


def decode(values: NDArray[np.float64], cells: Floats) -> Floats:
    """Return boxes (n, 4) left, top, right, bottom in pixels of the network's picture from raw x, y, log width, log height."""
    stride = cells[:, 2:]
    centre = (values[:, :2] + cells[:, :2]) * stride
    half = np.exp(values[:, 2:]) * stride / 2
    return np.column_stack([centre - half, centre + half])

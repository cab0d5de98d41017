"""EfficientDet-Lite0, int8, on LiteRT: the default detector of persons and other COCO objects."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.errors import ModelUnusable
from kinesight.domain.people import Boxes
from kinesight.domain.video import Floats, Image
from kinesight.vision.detection.boxes import found_boxes, suppress_overlaps
from kinesight.vision.litert_session import LiteRtSession, OneClass

_SIDE_PX = 320
_ANCHORS = 19206
_CLASSES = 90


class EfficientDetLite0:
    """Finds persons, vehicles, animals and other COCO objects in a picture.

    Parameters
    ----------
    path
        The .tflite file of the catalogue; the class names are in a zip archive appended to it.
    used
        Its provenance.
    threads
        Threads of one inference.
    threshold
        Least score of a box.
    overlap
        Intersection over union above which the worse of two boxes of one class is dropped.
    only
        The one class that is wanted, such as "person"; all if not given. Its boxes and scores are the same either way.
    copies
        Inferences that can run at once.
    """

    def __init__(  # noqa: PLR0913 - how a model is opened, each named
        self,
        path: Path,
        *,
        used: UsedModel,
        threads: int,
        threshold: float = 0.35,
        overlap: float = 0.5,
        only: str | None = None,
        copies: int = 1,
    ) -> None:
        labels = _labels_of(path)
        scores = (1, _ANCHORS, _CLASSES)
        self._session = LiteRtSession(
            path,
            input_shape=(1, _SIDE_PX, _SIDE_PX, 3),
            output_shapes=((1, _ANCHORS, 4), scores),
            threads=threads,
            copies=copies,
            only=None if only is None else OneClass(output_shape=scores, number=labels.index(only)),
        )
        self._labels = labels if only is None else (only,)
        self._anchors = anchors(_SIDE_PX)
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
        # trained on plainly resized pictures, without a letterbox; averaging areas finds no more than this and costs 4 ms
        small = cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_LINEAR)
        codes, scores = self._session.run(small[np.newaxis])
        # of 1.7 million scores only the few good ones are decoded; searching flat is ten times quicker than in two dimensions
        anchor, class_number = np.divmod(np.flatnonzero(scores.ravel() >= threshold), len(self._labels))
        score = scores[0, anchor, class_number].astype(np.float64)
        height, width = rgb.shape[:2]
        xyxy_px = decode(codes[0, anchor], self._anchors[anchor]) * np.array([width, height, width, height], dtype=np.float64)
        kept = suppress_overlaps(xyxy_px, score, class_number, overlap=self._overlap)
        return found_boxes(xyxy_px[kept], score[kept], class_number[kept], labels=self._labels, picture=rgb)


def anchors(side_px: int) -> Floats:
    """Return the anchor boxes of a square input, (n, 4): centre y, centre x, height, width as fractions of the side.

    Levels 3 to 7 with stride 2^level; in each cell, row by row, three octave scales 2^(0, 1/3, 2/3), each with the aspect ratios
    1, 2 and 1/2 (width to height), around a base size of 3 strides.
    Source: Tan, Pang, Le, EfficientDet, CVPR 2020, with the anchor scale 3 that the Lite models use.
    """
    found = []
    for level in range(3, 8):
        stride = 2**level
        cells = -(-side_px // stride)
        centre = (np.arange(cells) + 0.5) * stride
        size = [
            (3.0 * stride * 2.0 ** (octave / 3) / np.sqrt(ratio), 3.0 * stride * 2.0 ** (octave / 3) * np.sqrt(ratio))
            for octave in range(3)
            for ratio in (1.0, 2.0, 0.5)
        ]
        y, x, which = np.meshgrid(centre, centre, np.arange(len(size)), indexing="ij")
        found.append(np.column_stack([y.ravel(), x.ravel(), np.asarray(size)[which.ravel()]]))
    return np.concatenate(found) / side_px


def decode(codes: NDArray[np.float32], anchor: Floats) -> Floats:
    """Return boxes (n, 4) left, top, right, bottom, in the anchors' unit, from raw outputs (n, 4) ty, tx, th, tw."""
    centre = codes[:, :2] * anchor[:, 2:] + anchor[:, :2]
    half = np.exp(codes[:, 2:].astype(np.float64)) * anchor[:, 2:] / 2
    return np.column_stack([(centre - half)[:, ::-1], (centre + half)[:, ::-1]])


def _labels_of(path: Path) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            labels = tuple(archive.read("labels.txt").decode().splitlines())
    except (zipfile.BadZipFile, KeyError) as error:
        raise ModelUnusable(f"{path.name} carries no labels.txt; expected the file that `kinesight models fetch` gets") from error
    if len(labels) != _CLASSES:
        raise ModelUnusable(f"{path.name} names {len(labels)} classes, expected {_CLASSES}")
    return labels

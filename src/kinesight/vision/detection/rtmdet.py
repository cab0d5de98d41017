"""RTMDet-style detectors that a user brings as ONNX: finished boxes, as MMDeploy exports them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinesight.domain.document import UsedModel
from kinesight.domain.people import Boxes
from kinesight.domain.video import Image
from kinesight.vision.detection.boxes import found_boxes, letterbox
from kinesight.vision.detection.coco import COCO_80
from kinesight.vision.onnx_session import OnnxSession

# ImageNet statistics of 8-bit BGR, the channel order that RTMDet is trained in
_MEAN = np.array([103.53, 116.28, 123.675], dtype=np.float32)
_DEVIATION = np.array([57.375, 57.12, 58.395], dtype=np.float32)

_EXPECTED = "dets (1, boxes, 5) and labels (1, boxes)"


class RtmDet:
    """Finds objects with an RTMDet-style graph that suppresses overlaps itself.

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
        Least score of a box.

    Raises
    ------
    ModelUnusable
        The graph's input or outputs are not those of the contract.

    Notes
    -----
    Source: Lyu et al., RTMDet, 2022.
    """

    def __init__(self, path: Path, *, used: UsedModel, providers: tuple[str, ...], threads: int, threshold: float = 0.35) -> None:
        self._session = OnnxSession(path, providers=providers, threads=threads)
        dets = self._session.output_named("dets", expected=_EXPECTED)
        labels = self._session.output_named("labels", expected=_EXPECTED)
        if len(dets) != 3 or dets[2] != 5 or len(labels) != 2:
            raise self._session.unusable(_EXPECTED)
        self._used = used
        self._threshold = threshold

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def detect(self, rgb: Image, *, least_score: float | None = None) -> Boxes:
        """Return the objects found, best first, in pixels of the picture; `least_score` replaces the threshold."""
        threshold = self._threshold if least_score is None else least_score
        boxed = letterbox(rgb, width_px=self._session.width_px, height_px=self._session.height_px)
        normal = ((boxed.picture[:, :, ::-1].astype(np.float32) - _MEAN) / _DEVIATION).transpose(2, 0, 1)
        dets, labels = self._session.run(np.ascontiguousarray(normal), "dets", "labels")
        found = dets[0].astype(np.float64)
        class_number = labels[0].astype(np.int64)
        # unused rows are padded with class -1
        good = np.flatnonzero((found[:, 4] >= threshold) & (class_number >= 0) & (class_number < len(COCO_80)))
        best = good[np.argsort(-found[good, 4], kind="stable")]
        return found_boxes(found[best, :4] / boxed.scale, found[best, 4], class_number[best], labels=COCO_80, picture=rgb)

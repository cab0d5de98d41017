"""MediaPipe's selfie segmentation on LiteRT: which pixels of a picture are person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.video import Image
from kinesight.vision.litert_session import LiteRtSession

_SIDE_PX = 256


class SelfieSegmenter:
    """Tells persons from their background; fulfils `PersonSegmenter`.

    Parameters
    ----------
    path
        The .tflite file of the catalogue.
    used
        Its provenance.
    threads
        Threads of one inference.
    """

    def __init__(self, path: Path, *, used: UsedModel, threads: int) -> None:
        shape = (1, _SIDE_PX, _SIDE_PX)
        self._session = LiteRtSession(path, input_shape=(*shape, 3), output_shapes=((*shape, 1),), threads=threads)
        self._used = used

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def mask(self, rgb: Image) -> NDArray[np.float32]:
        """Return how much of each pixel is person, (height, width) 0..1."""
        height, width = rgb.shape[:2]
        small = cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
        (found,) = self._session.run(np.multiply(small, np.float32(1 / 255), dtype=np.float32)[np.newaxis])
        grown = cv2.resize(found[0, :, :, 0], (width, height), interpolation=cv2.INTER_LINEAR)
        return np.clip(np.asarray(grown, dtype=np.float32), 0.0, 1.0)

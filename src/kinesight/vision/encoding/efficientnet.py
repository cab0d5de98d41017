"""EfficientNet-Lite0 on LiteRT: the encoder of whole pictures and crops."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from kinesight.domain.document import UsedModel
from kinesight.domain.video import Floats, Image
from kinesight.vision.litert_session import LiteRtSession

_SIDE_PX = 224
_DIMENSIONS = 1280
_MEAN, _SCALE = 127.0, 128.0
"""How the Lite models scale 0..255 before the first layer."""


class EfficientNetLite0:
    """Describes a picture by the 1280 numbers that the classes of ImageNet are read off (the last layer before them).

    Parameters
    ----------
    path
        The .tflite file of the catalogue.
    used
        Its provenance.
    threads
        Threads of one inference.

    Source: Tan and Le, EfficientNet, ICML 2019; the Lite models leave out squeeze-and-excitation and use ReLU6.
    """

    def __init__(self, path: Path, *, used: UsedModel, threads: int) -> None:
        self._session = LiteRtSession(
            path, input_shape=(1, _SIDE_PX, _SIDE_PX, 3), output_shapes=((1, _DIMENSIONS),), threads=threads
        )
        self._used = used

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def embed(self, rgb: Image) -> Floats:
        """Return the picture's vector, (1280,), each 0..6; the picture is squeezed to a square, not cut."""
        shrinks = max(rgb.shape[:2]) > _SIDE_PX
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        square = cv2.resize(rgb, (_SIDE_PX, _SIDE_PX), interpolation=interpolation).astype(np.float32)
        (vector,) = self._session.run(((square - _MEAN) / _SCALE)[np.newaxis])
        return np.asarray(vector[0], dtype=np.float64)

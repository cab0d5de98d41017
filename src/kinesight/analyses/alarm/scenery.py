"""The view of a camera as a small picture: made from a clip, and compared with those of earlier clips."""

from __future__ import annotations

import base64
import binascii

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.domain.cameras import Light, ParkedObject, Scene

LONGEST = 96
"""Cells along the longer side: 96 x 54 bytes for the usual shape, so that a scene fits into a row."""

Cells = NDArray[np.float64]


def scene_of(background: NDArray[np.float32], *, light: Light, parked: tuple[ParkedObject, ...]) -> Scene:
    """Return the scene that a clip leaves behind, from its background (h, w) in grey."""
    height, width = background.shape
    scale = LONGEST / max(height, width)
    rows, columns = max(8, round(height * scale)), max(8, round(width * scale))
    cells = ndimage.zoom(ndimage.uniform_filter(background, size=3), (rows / height, columns / width), order=1)
    content = np.clip(np.rint(cells), 0, 255).astype(np.uint8)
    return Scene(
        light=light,
        width=content.shape[1],
        height=content.shape[0],
        background=base64.b64encode(content.tobytes()).decode("ascii"),
        parked=parked,
    )


def cells_of(scene: Scene) -> Cells | None:
    """Return the small picture of a scene, (height, width); None if its text is not what it should be."""
    try:
        content = base64.b64decode(scene.background, validate=True)
    except binascii.Error:
        return None
    if len(content) != scene.width * scene.height:
        return None
    return np.frombuffer(content, np.uint8).reshape(scene.height, scene.width).astype(np.float64)


def likeness(scene: Scene, earlier: Scene) -> float | None:
    """Return how alike the structure of two scenes is, -1..1; None if they cannot be compared.

    The correlation of their gradients: light may change, edges stay.
    """
    now, before = cells_of(scene), cells_of(earlier)
    if now is None or before is None or now.shape != before.shape:
        return None
    first, second = (np.concatenate([part.ravel() for part in np.gradient(cells)]) for cells in (now, before))
    lengths = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(np.dot(first, second)) / lengths if lengths > 0 else None

"""What a video is to the rest of the program: its facts, and its pictures with their own times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

Image = NDArray[np.uint8]
"""RGB picture, (height, width, 3), origin top left."""

Floats = NDArray[np.float64]
"""Array of float64; the shape is named where it is used."""


class VideoInfo(BaseModel):
    """Facts about one video file, as in the `video` part of result.json.

    Sizes are those of the upright, square-pixel picture that frames are delivered in: the rotation tag and
    the pixel aspect ratio are already applied. `fps` is the mean rate over the stream's own stamps, None where fewer than two
    frames were read; `rotation_deg` is the tag as found (0, 90, 180, 270), clockwise.
    """

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    sha256: str
    width_px: int
    height_px: int
    fps: float | None
    frame_count: int | None
    duration_s: float | None
    rotation_deg: int = 0
    codec: str | None = None
    has_audio: bool = False
    variable_frame_rate: bool | None = None
    """True where frame intervals differ by more than a quarter of their median."""
    readable_s: float | None = None
    """For a file that breaks off: how much of it could be read; None for a whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One decoded picture with its own time.

    `scale` is delivered pixels per upright source pixel: source_px = delivered_px / scale.
    """

    index: int
    time_s: float
    rgb: Image
    scale: float = 1.0

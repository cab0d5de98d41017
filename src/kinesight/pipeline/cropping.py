"""Pictures cut out of a video at its full size, beside the annotated ones."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import numpy as np
import scipy  # loads scipy.ndimage at its first use, as in signals.smoothing

from kinesight.domain.analysis import Crop
from kinesight.domain.ports import VideoReader
from kinesight.domain.video import Image


def cut_out(reader: VideoReader, crops: tuple[Crop, ...], *, encode_jpeg: Callable[[Image], bytes]) -> dict[str, bytes]:
    """Return the wanted pictures by name, as JPEG, from the frames nearest to their moments. Reads no further than needed."""
    waiting = sorted(crops, key=lambda crop: crop.time_s)
    found: dict[str, bytes] = {}
    if not waiting:
        return found
    with closing(reader.frames()) as frames:
        held = next(frames)
        for frame in frames:
            while waiting and waiting[0].time_s < (held.time_s + frame.time_s) / 2:
                crop = waiting.pop(0)
                found[crop.name] = encode_jpeg(cut(held.rgb, crop))
            if not waiting:
                break
            held = frame
        found |= {crop.name: encode_jpeg(cut(held.rgb, crop)) for crop in waiting}
    return found


def cut(rgb: Image, crop: Crop) -> Image:
    """Return the part of a picture that a crop names, at least one pixel, enlarged where it is lower than wanted."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = (round(side) for side in crop.box_xyxy_px)
    left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    part = rgb[top : max(bottom, top + 1), left : max(right, left + 1)]
    if part.shape[0] >= crop.least_height_px:
        return np.ascontiguousarray(part)
    scale = crop.least_height_px / part.shape[0]
    return np.asarray(scipy.ndimage.zoom(part, (scale, scale, 1), order=1, mode="nearest", grid_mode=True), dtype=np.uint8)

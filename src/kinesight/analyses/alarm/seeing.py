"""A gathered clip becomes evidence: steady, relit, compared with what stands still, and followed."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.alarm.burnt_in import find_burnt_in
from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.gathering import Gathered
from kinesight.analyses.alarm.moving import patches_of, tracks_of
from kinesight.analyses.alarm.steadying import aligned, relit, shifts_of
from kinesight.analyses.alarm.stillness import background_of, change_of, noise_of
from kinesight.domain.cameras import Light
from kinesight.domain.video import Image

COLOURLESS = 6.0
"""Median difference between the largest and the smallest channel, grey levels, below which the picture counts as infrared."""


def evidence_of(gathered: Gathered) -> ClipEvidence:
    """Return everything that the frames of a clip say without a model."""
    grey = gathered.grey
    writing = find_burnt_in(grey)
    # the median of a shaken picture is blurred, so the first comparison is with one frame
    shifts = shifts_of(grey, grey[len(grey) // 2].astype(np.float32), blind=writing.mask)
    steady = aligned(grey, shifts)
    first = background_of(steady)
    if np.any(shifts):
        shifts = shifts_of(grey, first, blind=writing.mask)
        steady = aligned(grey, shifts)
        first = background_of(steady)
    pictures, gain, offset = relit(steady, first)
    is_relit = bool(np.any(gain != 1.0) or np.any(offset != 0.0))
    background = background_of(pictures) if is_relit else first
    noise = noise_of(pictures, background)
    change = change_of(pictures, background, noise)
    change[:, writing.mask] = 0
    colour = _small_colours(gathered, grey.shape[1:])
    return ClipEvidence(
        time_s=gathered.time_s,
        grey=grey,
        scale=gathered.scale,
        background=background,
        colour=colour,
        noise=noise,
        shift_px=shifts,
        gain=gain,
        offset=offset,
        change=change,
        overlay=writing.mask,
        overlay_changes=writing.changes,
        light=light_of(colour),
        tracks=tracks_of([patches_of(frame) for frame in change], gathered.time_s),
    )


def _small_colours(gathered: Gathered, size: tuple[int, ...]) -> Image:
    """Return the median of three colour frames at working size."""
    chosen = [gathered.colour[k].rgb for k in np.linspace(0, len(gathered.colour) - 1, 3).round().astype(int)]
    height, width = size
    rows = np.linspace(0, chosen[0].shape[0] - 1, height).round().astype(int)
    columns = np.linspace(0, chosen[0].shape[1] - 1, width).round().astype(int)
    first, second, third = (rgb[rows[:, None], columns] for rgb in chosen)
    # the median of three without sorting
    return np.asarray(np.maximum(np.minimum(first, second), np.minimum(np.maximum(first, second), third)), np.uint8)


def light_of(colour: Image) -> Light:
    """Return whether a picture has colours (day) or is grey (infrared)."""
    red, green, blue = (colour[..., channel] for channel in range(3))
    spread = np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue)
    return Light.INFRARED if float(np.percentile(spread, 80)) < COLOURLESS else Light.DAY

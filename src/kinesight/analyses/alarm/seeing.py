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
    first = background_of(grey.astype(np.float32))
    shifts = shifts_of(grey, first, blind=writing.mask)
    if np.any(shifts):
        # the median of a shaken picture is blurred; the second look is at a sharp one
        sharp = background_of(aligned(grey, shifts))
        shifts = shifts_of(grey, sharp, blind=writing.mask)
        first = background_of(aligned(grey, shifts))
    pictures, gain, offset = relit(aligned(grey, shifts), first)
    background = background_of(pictures) if pictures is not grey else first
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
    """Return the median of a few colour frames at working size."""
    chosen = [gathered.colour[k].rgb for k in np.unique(np.linspace(0, len(gathered.colour) - 1, 5).round().astype(int))]
    height, width = size
    rows = np.linspace(0, chosen[0].shape[0] - 1, height).round().astype(int)
    columns = np.linspace(0, chosen[0].shape[1] - 1, width).round().astype(int)
    return np.asarray(np.median(np.stack([rgb[rows[:, None], columns] for rgb in chosen]), axis=0), np.uint8)


def light_of(colour: Image) -> Light:
    """Return whether a picture has colours (day) or is grey (infrared)."""
    spread = colour.max(axis=2).astype(np.float64) - colour.min(axis=2)
    return Light.INFRARED if float(np.percentile(spread, 80)) < COLOURLESS else Light.DAY

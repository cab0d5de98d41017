"""A small grey picture of every look: how much the camera turned, where something moves, whether another shot has begun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.geometry import Mask
from kinesight.domain.video import Floats, Image

THUMB_PX = 200
"""About the longest side of the small picture; a person of 40 px in a picture of 640 still covers a few of its cells."""

NOISE_FLOOR = 0.7
"""Least noise of the grey of a cell, in steps of 255; coding leaves standing parts of a picture quite still."""

LIVELY = 4.0
"""Change of a cell, in multiples of the noise, from which something moves there."""

LARGEST_SHIFT = 0.25
"""Share of the picture that the camera may turn between two looks and still be followed."""

BETTER = 0.8
"""A shift is believed where it leaves less than this share of the difference between two pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumb:
    """A small grey picture, (rows, columns) 0..255; a cell covers `cell_px` x `cell_px` pixels of the picture."""

    grey: Floats
    cell_px: int


def thumb_of(rgb: Image) -> Thumb:
    """Return the small grey picture: means of square cells, which takes most of the noise away."""
    height, width = rgb.shape[:2]
    cell = max(1, round(max(height, width) / THUMB_PX))
    rows, columns = height // cell, width // cell
    # green alone would do for most pictures, but not for a red shirt on green grass
    grey = rgb[: rows * cell, : columns * cell] @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return Thumb(grey=grey.reshape(rows, cell, columns, cell).mean(axis=(1, 3), dtype=np.float64), cell_px=cell)


def shift_between(before: Thumb, after: Thumb) -> Floats:
    """Return how far the picture moved, x and y in its pixels; zeros where nothing can be said.

    Phase correlation (Kuglin and Hines, 1975), believed only where moving the picture back leaves clearly less difference: people
    who walk in front of a standing camera are not taken for its motion.
    """
    if before.grey.shape != after.grey.shape:
        return np.zeros(2)
    rows, columns = before.grey.shape
    window = np.hanning(rows)[:, None] * np.hanning(columns)[None, :]
    one, other = (np.fft.rfft2((thumb.grey - thumb.grey.mean()) * window) for thumb in (before, after))
    cross = other * np.conj(one)
    surface = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=(rows, columns))
    down, right = np.unravel_index(int(np.argmax(surface)), surface.shape)
    down, right = int(down) - rows * (down > rows // 2), int(right) - columns * (right > columns // 2)
    if abs(down) > LARGEST_SHIFT * rows or abs(right) > LARGEST_SHIFT * columns or (down == 0 and right == 0):
        return np.zeros(2)
    kept = slice(max(down, 0), rows + min(down, 0)), slice(max(right, 0), columns + min(right, 0))
    moved = np.roll(before.grey, (down, right), axis=(0, 1))[kept]
    left = np.abs(after.grey[kept] - moved).mean()
    if left > BETTER * np.abs(after.grey[kept] - before.grey[kept]).mean():
        return np.zeros(2)
    return np.array([right, down], dtype=np.float64) * after.cell_px


def change_between(before: Thumb, after: Thumb) -> Floats:
    """Return how much each cell changed, (rows, columns), in multiples of the noise of the picture as a whole."""
    apart = np.abs(after.grey - before.grey)
    noise = max(NOISE_FLOOR, float(np.median(apart)) / 0.6745)
    return np.asarray(apart / noise)


def change_in(change: Floats, boxes: Floats, *, cell_px: int) -> Floats:
    """Return the change inside each box (n, 4) of the picture's pixels, (n,): what nine tenths of its cells do not exceed."""
    found = np.empty(len(boxes))
    for number, (left, top, right, bottom) in enumerate(boxes / cell_px):
        part = change[max(int(top), 0) : max(int(np.ceil(bottom)), 1), max(int(left), 0) : max(int(np.ceil(right)), 1)]
        found[number] = np.percentile(part, 90) if part.size else np.nan
    return found


def is_lively(change: Floats, boxes: Floats, *, cell_px: int) -> Mask:
    """Return in which boxes something moves, (n,): at least four cells."""
    moving = change > LIVELY
    found = np.zeros(len(boxes), dtype=bool)
    for number, (left, top, right, bottom) in enumerate((boxes / cell_px).astype(np.int64)):
        found[number] = moving[max(top, 0) : bottom + 1, max(left, 0) : right + 1].sum() >= 4
    return found

"""Features of what never rests: places whose brightness varies all the time, which the noise of a place may already allow for."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.nuisance.whole import log_share
from kinesight.domain.video import Floats

MOST_FRAMES = 32

LIVELY = 3.0
"""How much more than the quiet half of the picture a place varies to be lively; and at least `LEAST_GREYS`."""

LEAST_GREYS = 4.0

JUMP_GREYS = 35
"""A digit that changes, changes by more than this."""

STRIP, LINE = 0.16, 0.06
"""Writing stands in the upper or lower share of the picture; height of a line of it."""

_REGION = ("fill", "aspect", "lopsided", "upright", "constant", "contrast", "first")
_NAMES = ("lively_share", "lively_regions", "lively_area", *(f"lively_{name}" for name in _REGION))


def variation(evidence: ClipEvidence) -> NDArray[np.float32]:
    """Return the standard deviation over time of the grey level, (h, w), 0 under burnt-in writing."""
    chosen = np.unique(np.linspace(0, len(evidence.grey) - 1, MOST_FRAMES).round().astype(int))
    spread = evidence.grey[chosen].astype(np.float32).std(axis=0)
    return np.asarray(np.where(evidence.overlay, 0.0, spread), np.float32)


def above(spread: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by how much places vary more than the picture usually does, (h, w)."""
    return np.asarray(np.maximum(spread - np.float32(1.5 * np.median(spread)), 0.0), np.float32)


def lively_features(evidence: ClipEvidence, spread: NDArray[np.float32]) -> dict[str, float]:
    """Return named numbers of the lively places and the largest of them; NaN without one.

    `lively_lopsided` is how much more one side of it varies than the opposite one: a flag is held along one side.
    `lively_constant` is how much the brightness of the whole region varies against that of its pixels: low where cloth or leaves
    only change places.
    """
    lively = spread > max(LIVELY * float(np.median(spread)), LEAST_GREYS)
    labels, count = ndimage.label(ndimage.binary_closing(lively, iterations=2))
    sizes = np.bincount(labels.ravel())[1:]
    if count == 0 or sizes.max() < 8:
        return {"lively_share": log_share(float(lively.mean())), "lively_regions": 0.0} | dict.fromkeys(_NAMES[2:], float("nan"))
    largest = int(np.argmax(sizes))
    rows, columns = ndimage.find_objects(labels)[largest]
    inside = labels[rows, columns] == largest + 1
    part = np.where(inside, spread[rows, columns], 0.0)
    pictures = evidence.grey[:, rows, columns][:, inside].astype(np.float32)
    height, width = inside.shape
    sides = [_unequal(part.sum(axis=axis) / np.maximum(inside.sum(axis=axis), 1)) for axis in (0, 1)]
    return {
        "lively_share": log_share(float(lively.mean())),
        "lively_regions": float(np.log10(1 + np.sum(sizes >= 12))),
        "lively_area": log_share(float(sizes[largest]) / spread.size),
        "lively_fill": float(inside.mean()),
        "lively_aspect": float(np.log(width / height)),
        "lively_lopsided": max(sides),
        "lively_upright": sides[0] - sides[1],
        "lively_constant": float(pictures.mean(axis=1).std() / (pictures.std(axis=0).mean() + 0.5)),
        "lively_contrast": float(part.sum() / inside.sum() / 255),
        "lively_first": float(sizes[largest] / sizes.sum()),
    }


def _unequal(profile: Floats) -> float:
    third = max(1, len(profile) // 3)
    first, last = float(profile[:third].mean()), float(profile[-third:].mean())
    return abs(first - last) / (first + last + 1e-6)


def jump_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return named numbers of sudden changes along one line of the picture, as digits make them; NaN without any.

    Of the upper and the lower strip of the picture that counts which has the fuller line.
    """
    names = (
        "jump_line",
        "jump_line_height",
        "jump_line_density",
        "jump_strip",
        "jump_repeat",
        "jump_seldom",
        "jump_width",
        "jump_beat",
    )
    grey = evidence.grey
    if len(grey) < 3:
        return dict.fromkeys(names, float("nan"))
    chosen = np.unique(np.linspace(0, len(grey) - 2, 2 * MOST_FRAMES).round().astype(int))
    jumps = np.abs(grey[chosen + 1].astype(np.int16) - grey[chosen]) > JUMP_GREYS
    often = jumps.mean(axis=0)
    rows = often.sum(axis=1)
    total = float(rows.sum())
    if total <= 0:
        return dict.fromkeys(names, float("nan"))
    height = len(rows)
    line = max(3, round(LINE * height))
    strip = round(STRIP * height)
    full = np.convolve(rows, np.ones(line), mode="valid")
    middle = np.arange(len(full)) + line / 2
    outside = (middle <= strip) | (middle >= height - strip)
    best = int(np.argmax(np.where(outside, full, -1.0)))
    there = often[best : best + line]
    steps = jumps[:, best : best + line].mean(axis=(1, 2))
    columns = np.flatnonzero(there.max(axis=0) > 0)
    return {
        "jump_line": float(full[best] / total),
        "jump_line_height": abs(float(middle[best]) / height - 0.5),
        "jump_line_density": log_share(float(there.mean())),
        "jump_strip": float(rows[:strip].sum() + rows[height - strip :].sum()) / total,
        "jump_repeat": float(there.max()),
        "jump_seldom": float(np.mean(steps > 0)),
        "jump_width": float((columns[-1] - columns[0] + 1) / grey.shape[2]) if len(columns) else 0.0,
        "jump_beat": _beat(steps, evidence.time_s[chosen + 1]),
    }


def _beat(strength: Floats, time_s: Floats) -> float:
    """Return how much of what jumps does so once a second, as a clock does, 0..1: the mean vector on that circle."""
    total = float(strength.sum())
    return float(np.abs(np.sum(strength * np.exp(2j * np.pi * time_s)))) / total if total > 0 else float("nan")

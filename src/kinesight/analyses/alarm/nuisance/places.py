"""Features of where the picture is active: all over or in one place, again and again or once, along thin lines or in patches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence, Flags
from kinesight.analyses.alarm.flags import often_of
from kinesight.analyses.alarm.nuisance.whole import entropy, gradient, log_share
from kinesight.domain.video import Floats

CELLS = (12, 16)
"""Rows and columns of the coarse map of activity."""

RESTLESS = 0.12
"""Share of the frames in which a place is active to be restless: what passes by is seldom in one place so long."""


def place_features(evidence: ClipEvidence, active: Flags) -> dict[str, float]:
    """Return named numbers of the map of activity; unknown ones are NaN where nothing is active.

    Parameters
    ----------
    evidence
        The clip.
    active
        (n, h, w) as `activity` gives it.
    """
    heat = often_of(active)
    cells = coarse(heat)
    border = max(2, heat.shape[1] // 40)
    inner = heat[border:-border, border:-border].sum()
    return {
        "place_entropy": entropy(cells),
        "place_peak": float(cells.max() / (cells.sum() + 1e-9)),
        "place_again": _again(active),
        "place_height": _centre(cells.sum(axis=1)),
        "place_border": float(1 - inner / (heat.sum() + 1e-9)),
        **_persistence(active),
        **_lines(evidence, heat),
        **_looks(evidence, heat),
        **_regions(evidence, active, heat),
    }


def _again(active: Flags) -> float:
    """Return how alike the maps of the first and of the second half are (their correlation); NaN if either has no activity."""
    half = len(active) // 2
    first, second = (coarse(often_of(part)).ravel() if len(part) else np.zeros(1) for part in (active[:half], active[half:]))
    if not first.std() or not second.std():
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def coarse(picture: NDArray[np.floating]) -> Floats:
    """Return means over the cells of a coarse grid, (rows, columns)."""
    rows = np.linspace(0, picture.shape[0], CELLS[0] + 1).astype(int)[:-1]
    columns = np.linspace(0, picture.shape[1], CELLS[1] + 1).astype(int)[:-1]
    summed = np.add.reduceat(np.add.reduceat(picture, rows, axis=0, dtype=np.float64), columns, axis=1)
    counts = np.outer(np.diff([*rows, picture.shape[0]]), np.diff([*columns, picture.shape[1]]))
    return np.asarray(summed / counts)


def _centre(weights: Floats) -> float:
    total = float(weights.sum())
    return float(np.sum(np.arange(len(weights)) * weights) / total / (len(weights) - 1)) if total > 0 else float("nan")


def _persistence(active: Flags) -> dict[str, float]:
    """Return how often an active pixel is active in the next frame, more than by chance; how often places change their mind."""
    count = np.count_nonzero(active)
    if count == 0 or len(active) < 3:
        return {"persistence": float("nan"), "turnovers": float("nan")}
    together = float(np.count_nonzero(active[1:] & active[:-1]) / max(1, int(np.count_nonzero(active[:-1]))))
    often = often_of(active)
    ever = often > 0
    flips = often_of(active[1:] ^ active[:-1])[ever]
    # of a place that is active p of the time, 2 p (1 - p) of the steps are flips if it has no memory at all
    expected = 2 * often[ever] * (1 - often[ever]) + 1e-6
    weight = often[ever]
    return {"persistence": together, "turnovers": float(np.sum(weight * flips / expected) / weight.sum())}


def _lines(evidence: ClipEvidence, heat: Floats) -> dict[str, float]:
    """Return how much of the activity, and of the still picture's brightness there, lies in thin lines."""
    if heat.max() <= 0:
        return {"heat_thin": float("nan"), "bright_thin": float("nan"), "heat_oriented": float("nan")}
    still = evidence.background
    threads = still - ndimage.grey_opening(still, size=(7, 7))
    where = heat > max(0.05, 0.3 * float(heat.max()))
    there = float(threads[where].mean()) if where.any() else 0.0
    slopes = gradient(np.asarray(ndimage.gaussian_filter(heat, 1.0), np.float32))
    return {
        "heat_thin": float((heat - ndimage.grey_opening(heat, size=(5, 5))).sum() / heat.sum()),
        "bright_thin": (there - float(threads.mean())) / 255,
        "heat_oriented": oriented(slopes)[0],
    }


def oriented(slopes: NDArray[np.float32]) -> tuple[float, float]:
    """Return how much slopes (2, ...) agree on one direction, 0..1, and how upright the lines are that have them, -1..1.

    The structure tensor summed over everything (Bigun and Granlund 1987).
    """
    down, across = slopes
    yy, xx, xy = (float(np.sum(product, dtype=np.float64)) for product in (down * down, across * across, down * across))
    total = yy + xx
    if total <= 0:
        return float("nan"), float("nan")
    agreement = float(np.hypot(xx - yy, 2 * xy) / total)
    # lines that stand upright have slopes across
    return agreement, (xx - yy) / total


def _looks(evidence: ClipEvidence, heat: Floats) -> dict[str, float]:
    """Return what active places look like when they are still, against the rest: green, textured, bright, saturated."""
    weight = heat / heat.sum() if heat.sum() > 0 else np.full(heat.shape, 1 / heat.size)
    red, green, blue = (evidence.colour[..., channel].astype(np.float64) for channel in range(3))
    greenness = (2 * green - red - blue) / (red + green + blue + 30)
    texture = np.linalg.norm(gradient(evidence.background), axis=0)
    bright = evidence.background / 255
    return {
        "green_there": float(np.sum(weight * greenness)),
        "green_more": float(np.sum(weight * greenness) - greenness.mean()),
        "texture_there": float(np.log((np.sum(weight * texture) + 1) / (texture.mean() + 1))),
        "bright_there": float(np.sum(weight * bright) - bright.mean()),
    }


def _regions(evidence: ClipEvidence, active: Flags, heat: Floats) -> dict[str, float]:
    """Return how many restless regions there are, and what the largest is like: its shape, whether a side keeps still."""
    restless = ndimage.binary_closing(heat > RESTLESS, iterations=2)
    labels, count = ndimage.label(restless)
    names = ("region_fill", "region_aspect", "region_lopsided", "region_breathes", "region_swing", "region_brighter")
    if count == 0:
        return {"regions": 0.0, "region_area": log_share(0.0), "region_first": float("nan"), **dict.fromkeys(names, float("nan"))}
    sizes = np.bincount(labels.ravel())[1:]
    largest = int(np.argmax(sizes))
    rows, columns = ndimage.find_objects(labels)[largest]
    inside = labels[rows, columns] == largest + 1
    height, width = inside.shape
    part = heat[rows, columns] * inside
    moving = active[:, rows, columns] & inside
    per_frame = moving.sum(axis=(1, 2)) / inside.sum()
    there = per_frame > 0.02
    contrast = (
        evidence.grey[:, rows, columns].astype(np.float32)[:, inside].mean(axis=1)
        - evidence.background[rows, columns][inside].mean()
    )
    return {
        "regions": float(np.log10(1 + np.sum(sizes > 20))),
        "region_area": log_share(float(sizes[largest]) / heat.size),
        "region_first": float(sizes[largest] / sizes.sum()),
        "region_fill": float(inside.mean()),
        "region_aspect": float(np.log(width / height)),
        "region_lopsided": _lopsided(part, inside),
        "region_breathes": float(per_frame.std() / (per_frame.mean() + 1e-6)),
        "region_swing": float(np.mean(there)),
        "region_brighter": float(np.median(contrast[there]) / 255) if there.any() else 0.0,
    }


def _lopsided(part: Floats, inside: NDArray[np.bool_]) -> float:
    """Return how much more one side of a region is active than the opposite one, 0..1: a flag is held along one side."""
    found = []
    for axis in (0, 1):
        profile = part.sum(axis=axis) / np.maximum(inside.sum(axis=axis), 1)
        third = max(1, len(profile) // 3)
        first, last = float(profile[:third].mean()), float(profile[-third:].mean())
        found.append(abs(first - last) / (first + last + 1e-6))
    return max(found)

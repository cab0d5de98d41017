"""What a person looks like: colours and texture of the body in stripes from head to feet, comparable by one distance."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.persons.geometry import Indices
from kinesight.domain.video import Floats, Image

STRIPES = 6
ROWS_PER_STRIPE = 8
COLUMNS = 24
TONES = 6
"""Steps of brightness and of each of the two colour axes."""

TURNS = 8
"""Steps of the direction of edges."""

FEATURES = STRIPES * (TONES + TONES * TONES + TURNS)

_WEIGHTS = (0.35, 0.45, 0.2)
"""What brightness, colour and edges count; brightness changes with the light, edges with the way somebody faces."""


def described(rgb: Image, boxes: Floats) -> Floats:
    """Return the looks of the people in boxes, (n, FEATURES), each of unit length: square roots of histograms.

    Parameters
    ----------
    rgb
        The picture.
    boxes
        (n, 4) the people in it, left, top, right, bottom; what lies outside the picture is taken from its border.
    """
    if not len(boxes):
        return np.zeros((0, FEATURES))
    patch = _sampled(rgb, boxes)
    light = patch.mean(axis=3)
    red_green = (patch[..., 0] - patch[..., 1]) / (light + 24.0)
    yellow_blue = (patch[..., 0] + patch[..., 1] - 2 * patch[..., 2]) / (2 * light + 48.0)
    # the middle of the box is the person, its sides are mostly background
    across = np.exp(-0.5 * ((np.arange(COLUMNS) - (COLUMNS - 1) / 2) / (COLUMNS / 4.5)) ** 2)
    weight = np.broadcast_to(across, light.shape)
    warm, cold = _steps(red_green / 1.2 + 0.5, TONES), _steps(yellow_blue / 1.2 + 0.5, TONES)
    colour = tuple((TONES * row + column, share * part) for row, share in warm for column, part in cold)
    stripes = (
        _by_stripe(_steps(light / 255.0, TONES), weight, TONES),
        _by_stripe(colour, weight, TONES * TONES),
        _by_stripe(*_edges(light, weight), TURNS),
    )
    parts = [part * share for part, share in zip(stripes, _WEIGHTS, strict=True)]
    return np.asarray(np.sqrt(np.concatenate(parts, axis=2).reshape(len(boxes), -1) / STRIPES))


def distances(looks: Floats, others: Floats) -> Floats:
    """Return how unlike each pair is, (n, m), 0 for the same and 1 for nothing in common (Hellinger distance).

    `looks` (n, FEATURES) and `others` (m, FEATURES) are of unit length or means of such.
    """
    return np.asarray(np.sqrt(np.clip(1.0 - looks @ others.T, 0.0, 1.0)))


def upper_part(looks: Floats, share: float) -> Floats:
    """Return what only the upper share of a body looks like, (FEATURES,), as if its box ended there; unit length."""
    stripes = (looks**2).reshape(STRIPES, -1)
    place = np.clip((np.arange(STRIPES) + 0.5) * share - 0.5, 0.0, STRIPES - 1.0)
    low = np.floor(place).astype(np.int64)
    high, part = np.minimum(low + 1, STRIPES - 1), (place - low)[:, None]
    mixed = np.sqrt((1 - part) * stripes[low] + part * stripes[high]).ravel()
    return np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-9))


def mean_looks(looks: Floats, weight: Floats) -> Floats:
    """Return the common looks of several moments, (FEATURES,), of unit length; `weight` (n,) is what each moment counts."""
    mean = np.sqrt(np.average(looks**2, axis=0, weights=np.maximum(weight, 1e-6)))
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9))


def _sampled(rgb: Image, boxes: Floats) -> Floats:
    """Return points of each box, (n, rows, COLUMNS, 3)."""
    height, width = rgb.shape[:2]
    down = (np.arange(STRIPES * ROWS_PER_STRIPE) + 0.5) / (STRIPES * ROWS_PER_STRIPE)
    right = 0.1 + 0.8 * (np.arange(COLUMNS) + 0.5) / COLUMNS
    y = boxes[:, [1]] + down * (boxes[:, [3]] - boxes[:, [1]])
    x = boxes[:, [0]] + right * (boxes[:, [2]] - boxes[:, [0]])
    rows = np.clip(y.astype(np.int64), 0, height - 1)
    columns = np.clip(x.astype(np.int64), 0, width - 1)
    return np.asarray(rgb[rows[:, :, None], columns[:, None, :]], dtype=np.float64)


_Steps = tuple[tuple[Indices, Floats], ...]
"""Of each value: the steps it belongs to, and how much."""


def _steps(values: Floats, steps: int) -> _Steps:
    """Return the two nearest steps of each value 0..1; what lies outside counts as the border."""
    place = np.clip(values * steps - 0.5, 0.0, steps - 1.0)
    low = np.minimum(place.astype(np.int64), steps - 2)
    share = place - low
    return (low, 1.0 - share), (low + 1, share)


def _edges(light: Floats, weight: Floats) -> tuple[_Steps, Floats]:
    """Return the two nearest directions of the edge at each point, and what the point counts."""
    down, right = np.gradient(light, axis=(1, 2))
    place = np.mod(np.arctan2(down, right), np.pi) / np.pi * TURNS
    low = place.astype(np.int64)
    share = place - low
    return ((low % TURNS, 1.0 - share), ((low + 1) % TURNS, share)), weight * (np.hypot(down, right) + 0.5)


def _by_stripe(steps: _Steps, weight: Floats, count: int) -> Floats:
    """Return the histogram of each stripe, (n, STRIPES, count), summing to one."""
    people, rows = weight.shape[:2]
    stripe = (np.arange(people)[:, None] * STRIPES + np.arange(rows) // ROWS_PER_STRIPE)[:, :, None] * count
    summed = np.zeros(people * STRIPES * count)
    for step, share in steps:
        summed += np.bincount((stripe + step).ravel(), weights=(share * weight).ravel(), minlength=len(summed))
    summed = summed.reshape(people, STRIPES, count)
    return np.asarray(summed / np.maximum(summed.sum(axis=2, keepdims=True), 1e-9))

"""What a person looks like: colours and texture of the body in stripes from head to feet, comparable by one distance."""

from __future__ import annotations

import numpy as np

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
    tone = _soft(light / 255.0, TONES)
    colour = _soft(red_green / 1.2 + 0.5, TONES)[..., :, None] * _soft(yellow_blue / 1.2 + 0.5, TONES)[..., None, :]
    parts = (tone, colour.reshape(*light.shape, -1), _edges(light))
    stripes = [_by_stripe(part, across) * share for part, share in zip(parts, _WEIGHTS, strict=True)]
    return np.asarray(np.sqrt(np.concatenate(stripes, axis=2).reshape(len(boxes), -1) / STRIPES))


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


def _soft(values: Floats, steps: int) -> Floats:
    """Return the membership of each value 0..1 in its two nearest steps, (..., steps); what lies outside counts as the border."""
    place = np.clip(values * steps - 0.5, 0.0, steps - 1.0)
    return np.asarray(np.maximum(1.0 - np.abs(place[..., None] - np.arange(steps)), 0.0))


def _edges(light: Floats) -> Floats:
    down, right = np.gradient(light, axis=(1, 2))
    angle = np.mod(np.arctan2(down, right), np.pi) / np.pi
    place = angle[..., None] * TURNS - np.arange(TURNS)
    near = np.maximum(1.0 - np.abs((place + TURNS / 2) % TURNS - TURNS / 2), 0.0)
    return np.asarray(near * (np.hypot(down, right) + 0.5)[..., None])


def _by_stripe(values: Floats, across: Floats) -> Floats:
    """Return the histogram of each stripe, (n, STRIPES, steps), summing to one; `across` (COLUMNS,) is what a column counts."""
    by_row = np.einsum("nrcs,c->nrs", values, across)
    summed = by_row.reshape(len(values), STRIPES, ROWS_PER_STRIPE, -1).sum(axis=2)
    return np.asarray(summed / np.maximum(summed.sum(axis=2, keepdims=True), 1e-9))

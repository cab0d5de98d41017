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


def describe(rgb: Image, box_xyxy: Floats) -> Floats:
    """Return the looks of the person in a box, (FEATURES,), of unit length: square roots of histograms.

    Parameters
    ----------
    rgb
        The picture.
    box_xyxy
        The person in it, left, top, right, bottom; what lies outside the picture is taken from its border.
    """
    patch = _sampled(rgb, box_xyxy)
    light = patch.mean(axis=2)
    red_green = (patch[..., 0] - patch[..., 1]) / (light + 24.0)
    yellow_blue = (patch[..., 0] + patch[..., 1] - 2 * patch[..., 2]) / (2 * light + 48.0)
    # the middle of the box is the person, its sides are mostly background
    across = np.exp(-0.5 * ((np.arange(COLUMNS) - (COLUMNS - 1) / 2) / (COLUMNS / 4.5)) ** 2)
    weight = np.broadcast_to(across, light.shape)
    tone = _soft(light / 255.0, TONES)
    colour = np.einsum("rca,rcb->rcab", _soft(red_green / 1.2 + 0.5, TONES), _soft(yellow_blue / 1.2 + 0.5, TONES))
    parts = (tone, colour.reshape(*light.shape, -1), _edges(light))
    stripes = [_by_stripe(part * weight[..., None]) * share for part, share in zip(parts, _WEIGHTS, strict=True)]
    return np.asarray(np.sqrt(np.concatenate(stripes, axis=1).ravel() / STRIPES))


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


def _sampled(rgb: Image, box: Floats) -> Floats:
    height, width = rgb.shape[:2]
    y = box[1] + (np.arange(STRIPES * ROWS_PER_STRIPE) + 0.5) / (STRIPES * ROWS_PER_STRIPE) * (box[3] - box[1])
    x = box[0] + (0.1 + 0.8 * (np.arange(COLUMNS) + 0.5) / COLUMNS) * (box[2] - box[0])
    rows = np.clip(y.astype(np.int64), 0, height - 1)
    columns = np.clip(x.astype(np.int64), 0, width - 1)
    return np.asarray(rgb[rows[:, None], columns[None, :]], dtype=np.float64)


def _soft(values: Floats, steps: int) -> Floats:
    """Return the membership of each value 0..1 in its two nearest steps, (..., steps); what lies outside counts as the border."""
    place = np.clip(values * steps - 0.5, 0.0, steps - 1.0)
    return np.asarray(np.maximum(1.0 - np.abs(place[..., None] - np.arange(steps)), 0.0))


def _edges(light: Floats) -> Floats:
    down, right = np.gradient(light)
    angle = np.mod(np.arctan2(down, right), np.pi) / np.pi
    place = angle[..., None] * TURNS - np.arange(TURNS)
    near = np.maximum(1.0 - np.abs((place + TURNS / 2) % TURNS - TURNS / 2), 0.0)
    return np.asarray(near * (np.hypot(down, right) + 0.5)[..., None])


def _by_stripe(values: Floats) -> Floats:
    """Return the histogram of each stripe, (STRIPES, steps), summing to one."""
    summed = values.reshape(STRIPES, -1, values.shape[-1]).sum(axis=1)
    return np.asarray(summed / np.maximum(summed.sum(axis=1, keepdims=True), 1e-9))

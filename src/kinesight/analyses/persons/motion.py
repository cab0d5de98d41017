"""How people move in the picture: a Kalman filter for many at once, and a smoother; everything in seconds and body heights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesight.domain.video import Floats

# the state of a box: value and speed of centre x, top, log height, log width; the feet are often hidden, the head seldom is
PARTS = 4

PLACE_NOISE = 0.045
"""How far a detector's box is off, in body heights."""

SIZE_NOISE = np.array([0.05, 0.14])
"""How much height and width of a box are off, as shares; a walker's width swings with the legs."""

COVERED_NOISE = 0.25
"""How much a height is off, as a share, where all of the body is behind others: the box ends where they begin."""

SPEED_AT_FIRST = 1.0
"""Spread of a speed nobody has measured yet, in body heights a second: about a walk."""

SIZE_SPEED_AT_FIRST = np.array([0.25, 0.1])

PUSH = 0.7
"""How quickly people change their speed: body heights a second within a second."""

SIZE_PUSH = np.array([0.15, 0.08])


@dataclass(frozen=True, slots=True, kw_only=True)
class Motions:
    """Where boxes are and how they move: `mean` (n, PARTS, 2) values and speeds, `cov` (n, PARTS, 2, 2)."""

    mean: Floats
    cov: Floats


def measured(boxes: Floats) -> Floats:
    """Return boxes (n, 4) as centre x, top, log height, log width."""
    size = np.maximum(boxes[:, 2:] - boxes[:, :2], 1.0)
    return np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 1], np.log(size[:, 1]), np.log(size[:, 0])])


def boxes_of(values: Floats) -> Floats:
    """Return boxes (n, 4) from centre x, top, log height, log width (n, 4)."""
    half, height = np.exp(values[:, 3]) / 2, np.exp(values[:, 2])
    return np.column_stack([values[:, 0] - half, values[:, 1], values[:, 0] + half, values[:, 1] + height])


def begun(boxes: Floats) -> Motions:
    """Return the motions of boxes seen for the first time."""
    values = measured(boxes)
    cov = np.zeros((len(boxes), PARTS, 2, 2))
    cov[:, :, 0, 0] = _noise(values[:, 2], np.zeros(len(values)))
    height = np.exp(values[:, 2])
    cov[:, :2, 1, 1] = (SPEED_AT_FIRST * height[:, None]) ** 2
    cov[:, 2:, 1, 1] = SIZE_SPEED_AT_FIRST**2
    return Motions(mean=np.stack([values, np.zeros_like(values)], axis=2), cov=cov)


def predicted(motions: Motions, *, after_s: float, shift_px: Floats) -> Motions:
    """Return the motions some time later; `shift_px` (2,) is how far the camera's turning moved the picture meanwhile.

    White noise of acceleration; Bar-Shalom, Li, Kirubarajan, Estimation with Applications to Tracking and Navigation, 2001, 6.2.
    """
    step = np.array([[1.0, after_s], [0.0, 1.0]])
    mean = motions.mean @ step.T
    mean[:, :2, 0] += shift_px
    push = np.empty((len(mean), PARTS))
    push[:, :2] = (PUSH * np.exp(motions.mean[:, 2, 0])[:, None]) ** 2
    push[:, 2:] = SIZE_PUSH**2
    spread = np.array([[after_s**3 / 3, after_s**2 / 2], [after_s**2 / 2, after_s]])
    return Motions(mean=mean, cov=step @ motions.cov @ step.T + push[..., None, None] * spread)


def updated(motions: Motions, boxes: Floats, *, trust: Floats, covered: Floats) -> Motions:
    """Return the motions after boxes (n, 4) were seen.

    `trust` (n,) 0..1: a box of half the trust has twice the variance; `covered` (n,) is the share of the body behind others.
    """
    values = measured(boxes)
    noise = _noise(values[:, 2], covered) / np.maximum(trust, 0.1)[:, None]
    gain = motions.cov[..., :, 0] / (motions.cov[..., 0, 0] + noise)[..., None]
    mean = motions.mean + gain * (values - motions.mean[..., 0])[..., None]
    cov = motions.cov - gain[..., :, None] * motions.cov[..., 0, None, :]
    return Motions(mean=mean, cov=cov)


def surprises(motions: Motions, boxes: Floats, *, covered: Floats) -> Floats:
    """Return how unexpected each box (m, 4) is for each motion, (n, m): squared distance in standard deviations over PARTS.

    `covered` (n,) is the share of each expected body that is behind others.
    """
    values = measured(boxes)
    apart = values[None] - motions.mean[:, None, :, 0]
    variance = motions.cov[:, None, :, 0, 0] + _noise(values[:, 2], np.zeros(len(values)))[None]
    variance[:, :, 2] += ((COVERED_NOISE * covered) ** 2)[:, None]
    return np.asarray((apart**2 / variance).sum(axis=2))


def smoothed(steps: list[Motions], expected: list[Motions], gaps_s: Floats) -> Floats:
    """Return what the box was at each of n moments, (n, PARTS, 2), from what was known before and after.

    Parameters
    ----------
    steps, expected
        The motion of one person after and before the box of each moment was seen.
    gaps_s
        (n - 1,) seconds between the moments.

    Rauch, Tung, Striebel, Maximum likelihood estimates of linear dynamic systems, AIAA Journal 3 (1965).
    """
    mean = [steps[-1].mean[0]]
    step = np.zeros((len(gaps_s), 1, 2, 2))
    step[:, 0, 0, 0] = step[:, 0, 1, 1] = 1.0
    # transposed
    step[:, 0, 1, 0] = gaps_s
    before = np.array([motions.cov[0] for motions in steps[:-1]]).reshape(-1, PARTS, 2, 2)
    after = np.array([motions.cov[0] for motions in expected[1:]]).reshape(-1, PARTS, 2, 2)
    gain = before @ step @ np.linalg.inv(after)
    for number in range(len(steps) - 2, -1, -1):
        apart = mean[-1] - expected[number + 1].mean[0]
        mean.append(steps[number].mean[0] + (gain[number] @ apart[:, :, None])[:, :, 0])
    return np.array(mean[::-1])


def _noise(log_height: Floats, covered: Floats) -> Floats:
    variance = np.empty((len(log_height), PARTS))
    variance[:, :2] = (PLACE_NOISE * np.exp(log_height)[:, None]) ** 2
    variance[:, 2:] = SIZE_NOISE**2
    variance[:, 2] += (COVERED_NOISE * covered) ** 2
    return variance

"""Causes that are plain from the clip as a whole: nothing at all, restless plants, a shaken camera. Beside the classifier.

The classifier learned on rendered clips only; what physics says directly is not left to it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.flags import often_of, share_of
from kinesight.analyses.alarm.moving import SURE_NOISE

RESTLESS_NOISE, OFTEN = 6.0, 0.15
"""Grey levels of noise, or share of the frames in which it changes, from which a place counts as restless."""


def plain_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return named numbers of the clip as a whole.

    `plain_active` is the largest share of a frame that changes; `plain_restless` the share of the picture that never rests;
    `plain_green` the green share of that; `plain_shake_px` the root mean square of the picture's shift in working pixels;
    `contrast` the grey levels between the darkest and the brightest hundredth of what stands still.
    """
    changes = evidence.change >= SURE_NOISE
    restless = (evidence.noise > RESTLESS_NOISE) | (often_of(changes) > OFTEN)
    red, green, blue = (evidence.colour[..., channel].astype(np.float64) for channel in range(3))
    is_green = (green > 1.05 * red) & (green > 1.05 * blue)
    return {
        "plain_active": float(np.max(share_of(changes))),
        "plain_restless": float(np.mean(restless)),
        "plain_green": float(np.mean(is_green[restless])) if np.any(restless) else 0.0,
        "plain_shake_px": float(np.sqrt(np.mean(np.sum(evidence.shift_px**2, axis=1)))),
        "contrast": float(np.ptp(np.percentile(evidence.background, (1, 99)))),
    }


def plain_scores(features: Mapping[str, float | None]) -> dict[str, float]:
    """Return scores 0..1 of what is plain; empty where the features are not known."""
    active, restless = features.get("plain_active"), features.get("plain_restless")
    green, shake = features.get("plain_green"), features.get("plain_shake_px")
    if active is None or restless is None or green is None or shake is None:
        return {}
    plant = _rises(restless, 0.2, 0.04) * _rises(green, 0.25, 0.05)
    return {
        "NOTHING": _rises(-float(np.log10(active + 1e-5)), 2.3, 0.15) * _rises(-restless, -0.09, 0.015),
        "plant": plant,
        # plants that move all over the picture are moved by wind, and a mast that sways by nothing else
        "wind": max(plant, _rises(shake, 1.0, 0.2)),
    }


def _rises(value: float, middle: float, width: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip((value - middle) / width, -30.0, 30.0))))

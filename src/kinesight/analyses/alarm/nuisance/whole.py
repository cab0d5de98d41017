"""Features of the picture as a whole: light, shake, writing, and how much of it is active."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence, Flags
from kinesight.analyses.alarm.flags import often_of, share_of
from kinesight.analyses.alarm.slopes import slopes_of
from kinesight.domain.cameras import Light
from kinesight.domain.video import Floats

ACTIVE_NOISE = 5
"""Noise units from which a pixel is active."""

FEWEST_SHARE = 1e-5
"""Shares are compared by their logarithm, from this one on: less than one pixel of the working size."""


def activity(evidence: ClipEvidence) -> Flags:
    """Return which pixels differ visibly from what stands still, (n, h, w)."""
    return np.asarray(evidence.change >= ACTIVE_NOISE)


def whole_features(evidence: ClipEvidence, active: Flags) -> dict[str, float]:
    """Return named numbers of the whole picture. Lengths are shares of its width, brightness is 0..1.

    Parameters
    ----------
    evidence
        The clip.
    active
        (n, h, w) as `activity` gives it.
    """
    share, often = share_of(active), often_of(active)
    return {
        "active_mean": log_share(float(share.mean())),
        "active_most": log_share(float(share.max())),
        "active_least": log_share(float(share.min())),
        "active_unsteady": float(share.std() / (share.mean() + FEWEST_SHARE)),
        "active_ever": log_share(float(np.mean(often > 0))),
        "active_often": log_share(float(np.mean(often > 0.15))),
        "active_long": log_share(float(np.mean(often > 0.5))),
        "noise": float(np.median(evidence.noise)),
        "noise_uneven": float(np.percentile(evidence.noise, 95) / np.median(evidence.noise)),
        "infrared": float(evidence.light is Light.INFRARED),
        "brightness": float(evidence.background.mean() / 255),
        "still_contrast": float(evidence.background.std() / 255),
        "overlay_changes": evidence.overlay_changes,
        "overlay_area": log_share(float(evidence.overlay.mean())),
        **_shake(evidence),
        **_light(evidence, active),
    }


def log_share(share: float) -> float:
    """Return the decimal logarithm of a share, -5 for none."""
    return float(np.log10(max(share, FEWEST_SHARE)))


def _shake(evidence: ClipEvidence) -> dict[str, float]:
    width = evidence.grey.shape[2]
    shift = (evidence.shift_px - np.median(evidence.shift_px, axis=0)) / width
    steps = np.linalg.norm(np.diff(shift, axis=0), axis=1)
    gaps_s = np.diff(evidence.time_s)
    return {
        "shake": float(np.log10(np.sqrt(np.mean(np.sum(shift**2, axis=1))) + 1e-4)),
        "shake_most": float(np.log10(np.abs(shift).max() + 1e-4)),
        "shake_speed": float(np.median(steps / gaps_s)) if len(steps) else 0.0,
        "shaken_often": float(np.mean(np.linalg.norm(shift, axis=1) > 0.5 / width)),
    }


def _light(evidence: ClipEvidence, active: Flags) -> dict[str, float]:
    brightness = np.array([np.sum(picture, dtype=np.uint32) for picture in evidence.grey]) / evidence.grey[0].size / 255
    # after Frigate's and others' observation that lamps change whole regions: what is left after smoothing is no structure
    chosen = np.unique(np.linspace(0, len(evidence.grey) - 1, 12).round().astype(int))
    difference = evidence.grey[chosen].astype(np.float32) - evidence.background
    coarse = np.asarray(ndimage.uniform_filter(difference, size=(0, 25, 25)), np.float32)
    energy = np.atleast_1d(np.mean(difference**2, axis=(1, 2), dtype=np.float64))
    smooth = np.atleast_1d(np.mean(coarse**2, axis=(1, 2), dtype=np.float64))
    strongest = int(np.argmax(smooth))
    return {
        "brightness_range": float(np.log10(np.ptp(brightness) + 1e-3)),
        "brightness_step": float(np.log10(np.abs(np.diff(brightness)).max() + 1e-3)) if len(brightness) > 1 else -3.0,
        "gain_range": float(np.log10(np.ptp(evidence.gain) + 1e-3)),
        "offset_range": float(np.log10(np.ptp(evidence.offset) / 255 + 1e-3)),
        "light_strength": float(np.log10(smooth[strongest] ** 0.5 / 255 + 1e-4)),
        "light_smooth": float(smooth[strongest] / (energy[strongest] + 1.0)),
        "light_new": _newness(evidence, chosen[strongest], active[chosen[strongest]]),
    }


def _newness(evidence: ClipEvidence, frame: int, active: NDArray[np.bool_]) -> float:
    """Return how much of the structure in the active pixels was not there before; light alone scales what is there."""
    if active.mean() < 5e-4:
        return 0.0
    was, now = gradient(evidence.background), gradient(evidence.grey[frame].astype(np.float32))
    where = np.asarray(ndimage.binary_dilation(active, iterations=1))
    before, after = (field[:, where] for field in (was, now))
    scale = float(np.sum(before * after) / (np.sum(before * before) + 1.0))
    left = float(np.sum((after - scale * before) ** 2))
    return left / float(np.sum(after**2) + 1.0)


def gradient(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the slopes down and across of a picture (h, w), as (2, h, w)."""
    return slopes_of(picture)


def entropy(weights: Floats) -> float:
    """Return the entropy of weights, 1 for all equal, 0 for a single one; NaN without any weight."""
    total = float(weights.sum())
    if total <= 0 or weights.size < 2:
        return float("nan")
    share = weights.ravel() / total
    return float(-np.sum(share * np.log(np.maximum(share, 1e-12))) / np.log(weights.size))

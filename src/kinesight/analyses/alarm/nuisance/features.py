"""The named numbers of a whole clip that harmless causes are told by, with or without the encoder's view of it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.flags import often_of
from kinesight.analyses.alarm.nuisance.bodies import body_features
from kinesight.analyses.alarm.nuisance.classifier import NuisanceWeights, shipped_weights
from kinesight.analyses.alarm.nuisance.flashes import flash_features
from kinesight.analyses.alarm.nuisance.lively import above, jump_features, lively_features, variation
from kinesight.analyses.alarm.nuisance.places import place_features
from kinesight.analyses.alarm.nuisance.rhythm import cells_over_time, rhythm_features
from kinesight.analyses.alarm.nuisance.things import thing_features
from kinesight.analyses.alarm.nuisance.whole import activity, whole_features
from kinesight.domain.ports import ImageEncoder
from kinesight.domain.video import Floats, Image

CROP_SHARE = 0.4
"""Side of the busiest crop as a share of the picture's shorter side, at least."""


def nuisance_features(
    evidence: ClipEvidence, encoder: ImageEncoder | None = None, *, weights: NuisanceWeights | None = None
) -> dict[str, float]:
    """Return the named numbers of a clip that `nuisance_scores` rests on; what cannot be known is NaN.

    Parameters
    ----------
    evidence
        The clip.
    encoder
        Adds what the still scene and its busiest part look like, as `scene_0`, `crop_0` and so on; left out without one.
    weights
        Whose directions of the encoder's vectors are used; the shipped ones if omitted.
    """
    features = motion_features(evidence)
    if encoder is not None:
        scene, crop = pictures_to_embed(evidence)
        features |= embedded_features(encoder.embed(scene), encoder.embed(crop), weights or shipped_weights())
    return features


def motion_features(evidence: ClipEvidence) -> dict[str, float]:
    """Return the numbers that need no model."""
    active = activity(evidence)
    spread = variation(evidence)
    cells = cells_over_time(evidence)
    return {
        **whole_features(evidence, active),
        **place_features(evidence, active),
        **lively_features(evidence, spread),
        **jump_features(evidence),
        **rhythm_features(evidence, often_of(active), cells),
        **{f"sway_{name}": value for name, value in rhythm_features(evidence, above(spread), cells).items()},
        **flash_features(evidence),
        **thing_features(evidence),
        **body_features(evidence),
    }


def embedded_features(scene: Floats, crop: Floats, weights: NuisanceWeights) -> dict[str, float]:
    """Return the few directions of the encoder's vectors (d,) that the weights keep."""
    scene_values = (scene - weights.scene_centre) @ weights.scene_axes
    crop_values = (crop - weights.crop_centre) @ weights.crop_axes
    return {
        **{f"scene_{number}": float(value) for number, value in enumerate(scene_values)},
        **{f"crop_{number}": float(value) for number, value in enumerate(crop_values)},
    }


def pictures_to_embed(evidence: ClipEvidence) -> tuple[Image, Image]:
    """Return the still scene in colour, and its busiest square part in the frame in which that is most active, in grey."""
    share = evidence.change.astype(np.float32).mean(axis=0)
    height, width = share.shape
    side = max(8, int(CROP_SHARE * min(height, width)))
    box = ndimage.uniform_filter(share, size=side, mode="constant")
    row, column = np.unravel_index(int(np.argmax(box)), box.shape)
    top = int(np.clip(row - side // 2, 0, height - side))
    left = int(np.clip(column - side // 2, 0, width - side))
    part = (slice(None), slice(top, top + side), slice(left, left + side))
    busiest = int(np.argmax(evidence.change[part].mean(axis=(1, 2))))
    crop = evidence.grey[part][busiest]
    return evidence.colour, np.repeat(crop[..., np.newaxis], 3, axis=2)

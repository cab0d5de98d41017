"""Which harmless cause set the camera off: features of the whole clip, and a small classifier of our own."""

from kinesight.analyses.alarm.nuisance.classifier import (
    NuisanceWeights,
    nuisance_scores,
    nuisance_vector,
    refit_last_layer,
    shipped_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from kinesight.analyses.alarm.nuisance.features import embedded_features, motion_features, nuisance_features, pictures_to_embed

__all__ = [
    "NuisanceWeights",
    "embedded_features",
    "motion_features",
    "nuisance_features",
    "nuisance_scores",
    "nuisance_vector",
    "pictures_to_embed",
    "refit_last_layer",
    "shipped_weights",
    "weights_from_bytes",
    "weights_to_bytes",
]

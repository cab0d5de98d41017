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

__all__ = [
    "NuisanceWeights",
    "nuisance_scores",
    "nuisance_vector",
    "refit_last_layer",
    "shipped_weights",
    "weights_from_bytes",
    "weights_to_bytes",
]

"""What the operators of a tenant have taught: another last layer of the classifier, small enough to go with every job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from pydantic import Field

from kinesight.analyses.alarm.nuisance.classifier import (
    NuisanceWeights,
    nuisance_scores,
    nuisance_vector,
    refit_last_layer,
    weights_to_bytes,
)
from kinesight.domain.document import Document
from kinesight.domain.errors import BadParameter
from kinesight.domain.replay import LabelledClip
from kinesight.domain.video import Floats

FEWEST_CLIPS = 5
"""Labelled clips below which nothing is learnt."""


class LabelWeights(Document):
    """What one label sees in the hidden units and the features, and its bias."""

    weights: tuple[float, ...] = Field(max_length=4096)
    bias: float


class LastLayer(Document):
    """The last layer of a tenant. `made_for` is the fingerprint of the weights below it: over others it means nothing."""

    made_for: str
    labels: dict[str, LabelWeights] = Field(max_length=32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """What was learnt from how many clips; `told` counts, for each label that changed, the clips that operators gave it to."""

    layer: LastLayer
    clips: int
    told: Mapping[str, int]


def fingerprint(weights: NuisanceWeights) -> str:
    """Return what tells these weights from all others."""
    return hashlib.sha256(weights_to_bytes(weights)).hexdigest()


def learn(labelled: Sequence[LabelledClip], weights: NuisanceWeights) -> Lesson:
    """Return the last layer that also fits what operators said.

    An operator names what he sees, so the labels that he does not name count as absent in that clip. Labels that nobody ever
    gave stay as they are.

    Raises
    ------
    BadParameter
        Fewer than `FEWEST_CLIPS` clips with features and a label of the classifier.
    """
    known = [clip for clip in labelled if clip.features and set(clip.labels) & set(weights.labels)]
    if len(known) < FEWEST_CLIPS:
        raise BadParameter(
            f"{len(known)} labelled clips can be learnt from, at least {FEWEST_CLIPS} are needed; label clips with "
            f"{', '.join(weights.labels)}."
        )
    told = {label: sum(label in clip.labels for clip in known) for label in weights.labels}
    truths = {label: [float(label in clip.labels) for clip in known] for label, count in told.items() if count}
    vectors: Floats = np.stack([nuisance_vector(clip.features, weights) for clip in known])
    refitted = refit_last_layer(vectors, truths, weights)
    numbers = {label: weights.labels.index(label) for label in truths}
    layer = LastLayer(
        made_for=fingerprint(weights),
        labels={
            label: LabelWeights(
                weights=tuple(round(float(value), 6) for value in refitted.last[:, number]),
                bias=round(float(refitted.last_bias[number]), 6),
            )
            for label, number in numbers.items()
        },
    )
    return Lesson(layer=layer, clips=len(known), told={label: told[label] for label in truths})


def with_layer(weights: NuisanceWeights, layer: LastLayer) -> NuisanceWeights:
    """Return weights with a tenant's last layer; unchanged where that was learnt over others, as after an upgrade."""
    if layer.made_for != fingerprint(weights):
        return weights
    last, bias = weights.last.copy(), weights.last_bias.copy()
    for label, learnt in layer.labels.items():
        if label in weights.labels and len(learnt.weights) == len(last):
            number = weights.labels.index(label)
            last[:, number], bias[number] = learnt.weights, learnt.bias
    return replace(weights, last=last, last_bias=bias)


def learnt_scores(features: Mapping[str, float | None], layer: LastLayer, weights: NuisanceWeights) -> dict[str, float]:
    """Return the scores of harmless causes as a tenant's operators see them; only those of labels that were learnt."""
    scores = nuisance_scores(features, with_layer(weights, layer))
    return {label: scores[label] for label in layer.labels if label in scores} if layer.made_for == fingerprint(weights) else {}

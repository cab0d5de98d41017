"""From named features to a score for every harmless cause: bounded features, one hidden layer, logistic scores, all in numpy."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files

import numpy as np
import scipy
from scipy.special import expit

from kinesight.domain.errors import BadParameter
from kinesight.domain.video import Floats

MOST = 3.0
"""Bounded features lie between -MOST and MOST, so that what no training clip showed cannot rule the answer."""

LARGEST_EMBEDDED = 64
"""More directions of a picture's vector than anybody wants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NuisanceWeights:
    """A trained classifier. f features, h hidden units, c labels, d numbers of an embedding, p directions that are kept of it.

    centre, scale
        (f,) of each feature; it enters as arcsinh((value - centre) / scale), cut at `MOST`.
    hidden, hidden_bias
        (f, h) and (h,) of the hidden layer, tanh.
    last, last_bias
        (h + f, c) and (c,): the last layer sees the hidden units and the features.
    slope, offset
        (c,) of Platt's calibration: score = 1 / (1 + exp(-(slope * z + offset))).
    scene_centre, scene_axes, crop_centre, crop_axes
        (d,) and (d, p): the directions of the embeddings of the still scene and of the busiest crop.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    centre: Floats
    scale: Floats
    hidden: Floats
    hidden_bias: Floats
    last: Floats
    last_bias: Floats
    slope: Floats
    offset: Floats
    scene_centre: Floats
    scene_axes: Floats
    crop_centre: Floats
    crop_axes: Floats

    def __post_init__(self) -> None:
        count, hidden, labels = len(self.names), len(self.hidden_bias), len(self.labels)
        if self.hidden.shape != (count, hidden) or self.last.shape != (hidden + count, labels):
            raise ValueError(f"layers {self.hidden.shape} and {self.last.shape} do not fit {count} features, {labels} labels")
        if not self.last_bias.shape == self.slope.shape == self.offset.shape == (labels,):
            raise ValueError(f"biases and calibration do not fit {labels} labels")


@cache
def shipped_weights() -> NuisanceWeights:
    """Return the weights that come with the package."""
    return weights_from_bytes(files(__package__).joinpath("weights.npz").read_bytes())


def nuisance_vector(features: Mapping[str, float | None], weights: NuisanceWeights | None = None) -> Floats:
    """Return what the last layer sees of a clip, (h + f,): this is what refits learn from.

    A feature that is unknown (missing, None or NaN) counts as an ordinary one.
    """
    weights = weights or shipped_weights()
    values = np.array([_number(features.get(name)) for name in weights.names])
    bounded = np.clip(np.arcsinh((values - weights.centre) / weights.scale), -MOST, MOST)
    known = np.where(np.isfinite(bounded), bounded, 0.0)
    return np.concatenate([np.tanh(known @ weights.hidden + weights.hidden_bias), known])


def nuisance_scores(features: Mapping[str, float | None], weights: NuisanceWeights | None = None) -> dict[str, float]:
    """Return a calibrated score 0..1 for each harmless cause; they are independent of each other.

    Parameters
    ----------
    features
        What `nuisance_features` gave, also as it was stored.
    weights
        The shipped ones if omitted; a tenant's own after a refit.
    """
    weights = weights or shipped_weights()
    scores = scores_of(nuisance_vector(features, weights)[np.newaxis], weights)[0]
    return dict(zip(weights.labels, scores.tolist(), strict=True))


def scores_of(vectors: Floats, weights: NuisanceWeights) -> Floats:
    """Return the calibrated scores (n, c) of last-layer inputs (n, h + f)."""
    raw = vectors @ weights.last + weights.last_bias
    return np.asarray(expit(weights.slope * raw + weights.offset))


def refit_last_layer(
    vectors: Floats, labels: Mapping[str, Sequence[float]], weights: NuisanceWeights, *, caution: float = 5.0
) -> NuisanceWeights:
    """Return weights whose last layer also fits a tenant's labelled clips.

    Only the labels that are given change. The new last layer is the most probable one if the old one is the middle of a normal
    prior (ridge regression around it), so that a handful of clips moves it a little and hundreds decide.

    Parameters
    ----------
    vectors
        (n, h + f), of `nuisance_vector` with these same weights, one for each labelled clip.
    labels
        For each label 1 (true), 0 (false) or NaN (nobody said) per clip.
    weights
        What to start from.
    caution
        Strength of the prior in clips: how many clips it takes to outweigh it in one direction of the vector's length.

    Raises
    ------
    BadParameter
        A label is unknown, a list has another length than there are clips, or a number is neither 0, 1 nor NaN.
    """
    last, bias = weights.last.copy(), weights.last_bias.copy()
    for label, told in labels.items():
        if label not in weights.labels:
            raise BadParameter(f"There is no nuisance label {label!r}; there are: {', '.join(weights.labels)}")
        truth = np.asarray(told, dtype=np.float64)
        if truth.shape != (len(vectors),) or not np.isin(truth[np.isfinite(truth)], (0.0, 1.0)).all():
            raise BadParameter(f"Give 1, 0 or NaN for {label!r} of each of the {len(vectors)} clips")
        number = weights.labels.index(label)
        known = np.isfinite(truth)
        if not known.any():
            continue
        slope = float(weights.slope[number])
        start = np.append(weights.last[:, number], weights.last_bias[number] + weights.offset[number] / slope)
        found = _most_probable(vectors[known] * slope, truth[known], start, slope=slope, caution=caution)
        last[:, number], bias[number] = found[:-1], found[-1] - weights.offset[number] / slope
    return replace(weights, last=last, last_bias=bias)


def _most_probable(vectors: Floats, truth: Floats, start: Floats, *, slope: float, caution: float) -> Floats:
    """Return the ridge logistic fit around a start; the last of its numbers is the bias."""
    inputs = np.column_stack([vectors, np.full(len(vectors), slope)])
    stiffness = caution * float(np.mean(np.sum(inputs**2, axis=1))) / 10.0

    def loss(values: Floats) -> tuple[float, Floats]:
        raw = inputs @ values
        apart = values - start
        error = expit(raw) - truth
        fit = float(np.sum(np.logaddexp(0.0, raw) - truth * raw))
        return fit + 0.5 * stiffness * float(apart @ apart), inputs.T @ error + stiffness * apart

    return np.asarray(scipy.optimize.minimize(loss, start, jac=True, method="L-BFGS-B").x)


def weights_to_bytes(weights: NuisanceWeights) -> bytes:
    """Return the weights as an .npz file; the same weights give the same bytes."""
    held = io.BytesIO()
    arrays = {field.name: _stored(getattr(weights, field.name)) for field in fields(weights)}
    np.savez_compressed(held, allow_pickle=False, **arrays)
    return held.getvalue()


def weights_from_bytes(data: bytes) -> NuisanceWeights:
    """Return the weights that `weights_to_bytes` wrote."""
    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names, labels = (tuple(str(word) for word in arrays.pop(name)) for name in ("names", "labels"))
    numbers = {name: array.astype(np.float64) for name, array in arrays.items()}
    return NuisanceWeights(names=names, labels=labels, **numbers)


def _stored(value: Floats | tuple[str, ...]) -> np.ndarray:
    """Return what is written: words as they are, numbers in half the bytes; the wide directions in a quarter."""
    array = np.asarray(value)
    if array.dtype.kind == "U":
        return array
    return array.astype(np.float16 if array.ndim == 2 and len(array) > 512 else np.float32)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)

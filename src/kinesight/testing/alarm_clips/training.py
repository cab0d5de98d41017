"""Fits the nuisance classifier to rows of rendered clips: bounded features, an ensemble in one network, calibrated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from kinesight.analyses.alarm.nuisance import NuisanceWeights, weights_from_bytes, weights_to_bytes
from kinesight.analyses.alarm.nuisance.classifier import MOST, scores_of
from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.dataset import Rows
from kinesight.testing.alarm_clips.families import LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How the classifier is fitted.

    `directions` of the encoder's vectors that are kept for scene and crop; `members` networks of `units` hidden units that are
    averaged; ridge penalties of the hidden and of the last layer, in clips; `copies` of the rows, each with a share `dropped` of
    its features unknown, so that no single one decides; `folds` of backdrops for the calibration.
    """

    directions: int = 8
    members: int = 3
    units: int = 8
    hidden_ridge: float = 10.0
    last_ridge: float = 10.0
    copies: int = 2
    dropped: float = 0.15
    folds: int = 4
    rounds: int = 100
    seed: int = 1


def train(rows: Rows, recipe: Recipe) -> NuisanceWeights:
    """Return weights fitted to the rows, calibrated on backdrops that a fit has not seen. The same rows, the same weights."""
    blank = _blank(rows, recipe)
    inputs = bounded(rows, blank)
    raw = _unseen(rows, recipe, blank)
    slope, offset = np.array([_platt(raw[:, number], rows.truth[:, number]) for number in range(len(LABELS))]).T
    whole = _fitted(inputs, rows.truth, blank, recipe)
    # what is returned is what a file of it would say
    return weights_from_bytes(weights_to_bytes(replace(whole, slope=slope, offset=offset)))


def unseen_scores(rows: Rows, recipe: Recipe) -> Floats:
    """Return scores (n, labels) of training rows, each by a fit that did not see its backdrop; not calibrated."""
    return np.asarray(expit(_unseen(rows, recipe, _blank(rows, recipe))))


def _unseen(rows: Rows, recipe: Recipe, blank: NuisanceWeights) -> Floats:
    inputs, groups = bounded(rows, blank), _folds(rows, recipe)
    raw = np.full(rows.truth.shape, np.nan)
    for fold in range(recipe.folds):
        kept, left = groups != fold, groups == fold
        if left.any() and kept.any():
            part = _fitted(inputs[kept], rows.truth[kept], blank, recipe)
            raw[left] = _vectors(inputs[left], part) @ part.last + part.last_bias
    return raw


def scores(rows: Rows, weights: NuisanceWeights) -> Floats:
    """Return the calibrated scores (n, labels) of rows."""
    return scores_of(_vectors(bounded(rows, weights), weights), weights)


def bounded(rows: Rows, weights: NuisanceWeights) -> Floats:
    """Return the features as they enter the network, (n, f): bounded, 0 where unknown."""
    scene = (rows.scene - weights.scene_centre) @ weights.scene_axes
    crop = (rows.crop - weights.crop_centre) @ weights.crop_axes
    values = np.hstack([rows.features, scene, crop])
    inputs = np.clip(np.arcsinh((values - weights.centre) / weights.scale), -MOST, MOST)
    return np.where(np.isfinite(inputs), inputs, 0.0)


def _vectors(inputs: Floats, weights: NuisanceWeights) -> Floats:
    return np.hstack([np.tanh(inputs @ weights.hidden + weights.hidden_bias), inputs])


def _blank(rows: Rows, recipe: Recipe) -> NuisanceWeights:
    """Return weights that only know how features are bounded."""
    scene_centre, scene_axes = _directions(rows.scene, recipe.directions)
    crop_centre, crop_axes = _directions(rows.crop, recipe.directions)
    values = np.hstack([rows.features, (rows.scene - scene_centre) @ scene_axes, (rows.crop - crop_centre) @ crop_axes])
    low, centre, high = np.nanpercentile(values, (16, 50, 84), axis=0)
    # a feature that is mostly one value has no spread of its own between the quantiles
    scale = np.maximum((high - low) / 2, 0.3 * np.nanstd(values, axis=0)) + 1e-6
    count = values.shape[1]
    kept = scene_axes.shape[1], crop_axes.shape[1]
    return NuisanceWeights(
        names=(*rows.names, *(f"scene_{k}" for k in range(kept[0])), *(f"crop_{k}" for k in range(kept[1]))),
        labels=LABELS,
        centre=centre,
        scale=scale,
        hidden=np.zeros((count, 0)),
        hidden_bias=np.zeros(0),
        last=np.zeros((count, len(LABELS))),
        last_bias=np.zeros(len(LABELS)),
        slope=np.ones(len(LABELS)),
        offset=np.zeros(len(LABELS)),
        scene_centre=scene_centre,
        scene_axes=scene_axes,
        crop_centre=crop_centre,
        crop_axes=crop_axes,
    )


def _directions(vectors: Floats, count: int) -> tuple[Floats, Floats]:
    """Return the mean and the first principal directions (d, p), each with its largest entry positive, as they are stored."""
    centre = vectors.mean(axis=0)
    _, _, axes = np.linalg.svd(vectors - centre, full_matrices=False)
    axes = axes[:count]
    signs = np.sign(axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)])
    stored = (axes * signs[:, None]).T.astype(np.float16)
    return centre.astype(np.float32).astype(np.float64), stored.astype(np.float64)


def _folds(rows: Rows, recipe: Recipe) -> np.ndarray:
    """Return the number of the fold of each row; all clips before one backdrop are in one fold."""
    places = sorted(set(rows.backdrops))
    shuffled = np.random.default_rng(recipe.seed).permutation(len(places))
    fold_of = {place: int(number) % recipe.folds for place, number in zip(places, shuffled, strict=True)}
    return np.array([fold_of[place] for place in rows.backdrops])


def _fitted(inputs: Floats, truth: Floats, blank: NuisanceWeights, recipe: Recipe) -> NuisanceWeights:
    """Return the mean of several networks, which is itself one network with all their hidden units."""
    members = [_member(inputs, truth, recipe, seed=recipe.seed * 100 + number) for number in range(recipe.members)]
    hidden, hidden_bias, last, last_bias = zip(*members, strict=True)
    count = inputs.shape[1]
    units = np.vstack([part[:-count] for part in last]) / recipe.members
    straight = np.mean([part[-count:] for part in last], axis=0)
    return replace(
        blank,
        hidden=np.hstack(hidden),
        hidden_bias=np.concatenate(hidden_bias),
        last=np.vstack([units, straight]),
        last_bias=np.mean(last_bias, axis=0),
    )


def _member(inputs: Floats, truth: Floats, recipe: Recipe, *, seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Return hidden layer, its bias, last layer and its bias of one network, fitted with L-BFGS from a random start."""
    rng = np.random.default_rng(seed)
    seen = np.vstack([inputs * (rng.random(inputs.shape) >= recipe.dropped) for _ in range(recipe.copies)])
    told = np.vstack([truth] * recipe.copies)
    known = np.isfinite(told) / recipe.copies
    told = np.nan_to_num(told)
    count, labels, units = inputs.shape[1], truth.shape[1], recipe.units
    sizes = np.cumsum([count * units, units, (units + count) * labels])

    def unpack(values: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        hidden, bias, last, last_bias = np.split(values, sizes)
        return hidden.reshape(count, units), bias, last.reshape(units + count, labels), last_bias

    def loss(values: Floats) -> tuple[float, Floats]:
        hidden, bias, last, last_bias = unpack(values)
        bent = np.tanh(seen @ hidden + bias)
        raw = bent @ last[:units] + seen @ last[units:] + last_bias
        error = (expit(raw) - told) * known
        fit = float(np.sum(known * (np.logaddexp(0.0, raw) - told * raw)))
        ridge = recipe.hidden_ridge * float(np.sum(hidden**2)) + recipe.last_ridge * float(np.sum(last**2))
        back = (error @ last[:units].T) * (1 - bent**2)
        slopes = (
            seen.T @ back + recipe.hidden_ridge * hidden,
            back.sum(axis=0),
            np.vstack([bent.T @ error, seen.T @ error]) + recipe.last_ridge * last,
            error.sum(axis=0),
        )
        return fit + 0.5 * ridge, np.concatenate([slope.ravel() for slope in slopes])

    start = np.concatenate(
        [
            rng.normal(0, 0.3 / np.sqrt(count), count * units),
            np.zeros(units),
            rng.normal(0, 0.1, (units + count) * labels),
            np.full(labels, -2.0),
        ]
    )
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": recipe.rounds})
    return unpack(np.asarray(found.x))


def _platt(raw: Floats, truth: Floats) -> tuple[float, float]:
    """Return slope and offset of Platt's sigmoid, with his regularised targets (Platt 1999); 1 and 0 where a class is missing."""
    known = np.isfinite(truth) & np.isfinite(raw)
    x, y = raw[known], truth[known]
    yes, no = float(y.sum()), float((1 - y).sum())
    if not yes or not no:
        return 1.0, 0.0
    target = np.where(y > 0, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(values: Floats) -> tuple[float, Floats]:
        z = values[0] * x + values[1]
        error = expit(z) - target
        return float(np.sum(np.logaddexp(0.0, z) - target * z)), np.array([error @ x, error.sum()])

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B", bounds=[(0.05, 5.0), (-10.0, 10.0)])
    return float(found.x[0]), float(found.x[1])

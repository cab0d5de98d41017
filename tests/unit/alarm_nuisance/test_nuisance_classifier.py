"""Scores, storage and refits of the nuisance classifier, on weights whose answers are known by construction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesight.analyses.alarm.nuisance import (
    NuisanceWeights,
    embedded_features,
    nuisance_scores,
    nuisance_vector,
    refit_last_layer,
    shipped_weights,
    weights_from_bytes,
    weights_to_bytes,
)
from kinesight.analyses.alarm.nuisance.classifier import MOST, scores_of
from kinesight.analyses.alarm.result import NUISANCES
from kinesight.domain.errors import BadParameter


def plain_weights(*, slope: float = 1.0, offset: float = 0.0) -> NuisanceWeights:
    """Two features, no hidden unit: the raw score of "rain" is the first, of "web" the second bounded feature."""
    return NuisanceWeights(
        names=("wet", "thin"),
        labels=("rain", "web"),
        centre=np.zeros(2),
        scale=np.ones(2),
        hidden=np.zeros((2, 0)),
        hidden_bias=np.zeros(0),
        last=np.eye(2),
        last_bias=np.zeros(2),
        slope=np.full(2, slope),
        offset=np.full(2, offset),
        scene_centre=np.zeros(4),
        scene_axes=np.eye(4)[:, :2],
        crop_centre=np.ones(4),
        crop_axes=np.eye(4)[:, :1],
    )


def test_scores_are_the_sigmoid_of_the_bounded_feature() -> None:
    found = nuisance_scores({"wet": np.sinh(1.0), "thin": -np.sinh(2.0)}, plain_weights())
    assert found["rain"] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert found["web"] == pytest.approx(1 / (1 + np.exp(2.0)))


def test_calibration_is_applied_last() -> None:
    found = nuisance_scores({"wet": np.sinh(1.0), "thin": 0.0}, plain_weights(slope=2.0, offset=-1.0))
    assert found["rain"] == pytest.approx(1 / (1 + np.exp(-1.0)))
    assert found["web"] == pytest.approx(1 / (1 + np.exp(1.0)))


@pytest.mark.parametrize("unknown", [{}, {"wet": None}, {"wet": float("nan"), "thin": None}])
def test_unknown_features_count_as_ordinary(unknown: dict[str, float | None]) -> None:
    assert nuisance_scores(unknown, plain_weights()) == {"rain": 0.5, "web": 0.5}


@given(st.dictionaries(st.sampled_from(["wet", "thin"]), st.floats(allow_nan=True, allow_infinity=True)))
def test_no_feature_value_breaks_a_score_or_counts_for_more_than_the_bound(features: dict[str, float]) -> None:
    scores = nuisance_scores(features, plain_weights())
    limit = 1 / (1 + np.exp(-MOST))
    assert all(1 - limit - 1e-9 <= score <= limit + 1e-9 for score in scores.values())


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 3 features"):
        replace(plain_weights(), names=("a", "b", "c"))
    with pytest.raises(ValueError, match="calibration"):
        replace(plain_weights(), slope=np.ones(3))


def test_the_same_weights_are_the_same_bytes_and_come_back() -> None:
    data = weights_to_bytes(plain_weights(slope=1.5))
    assert data == weights_to_bytes(plain_weights(slope=1.5))
    back = weights_from_bytes(data)
    assert back.names == ("wet", "thin")
    assert back.labels == ("rain", "web")
    np.testing.assert_array_equal(back.slope, [1.5, 1.5])
    assert weights_to_bytes(back) == data


def test_embeddings_are_read_along_the_kept_directions() -> None:
    found = embedded_features(np.array([1.0, 2, 3, 4]), np.array([5.0, 6, 7, 8]), plain_weights())
    assert found == {"scene_0": 1.0, "scene_1": 2.0, "crop_0": 4.0}


def clips(count: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors of a site where "rain" is told by the second feature instead of the first, and who says so."""
    vectors = np.random.default_rng(seed).normal(0, 1.2, (count, 2))
    return vectors, (vectors[:, 1] > 0).astype(float)


def accuracy(weights: NuisanceWeights, vectors: np.ndarray, truth: np.ndarray) -> float:
    return float(np.mean((scores_of(vectors, weights)[:, 0] > 0.5) == (truth > 0.5)))


def test_many_labels_turn_the_last_layer() -> None:
    vectors, truth = clips(400, seed=1)
    others, other_truth = clips(400, seed=2)
    before = plain_weights()
    after = refit_last_layer(vectors, {"rain": truth.tolist()}, before)
    assert accuracy(before, others, other_truth) < 0.65
    assert accuracy(after, others, other_truth) > 0.9
    np.testing.assert_array_equal(after.last[:, 1], before.last[:, 1])
    np.testing.assert_array_equal(before.last, np.eye(2))


def test_a_single_label_moves_it_a_little_towards_it() -> None:
    vector = np.array([[-2.0, 0.0]])
    before, after = plain_weights(), refit_last_layer(vector, {"rain": [1.0]}, plain_weights())
    old, new = (float(scores_of(vector, weights)[0, 0]) for weights in (before, after))
    assert old < new < 0.6
    assert np.abs(after.last - before.last).max() < 0.6


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (0.5, -1.5), (2.0, 1.0)])
def test_labels_that_agree_with_the_scores_change_no_verdict(slope: float, offset: float) -> None:
    vectors = np.random.default_rng(4).normal(0, 2, (60, 2))
    weights = plain_weights(slope=slope, offset=offset)
    scores = scores_of(vectors, weights)[:, 0]
    after = refit_last_layer(vectors, {"rain": (scores > 0.5).astype(float).tolist()}, weights)
    sure = np.abs(scores - 0.5) > 0.1
    np.testing.assert_array_equal(scores_of(vectors, after)[sure, 0] > 0.5, scores[sure] > 0.5)


def test_nobody_said_anything_nothing_changes() -> None:
    after = refit_last_layer(np.ones((3, 2)), {"rain": [float("nan")] * 3}, plain_weights())
    assert weights_to_bytes(after) == weights_to_bytes(plain_weights())


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"snow": [1.0]}, "no nuisance label 'snow'"),
        ({"rain": [1.0, 0.0]}, "each of the 1 clips"),
        ({"rain": [0.5]}, "1, 0 or NaN"),
    ],
)
def test_labels_that_make_no_sense_are_refused(labels: dict[str, list[float]], words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        refit_last_layer(np.ones((1, 2)), labels, plain_weights())


def test_the_shipped_weights_know_every_nuisance() -> None:
    weights = shipped_weights()
    assert tuple(sorted(weights.labels)) == tuple(sorted(NUISANCES))
    assert set(nuisance_scores({})) == set(NUISANCES)
    assert len(weights_to_bytes(weights)) < 400_000
    assert np.isfinite(nuisance_vector({})).all()


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_shipped_scores_are_probabilities_whatever_the_features(seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = shipped_weights()
    features = dict(zip(weights.names, (rng.standard_cauchy(len(weights.names)) * 10).tolist(), strict=True))
    assert all(0 <= score <= 1 for score in nuisance_scores(features).values())

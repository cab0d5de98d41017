"""Training: the same clips give the same bytes, and what it learns holds for renderers that it never saw."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from kinesight.analyses.alarm.nuisance import motion_features, nuisance_scores, shipped_weights, weights_to_bytes
from kinesight.domain.document import UsedModel
from kinesight.domain.video import Floats, Image
from kinesight.testing.alarm_clips.backdrops import drawn
from kinesight.testing.alarm_clips.clips import Studio, render
from kinesight.testing.alarm_clips.dataset import Rows, joined, load_rows, orders, rows_of, save_rows
from kinesight.testing.alarm_clips.examination import area_under_curve, marks
from kinesight.testing.alarm_clips.families import CAUSES, LABELS
from kinesight.testing.alarm_clips.gathered import evidence_of_clip
from kinesight.testing.alarm_clips.training import Recipe, scores, train, unseen_scores

TINY = Recipe(directions=2, members=2, units=3, copies=1, folds=2, rounds=40)


class CornerEncoder:
    """A stand-in for the encoder: brightness of the quarters of a picture."""

    used = UsedModel(task="encoder", name="corners", sha256="0" * 64)

    def embed(self, rgb: Image) -> Floats:
        half = rgb.shape[0] // 2, rgb.shape[1] // 2
        quarters = [rgb[: half[0], : half[1]], rgb[half[0] :, : half[1]], rgb[: half[0], half[1] :], rgb[half[0] :, half[1] :]]
        return np.array([float(part.mean()) / 255 for part in quarters])


def invented(count: int, *, seed: int) -> Rows:
    """Return rows in which each label is true where its own feature is high; half of the features say nothing."""
    rng = np.random.default_rng(seed)
    features = rng.normal(0, 1, (count, 2 * len(LABELS)))
    truth = (features[:, : len(LABELS)] + rng.normal(0, 0.3, (count, len(LABELS))) > 0.8).astype(float)
    truth[rng.random(truth.shape) < 0.05] = np.nan
    features[rng.random(features.shape) < 0.02] = np.nan
    return Rows(
        names=tuple(f"feature_{k}" for k in range(2 * len(LABELS))),
        features=features,
        scene=rng.normal(0, 1, (count, 6)),
        crop=rng.normal(0, 1, (count, 6)),
        truth=truth,
        backdrops=tuple(f"place-{k % 7}" for k in range(count)),
        families=("x",) * count,
    )


def test_the_same_rows_give_the_same_bytes() -> None:
    first, again = (weights_to_bytes(train(invented(120, seed=1), TINY)) for _ in range(2))
    assert hashlib.sha256(first).hexdigest() == hashlib.sha256(again).hexdigest()
    assert first != weights_to_bytes(train(invented(120, seed=2), TINY))


def test_what_was_learnt_holds_for_other_rows_and_is_calibrated() -> None:
    known, others = invented(500, seed=1), invented(400, seed=2)
    found = marks(scores(others, train(known, TINY)), others.truth)
    assert min(mark.auc for mark in found) > 0.9
    assert max(mark.calibration_error for mark in found) < 0.1
    unseen = unseen_scores(known, TINY)
    assert np.isfinite(unseen).all()
    assert area_under_curve(unseen[:, 0], known.truth[:, 0]) > 0.9


def test_rows_come_back_from_a_file_and_from_parts(tmp_path_factory: pytest.TempPathFactory) -> None:
    rows = invented(20, seed=3)
    path = tmp_path_factory.mktemp("rows") / "rows.npz"
    save_rows(path, joined([rows.chosen(range(8)), rows.chosen(np.arange(20) >= 8)]))
    back = load_rows(path)
    assert (back.names, back.backdrops) == (rows.names, rows.backdrops)
    np.testing.assert_array_equal(back.features, rows.features)
    np.testing.assert_array_equal(back.truth, rows.truth)


def test_more_rounds_begin_with_the_same_clips() -> None:
    few, many = (orders([None, "rain"], each=each, is_held_out=False, first_seed=5) for each in (2, 4))
    assert many[: len(few)] == few
    assert len({order.seed for order in many}) == len(many)


def test_rendered_clips_become_the_same_rows_every_time() -> None:
    studios = {False: Studio(backdrops=drawn(3), causes=CAUSES, is_held_out=False)}
    wanted = orders(["clock", None], each=1, is_held_out=False, first_seed=40)
    first, again = (rows_of(wanted, studios, CornerEncoder()) for _ in range(2))
    np.testing.assert_array_equal(first.features, again.features)
    np.testing.assert_array_equal(first.crop, again.crop)
    assert first.scene.shape == (2, 4)
    assert first.truth[0, LABELS.index("text")] == 1


def test_shipped_weights_tell_renderers_and_places_that_training_never_showed() -> None:
    studio = Studio(backdrops=drawn(9)[::4], causes=CAUSES, is_held_out=True)
    clips = [
        render(studio, cause, seed=910_000 + number) for number, cause in enumerate((None, "rain", "wind", "light", "web") * 3)
    ]
    found = [nuisance_scores(motion_features(evidence_of_clip(clip)), shipped_weights()) for clip in clips]
    for label in ("NOTHING", "rain", "wind"):
        score = np.array([scores_of_clip[label] for scores_of_clip in found])
        truth = np.array([clip.truth(label) for clip in clips])
        assert area_under_curve(score, truth) > 0.85, label

"""What operators say changes the last layer, moves the scores their way, and fits only the weights it was learnt over."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kinesight.analyses.alarm.nuisance.classifier import NuisanceWeights, nuisance_scores
from kinesight.analyses.alarm.nuisance.learnt import LastLayer, learn, learnt_scores, with_layer
from kinesight.cli.alarm import lesson_of
from kinesight.domain.errors import BadParameter
from kinesight.domain.labels import Said
from kinesight.domain.replay import Judged, LabelledClip, Replay, ReplayedClip
from kinesight.jobs.replaying import labelled_clips
from kinesight.testing.accounts import MemoryLabels

LABELS = ("rain", "spider", "web")


def weights(seed: int = 1) -> NuisanceWeights:
    """Return weights that know nothing: every score is about one half."""
    generator = np.random.default_rng(seed)
    return NuisanceWeights(
        names=("a", "b"),
        labels=LABELS,
        centre=np.zeros(2),
        scale=np.ones(2),
        hidden=generator.normal(size=(2, 4)),
        hidden_bias=np.zeros(4),
        last=np.zeros((6, 3)),
        last_bias=np.zeros(3),
        slope=np.ones(3),
        offset=np.zeros(3),
        scene_centre=np.zeros(4),
        scene_axes=np.zeros((4, 1)),
        crop_centre=np.zeros(4),
        crop_axes=np.zeros((4, 1)),
    )


def taught(count: int = 40) -> list[LabelledClip]:
    """Clips in which `a` is high where operators saw a spider, and low where they saw rain."""
    clips = []
    for number in range(count):
        is_spider = number % 2 == 0
        features = {"a": 2.0 if is_spider else -2.0, "b": 0.1 * (number % 3)}
        clips.append(LabelledClip(job_id=str(number), labels=("spider",) if is_spider else ("rain",), features=features))
    return clips


def test_scores_move_the_way_of_the_operators() -> None:
    base = weights()
    lesson = learn(taught(), base)
    assert (lesson.clips, lesson.told) == (40, {"rain": 20, "spider": 20})
    for a, label, other in ((2.0, "spider", "rain"), (-2.0, "rain", "spider")):
        before = nuisance_scores({"a": a, "b": 0.0}, base)
        after = learnt_scores({"a": a, "b": 0.0}, lesson.layer, base)
        assert before[label] == pytest.approx(0.5)
        assert after[label] > 0.6
        assert after[other] < 0.4
        assert "web" not in after, "nobody said anything about it"


def test_a_lesson_survives_as_json_and_means_nothing_over_other_weights() -> None:
    base = weights()
    lesson = learn(taught(), base)
    again = LastLayer.model_validate(lesson.layer.model_dump(mode="json"))
    assert again == lesson.layer
    assert with_layer(base, again).last[:, 1] == pytest.approx(np.array(again.labels["spider"].weights))
    other = weights(seed=2)
    assert with_layer(other, again) is other
    assert learnt_scores({"a": 2.0}, again, other) == {}
    assert with_layer(replace(base, offset=np.ones(3)), again).last.any() == np.False_


def test_few_or_useless_words_teach_nothing() -> None:
    with pytest.raises(BadParameter, match="4 labelled clips"):
        learn(taught(4), weights())
    strangers = [LabelledClip(job_id=str(n), labels=("person",), features={"a": 1.0}) for n in range(9)]
    empty = [LabelledClip(job_id=str(n), labels=("rain",), features={}) for n in range(9)]
    with pytest.raises(BadParameter, match="0 labelled clips"):
        learn([*strangers, *empty], weights())


def test_words_are_read_page_by_page_without_those_taken_back() -> None:
    labels = MemoryLabels()
    for number in range(130):
        said = Said(classify_id=str(number), job_id=f"j{number}", labels=("rain",) if number % 13 else (), features={"a": 1.0})
        labels.put("t", said)
    found = labelled_clips(labels, "t")
    assert len(found) == 120
    assert labelled_clips(labels, "other") == ()
    assert found[0].features == {"a": 1.0}


def test_the_lesson_is_shown_as_agreement_before_and_after() -> None:
    def clip(before: str, after: str, said: str) -> ReplayedClip:
        one, two = (Judged(risk="safe", labels=(label,)) for label in (before, after))
        return ReplayedClip(job_id="j", camera_id=None, accepted_s=0.0, before=one, after=two, said=(said,))

    found = Replay(clips=(clip("rain", "spider", "spider"), clip("rain", "rain", "rain")))
    lines = lesson_of(7, found, {"rain": 3, "spider": 4})
    assert lines[0] == "learnt from 7 labelled clips"
    assert [line.split() for line in lines[3:]] == [["rain", "3", "2", "1", "2"], ["spider", "4", "2", "1", "2"]]

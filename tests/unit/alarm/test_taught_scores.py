"""A tenant's lesson changes what harmless causes score, in stored clips as in new ones, and never talks a person away."""

from __future__ import annotations

import pytest

from kinesight.analyses.alarm import ANALYSIS
from kinesight.analyses.alarm.nuisance.classifier import shipped_weights
from kinesight.analyses.alarm.nuisance.learnt import fingerprint
from kinesight.analyses.alarm.parameters import AlarmParameters


def judged(observed, nuisance=None):
    stored = ANALYSIS.restore(ANALYSIS.store(observed))
    return ANALYSIS.analyse(stored, AlarmParameters.model_validate({"nuisance": nuisance})).result


def lesson(label, *, bias, made_for=None):
    weights = shipped_weights()
    # with no weight but the bias, the score follows from the bias alone
    layer = {"weights": [0.0] * len(weights.last), "bias": bias}
    return {"made_for": made_for or fingerprint(weights), "labels": {label: layer}}


@pytest.fixture(scope="module")
def clips():
    return {}


@pytest.fixture
def empty(clips, stage):
    if "empty" not in clips:
        clips["empty"] = stage().observed()
    return clips["empty"]


def test_what_operators_taught_scores_a_stored_clip(empty):
    for bias, high in ((50.0, True), (-50.0, False)):
        taught = judged(empty, lesson("spider", bias=bias))
        assert (taught.scores["spider"] > 0.9) is high
        assert ("spider" in taught.labels) is high
    plain = judged(empty)
    others = {name: score for name, score in taught.scores.items() if name != "spider"}
    assert others == {name: plain.scores[name] for name in others}


def test_a_lesson_over_other_weights_is_passed_over(empty):
    assert judged(empty, lesson("spider", bias=50.0, made_for="something else")) == judged(empty)


def test_a_person_stays_a_person_whatever_was_taught(stage, thing, walking):
    walker = stage(things=[thing("person", walking())]).observed()
    taught = judged(walker, lesson("spider", bias=50.0))
    assert taught.scores["spider"] > 0.9
    assert (taught.risk, taught.scores["intrusion"]) == ("intrusion", judged(walker).scores["intrusion"])

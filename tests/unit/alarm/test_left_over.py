"""Harmless causes make what is left over of the change when somebody with a name, or a body on its way, has made theirs."""

import math

import pytest

from kinesight.analyses.alarm.analysis import analyse
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.scoring import LEFT_OVER, explained_share


def explained(observed):
    return explained_share(observed, analyse(observed, AlarmParameters()).details.things)


@pytest.mark.parametrize("name", ["person", "car", "stranger"])
def test_who_walks_alone_makes_all_of_the_change(stage, thing, walking, name):
    assert explained(stage(things=[thing(name, walking())]).observed()) > 0.7


def test_light_is_made_by_nobody(stage):
    assert explained(stage(light=lambda time_s: 1.0 + 0.3 * math.sin(3.0 * time_s)).observed()) < 0.1


def test_nothing_is_explained_where_nothing_is_known(stage, thing, walking):
    observed = stage(things=[thing("person", walking())]).observed()
    unknown = observed.model_copy(update={"features": observed.features | {"active_mean": None}})
    assert explained(unknown) == 0.0
    assert explained(stage().observed()) == 0.0


def test_causes_are_lowered_by_what_is_explained(stage, thing, walking, monkeypatch):
    monkeypatch.setattr("kinesight.analyses.alarm.scoring._causes", lambda *_: dict.fromkeys(LEFT_OVER, 1.0) | {"wind": 1.0})
    observed = stage(things=[thing("person", walking())]).observed()
    scores = analyse(observed, AlarmParameters()).result.scores
    assert scores["wind"] == 1.0
    assert scores["spider"] <= scores["other"]
    for name in ("flag", "other", "plant", "rain", "web"):
        assert scores[name] == pytest.approx(1.0 - explained(observed), abs=1e-4)


def test_a_single_picture_has_no_harmless_cause(stage):
    scores = analyse(stage(seconds=0.2, fps=5.0).observed(), AlarmParameters()).result.scores
    assert {name: scores[name] for name in (*LEFT_OVER, "NOTHING", "wind")} == dict.fromkeys((*LEFT_OVER, "NOTHING", "wind"), 0.0)

"""poses.json: what is stored comes back, and what is malformed is refused with a sentence."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations, restore, store, used_models
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.document import UsedModel
from kinesight.domain.errors import BadObservations, KinesightError, SceneError
from kinesight.domain.people import KEYPOINTS
from kinesight.domain.video import VideoInfo
from kinesight.testing.runner import Gait, runner
from kinesight.testing.side_view import Camera, changed, filmed

MODEL = UsedModel(task="pose", name="heavy", sha256="0" * 64)
VIDEO = VideoInfo(sha256="1" * 64, width_px=1920, height_px=1080, fps=60.0, frame_count=180, duration_s=3.0)


def observed() -> Observations:
    body = runner(Gait(), seconds=3.0)
    track = filmed(body.at(np.arange(0, 3, 1 / 60)), Camera())
    xy_px = track.xy_px.copy()
    xy_px[3, 4] = np.nan
    return Observations(track=changed(track, xy_px=xy_px), models=(MODEL,), video=VIDEO)


def document() -> dict[str, Any]:
    return {
        "schema": "kinesight.poses/1",
        "width_px": 640,
        "height_px": 480,
        "keypoints": ["nose", "left_hip"],
        "time_s": [0.0, 0.1, 0.2],
        "xy_px": [[[1.0, 2.0], None], [[3, 4], [5, 6]], [None, [7.5, 8.5]]],
        "score": [[0.9, 0.0], [1, 0.5], [0, 1]],
    }


def test_what_is_stored_comes_back() -> None:
    before = observed()
    text = json.dumps(store(before), allow_nan=False)
    after = restore(json.loads(text))
    assert after.track.keypoints == KEYPOINTS
    assert np.array_equal(after.track.time_s, before.track.time_s)
    assert np.allclose(after.track.xy_px, before.track.xy_px, atol=6e-4, equal_nan=True)
    assert np.isnan(after.track.xy_px[3, 4]).all()
    assert after.track.score[3, 4] == 0.0
    assert after.video == VIDEO
    assert used_models(after) == (MODEL,)
    assert store(after) == json.loads(text)


def test_stored_observations_give_the_same_result() -> None:
    before = observed()
    one = analyse(before, RunningParameters()).result
    two = analyse(restore(json.loads(json.dumps(store(before)))), RunningParameters()).result
    assert [(e.foot, e.kind) for e in one.events] == [(e.foot, e.kind) for e in two.events]
    assert [e.time_s for e in one.events] == pytest.approx([e.time_s for e in two.events], abs=1e-4)


def test_a_missing_score_means_certain() -> None:
    poses = document()
    del poses["score"]
    track = restore(poses).track
    assert track.score.tolist() == [[1, 0], [1, 1], [0, 1]]
    assert track.xy_px[1].tolist() == [[3, 4], [5, 6]]


def test_other_names_and_keys_are_allowed() -> None:
    poses = document() | {"keypoints": ["left_small_toe", "nose"], "note": "anything"}
    assert restore(poses).track.keypoints == ("left_small_toe", "nose")


CLIP = {"sha256": "a", "width_px": 640, "height_px": 480, "fps": 30.0, "frame_count": 3, "duration_s": 0.1}

BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "other schema": ({"schema": "kinesight.poses/2"}, "schema"),
    "no size": ({"width_px": None}, "width_px"),
    "negative size": ({"height_px": -1}, "height_px"),
    "size true": ({"width_px": True}, "width_px"),
    "size a float": ({"width_px": 640.5}, "width_px"),
    "huge size": ({"width_px": 10**9}, "width_px"),
    "no names": ({"keypoints": []}, "keypoints"),
    "names a string": ({"keypoints": "nose"}, "keypoints"),
    "a name twice": ({"keypoints": ["nose", "nose"]}, "twice"),
    "a name a number": ({"keypoints": ["nose", 3]}, "keypoints"),
    "no times": ({"time_s": []}, "time_s"),
    "times null": ({"time_s": None}, "time_s"),
    "times go back": ({"time_s": [0.0, 0.2, 0.1]}, "frame 2"),
    "times stand": ({"time_s": [0.0, 0.0, 0.1]}, "frame 1"),
    "a time NaN": ({"time_s": [0.0, float("nan"), 0.2]}, "finite"),
    "a time infinite": ({"time_s": [0.0, 0.1, float("inf")]}, "finite"),
    "a time a string": ({"time_s": [0.0, "0.1", 0.2]}, "finite"),
    "a time endless": ({"time_s": [0, 1, 10**400]}, "finite"),
    "a row short": ({"xy_px": [[None], [None, None], [None, None]]}, "frame 0"),
    "a row missing": ({"xy_px": [[None, None]]}, "xy_px"),
    "positions an object": ({"xy_px": {"0": 1}}, "xy_px"),
    "a point of three": ({"xy_px": [[None, None], [None, [1, 2, 3]], [None, None]]}, "frame 1, keypoint 1"),
    "a point NaN": ({"xy_px": [[None, [1.0, float("nan")]], [None, None], [None, None]]}, "frame 0, keypoint 1"),
    "a point of words": ({"xy_px": [["ab", None], [None, None], [None, None]]}, "frame 0, keypoint 0"),
    "a point far away": ({"xy_px": [[[1e12, 0], None], [None, None], [None, None]]}, "outside"),
    "a score over one": ({"score": [[0, 0], [0, 2], [0, 0]]}, "frame 1"),
    "a score null": ({"score": [[0, None], [0, 0], [0, 0]]}, "frame 0"),
    "scores short": ({"score": [[0, 0]]}, "score"),
    "a model without hash": ({"models": [{"task": "pose"}]}, "models"),
    "models a word": ({"models": "heavy"}, "models"),
    "a video of nothing": ({"video": {"width_px": 3}}, "video"),
    "a video of no rate": ({"video": CLIP | {"fps": float("nan")}}, "video"),
    "a video without end": ({"video": CLIP | {"duration_s": float("inf")}}, "video"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_document_is_refused_with_its_fault(name: str) -> None:
    change, fault = BROKEN[name]
    with pytest.raises(BadObservations, match=fault) as refusal:
        restore(document() | change)
    assert len(refusal.value.message) < 200


@pytest.mark.parametrize("value", [None, [], "poses", 3])
def test_something_else_than_a_document_is_refused(value: Any) -> None:
    with pytest.raises(BadObservations):
        restore(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)


@given(st.sampled_from([*document(), "models", "video"]), JSON)
def test_any_nonsense_is_refused_or_taken(key: str, value: Any) -> None:
    with suppress(BadObservations):
        assert len(restore(document() | {key: value}).track.time_s) >= 1


@settings(deadline=None, max_examples=60)
@given(
    frames=st.integers(1, 40),
    fps=st.sampled_from([24.0, 30.0, 60.0, 240.0, 1e5]),
    seed=st.integers(0, 10_000),
    shown=st.floats(0, 1),
    spread_px=st.sampled_from([0.0, 1.0, 300.0, 1e5]),
)
def test_any_points_end_in_a_result_or_a_sentence(frames: int, fps: float, seed: int, shown: float, spread_px: float) -> None:
    random = np.random.default_rng(seed)
    points = random.normal(400, spread_px, (frames, len(KEYPOINTS), 2)).round(2)
    hidden = random.random((frames, len(KEYPOINTS))) > shown
    poses = document() | {
        "keypoints": list(KEYPOINTS),
        "time_s": [index / fps for index in range(frames)],
        "xy_px": [
            [None if gone else point for gone, point in zip(*row, strict=True)]
            for row in zip(hidden, points.tolist(), strict=True)
        ],
    }
    del poses["score"]
    with suppress(SceneError, BadObservations):
        assert analyse(restore(poses), RunningParameters(height_m=1.8)).result.events


def test_far_apart_frames_do_not_eat_the_memory() -> None:
    poses = store(observed())
    poses["time_s"] = [*poses["time_s"][:-1], 1e9]
    with pytest.raises(KinesightError, match="too long"):
        analyse(restore(poses), RunningParameters())

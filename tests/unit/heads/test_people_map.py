"""heads.json: read into arrays over every frame, and refused where it does not fit."""

import copy

import numpy as np
import pytest

from kinesight.analyses.heads.parameters import HeadsParameters, refuse_unready
from kinesight.analyses.heads.people_map import read_head_map, refuse_other_video, refuse_unknown
from kinesight.domain.errors import BadParameter, BadResult, ConsentMissing, OtherVideo, UnknownPerson

DOCUMENT = {
    "schema": "kinesight.heads/1",
    "video_sha256": "ab" * 32,
    "width_px": 640,
    "height_px": 360,
    "time_s": [0.0, 0.04, 0.08, 0.12],
    "persons": [
        {
            "obj_id": 0,
            "first_frame": 1,
            "box_xyxy_px": [[0, 0, 50, 200], [1, 0, 51, 200]],
            "head_xyxy_px": [[10, 0, 40, 40], None],
            "head_source": ["face", None],
            "score": [0.9, 0.8],
        },
        {
            "obj_id": 3,
            "first_frame": 0,
            "box_xyxy_px": [None] * 4,
            "head_xyxy_px": [None, [5, 5, 9, 9], [6, 5, 10, 9], None],
            "head_source": [None, "filled", "body", None],
            "score": [0.0, 0.1, 0.5, 0.0],
        },
    ],
}


def changed(**changes):
    document = copy.deepcopy(DOCUMENT)
    document["persons"][0].update({key: value for key, value in changes.items() if key in document["persons"][0]})
    document.update({key: value for key, value in changes.items() if key not in document["persons"][0]})
    return document


def test_lists_are_placed_at_their_frames():
    heads = read_head_map(DOCUMENT)
    first, second = heads.tracks
    np.testing.assert_array_equal(first.head_xyxy_px[1], [10, 0, 40, 40])
    assert np.isnan(first.head_xyxy_px[[0, 2, 3]]).all()
    np.testing.assert_array_equal(first.body_xyxy_px[2], [1, 0, 51, 200])
    assert second.is_seen.tolist() == [False] * 4  # neither filled in nor at the top of a body is seen
    assert [track.obj_id for track in heads.tracks] == [0, 3]


def test_a_cut_starts_a_new_shot_with_the_frame_at_its_time():
    assert read_head_map(DOCUMENT).shot.tolist() == [0, 0, 0, 0]
    assert read_head_map(changed(cuts_s=[0.08, 0.04])).shot.tolist() == [0, 1, 2, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "kinesight.poses/1"},
        {"time_s": [0.0, 0.1, 0.1, 0.2]},
        {"time_s": []},
        {"first_frame": 3},
        {"head_xyxy_px": [[1, 2, 3, 4]]},
        {"head_source": ["face"]},
        {"obj_id": 3},
        {"obj_id": -1},
        {"head_xyxy_px": [[1, 2, 3], None]},
        {"head_xyxy_px": [[1, 2, 3, float("nan")], None]},
    ],
)
def test_what_does_not_fit_is_refused(changes):
    with pytest.raises(BadResult):
        read_head_map(changed(**changes))


def test_another_video_and_unknown_persons_are_refused():
    heads = read_head_map(DOCUMENT)
    refuse_other_video(heads, sha256="ab" * 32)
    refuse_unknown(heads, (0, 3))
    with pytest.raises(OtherVideo):
        refuse_other_video(heads, sha256="cd" * 32)
    with pytest.raises(UnknownPerson, match=r"no person 1 .*there are 0, 3"):
        refuse_unknown(heads, (0, 1))


def test_replacing_needs_a_statement_of_consent_and_one_to_five_persons():
    refuse_unready(HeadsParameters(mode="anonymize"))
    refuse_unready(HeadsParameters(mode="replace", replace=(0,), consent="Ada agreed in writing"))
    for consent in (None, "", "  ", "x"):
        with pytest.raises(ConsentMissing):
            refuse_unready(HeadsParameters(mode="replace", replace=(0,), consent=consent))
    for persons in ((), (0, 0), tuple(range(6))):
        with pytest.raises(BadParameter):
            refuse_unready(HeadsParameters(mode="replace", replace=persons, consent="Ada agreed"))


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "anonymize", "keep": (0,), "only": (1,)},
        {"mode": "anonymize", "replace": (0,)},
        {"mode": "replace", "keep": (0,)},
        {"mode": "replace", "only": ()},
        {"mode": "anonymize", "style": "smear"},
        {"mode": "anonymize", "resolution": "8k"},
    ],
)
def test_parameters_that_contradict_each_other_are_refused(given):
    with pytest.raises(ValueError, match="validation error"):
        HeadsParameters.model_validate(given)

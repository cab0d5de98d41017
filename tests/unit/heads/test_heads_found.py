"""Faces found again: which of them are leaks, and how they are joined for the repair."""

import numpy as np
import pytest

from kinesight.analyses.heads.found import CERTAIN, FoundFaces, Risk, Scene, covered_share, head_of_face, join_heads, risks_in

NONE = np.zeros((0, 4))
FACE = np.array([100.0, 100.0, 140.0, 150.0])


def scene(*, covers=NONE, kept=NONE, hidden=NONE, ids=()):
    arrays = [np.asarray(boxes, dtype=float).reshape(-1, 4) for boxes in (covers, kept, hidden)]
    return Scene(covers=arrays[0], kept=arrays[1], hidden=arrays[2], hidden_ids=ids)


def risks(here, *, takes_unknown=True):
    faces = FoundFaces(frame=3, xyxy_px=FACE[None], score=np.array([0.8]))
    return risks_in(faces, here, time_s=0.3, takes_unknown=takes_unknown)


def test_a_face_in_the_open_is_at_risk_and_belongs_to_nobody():
    found, under = risks(scene())
    assert [(risk.kind, risk.obj_id, risk.frame, risk.time_s) for risk in found] == [("unknown", None, 3, 0.3)]
    assert found[0].xyxy_px == (100, 100, 140, 150)
    assert under == 0


def test_a_face_under_a_cover_is_the_cover():
    assert risks(scene(covers=[[80, 80, 160, 170]])) == ([], 1)


def test_a_face_half_under_a_cover_is_at_risk():
    found, under = risks(scene(covers=[[60, 80, 120, 170]]))
    assert len(found) == 1
    assert under == 0


def test_a_face_of_a_kept_person_may_be_seen():
    assert risks(scene(kept=[[95, 90, 145, 155]])) == ([], 0)


def test_a_face_of_a_hidden_person_is_named():
    found, _ = risks(scene(hidden=[[95, 90, 145, 155]], ids=(4,)))
    assert [(risk.kind, risk.obj_id) for risk in found] == [("uncovered", 4)]


def test_of_two_heads_the_one_that_holds_more_of_the_face_decides():
    kept, hidden = [120, 90, 200, 155], [95, 90, 145, 155]
    found, _ = risks(scene(kept=[kept], hidden=[hidden], ids=(1,)))
    assert [risk.obj_id for risk in found] == [1]
    assert risks(scene(kept=[hidden], hidden=[kept], ids=(1,))) == ([], 0)


def test_strangers_are_left_alone_where_only_chosen_persons_are_hidden():
    assert risks(scene(), takes_unknown=False) == ([], 0)
    assert len(risks(scene(hidden=[FACE], ids=(0,)), takes_unknown=False)[0]) == 1


@pytest.mark.parametrize(
    ("wide", "high", "score", "counts"),
    [
        (103.0, 63.0, 0.3, False),  # a fold of a shirt
        (103.0, 63.0, 0.6, True),
        (52.0, 40.0, 0.3, True),  # somebody who lies on the side
        (30.0, 40.0, 0.21, True),
    ],
)
def test_a_doubtful_face_of_nobody_has_the_shape_of_a_face(wide, high, score, counts):
    faces = FoundFaces(frame=0, xyxy_px=np.array([[10.0, 10.0, 10.0 + wide, 10.0 + high]]), score=np.array([score]))
    found, _ = risks_in(faces, scene(), time_s=0.0, takes_unknown=True)
    assert len(found) == counts
    owned, _ = risks_in(faces, scene(hidden=[[0, 0, 200, 200]], ids=(2,)), time_s=0.0, takes_unknown=True)
    assert [risk.obj_id for risk in owned] == [2]


def test_the_share_under_a_cover_is_that_of_the_rounded_shape():
    # the area of |x|^4 + |y|^4 <= 1 is gamma(1/4)^2 / (2 sqrt(pi)) = 3.7081 of the 4 of its box
    assert covered_share(np.array([0.0, 0.0, 100.0, 100.0]), np.array([[0.0, 0.0, 100.0, 100.0]])) == pytest.approx(
        0.927, abs=0.01
    )
    assert covered_share(FACE, NONE) == 0.0


def test_a_head_reaches_above_below_and_beside_its_face():
    head = head_of_face(FACE)
    assert (head[:2] < FACE[:2]).all()
    assert (head[2:] > FACE[2:]).all()
    assert FACE[1] - head[1] > head[3] - FACE[3]


def risk(frame, x, *, time_s=None, score=0.5):
    at_s = frame / 10 if time_s is None else time_s
    return Risk(frame=frame, time_s=at_s, xyxy_px=(x, 0, x + 20, 25), score=score, kind="unknown", obj_id=None)


def test_sightings_of_one_head_are_joined_and_two_heads_are_kept_apart():
    paths = join_heads([risk(0, 0), risk(0, 300), risk(1, 6), risk(3, 18), risk(1, 305)], frames=5)
    assert sorted(np.flatnonzero(np.isfinite(head.xyxy_px[:, 0])).tolist() for head in paths) == [[0, 1], [0, 1, 3]]


def test_a_head_that_comes_back_later_is_a_new_one():
    assert len(join_heads([risk(0, 0), risk(30, 0)], frames=40)) == 2


def test_no_sighting_is_lost():
    rng = np.random.default_rng(3)
    sightings = [risk(int(frame), float(x)) for frame, x in zip(rng.integers(0, 20, 60), rng.uniform(0, 600, 60), strict=True)]
    paths = [head.xyxy_px for head in join_heads(sightings, frames=20)]
    heads = {(int(frame), round(float(path[frame, 0]), 3)) for path in paths for frame in np.flatnonzero(np.isfinite(path[:, 0]))}
    wanted = {(one.frame, round(float(head_of_face(np.array(one.xyxy_px))[0]), 3)) for one in sightings}
    assert heads == wanted


def test_faint_sightings_belong_to_a_find_and_are_none_alone():
    near, alone = [risk(0, 0, score=0.16), risk(1, 6, score=0.3), risk(2, 9, score=0.17)], risk(1, 300, score=0.19)
    (head,) = join_heads([*near, alone], frames=5)
    assert np.flatnonzero(np.isfinite(head.xyxy_px[:, 0])).tolist() == [0, 1, 2]
    assert not head.is_sure


def test_a_head_with_one_sure_sighting_is_sure():
    (head,) = join_heads([risk(0, 0, score=0.2), risk(1, 6, score=CERTAIN)], frames=5)
    assert head.is_sure

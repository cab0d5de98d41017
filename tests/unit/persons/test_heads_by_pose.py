"""Heads without a face: from made-up poses of known proportions, and over time between the moments that show them."""

import numpy as np
import pytest

from kinesight.analyses.persons.appearance import FEATURES
from kinesight.analyses.persons.faces import BRIDGED_S, HELD_S, body_head, heads_of
from kinesight.analyses.persons.people import Film, Person
from kinesight.analyses.persons.poses import PER_PLAIN, head_of_pose, without_doubles
from kinesight.analyses.persons.sightings import Look
from kinesight.domain.people import KEYPOINTS, PoseEstimate, Roi

BODY_PX = 400.0
HEIGHTS = {"nose": 0.925, "ear": 0.93, "shoulder": 0.818, "hip": 0.53}
"""Above the ground in heights of the body (Winter): the head reaches from 0.87 to 1."""

ANYWHERE = Roi(centre_x_px=0.0, centre_y_px=0.0, width_px=1.0, height_px=1.0)


def pose(*, turn_deg=0.0, presence=1.0, shoulders=0.12, torso=1.0):
    """Return somebody who stands at (300, 450), seen from behind or in front, turned round the middle of the hips."""
    points = np.full((len(KEYPOINTS), 2), np.nan)
    for number, name in enumerate(KEYPOINTS):
        part = name.removeprefix("left_").removeprefix("right_")
        if part in HEIGHTS:
            side = {"nose": 0.0, "ear": 0.045, "shoulder": shoulders, "hip": 0.06}[part] * (1 if name.startswith("left") else -1)
            height = HEIGHTS[part] if part != "hip" else HEIGHTS["shoulder"] - torso * (HEIGHTS["shoulder"] - HEIGHTS["hip"])
            points[number] = [300 + side * BODY_PX, 450 - height * BODY_PX]
    hips = np.array([300.0, 450 - HEIGHTS["hip"] * BODY_PX])
    angle = np.radians(turn_deg)
    turned = (points - hips) @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) + hips
    return PoseEstimate(xy_px=turned, score=np.ones(len(KEYPOINTS)), presence=presence, next_roi=ANYWHERE)


def standing():
    return np.array([240.0, 50.0, 360.0, 450.0])


def middle(box):
    return (box[:2] + box[2:]) / 2


def test_the_head_of_an_upright_body_has_its_place_and_size():
    head = head_of_pose(pose(), standing())
    assert middle(head) == pytest.approx([300, 450 - 0.935 * BODY_PX], abs=0.02 * BODY_PX)
    assert head[3] - head[1] == pytest.approx(0.14 * BODY_PX, rel=0.15)


@pytest.mark.parametrize("turn_deg", [-90, -60, 40, 90, 120])
def test_the_head_goes_where_the_body_bends(turn_deg):
    """The body's box holds the arms too, so it is the same however the body is bent."""
    box = np.array([100.0, 50.0, 500.0, 450.0])
    head = head_of_pose(pose(turn_deg=turn_deg), box)
    hips = np.array([300.0, 450 - HEIGHTS["hip"] * BODY_PX])
    away = 0.405 * BODY_PX * np.array([np.sin(np.radians(turn_deg)), -np.cos(np.radians(turn_deg))])
    assert middle(head) == pytest.approx(hips + away, abs=0.04 * BODY_PX)


@pytest.mark.parametrize(("shoulders", "torso"), [(0.01, 1.0), (0.12, 0.3), (0.12, 1.0)])
def test_a_length_that_points_to_the_camera_does_not_make_the_head_small(shoulders, torso):
    head = head_of_pose(pose(shoulders=shoulders, torso=torso), standing())
    assert 0.12 * BODY_PX <= head[3] - head[1] <= 0.17 * BODY_PX


def test_the_head_of_a_body_cut_off_by_a_table_is_not_smaller_than_usual():
    box = np.array([250.0, 40.0, 350.0, 160.0])
    squeezed = pose()
    squeezed = PoseEstimate(
        xy_px=300 + (squeezed.xy_px - [300, 80]) * 0.1 - [0, 220], score=squeezed.score, presence=1.0, next_roi=ANYWHERE
    )
    head, plain = head_of_pose(squeezed, box), body_head(box)
    assert head[3] - head[1] >= PER_PLAIN * (plain[3] - plain[1]) - 1e-6


def test_no_head_where_nobody_is_or_the_pose_is_somebody_elses():
    assert np.isnan(head_of_pose(pose(presence=0.3), standing())).all()
    assert np.isnan(head_of_pose(pose(), standing() + [400, 0, 400, 0])).all()


def test_one_head_is_not_given_to_two_bodies_and_the_one_in_front_keeps_it():
    heads = np.array([[10.0, 10, 40, 50], [12, 10, 42, 50], [np.nan] * 4, [100, 10, 130, 50]])
    kept = without_doubles(heads, np.array([0.8, 0.1, 0.0, 0.9]))
    assert np.isfinite(kept[:, 0]).tolist() == [False, True, False, True]


FPS = 20


def film(heads, *, cut_at=None, seconds=4.0):
    """Return a person who walks to the right by 60 px a second, and looks that show the head at the given times."""
    time_s = np.arange(int(seconds * FPS)) / FPS
    boxes = np.column_stack([100 + 60 * time_s, np.full_like(time_s, 100), 160 + 60 * time_s, np.full_like(time_s, 300)])
    looks = []
    for at_s, head in sorted(heads.items()):
        frame = round(at_s * FPS)
        looks.append(
            Look(
                frame=frame,
                time_s=float(time_s[frame]),
                xyxy_px=boxes[[frame]],
                score=np.array([0.9]),
                looks=np.zeros((1, FEATURES)),
                hidden=np.zeros(1),
                liveliness=np.ones(1),
                shift_px=np.zeros(2),
                heads=np.array([head], dtype=float),
                is_after_cut=cut_at is not None and at_s >= cut_at,
            )
        )
    person = Person(
        frames=np.arange(len(time_s)),
        boxes_px=boxes,
        is_filled=np.zeros(len(time_s), dtype=bool),
        score=np.full(len(time_s), 0.9),
        look=np.arange(len(looks)),
        box=np.zeros(len(looks), dtype=np.int64),
        joints=(),
    )
    return heads_of(person, (), looks, Film(time_s=time_s, width_px=640, height_px=480)), boxes


def test_between_two_poses_the_head_moves_in_a_straight_line():
    heads, _ = film({1.0: [200, 80, 230, 120], 1.5: [300, 180, 330, 220]})
    assert [heads.source[row] for row in (20, 25, 30)] == ["pose", "filled", "pose"]
    np.testing.assert_allclose(heads.boxes_px[25], [250, 130, 280, 170])


def test_before_and_after_a_pose_the_head_moves_with_the_body_for_a_moment():
    heads, boxes = film({2.0: [230, 90, 260, 130]})
    held = round(HELD_S * FPS)
    for away in (-held, held):
        np.testing.assert_allclose(heads.boxes_px[40 + away], [230, 90, 260, 130] + (boxes[40 + away] - boxes[40]))
        assert heads.source[40 + away] == "filled"
    assert {heads.source[40 - held - 1], heads.source[40 + held + 1]} == {"body"}


def test_longer_gaps_are_not_bridged():
    heads, _ = film({0.5: [130, 90, 160, 130], 0.5 + BRIDGED_S + 0.5: [200, 90, 230, 130]})
    assert heads.source[round((0.5 + BRIDGED_S / 2 + 0.25) * FPS)] == "body"


def test_nothing_moves_from_one_shot_to_the_next():
    heads, boxes = film({1.0: [200, 80, 230, 120], 1.5: [300, 180, 330, 220]}, cut_at=1.5)
    np.testing.assert_allclose(heads.boxes_px[25], [200, 80, 230, 120] + (boxes[25] - boxes[20]))


def test_the_head_of_somebody_upright_reaches_up_to_the_top_of_the_body_but_not_to_raised_hands():
    near, far = standing() - [0, 25, 0, 0], standing() - [0, 150, 0, 0]
    assert head_of_pose(pose(), near)[1] == near[1]
    assert head_of_pose(pose(), far)[1] > far[1] + 100
    assert head_of_pose(pose(turn_deg=90), np.array([100.0, 190, 600, 450]))[1] > 194

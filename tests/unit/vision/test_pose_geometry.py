"""Regions of interest: from box to network picture and back, at any turn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kinesight.domain.people import KEYPOINTS, Roi
from kinesight.vision.pose import blazepose, rtmpose
from kinesight.vision.pose.region import cut_out, matrix_to_picture, to_picture

ROIS = st.builds(
    lambda x, y, width, height, turn: Roi(centre_x_px=x, centre_y_px=y, width_px=width, height_px=height, rotation_rad=turn),
    st.floats(-500, 2000),
    st.floats(-500, 2000),
    st.floats(10, 2000),
    st.floats(10, 2000),
    st.floats(-math.pi, math.pi),
)


@given(ROIS)
def test_the_middle_of_the_network_picture_is_the_centre_of_the_region(roi: Roi) -> None:
    matrix = matrix_to_picture(roi, width_px=192, height_px=256)
    assert to_picture(np.array([[96.0, 128.0]]), matrix)[0] == pytest.approx([roi.centre_x_px, roi.centre_y_px])


@given(ROIS)
def test_its_sides_are_as_long_as_the_region(roi: Roi) -> None:
    matrix = matrix_to_picture(roi, width_px=192, height_px=256)
    corners = to_picture(np.array([[0.0, 0], [192, 0], [0, 256]]), matrix)
    assert np.linalg.norm(corners[1] - corners[0]) == pytest.approx(roi.width_px)
    assert np.linalg.norm(corners[2] - corners[0]) == pytest.approx(roi.height_px)


def test_rotation_is_clockwise() -> None:
    roi = Roi(centre_x_px=100, centre_y_px=100, width_px=50, height_px=50, rotation_rad=math.pi / 2)
    top = to_picture(np.array([[128.0, 0]]), matrix_to_picture(roi, width_px=256, height_px=256))
    assert top[0] == pytest.approx([125, 100])  # a quarter turn clockwise: up in the region is to the right in the picture


@pytest.mark.parametrize("turn", [0.0, 0.4, -1.2, math.pi])
@pytest.mark.parametrize("side_px", [60.0, 256.0, 300.0])
def test_a_spot_is_seen_where_the_matrix_says(turn: float, side_px: float) -> None:
    y, x = np.mgrid[:400, :500] + 0.5
    spot = np.array([231.25, 187.75])
    picture = (255 * np.exp(-((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / (2 * 4.0**2)))[:, :, np.newaxis].repeat(3, axis=2)
    roi = Roi(centre_x_px=240, centre_y_px=180, width_px=side_px, height_px=side_px, rotation_rad=turn)
    matrix = matrix_to_picture(roi, width_px=256, height_px=256)
    seen = cut_out(picture.round().astype(np.uint8), matrix, width_px=256, height_px=256)[:, :, 0].astype(float)
    rows, columns = np.mgrid[:256, :256] + 0.5
    found = np.array([[(seen * columns).sum(), (seen * rows).sum()]]) / seen.sum()
    assert to_picture(found, matrix)[0] == pytest.approx(spot, abs=0.1)


def test_outside_the_picture_is_black() -> None:
    roi = Roi(centre_x_px=0, centre_y_px=0, width_px=100, height_px=100)
    seen = cut_out(
        np.full((50, 50, 3), 200, dtype=np.uint8),
        matrix_to_picture(roi, width_px=100, height_px=100),
        width_px=100,
        height_px=100,
    )
    assert (seen[:50] == 0).all()
    assert (seen[:, :50] == 0).all()
    assert (seen[50:, 50:] == 200).all()


@given(st.floats(0, 1000), st.floats(0, 1000), st.floats(1, 500), st.floats(-math.pi + 0.01, math.pi - 0.01))
def test_the_next_region_turns_the_body_upright(x: float, y: float, radius: float, turn: float) -> None:
    circle = np.array([x + radius * math.sin(turn), y - radius * math.cos(turn)])
    roi = blazepose.roi_of_body(np.array([x, y]), circle)
    assert roi.width_px == pytest.approx(2.5 * radius)
    assert roi.rotation_rad == pytest.approx(turn, abs=1e-6)
    # in the region the circle's point is straight above the middle, at 1 / 1.25 of the way to the upper edge
    above = to_picture(np.array([[128.0, 128 * (1 - 1 / 1.25)]]), matrix_to_picture(roi, width_px=256, height_px=256))
    assert above[0] == pytest.approx(circle, abs=1e-6 * radius + 1e-6)


def test_blazepose_values_are_positions_and_two_logits() -> None:
    values = np.zeros((39, 5), dtype=np.float32)
    values[4] = [10, 20, 3, np.log(3), np.log(4)]
    values[5] = [1, 2, 3, 80, -80]
    xy, score = blazepose.decode(values.reshape(1, 195))
    assert xy[4].tolist() == [10, 20]
    assert score[4] == pytest.approx(0.75 * 0.8)
    assert score[5] == pytest.approx(0.0)
    assert score[0] == pytest.approx(0.25)


def quiet_maps() -> NDArray[np.float32]:
    return np.full((64, 64, 2), -20, dtype=np.float32)


def test_a_map_moves_a_point_to_what_it_says_nearby() -> None:
    maps = quiet_maps()
    maps[30, 20, 0] = 20  # row 30, column 20: position (80, 120)
    maps[30, 22, 1], maps[31, 22, 1] = 20, 20
    moved = blazepose.refine(np.array([[85.0, 111.0], [85.0, 117.0]]), maps, np.array([0, 1]))
    assert moved[0] == pytest.approx([80, 120], abs=1e-6)
    assert moved[1] == pytest.approx([88, 122], abs=1e-6)


@pytest.mark.parametrize("point", [[85.0, 140.0], [-3.0, 120.0], [300.0, 120.0], [85.0, -1e6]])
def test_a_point_stays_without_a_sure_cell_near_it(point: list[float]) -> None:
    maps = quiet_maps()
    maps[30, 20, 0] = 20
    maps[30, 0, 0] = 20
    maps[30, 63, 0] = 20
    maps[:, :, 1] = -0.1
    assert blazepose.refine(np.array([point, point]), maps, np.array([0, 1])).tolist() == [point, point]


@pytest.mark.parametrize(("cell", "point"), [((0, 0), (0.0, 0.0)), ((63, 63), (252.0, 252.0)), ((0, 63), (252.0, 0.0))])
def test_maps_end_at_the_edge(cell: tuple[int, int], point: tuple[float, float]) -> None:
    maps = quiet_maps()
    maps[(*cell, 0)] = 20
    start = np.array([[min(point[0] + 3, 255.0), min(point[1] + 3, 255.0)]])
    assert blazepose.refine(start, maps, np.array([0]))[0] == pytest.approx(point, abs=1e-6)


def test_simcc_bins_are_half_pixels_and_the_weaker_axis_counts() -> None:
    x, y = np.zeros((3, 20), dtype=np.float32), np.zeros((3, 30), dtype=np.float32)
    x[0, 7], y[0, 12] = 0.9, 0.6
    x[1, 0], y[1, 29] = 3.0, 2.0
    xy, score = rtmpose.decode(x, y)
    assert xy[0] == pytest.approx([4.0, 6.5])
    assert xy[1] == pytest.approx([0.5, 15.0])
    assert score[:2] == pytest.approx([0.6, 1.0])
    assert np.isnan(xy[2]).all()
    assert score[2] == 0


def test_every_keypoint_has_a_point_in_every_set() -> None:
    assert len(blazepose._POINT_OF_KEYPOINT) == len(KEYPOINTS)
    for count, chosen in rtmpose._POINTS.values():
        assert len(set(chosen)) == len(KEYPOINTS)
        assert max(chosen) < count

"""Overlap suppression, clipping and the letterbox."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.vision.detection.boxes import found_boxes, letterbox, suppress_overlaps
from kinesight.vision.detection.efficientdet import anchors
from kinesight.vision.detection.efficientdet import decode as decode_efficientdet
from kinesight.vision.detection.yolox import decode as decode_yolox
from kinesight.vision.detection.yolox import grid


def test_the_better_of_two_overlapping_boxes_survives() -> None:
    xyxy = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [20, 0, 30, 10]], dtype=float)
    kept = suppress_overlaps(xyxy, np.array([0.5, 0.9, 0.7]), np.zeros(3, dtype=np.int64), overlap=0.5)
    assert kept.tolist() == [1, 2]


def test_classes_do_not_suppress_each_other() -> None:
    xyxy = np.array([[0, 0, 10, 10], [0, 0, 10, 10]], dtype=float)
    kept = suppress_overlaps(xyxy, np.array([0.5, 0.9]), np.array([0, 1]), overlap=0.5)
    assert kept.tolist() == [1, 0]


def test_a_suppressed_box_suppresses_nothing() -> None:
    # a chain: the middle one overlaps both ends, the ends do not overlap each other
    xyxy = np.array([[0, 0, 10, 10], [4, 0, 14, 10], [8, 0, 18, 10]], dtype=float)
    kept = suppress_overlaps(xyxy, np.array([0.9, 0.8, 0.7]), np.zeros(3, dtype=np.int64), overlap=0.3)
    assert kept.tolist() == [0, 2]


def test_no_boxes_at_all() -> None:
    assert suppress_overlaps(np.empty((0, 4)), np.empty(0), np.empty(0, dtype=np.int64), overlap=0.5).tolist() == []


@given(st.lists(st.tuples(*[st.integers(0, 40)] * 4, st.integers(0, 2)), min_size=1, max_size=20))
def test_survivors_do_not_overlap_and_the_best_is_among_them(rows: list[tuple[int, ...]]) -> None:
    table = np.array(rows, dtype=float)
    xyxy = np.column_stack([table[:, :2], table[:, :2] + table[:, 2:4] + 1])
    score, group = np.arange(len(rows), 0, -1) / len(rows), table[:, 4].astype(np.int64)
    kept = suppress_overlaps(xyxy, score, group, overlap=0.5)
    assert kept[0] == 0
    for position, one in enumerate(kept):
        for other in kept[position + 1 :]:
            side = np.minimum(xyxy[one, 2:], xyxy[other, 2:]) - np.maximum(xyxy[one, :2], xyxy[other, :2])
            shared = max(side[0], 0) * max(side[1], 0)
            union = np.prod(xyxy[one, 2:] - xyxy[one, :2]) + np.prod(xyxy[other, 2:] - xyxy[other, :2]) - shared
            assert group[one] != group[other] or shared <= 0.5 * union


def test_found_boxes_are_clipped_and_those_outside_dropped() -> None:
    picture = np.zeros((100, 200, 3), dtype=np.uint8)
    found = found_boxes(
        np.array([[-10.0, 5, 50, 120], [210, 0, 220, 10]]),
        np.array([1.2, 0.5]),
        np.array([0, 1]),
        labels=("person", "dog"),
        picture=picture,
    )
    assert found.xyxy_px.tolist() == [[0, 5, 50, 100]]
    assert found.score.tolist() == [1.0]
    assert found.label == ("person",)


@pytest.mark.parametrize(("width", "height"), [(200, 100), (100, 200), (640, 480), (33, 17), (1, 500)])
def test_the_letterbox_keeps_the_aspect_and_pads_right_or_below(width: int, height: int) -> None:
    boxed = letterbox(np.full((height, width, 3), 255, dtype=np.uint8), width_px=96, height_px=64)
    assert boxed.scale == pytest.approx(min(96 / width, 64 / height))
    white = np.argwhere((boxed.picture == 255).all(axis=2))
    assert white.min(axis=0).tolist() == [0, 0]
    inner = white.max(axis=0) + 1
    assert inner.tolist() == pytest.approx([max(1, height * boxed.scale), max(1, width * boxed.scale)], abs=0.5)
    assert (boxed.picture[inner[0] :] == 114).all()
    assert (boxed.picture[:, inner[1] :] == 114).all()


def test_efficientdet_has_one_anchor_per_raw_output() -> None:
    table = anchors(320)
    assert table.shape == (19206, 4)
    # the first cell of level 3: stride 8, base size 24, at the middle of the cell; the second anchor is twice as wide as high
    assert table[0] * 320 == pytest.approx([4, 4, 24, 24])
    assert table[1] * 320 == pytest.approx([4, 4, 24 / 2**0.5, 24 * 2**0.5])
    assert table[3, 2] * 320 == pytest.approx(24 * 2 ** (1 / 3))
    # the last level is 3 cells wide, as 320 does not divide by 128
    assert table[-1, :2] * 320 == pytest.approx([320, 320])


def test_efficientdet_codes_move_and_stretch_the_anchor() -> None:
    anchor = np.array([[0.5, 0.25, 0.2, 0.1]])
    still = decode_efficientdet(np.zeros((1, 4), dtype=np.float32), anchor)
    assert still[0] == pytest.approx([0.2, 0.4, 0.3, 0.6])
    moved = decode_efficientdet(np.array([[1.0, 2.0, np.log(2), 0.0]], dtype=np.float32), anchor)
    assert moved[0] == pytest.approx([0.45 - 0.05, 0.7 - 0.2, 0.45 + 0.05, 0.7 + 0.2])


def test_yolox_cells_run_row_by_row_level_by_level() -> None:
    cells = grid(width_px=96, height_px=64)
    assert cells.shape == (96 + 24 + 6, 3)
    assert cells[13].tolist() == [1, 1, 8]
    assert cells[96].tolist() == [0, 0, 16]
    assert cells[-1].tolist() == [2, 1, 32]


def test_yolox_values_are_cells_and_log_strides() -> None:
    box = decode_yolox(np.array([[0.5, 0.25, np.log(4), np.log(2)]]), np.array([[3.0, 1.0, 8.0]]))
    assert box[0] == pytest.approx([28 - 16, 10 - 8, 28 + 16, 10 + 8])

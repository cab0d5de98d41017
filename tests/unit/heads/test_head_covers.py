"""Covers: every place of a head is under them, in time and in space; expected values come from the geometry."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.analyses.heads.covers import HOLD_S, PAD, ROUNDING, cover_path, fill, fill_shots, padded
from kinesight.domain.heads import HeadTrack

NOTHING = [np.nan] * 4


def boxes_of(*rows):
    return np.array([NOTHING if row is None else row for row in rows], dtype=float)


def track(heads, bodies=None, seen=None):
    heads = np.asarray(heads, dtype=float)
    bodies = np.full_like(heads, np.nan) if bodies is None else np.asarray(bodies, dtype=float)
    is_seen = np.isfinite(heads[:, 0]) if seen is None else np.asarray(seen)
    return HeadTrack(obj_id=0, body_xyxy_px=bodies, head_xyxy_px=heads, is_seen=is_seen)


def under(point, box):
    """Whether a point lies under the rounded shape in a box."""
    centre, half = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) / 2
    return float(np.sum(((np.asarray(point) - centre) / half) ** 4)) <= 1.0 + 1e-9


def test_a_gap_is_filled_on_a_straight_line_in_time():
    time_s = np.array([0.0, 0.1, 0.4, 0.5])
    filled = fill(boxes_of([0, 0, 10, 10], None, None, [50, 0, 60, 10]), time_s)
    np.testing.assert_allclose(filled[1], [10, 0, 20, 10])
    np.testing.assert_allclose(filled[2], [40, 0, 50, 10])


def test_a_long_gap_is_held_from_both_sides_only():
    time_s = np.arange(0, 6.01, 0.1)
    rows = np.full((61, 4), np.nan)
    rows[0], rows[-1] = [0, 0, 10, 10], [50, 0, 60, 10]
    filled = fill(rows, time_s)
    held = np.isfinite(filled[:, 0])
    assert held.sum() == 2 * (1 + round(HOLD_S / 0.1))
    np.testing.assert_allclose(filled[3], [0, 0, 10, 10])
    assert not held[30]


def test_a_long_gap_is_crossed_while_the_body_is_known():
    time_s = np.arange(0, 6.01, 0.1)
    rows = np.full((61, 4), np.nan)
    rows[0], rows[-1] = [0, 0, 10, 10], [60, 0, 70, 10]
    filled = fill(rows, time_s, is_bridged=np.ones(61, dtype=bool))
    np.testing.assert_allclose(filled[30], [30, 0, 40, 10])


def test_a_head_is_covered_before_it_is_first_and_after_it_is_last_seen():
    time_s = np.arange(20) / 10
    rows = np.full((20, 4), np.nan)
    rows[8:12] = [100, 100, 120, 130]
    covered = np.isfinite(cover_path(track(rows), time_s)[:, 0])
    assert covered.tolist() == [3 <= frame <= 16 for frame in range(20)]


@given(
    st.lists(
        st.tuples(st.floats(-500, 500), st.floats(-500, 500), st.floats(4, 200), st.floats(4, 200)), min_size=1, max_size=12
    ),
    st.floats(1, 120),
)
def test_every_corner_of_every_box_of_this_and_the_next_frame_is_under_the_cover(places, fps):
    boxes = np.array([[x, y, x + width, y + height] for x, y, width, height in places])
    covers = padded(boxes, np.arange(len(boxes)) / fps)
    for frame, cover in enumerate(covers):
        for near in range(max(0, frame - 1), min(len(boxes), frame + 2)):
            left, top, right, bottom = boxes[near]
            for corner in ((left, top), (right, top), (left, bottom), (right, bottom)):
                assert under(corner, cover)


def test_a_still_head_has_the_padding_and_no_more():
    cover = padded(boxes_of([100, 200, 140, 260]), np.array([0.0]))[0]
    half = np.array([20, 30]) * (1 + 2 * PAD) * ROUNDING
    np.testing.assert_allclose(cover, [120 - half[0], 230 - half[1], 120 + half[0], 230 + half[1]])


def test_a_place_that_was_filled_in_is_padded_more():
    heads = [[100, 100, 120, 120]] * 3
    sure, unsure = (cover_path(track(heads, seen=[seen] * 3), np.arange(3.0)) for seen in (True, False))
    assert (unsure[:, 2] - unsure[:, 0] > sure[:, 2] - sure[:, 0]).all()


def test_a_head_is_guessed_from_its_body_where_only_that_is_known():
    bodies = np.array([[0, 0, 50, 200], [100, 0, 150, 200], [200, 0, 250, 200]], dtype=float)
    heads = boxes_of([10, 0, 40, 40], None, None)
    path = cover_path(track(heads, bodies), np.arange(3.0))
    assert under((210, 0), path[2])
    assert under((240, 40), path[2])


def test_a_body_without_any_head_is_covered_at_its_top():
    bodies = np.array([[0, 100, 60, 400]] * 3, dtype=float)
    path = cover_path(track(np.full((3, 4), np.nan), bodies), np.arange(3.0))
    assert under((30, 110), path[1])
    assert under((30, 150), path[1])
    assert not under((30, 300), path[1])


def test_nothing_is_covered_where_nobody_is():
    assert np.isnan(cover_path(track(np.full((5, 4), np.nan)), np.arange(5.0))).all()


@pytest.mark.parametrize("fps", [5.0, 12.5, 60.0])
def test_motion_widens_a_cover_by_what_the_head_moves_in_time_not_in_frames(fps):
    time_s = np.arange(int(2 * fps)) / fps
    boxes = np.column_stack([400 * time_s, 0 * time_s, 400 * time_s + 40, 0 * time_s + 50])
    middle = len(time_s) // 2
    grown = padded(boxes, time_s, pad=0.0, motion_s=0.2)[middle] / 1.0
    reach = 400 * max(np.floor(0.2 * fps + 1e-9) / fps, 1 / fps)
    assert (grown[2] - grown[0]) / ROUNDING == pytest.approx(40 + 2 * reach, rel=1e-6)


def test_nothing_is_carried_over_a_cut():
    time_s = np.arange(6) / 10
    rows = boxes_of([0, 0, 10, 10], None, None, None, None, [500, 0, 510, 10])
    path = fill_shots(rows, time_s, np.array([0, 0, 0, 1, 1, 1]))
    np.testing.assert_array_equal(path[:3, 0], [0, 0, 0])
    np.testing.assert_array_equal(path[3:, 0], [500, 500, 500])
    assert cover_path(track(rows), time_s, shot=np.array([0, 0, 0, 1, 1, 1]))[5, 0] > 480


def test_a_head_that_comes_in_is_covered_where_it_came_from():
    """It moves by 100 px a second when it is first and last seen, and is as large before and after."""
    time_s = np.arange(0, 2, 0.05)
    path = np.column_stack([100 * time_s, np.full(40, 50.0), 100 * time_s + 30, np.full(40, 90.0)])
    seen = np.where(((time_s >= 0.8) & (time_s <= 1.2))[:, None], path, np.nan)
    held = fill(seen, time_s)
    near = (time_s >= 0.8 - HOLD_S + 1e-9) & (time_s <= 1.2 + HOLD_S - 1e-9)
    assert (held[near, :2] <= path[near, :2] + 1e-6).all()
    assert (held[near, 2:] >= path[near, 2:] - 1e-6).all()
    assert held[near, 2].max() <= 1.2 * 100 + 30 + 100 * HOLD_S + 1e-6


def test_padding_is_of_the_heads_own_size_not_of_its_way():
    time_s = np.array([0.0, 0.04, 0.08])
    still = padded(np.tile([100.0, 100, 120, 130], (3, 1)), time_s, pad=0.3)[1]
    moving = padded(np.array([[80.0, 100, 100, 130], [100, 100, 120, 130], [120, 100, 140, 130]]), time_s, pad=0.3)[1]
    assert (moving[2] - moving[0]) / ROUNDING == pytest.approx((still[2] - still[0]) / ROUNDING + 40)

"""Where the output is searched: everything in every frame, and closely often enough for what a repair covers."""

import numpy as np
import pytest

from kinesight.analyses.heads.covers import HOLD_S
from kinesight.analyses.heads.found import FoundHead
from kinesight.analyses.heads.plan import DOUBTFUL_HOLD_S
from kinesight.analyses.heads.searching import (
    CHANGE_S,
    CLOSELY_EVERY_S,
    FROM_AFAR,
    MARGIN_PX,
    NEAR_S,
    beginnings_and_ends,
    frames_to_search_closely,
    parts_round,
    places_to_search_again,
    whole,
)


@pytest.mark.parametrize("fps", [3, 10, 25, 30, 60])
def test_there_is_a_close_look_at_least_every_quarter_of_a_second(fps):
    time_s = np.arange(0, 4, 1 / fps)
    closely = frames_to_search_closely(time_s)
    assert closely[[0, -1]].all()
    assert np.diff(time_s[closely]).max() <= max(CLOSELY_EVERY_S, 1 / fps) + 1e-9
    assert closely.mean() < 0.6 or fps <= 10


def test_uneven_stamps_are_looked_at_by_their_time():
    time_s = np.cumsum(np.random.default_rng(1).uniform(0.005, 0.2, 200))
    closely = frames_to_search_closely(time_s)
    assert np.diff(time_s[closely]).max() <= CLOSELY_EVERY_S


def test_what_is_found_in_one_close_look_is_covered_up_to_the_next():
    assert CLOSELY_EVERY_S <= DOUBTFUL_HOLD_S <= HOLD_S


def path_of(x, is_there):
    return np.where(is_there[:, None], [x, 10.0, x + 20, 40], np.nan)


def test_places_in_which_a_cover_begins_or_ends_are_looked_at_closely():
    time_s = np.arange(200) / 100
    places = beginnings_and_ends([path_of(50, (time_s > 0.62) & (time_s < 1.37)), path_of(90, time_s >= 0)], time_s)
    for at_s in (0.625, 1.365):
        near = np.flatnonzero(np.abs(time_s - at_s) <= CHANGE_S)
        assert all(places[frame].tolist() == [[50, 10, 70, 40]] for frame in near)
    assert not any(len(places[frame]) for frame in np.flatnonzero(np.abs(time_s - 1) < 0.2))


def test_what_was_found_is_searched_again_near_to_it_and_a_sure_face_wherever_it_is_covered():
    time_s = np.arange(100) / 25
    seen = np.isin(np.arange(100), [50, 52])
    covered = np.abs(time_s - 2.04) <= 0.5
    for is_sure in (True, False):
        head = FoundHead(xyxy_px=path_of(0, seen), is_sure=is_sure)
        places = places_to_search_again([head], [path_of(5, covered)], time_s)
        near = (time_s >= 2 - NEAR_S - 1e-9) & (time_s <= 2.08 + NEAR_S + 1e-9)
        np.testing.assert_array_equal([len(found) for found in places], covered if is_sure else near)
        assert places[51].tolist() == [[5, 10, 25, 40]]


def test_a_part_reaches_beyond_its_cover_and_stays_in_the_picture():
    (part,) = parts_round(np.array([[300.0, 200, 340, 250]]), 640, 480, closely=True)
    assert part.box_px == (300 - MARGIN_PX, 200 - MARGIN_PX, 340 + MARGIN_PX, 250 + MARGIN_PX)
    assert part.size == 1.0
    (part,) = parts_round(np.array([[-30.0, -20, 40, 50]]), 640, 480, closely=False)
    assert part.box_px[:2] == (0, 0)
    assert part.size == FROM_AFAR


def test_covers_whose_surroundings_meet_are_one_part_also_in_a_chain():
    row = [np.array([x, 100.0, x + 20, 120]) for x in (100, 240, 170)]
    parts = parts_round(np.array(row), 1280, 720, closely=True)
    assert [part.box_px for part in parts] == [(100 - MARGIN_PX, 100 - MARGIN_PX, 260 + MARGIN_PX, 120 + MARGIN_PX)]
    assert len(parts_round(np.array([row[0], row[0] + 600]), 1280, 720, closely=True)) == 2


def test_no_cover_no_part_and_large_ones_are_the_whole_picture():
    assert parts_round(np.zeros((0, 4)), 640, 480, closely=True) == ()
    assert parts_round(np.array([[900.0, 0, 1000, 90]]), 640, 480, closely=True) == ()
    assert parts_round(np.array([[50.0, 50, 500, 400]]), 640, 480, closely=False) == whole(640, 480, closely=False)

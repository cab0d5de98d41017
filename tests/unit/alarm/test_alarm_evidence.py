"""The pure functions between frames and tracks, on pictures whose truth is known."""

import numpy as np
import pytest
from scipy import ndimage

from kinesight.analyses.alarm.burnt_in import find_burnt_in
from kinesight.analyses.alarm.evidence import Track
from kinesight.analyses.alarm.gathering import MOST_GREYS, Thinned, small_grey
from kinesight.analyses.alarm.medians import median_over_time
from kinesight.analyses.alarm.moving import PATIENCE_S, patches_of, tracks_of
from kinesight.analyses.alarm.steadying import aligned, relit, shifts_of
from kinesight.analyses.alarm.stillness import background_of, change_of, noise_of

HEIGHT, WIDTH = 120, 200


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def ground(random):
    soft = ndimage.gaussian_filter(random.normal(size=(HEIGHT, WIDTH)), 3)
    return (110 + 45 * soft / np.abs(soft).max()).astype(np.float32)


def filmed(pictures, random, noise=1.0):
    return np.clip(pictures + random.normal(0, noise, np.shape(pictures)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13, 25, 32, 33, 50])
def test_the_median_over_time_is_the_median(random, count):
    pictures = random.integers(0, 9, (count, 7, 11)).astype(np.float32)
    before = pictures.copy()
    assert np.array_equal(median_over_time(pictures), np.median(pictures, axis=0))
    assert np.array_equal(pictures, before)


def test_a_small_picture_keeps_brightness_and_shape():
    rgb = np.zeros((360, 640, 3), np.uint8)
    rgb[:, 320:] = (40, 120, 200)
    grey = small_grey(rgb)
    assert grey.shape == (180, 320)
    assert grey[:, :160].max() == 0
    assert np.all(grey[:, 160:] == (40 + 2 * 120 + 200) // 4)


def test_a_picture_that_is_no_multiple_is_cut_not_stretched():
    assert small_grey(np.zeros((481, 853, 3), np.uint8)).shape == (160, 284)


@pytest.mark.parametrize("count", [1, 3, 40, 41, 1000])
def test_an_even_selection_never_grows(count):
    thinned = Thinned(40)
    for number in range(count):
        if thinned.is_turn():
            thinned.keep(number)
    steps = np.diff(thinned.items)
    assert len(thinned.items) <= 40
    assert thinned.items[0] == 0
    assert len(set(steps.tolist())) <= 1
    assert count - thinned.items[-1] <= (steps[0] if len(steps) else 1)
    assert MOST_GREYS >= 100


@pytest.mark.parametrize("shift", [(6.0, -4.0), (-3.0, 0.0), (0.0, 8.0)])
def test_shake_is_measured(ground, random, shift):
    moved = ndimage.shift(ground, (shift[1], shift[0]), order=1, mode="nearest")
    grey = filmed(np.stack([ground, moved, ground]), random)
    found = shifts_of(grey, ground, blind=np.zeros(ground.shape, bool))
    assert found[1] == pytest.approx(shift, abs=0.6)
    assert np.all(found[[0, 2]] == 0.0)
    back = aligned(grey, found)
    assert np.median(np.abs(back[1] - ground)[10:-10, 10:-10]) < 3.0


def test_something_large_that_moves_is_no_shake(ground, random):
    pictures = np.stack([ground] * 3)
    patch = filmed(ndimage.gaussian_filter(random.normal(size=(80, 90)), 2) * 400 + 120, random)
    pictures[0][20:100, 20:110] = patch
    pictures[1][20:100, 28:118] = patch
    found = shifts_of(filmed(pictures, random), pictures[0], blind=np.zeros(ground.shape, bool))
    assert np.all(found == 0.0)


def test_exposure_is_taken_out_and_told(ground, random):
    grey = filmed(np.stack([ground, 1.3 * ground + 8, ground]), random).astype(np.float32)
    steady, gain, offset = relit(grey, ground)
    assert gain[1] == pytest.approx(1.3, abs=0.08)
    assert offset[1] == pytest.approx(8, abs=8)
    assert (gain[0], offset[0]) == (1.0, 0.0)
    assert np.median(np.abs(steady[1] - ground)) < 2.5


def test_what_moves_is_no_exposure(ground, random):
    pictures = np.stack([ground] * 3)
    pictures[1][30:80, 40:100] = 240
    steady, gain, _ = relit(filmed(pictures, random).astype(np.float32), ground)
    assert np.all(gain == 1.0)
    assert steady[1][50, 60] > 230


def test_who_passes_is_no_background_and_stands_out(ground, random):
    pictures = np.stack([ground] * 9)
    for number in range(9):
        pictures[number][40:70, 20 * number : 20 * number + 12] = 230
    grey = filmed(pictures, random).astype(np.float32)
    background = background_of(grey)
    noise = noise_of(grey, background)
    assert np.abs(background - ground).max() < 6
    change = change_of(grey, background, noise)
    assert change[4][50, 85] > 20
    assert np.mean(change >= 5) == pytest.approx(30 * 12 / (HEIGHT * WIDTH), rel=0.35)


def test_what_never_rests_is_noise(ground, random):
    pictures = np.stack([ground] * 12)
    pictures[:, 60:100, 100:160] += random.normal(0, 25, (12, 40, 60)).astype(np.float32)
    grey = np.clip(pictures, 0, 255)
    background = background_of(grey)
    noise = noise_of(grey, background)
    assert noise[80, 130] > 12
    assert noise[20, 40] < 4
    assert np.mean(change_of(grey, background, noise)[:, 60:100, 100:160] >= 5) < 0.02


def test_patches_are_joined_over_small_gaps_and_dust_is_left_out():
    change = np.zeros((HEIGHT, WIDTH), np.uint8)
    change[30:44, 50:58] = 20
    change[46:60, 50:58] = 20
    change[90, 100:103] = 40
    change[100:106, 150:156] = 6
    patches = patches_of(change)
    assert patches.box_px.tolist() == [[50, 30, 58, 60]]
    assert patches.area_px.tolist() == [2 * 14 * 8]
    assert patches.strength.tolist() == [20.0]


def frames_of(*ways, count=12):
    change = np.zeros((count, HEIGHT, WIDTH), np.uint8)
    for way in ways:
        for number in range(count):
            box = way(number)
            if box is not None:
                left, top, wide, high = box
                change[number, top : top + high, left : left + wide] = 30
    return [patches_of(frame) for frame in change]


def test_two_who_pass_each_other_stay_two():
    tracks = tracks_of(frames_of(lambda n: (10 + 12 * n, 20, 8, 24), lambda n: (160 - 12 * n, 70, 8, 24)), np.arange(12) / 5.0)
    assert len(tracks) == 2
    assert [len(track.frame) for track in tracks] == [12, 12]
    ends = sorted((track.box_px[0, 0], track.box_px[-1, 0]) for track in tracks)
    assert ends == [(10, 142), (160, 28)]


@pytest.mark.parametrize("fps", [3.0, 12.0, 25.0])
def test_a_track_survives_a_short_gap_at_any_rate(fps):
    gap = max(1, int(0.6 * fps))
    count = 10 + gap
    hidden = range(5, 5 + gap)
    patches = frames_of(lambda n: None if n in hidden else (10 + round(30 * n / fps), 40, 10, 26), count=count)
    tracks = tracks_of(patches, np.arange(count) / fps)
    assert [len(track.frame) for track in tracks] == [10]


def test_a_long_gap_ends_a_track():
    patches = frames_of(lambda n: None if 5 <= n < 15 else (40, 40, 10, 26), count=20)
    tracks = tracks_of(patches, np.arange(20) * (PATIENCE_S / 5))
    assert [len(track.frame) for track in tracks] == [5, 5]


def test_a_track_lies_on_a_line_between_its_sights():
    track = Track(
        frame=np.array([0, 2]),
        time_s=np.array([0.0, 1.0]),
        box_px=np.array([[0.0, 0, 10, 20], [20.0, 4, 30, 24]]),
        area_px=np.ones(2),
        strength=np.ones(2),
    )
    assert track.at(0.25).tolist() == [5, 1, 15, 21]
    assert track.at(-1.0).tolist() == [0, 0, 10, 20]
    assert track.at(9.0).tolist() == [20, 4, 30, 24]


def clock(ground, random, *, ticks=True):
    grey = np.stack([ground] * 20)
    for number in range(20):
        for place in range(8):
            kind = (number // 5 if ticks else 0) if place == 7 else place
            shape = np.random.default_rng(kind).random((4, 3)) > 0.35
            grey[number][6:14, 20 + 9 * place : 26 + 9 * place] = np.where(np.kron(shape, np.ones((2, 2))), 245, 90)
    return filmed(grey, random)


def test_a_clock_that_ticks_is_found_where_it_is(ground, random):
    found = find_burnt_in(clock(ground, random))
    assert found.changes == pytest.approx(3 / 19)
    rows, columns = np.nonzero(found.mask)
    assert 3 <= rows.min() <= 6
    assert 13 <= rows.max() <= 17
    assert columns.min() >= 20 + 9 * 6
    assert columns.max() <= 26 + 9 * 7 + 4


def test_writing_that_stands_still_is_not_masked(ground, random):
    assert find_burnt_in(clock(ground, random, ticks=False)).changes == 0.0


def test_somebody_who_walks_along_the_border_is_no_writing(ground, random):
    grey = np.stack([ground] * 20)
    for number in range(20):
        grey[number][2:12, 5 + 8 * number : 10 + 8 * number] = 240
    assert not find_burnt_in(filmed(grey, random)).mask.any()

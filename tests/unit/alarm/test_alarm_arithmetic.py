"""The quick forms of plain arithmetic give what the plain forms give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from kinesight.analyses.alarm.evidence import Track
from kinesight.analyses.alarm.flags import often_of, share_of, widened
from kinesight.analyses.alarm.gathering import GLANCED_ROWS, gather
from kinesight.analyses.alarm.medians import median_of
from kinesight.analyses.alarm.slopes import slopes_of
from kinesight.analyses.alarm.steadying import relit
from kinesight.domain.video import Frame, VideoInfo


@pytest.fixture
def random():
    return np.random.default_rng(17)


@pytest.mark.parametrize("values", [[3.0], [1.0, 4.0], [5.0, -1.0, 2.0], [2.0, 2.0, 7.0, 1.0]])
def test_the_median_of_a_few_numbers(values):
    assert median_of(values) == np.median(values)


def test_a_median_with_something_unknown_is_unknown():
    assert np.isnan(median_of([1.0, float("nan"), 3.0]))


@pytest.mark.parametrize("shape", [(2, 2), (3, 7), (18, 32), (2, 5, 9)])
def test_slopes_are_those_of_numpy(random, shape):
    pictures = random.integers(0, 256, shape).astype(np.float32)
    assert np.array_equal(slopes_of(pictures), np.stack(np.gradient(pictures, axis=(-2, -1))))


@pytest.mark.parametrize("count", [1, 255, 256, 600])
def test_flags_are_counted_however_many_pictures_there_are(random, count):
    flags = random.random((count, 4, 5)) < 0.98
    assert np.array_equal(often_of(flags), flags.mean(axis=0))
    assert np.array_equal(share_of(flags), flags.mean(axis=(1, 2)))


def test_widened_flags_reach_one_pixel_further_on_every_side(random):
    flags = random.random((12, 17)) < 0.05
    assert np.array_equal(widened(flags), ndimage.binary_dilation(flags, np.ones((3, 3))))


def test_boxes_of_many_moments_lie_on_straight_lines_between_sights():
    track = Track(
        frame=np.array([0, 2, 3]),
        time_s=np.array([1.0, 2.0, 4.0]),
        box_px=np.array([[0.0, 0, 10, 10], [10, 0, 20, 10], [10, 20, 20, 40]]),
        area_px=np.ones(3),
        strength=np.ones(3),
    )
    found = track.at_all(np.array([0.0, 1.0, 1.5, 2.0, 3.5, 4.0, 9.0]))
    assert found[:, 0].tolist() == [0, 0, 5, 10, 10, 10, 10]
    assert found[:, 3].tolist() == [10, 10, 10, 10, 32.5, 40, 40]
    assert np.array_equal(found[2], track.at(1.5))


@pytest.mark.parametrize("shift", [0.0, 0.25])
def test_the_light_is_found_in_whole_grey_levels_and_in_fractions(random, shift):
    """Whole levels are counted, fractions sorted; a frame at half the brightness has gain one half either way."""
    reference = random.integers(20, 220, (36, 64)).astype(np.float32)
    dimmed = np.rint(reference / 2) + np.float32(shift)
    changed, gain, _ = relit(np.stack([reference, dimmed]), reference)
    assert gain == pytest.approx([1.0, 0.5], abs=0.01)
    assert np.mean(np.abs(changed[1] - reference)) < 2


class _Reader:
    """Plays pictures that are given to it."""

    info = VideoInfo(sha256="0" * 64, width_px=64, height_px=96, fps=10.0, frame_count=5, duration_s=0.5)

    def __init__(self, pictures):
        self._pictures = pictures

    def frames(self, *, longest_side_px=None):
        for index, rgb in enumerate(self._pictures):
            yield Frame(index=index, time_s=index / 10, rgb=rgb, scale=1.0)


class _Nobody:
    def progress(self, stage, done, total):
        """Nobody watches."""


def test_a_repeated_picture_is_left_out_and_one_that_differs_anywhere_is_not():
    first = np.full((96, 64, 3), 90, np.uint8)
    elsewhere = first.copy()
    elsewhere[GLANCED_ROWS // 2, 5] = 200  # in no row that is compared first
    gathered = gather(_Reader([first, first.copy(), elsewhere, elsewhere.copy(), first]), _Nobody())
    assert gathered.time_s.tolist() == [0.0, 0.2, 0.4]
    assert gathered.decoded == 5

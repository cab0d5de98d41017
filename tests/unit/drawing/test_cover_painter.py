"""Covers as they are painted: nothing outside changes, and almost nothing inside is left."""

import numpy as np
import pytest

from kinesight.analyses.heads.covers import padded
from kinesight.drawing.covers import CELLS, CoverPainter, coarse, shape_of_cover

STYLES = ["blur", "pixelate", "solid", "drawn"]


def noise(seed=1, *, width=120, height=90):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def hide(picture, *boxes, style="blur"):
    return CoverPainter().hide(picture, covers_xyxy_px=np.array(boxes, dtype=float).reshape(-1, 4), style=style)


@pytest.mark.parametrize("style", STYLES)
def test_pixels_outside_the_cover_are_untouched(style):
    picture = noise()
    before = picture.copy()
    hidden = hide(picture, [30, 20, 80, 70], style=style)
    outside = np.ones(picture.shape[:2], dtype=bool)
    outside[20:70, 30:80] = False
    np.testing.assert_array_equal(hidden[outside], picture[outside])
    np.testing.assert_array_equal(picture, before)
    assert (hidden[45, 55] != picture[45, 55]).any()


@pytest.mark.parametrize("style", STYLES)
def test_what_is_inside_depends_on_a_few_colours_only(style):
    """Two pictures with the same mean in every cell become the same: nothing finer than a cell gets through."""
    cell, cells = 10, CELLS
    side = cell * cells
    flat = np.repeat(np.repeat(noise(2, width=cells, height=cells) // 2 + 64, cell, axis=0), cell, axis=1)
    fine = flat.astype(int)
    fine[::2, ::2] += 40
    fine[1::2, 1::2] -= 40
    box = [0, 0, side, side]
    inside = shape_of_cover(np.array(box, dtype=float), width_px=side, height_px=side) == 1
    first, second = hide(flat, box, style=style), hide(fine.astype(np.uint8), box, style=style)
    np.testing.assert_array_equal(first[inside], second[inside])


def test_a_mosaic_has_at_most_as_many_colours_as_cells():
    hidden = coarse(noise(width=50, height=60), size_px=50.0, is_smooth=False)
    assert len(np.unique(hidden.reshape(-1, 3), axis=0)) <= CELLS * 6


def test_a_head_with_its_padding_lies_where_nothing_of_the_original_is_left():
    head = np.array([[40.0, 25.0, 70.0, 65.0]])
    cover = padded(head, np.array([0.0]))[0]
    share = shape_of_cover(cover, width_px=120, height_px=90)
    assert (share[25:65, 40:70] == 1).all()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "box", [[-50, -50, 10, 10], [100, 70, 200, 200], [-100, -100, 300, 300], [500, 500, 600, 600], [50, 40, 50.5, 40.5]]
)
def test_covers_may_reach_beyond_the_picture(style, box):
    picture = noise()
    assert hide(picture, box, style=style).shape == picture.shape


def test_a_drawn_head_is_the_same_for_everybody():
    box = [10, 0, 110, 90]
    drawn = [hide(np.full((90, 120, 3), grey, np.uint8), box, style="drawn") for grey in (30, 220)]
    eyes = [one[46:50, 48:72] for one in drawn]
    np.testing.assert_array_equal(eyes[0], eyes[1])


def test_no_cover_changes_nothing():
    picture = noise()
    np.testing.assert_array_equal(hide(picture), picture)

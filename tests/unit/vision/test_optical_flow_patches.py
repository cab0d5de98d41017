"""Following patches: a textured shoe that is moved by a known similarity over a background that stands still."""

import cv2
import numpy as np
import pytest

from kinesight.vision.patches import OpticalFlowPatches

WIDTH, HEIGHT = 480, 320
SHOE = np.array([[100.0, 200.0], [148.0, 206.0], [108.0, 184.0]])
"""Heel, toe, ankle."""
SIDE_PX = 130.0


def texture(seed, *, coarse_px):
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT, WIDTH))
    smooth = cv2.GaussianBlur(noise, (0, 0), coarse_px)
    return (128 + 45 * smooth / smooth.std()).clip(0, 255)


BACKGROUND, LEATHER = texture(1, coarse_px=4), texture(2, coarse_px=3)


def similarity(*, shift, turn_deg=0.0, scale=1.0):
    turn = np.radians(turn_deg)
    linear = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = SHOE.mean(axis=0)
    return np.column_stack([linear, middle + np.array(shift) - linear @ middle])


def picture(motion=None, *, shoes=True):
    """The shoe's outline is an ellipse round its points, drawn with a soft edge."""
    motion = similarity(shift=(0, 0)) if motion is None else motion
    mask = np.zeros((HEIGHT, WIDTH))
    cv2.ellipse(mask, (122, 196), (42, 20), 7, 0, 360, 1.0, -1)
    mask = cv2.warpAffine(cv2.GaussianBlur(mask, (0, 0), 1.0), motion, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    leather = cv2.warpAffine(LEATHER, motion, (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    grey = np.where(shoes, mask, 0) * leather + (1 - np.where(shoes, mask, 0)) * BACKGROUND
    return np.repeat(grey.round().clip(0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def moved(points, motion):
    return points @ motion[:, :2].T + motion[:, 2]


def follow(before, after, start, guess, side_px=SIDE_PX):
    return OpticalFlowPatches().follow(before, after, start=np.array(start), guess=np.array(guess), side_px=side_px)


@pytest.mark.parametrize(
    "motion",
    [
        similarity(shift=(0, 0)),
        similarity(shift=(0.4, -0.3)),
        similarity(shift=(7, 3)),
        similarity(shift=(45.3, -20.6)),
        similarity(shift=(12, -4), turn_deg=8),
        similarity(shift=(-6, 2), turn_deg=-5, scale=1.06),
    ],
)
def test_a_shoe_is_followed_whatever_the_pose_model_guesses_nearby(motion):
    truth = moved(SHOE, motion)
    for error in ((0, 0), (4, -3), (-4, 3)):
        found, trust = follow(picture(), picture(motion), [SHOE], [truth + error])
        # a quarter of a pixel of the crop, which is two picture pixels wide
        assert np.hypot(*(found[0] - (truth - SHOE)).T).max() < 0.5
        assert trust[0] >= 0.5


def test_two_shoes_are_followed_apart():
    other = SHOE + [180, 60]
    motion = similarity(shift=(9, -2))
    rolled = [np.roll(image, (60, 180), axis=(0, 1)) for image in (picture(), picture(similarity(shift=(-5, 1))))]
    half = WIDTH // 2
    before, after = (np.hstack([a[:, :half], b[:, half:]]) for a, b in zip((picture(), picture(motion)), rolled, strict=True))
    found, trust = follow(before, after, [SHOE, other], [SHOE + [7, 0], other - [4, 0]])
    assert found.mean(axis=1) == pytest.approx(np.array([[9, -2], [-5, 1]]), abs=0.5)
    assert trust.min() > 0.5


def test_nothing_to_hold_on_to_is_unknown():
    plain = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    found, trust = follow(plain, plain, [SHOE], [SHOE])
    assert np.isnan(found).all()
    assert trust.tolist() == [0.0]


def test_another_picture_altogether_is_not_trusted():
    strange = np.random.default_rng(9).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    _, trust = follow(picture(), strange, [SHOE], [SHOE])
    assert trust[0] < 0.3


def test_unknown_patches_stay_unknown_and_disturb_nobody():
    unknown = np.full((3, 2), np.nan)
    alone, _ = follow(picture(), picture(similarity(shift=(3, 1))), [SHOE], [SHOE])
    found, trust = follow(picture(), picture(similarity(shift=(3, 1))), [unknown, SHOE], [SHOE, SHOE])
    assert np.isnan(found[0]).all()
    assert trust[0] == 0.0
    assert found[1] == pytest.approx(alone[0])
    for start, guess in (([unknown], [SHOE]), ([SHOE], [unknown])):
        assert np.isnan(follow(picture(), picture(), start, guess)[0]).all()


@pytest.mark.parametrize("corner", [(-119.0, -190.0), (340.0, 110.0), (-119.0, 110.0)])
def test_a_patch_at_the_border_is_looked_at_inside_the_picture(corner):
    place = SHOE + corner
    found, trust = follow(picture(shoes=False), picture(shoes=False), [place], [place + 2.0])
    # of what can still be seen there, nothing moves
    assert trust[0] == 0.0 or np.abs(found[0]).max() < 0.3


def test_small_pictures_and_patches_in_one_point_are_no_accident():
    tiny = np.zeros((6, 5, 3), np.uint8)
    assert np.isnan(follow(tiny, tiny, [SHOE], [SHOE])[0]).all()
    point = np.tile(SHOE[0], (3, 1))
    found, trust = follow(picture(), picture(), [point], [point])
    assert trust[0] == 0.0 or np.abs(found[0]).max() < 0.1


def test_the_pictures_are_left_alone_and_the_answer_is_always_the_same():
    before, after = picture(), picture(similarity(shift=(5, 2), turn_deg=4))
    kept = before.copy(), after.copy()
    first = follow(before, after, [SHOE], [SHOE + 5])
    second = follow(before, after, [SHOE], [SHOE + 5])
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(before, kept[0])
    assert np.array_equal(after, kept[1])

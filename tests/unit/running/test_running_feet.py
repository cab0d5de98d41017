"""The second look at the feet: feet on known paths, seen with the errors of a pose model."""

import numpy as np
import pytest

from kinesight.analyses.running.feet import FEET, POSITION_NOISE, steadied
from kinesight.domain.people import KEYPOINTS
from kinesight.signals.swaps import exchanged

BODY_PX = 600.0
FRAMES, FPS = 120, 60.0


def true_keypoints():
    """Both feet stand and swing in turn, 4 body heights a second at most; the rest of the body goes on evenly."""
    time_s = np.arange(FRAMES) / FPS
    xy = np.zeros((FRAMES, len(KEYPOINTS), 2))
    xy[:, :, 0] = 300 + BODY_PX * 1.3 * time_s[:, None]
    for foot, members in enumerate(FEET):
        phase = (time_s / 0.7 + 0.5 * foot) % 1
        swing = np.clip((phase - 0.4) / 0.6, 0, 1)
        stride = 1.3 * 0.7 * BODY_PX
        x = stride * (np.floor(time_s / 0.7 + 0.5 * foot) + swing - np.sin(2 * np.pi * swing) / (2 * np.pi))
        y = 900 - 120 * np.sin(np.pi * swing) ** 2
        xy[:, members, 0] = x[:, None] + np.array([0, 90, 20])
        xy[:, members, 1] = y[:, None] + np.array([0, 5, -50])
    return xy


def seen(*, seed=1, noise=POSITION_NOISE):
    rng = np.random.default_rng(seed)
    truth = true_keypoints()
    xy = truth + rng.normal(0, noise * BODY_PX, truth.shape)
    moved = np.full((FRAMES, 2, 3, 2), np.nan)
    moved[1:] = np.diff(truth[:, FEET], axis=0) + rng.normal(0, 0.001 * BODY_PX, (FRAMES - 1, 2, 1, 2))
    trust = np.full((FRAMES, 2), 0.9)
    trust[0] = 0.0
    return truth, xy, moved, trust


def error(xy, truth):
    return float(np.sqrt(np.nanmean((xy - truth)[:, FEET] ** 2))) / BODY_PX


def test_the_feet_come_nearer_to_the_truth_and_stand_still():
    truth, xy, moved, trust = seen()
    steady = steadied(xy, moved, trust, body_px=BODY_PX)
    assert error(steady, truth) < 0.5 * error(xy, truth)
    jitter = [np.std(np.diff(path[:, FEET], axis=0) - np.diff(truth[:, FEET], axis=0)) for path in (steady, xy)]
    assert jitter[0] < 0.2 * jitter[1]


def test_all_other_points_stay():
    _, xy, moved, trust = seen()
    others = np.setdiff1d(np.arange(len(KEYPOINTS)), FEET)
    assert np.array_equal(steadied(xy, moved, trust, body_px=BODY_PX)[:, others], xy[:, others])


def test_a_shoe_that_was_not_followed_for_sure_leaves_its_points_alone():
    _, xy, moved, trust = seen()
    assert steadied(xy, moved, np.full_like(trust, 0.2), body_px=BODY_PX) == pytest.approx(xy)
    assert steadied(xy, np.full_like(moved, np.nan), trust, body_px=BODY_PX) == pytest.approx(xy)


def test_a_swing_that_the_flow_lost_to_the_background_is_no_worse_than_before():
    truth, xy, moved, trust = seen()
    swinging = np.hypot(*np.moveaxis(np.diff(truth[:, FEET].mean(axis=2), axis=0), -1, 0)) > 0.02 * BODY_PX
    lost = np.flatnonzero(swinging[:, 0])[::4]
    moved[1 + lost, 0] = 0.0
    steady = steadied(xy, moved, trust, body_px=BODY_PX)
    assert error(steady, truth) < error(xy, truth)


def test_what_the_model_did_not_find_stays_unknown():
    _, xy, moved, trust = seen()
    xy[20:25, FEET[1]] = np.nan
    moved[20:26, 1] = np.nan
    steady = steadied(xy, moved, trust, body_px=BODY_PX)
    assert np.array_equal(np.isnan(steady), np.isnan(xy))


def test_legs_that_the_model_exchanged_can_still_be_put_right():
    truth, xy, moved, trust = seen(noise=0.004)
    legs = [[KEYPOINTS.index(f"{side}_{name}") for name in ("ankle", "heel", "big_toe")] for side in ("left", "right")]
    xy[50:60, legs[0] + legs[1]] = xy[50:60, legs[1] + legs[0]]
    # the flow starts from the points: it says which shoe is followed, and finds none across an exchange
    moved[51:60] = moved[51:60, ::-1]
    moved[[50, 60]] = np.nan
    steady = steadied(xy, moved, trust, body_px=BODY_PX)
    swapped = exchanged(np.arange(FRAMES) / FPS, steady[:, legs[0]], steady[:, legs[1]])
    assert np.array_equal(np.flatnonzero(swapped), np.arange(50, 60))
    assert np.abs(steady[50:60, legs[0]] - truth[50:60, legs[1]]).max() < 0.03 * BODY_PX


@pytest.mark.parametrize("frames", [0, 1])
def test_too_little_to_follow_is_given_back(frames):
    xy = np.zeros((frames, len(KEYPOINTS), 2))
    assert np.array_equal(steadied(xy, np.zeros((frames, 2, 3, 2)), np.zeros((frames, 2)), body_px=BODY_PX), xy)


def test_a_person_without_height_is_given_back():
    _, xy, moved, trust = seen()
    assert np.array_equal(steadied(xy, moved, trust, body_px=float("nan")), xy)

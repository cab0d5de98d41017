"""A camera that moves: its path put together, taken out of the keypoints, judged by the feet, and kept in poses.json."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.camera import bridged, camera_path, steadied
from kinesight.analyses.running.observations import Observations, restore, store
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.errors import BadObservations
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats, Image
from kinesight.testing.exam import Condition, exam, filmed_under, pooled
from kinesight.testing.runner import HEIGHT_M, Gait, runner
from kinesight.testing.side_view import changed
from kinesight.vision.background import OpticalFlowFollower

HEIGHT = RunningParameters(height_m=HEIGHT_M)
GAIT = Gait(speed_m_per_s=3.7)
NOBODY = np.empty((0, 4))


def codes(observations: Observations) -> set[str]:
    return {notice.code for notice in analyse(observations, HEIGHT).warnings}


def panned(facing: str = "right", *, fps: float = 60.0) -> tuple[PoseTrack, Floats]:
    condition = Condition(facing=facing, fps=fps, travelling_m_per_s=3.7, panning=True)  # type: ignore[arg-type]
    track, shift = filmed_under(runner(GAIT, seconds=2.5), condition, seed=1)
    assert shift is not None
    return track, shift


@pytest.mark.parametrize("facing", ["left", "right"])
def test_numbers_of_a_panned_clip_are_those_of_a_still_one(facing: str) -> None:
    still = Condition(facing=facing, fps=60.0, travelling_m_per_s=3.7)  # type: ignore[arg-type]
    one, two = (
        pooled([exam(runner(GAIT, seconds=2.5), condition, seed=seed) for seed in range(3)])
        for condition in (still, replace(still, panning=True))
    )
    assert two["near_found"] == one["near_found"] == 1.0
    assert two["near_false"] == 0.0
    assert two["near_strike_ms"] <= one["near_strike_ms"] + 3
    assert two["near_toe_off_ms"] <= one["near_toe_off_ms"] + 3
    assert two["cadence_spm"] <= 1.0
    assert two["near_front_knee_deg"] <= one["near_front_knee_deg"] + 1.5


def test_a_panning_camera_is_no_treadmill() -> None:
    track, shift = panned()
    result = analyse(Observations(track=track, camera_xy_px=shift), HEIGHT).result
    assert not result.treadmill
    assert result.camera.moves
    assert result.camera.moved_px == pytest.approx(np.ptp(shift[:, 0]), rel=0.02)
    assert result.camera.stance_slip < 0.1
    assert result.metrics.speed_m_per_s.value == pytest.approx(3.7, rel=0.05)
    assert analyse(Observations(track=track), HEIGHT).result.treadmill, "nothing else tells the two apart"


def test_a_shaken_camera_on_a_treadmill_stays_a_treadmill() -> None:
    track, _ = filmed_under(runner(GAIT, seconds=3.0), Condition(facing="right", fps=60.0), seed=0)
    time_s = track.time_s
    shake = np.stack([12 * np.sin(2 * np.pi * 1.1 * time_s), 18 * np.sin(2 * np.pi * 2.6 * time_s)], axis=1)
    shaken = changed(track, xy_px=track.xy_px + shake[:, None])
    one = analyse(Observations(track=track), HEIGHT).result
    two = analyse(Observations(track=shaken, camera_xy_px=shake), HEIGHT).result
    assert two.treadmill
    assert [e.time_s for e in two.events] == pytest.approx([e.time_s for e in one.events], abs=1e-4)
    assert two.metrics.vertical_oscillation_m == one.metrics.vertical_oscillation_m


def test_feet_refute_a_background_that_is_none() -> None:
    """A crowd or a train that moves behind a camera that stands still: taking it for the background would move the ground."""
    track, _ = filmed_under(runner(GAIT, seconds=2.5), Condition(facing="right", fps=60.0, travelling_m_per_s=3.7), seed=0)
    one = Observations(track=track)
    hips = track.point("left_hip")
    passing = np.stack([hips[:, 0] - hips[0, 0], np.zeros(len(hips))], axis=1)
    two = Observations(track=track, camera_xy_px=passing)
    assert analyse(two, HEIGHT).result.events == analyse(one, HEIGHT).result.events
    assert not analyse(two, HEIGHT).result.camera.moves
    assert "camera_unsure" in codes(two)


def test_standing_feet_that_slide_are_told() -> None:
    track, shift = panned()
    assert "stance_slips" not in codes(Observations(track=track, camera_xy_px=shift))
    # a far background that moves half as much as the ground that the runner is on
    assert "stance_slips" in codes(Observations(track=track, camera_xy_px=0.5 * shift))


def test_details_lie_in_the_picture_as_filmed() -> None:
    track, shift = panned()
    details = analyse(Observations(track=track, camera_xy_px=shift), HEIGHT).details
    knee = details.keypoints.index("right_knee")
    assert np.abs(details.xy_px[10:-10, knee] - track.point("right_knee")[10:-10]).max() < 15


def test_holes_in_the_path_are_bridged() -> None:
    track, shift = panned()
    spoilt = shift.copy()
    spoilt[30:36] = np.nan
    spoilt[80] = np.nan
    one, two = (analyse(Observations(track=track, camera_xy_px=path), HEIGHT).result for path in (shift, spoilt))
    assert [e.time_s for e in two.events] == pytest.approx([e.time_s for e in one.events], abs=0.01)
    nothing = np.full_like(shift, np.nan)
    assert np.array_equal(bridged(nothing, track.time_s), np.zeros_like(shift))


def test_the_path_is_that_beside_the_runner() -> None:
    """A camera that turns about the picture's corner moves the background more, the farther away it is."""
    track, _ = panned()
    turn = 0.002
    maps = np.tile(np.array([[np.cos(turn), -np.sin(turn), 0.0], [np.sin(turn), np.cos(turn), 0.0]]), (len(track.time_s), 1, 1))
    maps[0] = np.nan
    maps[40] = np.nan
    path = camera_path(maps, track)
    assert path is not None
    assert path[0].tolist() == [0.0, 0.0]
    assert np.isnan(path[40]).all()
    steps = np.diff(path, axis=0)[50:100]
    middle = np.nanmean(track.xy_px[50:100, [KEYPOINTS.index("left_hip"), KEYPOINTS.index("left_shoulder")]], axis=(0, 1))
    assert steps.mean(axis=0) == pytest.approx([-turn * middle[1], turn * middle[0]], rel=0.03)
    maps[: len(maps) // 2] = np.nan
    assert camera_path(maps, track) is None


def test_the_path_is_kept_in_poses_json() -> None:
    track, shift = panned()
    shift[7] = np.nan
    document = json.loads(json.dumps(store(Observations(track=track, camera_xy_px=shift)), allow_nan=False))
    assert document["camera_xy_px"][7] is None
    again = restore(document)
    assert again.camera_xy_px is not None
    assert np.allclose(again.camera_xy_px, shift, atol=6e-4, equal_nan=True)
    assert store(again) == document
    del document["camera_xy_px"]
    assert restore(document).camera_xy_px is None


@pytest.mark.parametrize("value", [3, "up", [], [[1, 2]], [[1, 2, 3]] * 151, [["a", 0]] * 151, [[1e9, 0]] * 151, [7] * 151])
def test_a_path_that_cannot_be_one_is_refused(value: object) -> None:
    track, _ = panned()
    document = store(Observations(track=steadied(track, np.zeros((len(track.time_s), 2)))))
    assert len(document["time_s"]) <= 151
    if isinstance(value, list) and len(value) == 151:
        value = value[: len(document["time_s"])]
    with pytest.raises(BadObservations, match="camera_xy_px"):
        restore(document | {"camera_xy_px": value})


# ---- following the background


def textured(seed: int = 0) -> Image:
    """Return a picture with detail of every size, 700 by 900."""
    random = np.random.default_rng(seed)
    picture = np.zeros((700, 900))
    for size in (5, 20, 50, 100):
        picture += np.kron(random.standard_normal((700 // size, 900 // size)), np.ones((size, size)))[:700, :900]
    picture = np.clip(128 + 40 * picture, 0, 255)
    return np.repeat(picture[:, :, None], 3, axis=2).astype(np.uint8)


def test_the_first_picture_and_a_plain_one_say_nothing() -> None:
    follower = OpticalFlowFollower()
    assert follower.see(textured(), people_xyxy_px=NOBODY) is None
    plain = np.full((700, 900, 3), 90, np.uint8)
    assert follower.see(plain, people_xyxy_px=NOBODY) is None
    assert follower.see(plain, people_xyxy_px=NOBODY) is None


def test_a_shift_is_measured_in_pixels_of_the_picture() -> None:
    whole, follower = textured(), OpticalFlowFollower()
    follower.see(whole[50:650, 100:800], people_xyxy_px=NOBODY)
    found = follower.see(whole[44:644, 112:812], people_xyxy_px=NOBODY)
    assert found is not None
    assert found[:, 2] + (found[:, :2] - np.eye(2)) @ [350, 300] == pytest.approx([-12, 6], abs=0.4)


def test_a_person_who_fills_the_middle_does_not_count() -> None:
    whole, person, follower = textured(), textured(1), OpticalFlowFollower()
    for number in range(4):
        picture = whole[50:650, 100 + 3 * number : 800 + 3 * number].copy()
        picture[60:540, 180:480] = person[60:540, 180 + 9 * number : 480 + 9 * number]
        found = follower.see(picture, people_xyxy_px=np.array([[170.0, 50.0, 490.0, 550.0]]))
    assert found is not None
    assert found[:, 2] + (found[:, :2] - np.eye(2)) @ [350, 300] == pytest.approx([-3, 0], abs=0.3)


def test_another_scene_is_no_camera_motion() -> None:
    follower = OpticalFlowFollower()
    follower.see(textured(), people_xyxy_px=NOBODY)
    assert follower.see(textured(5), people_xyxy_px=NOBODY) is None

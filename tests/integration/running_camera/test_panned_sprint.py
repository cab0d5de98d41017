"""A real sprint seen through a window that moves along a known path: a panning, hand-held camera whose motion is known."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from kinesight.analyses.running.analysis import analyse
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.observe import observe
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.domain.video import Floats, Frame, Image, VideoInfo
from kinesight.settings import Settings
from kinesight.testing.side_view import changed
from kinesight.vision.background import OpticalFlowFollower
from kinesight.vision.shelf import ModelShelf

FIRST, LAST, FPS = 200, 230, 30.0
WIDTH_PX, HEIGHT_PX = 1000, 760
PARAMETERS = RunningParameters(height_m=1.75, pose_model="full")


class Pictures:
    """Pictures in memory as a video."""

    def __init__(self, pictures: Sequence[Image]) -> None:
        self._pictures = pictures
        height, width = pictures[0].shape[:2]
        self.info = VideoInfo(
            sha256="0" * 64, width_px=width, height_px=height, fps=FPS, frame_count=len(pictures), duration_s=len(pictures) / FPS
        )

    def frames(self, *, longest_side_px: int | None = None) -> Generator[Frame, None, None]:
        assert longest_side_px is None or longest_side_px >= max(self._pictures[0].shape[:2])
        for index, picture in enumerate(self._pictures):
            yield Frame(index=index, time_s=index / FPS, rgb=picture)


class Quiet:
    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def pictures(samples: Sequence[Path]) -> list[Image]:
    with av.open(str(samples[0])) as container:
        frames = zip(range(LAST), container.decode(video=0), strict=False)
        return [frame.to_ndarray(format="rgb24") for index, frame in frames if index >= FIRST]


def through_window(pictures: Sequence[Image], corners: Floats) -> list[Image]:
    """Return what a window shows whose left upper corner is at the given places, (pictures, 2), to a fraction of a pixel."""
    middle = corners + (np.array([WIDTH_PX, HEIGHT_PX]) - 1) / 2
    return [cv2.getRectSubPix(picture, (WIDTH_PX, HEIGHT_PX), (x, y)) for picture, (x, y) in zip(pictures, middle, strict=True)]


def still(count: int) -> Floats:
    return np.tile([700.0, 220.0], (count, 1))


def panned(count: int) -> Floats:
    """A pan of 300 pixels after the runner, who covers about as many while in sight, with a hand's tremor of 5 pixels on it."""
    time_s = np.arange(count) / FPS
    tremor = np.stack([3 * np.sin(2 * np.pi * 2.3 * time_s), 5 * np.sin(2 * np.pi * 1.6 * time_s + 1)], axis=1)
    return still(count) + np.stack([np.linspace(-250, 50, count), np.zeros(count)], axis=1) + tremor


@pytest.fixture(scope="module")
def seen(pictures: list[Image]) -> tuple[Observations, Observations]:
    shelf = ModelShelf(Settings())
    clips = (through_window(pictures, path(len(pictures))) for path in (still, panned))
    one, two = (observe(Pictures(clip), shelf, PARAMETERS, Quiet()) for clip in clips)
    return one, two


def test_the_pan_is_followed(seen: tuple[Observations, Observations], pictures: list[Image]) -> None:
    camera = seen[1].camera_xy_px
    assert camera is not None
    true = panned(len(pictures))[0] - panned(len(pictures))
    assert np.isfinite(camera).all(axis=1).mean() > 0.9
    assert np.nanmax(np.abs(camera - true)) < 3
    assert np.nanmax(np.abs(seen[0].camera_xy_px)) < 1.5


def test_numbers_as_with_a_camera_that_stands(seen: tuple[Observations, Observations]) -> None:
    still_clip, panned_clip = (analyse(observations, PARAMETERS) for observations in seen)
    one, two = still_clip.result, panned_clip.result
    assert (one.camera.moves, two.camera.moves) == (False, True)
    assert two.camera.moved_px == pytest.approx(300, abs=5)
    assert not one.treadmill
    assert not two.treadmill
    assert "camera_moves" in {notice.code for notice in panned_clip.warnings}
    assert [(event.foot, event.kind) for event in one.events] == [(event.foot, event.kind) for event in two.events]
    # the pose model sees another crop of every picture, and the first strike has hardly more than a frame of 33 ms before it
    assert [event.time_s for event in two.events] == pytest.approx([event.time_s for event in one.events], abs=0.067)
    assert two.events[-1].time_s == pytest.approx(one.events[-1].time_s, abs=0.017)
    assert two.metrics.speed_m_per_s.value == pytest.approx(one.metrics.speed_m_per_s.value, rel=0.06)


def test_the_same_keypoints_panned_give_the_same_numbers(seen: tuple[Observations, Observations], pictures: list[Image]) -> None:
    still_one, followed = seen[0], seen[1].camera_xy_px
    shift = panned(len(pictures))[0] - panned(len(pictures))
    moved = changed(still_one.track, xy_px=still_one.track.xy_px + shift[:, None])
    one = analyse(still_one, PARAMETERS).result
    two = analyse(Observations(track=moved, camera_xy_px=followed), PARAMETERS).result
    assert [event.time_s for event in two.events] == pytest.approx([event.time_s for event in one.events], abs=0.006)
    assert two.metrics.speed_m_per_s.value == pytest.approx(one.metrics.speed_m_per_s.value, rel=0.02)
    assert two.metrics.vertical_oscillation_m.value == pytest.approx(one.metrics.vertical_oscillation_m.value, abs=0.005)
    for leg in ("left", "right"):
        knees = (getattr(result.measures.front_knee_deg, leg).initial_contact.value for result in (one, two))
        assert next(knees) == pytest.approx(next(knees), abs=3.0)


def test_without_its_motion_the_camera_would_pass_for_a_treadmill(seen: tuple[Observations, Observations]) -> None:
    findings = analyse(Observations(track=seen[1].track), PARAMETERS)
    assert findings.result.treadmill
    assert findings.result.camera.moves is None


def test_drawing_gets_places_in_the_picture_as_it_is(seen: tuple[Observations, Observations]) -> None:
    track, details = seen[1].track, analyse(seen[1], PARAMETERS).details
    hip = np.linalg.norm(track.point("right_hip") - details.xy_px[:, details.keypoints.index("right_hip")], axis=1)
    assert np.nanmedian(hip) < 8


def test_following_is_exact_on_real_grass(pictures: list[Image]) -> None:
    follower = OpticalFlowFollower()
    nobody = np.empty((0, 4))
    path = panned(len(pictures)) * [1.0, 2.0] - [0.0, 250.0]
    maps = [follower.see(picture, people_xyxy_px=nobody) for picture in through_window(pictures, path)]
    assert maps[0] is None
    corner = np.array([WIDTH_PX / 2, HEIGHT_PX / 2])
    steps = np.array([found[:, :2] @ corner + found[:, 2] - corner for found in maps[1:] if found is not None])
    assert len(steps) == len(maps) - 1
    assert np.sqrt(np.mean((steps + np.diff(path, axis=0)) ** 2)) < 0.3

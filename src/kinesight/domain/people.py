"""People in pictures: boxes, regions, one-picture pose estimates, and one person's keypoints over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesight.domain.video import Floats

KEYPOINTS: tuple[str, ...] = (
    "nose",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
    "left_heel",
    "right_heel",
    "left_big_toe",
    "right_big_toe",
)
"""The points every pose model is translated to, in the order of poses.json. Left and right are the person's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """Objects found in one picture.

    `xyxy_px` (n, 4) left, top, right, bottom; `score` (n,) 0..1; `label` one COCO class name per box.
    """

    xyxy_px: Floats
    score: Floats
    label: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.xyxy_px.shape != (len(self.label), 4) or self.score.shape != (len(self.label),):
            raise ValueError(f"boxes {self.xyxy_px.shape}, scores {self.score.shape}, {len(self.label)} labels do not fit")


FACE_POINTS: tuple[str, ...] = ("right_eye", "left_eye", "nose", "right_mouth", "left_mouth")
"""The points of a face, in this order. Left and right are the person's: seen from the front, the right eye is on the left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Faces found in one picture.

    `xyxy_px` (n, 4) left, top, right, bottom; `score` (n,) 0..1; `points_px` (n, len(FACE_POINTS), 2), which may lie outside.
    """

    xyxy_px: Floats
    score: Floats
    points_px: Floats

    def __post_init__(self) -> None:
        count = len(self.score)
        if self.xyxy_px.shape != (count, 4) or self.points_px.shape != (count, len(FACE_POINTS), 2):
            raise ValueError(f"boxes {self.xyxy_px.shape}, points {self.points_px.shape}, {count} scores do not fit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roi:
    """The turned rectangle of a picture that a pose model looks at.

    Centre in pixels; width and height in pixels along its own axes; rotation in radians, clockwise, 0 = upright.
    """

    centre_x_px: float
    centre_y_px: float
    width_px: float
    height_px: float
    rotation_rad: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseEstimate:
    """One person in one picture.

    `xy_px` (len(KEYPOINTS), 2) in pixels of the picture, NaN where the model has no such point; `score` (len(KEYPOINTS),)
    0..1; `presence` 0..1: how sure the model is that a person is in the region; `next_roi` where to look in the next picture.
    """

    xy_px: Floats
    score: Floats
    presence: float
    next_roi: Roi


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseTrack:
    """One person's keypoints over time; frames in which the person is not seen hold NaN.

    `time_s` (frames,) strictly increasing, seconds of the stream's own stamps; `xy_px` (frames, keypoints, 2) in pixels of the
    upright source picture, origin top left; `score` (frames, keypoints) 0..1, 0 where a point was not found.
    """

    keypoints: tuple[str, ...]
    time_s: Floats
    xy_px: Floats
    score: Floats
    width_px: int
    height_px: int

    def __post_init__(self) -> None:
        frames = len(self.time_s)
        if self.xy_px.shape != (frames, len(self.keypoints), 2):
            raise ValueError(f"xy_px {self.xy_px.shape} does not fit {frames} frames of {len(self.keypoints)} keypoints")
        if self.score.shape != (frames, len(self.keypoints)):
            raise ValueError(f"score {self.score.shape} does not fit {frames} frames of {len(self.keypoints)} keypoints")
        if frames > 1 and not bool(np.all(np.diff(self.time_s) > 0)):
            raise ValueError("time_s must be strictly increasing")

    def point(self, name: str) -> Floats:
        """Return one keypoint's path, (frames, 2) pixels; all NaN where the track has no such keypoint."""
        if name not in self.keypoints:
            return np.full((len(self.time_s), 2), np.nan)
        return self.xy_px[:, self.keypoints.index(name)]

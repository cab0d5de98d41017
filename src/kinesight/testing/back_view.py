"""What a camera behind the runner sees of a moving body."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.testing.body import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class BackCamera:
    """A camera that looks the way the runner goes, a distance behind where the hips are at first.

    `above_hips_m` is its height over the hips; `yaw_deg` how far it stands round the runner, to the runner's right +, 90 = seen
    from the right, 180 = from the front; `roll_deg` how far it is turned about its own axis, a level line sinking to the right +.
    """

    width_px: int = 1080
    height_px: int = 1920
    distance_m: float = 5.0
    focal_px: float = 2000.0
    above_hips_m: float = 0.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0


def filmed_from_behind(body: Body, camera: BackCamera) -> PoseTrack:
    """Return the body's points as the camera sees them, without any error."""
    hips = body.points_m[0, [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]].mean(axis=0)
    forward, up, right = np.moveaxis(body.points_m - hips, -1, 0)
    yaw, roll = np.radians(camera.yaw_deg), np.radians(camera.roll_deg)
    across = right * np.cos(yaw) + forward * np.sin(yaw)
    away = camera.distance_m + forward * np.cos(yaw) - right * np.sin(yaw)
    x, y = across / away, -(up - camera.above_hips_m) / away
    turned = np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], axis=-1)
    xy_px = camera.focal_px * turned + np.array([camera.width_px / 2, camera.height_px / 2])
    return PoseTrack(
        keypoints=KEYPOINTS,
        time_s=body.time_s,
        xy_px=xy_px,
        score=np.ones(xy_px.shape[:2]),
        width_px=camera.width_px,
        height_px=camera.height_px,
    )

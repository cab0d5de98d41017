"""What a camera behind the runner sees of a moving body."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.testing.body import Body
from kinesight.testing.side_view import changed


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


def jittery(track: PoseTrack, *, sigma_px: float, seed: int) -> PoseTrack:
    """Return the track with keypoint errors that hold on for about 80 ms, the same on both sides: none is hidden."""
    random = np.random.default_rng(seed)
    step_s = float(np.median(np.diff(track.time_s)))
    error = gaussian_filter1d(random.standard_normal((len(track.time_s) + 200, len(track.keypoints), 2)), 0.04 / step_s, axis=0)
    return changed(track, xy_px=track.xy_px + sigma_px * error[100:-100] / error.std())


@dataclass(frozen=True, slots=True, kw_only=True)
class Sway:
    """How a made-up runner moves across the way; angles in degrees, places in metres.

    The pelvis drops on the free side by `drop_left_deg` while the left foot carries, by `drop_right_deg` while the right one
    does; a knee lies `knee_in_*_m` inside the line from hip to ankle while its foot carries; feet land `step_width_m` apart.
    """

    drop_left_deg: float = 4.0
    drop_right_deg: float = 4.0
    knee_in_left_m: float = 0.0
    knee_in_right_m: float = 0.0
    heel_out_left_m: float = 0.004
    heel_out_right_m: float = 0.004
    step_width_m: float = 0.08
    shift_m: float = 0.01


def swaying(body: Body, sway: Sway, *, stride_s: float, contact_s: float) -> Body:
    """Return a made-up runner, whose points lie in planes along the way, with the movement across it.

    The hip line follows two harmonics of the stride, so its course against its mean is highest in the middle of each contact.
    """
    points = body.points_m.copy()
    place = {name: index for index, name in enumerate(KEYPOINTS)}
    middle_s = float(body.strikes_s["left"][0]) + contact_s / 2
    turn = 2 * np.pi * (body.time_s - middle_s) / stride_s
    once, twice = (sway.drop_left_deg + sway.drop_right_deg) / 2, (sway.drop_left_deg - sway.drop_right_deg) / 2
    tilt = np.radians(once * np.cos(turn) + twice * np.cos(2 * turn))
    points[:, :, 2] -= sway.shift_m * np.cos(turn)[:, None]
    for side, inward, drop_sign in (("left", 1.0, 1.0), ("right", -1.0, -1.0)):
        hip = points[:, place[f"{side}_hip"]]
        half = abs(float(hip[0, 2] + sway.shift_m * np.cos(turn[0])))
        hip[:, 1] += drop_sign * half * np.sin(tilt)
        carries = 0.5 + 0.5 * np.cos(turn if side == "left" else turn - np.pi)
        foot_z = -inward * sway.step_width_m / 2
        for name, out in (("ankle", 0.0), ("heel", getattr(sway, f"heel_out_{side}_m")), ("big_toe", 0.02)):
            points[:, place[f"{side}_{name}"], 2] = foot_z - inward * out * (carries if name == "heel" else 1.0)
        ankle = points[:, place[f"{side}_ankle"]]
        knee = points[:, place[f"{side}_knee"]]
        share = (hip[:, 1] - knee[:, 1]) / np.maximum(hip[:, 1] - ankle[:, 1], 0.1)
        knee[:, 2] = hip[:, 2] + share * (ankle[:, 2] - hip[:, 2]) + inward * getattr(sway, f"knee_in_{side}_m") * carries
        for name, out in (("elbow", 0.07), ("wrist", 0.02)):
            points[:, place[f"{side}_{name}"], 2] -= inward * out
        points[:, place[f"{side}_shoulder"], 1] -= 0.5 * drop_sign * half * np.sin(tilt)
    return replace(body, points_m=points)

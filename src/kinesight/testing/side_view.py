"""What a camera beside the runner sees of a moving body, with the faults of a keypoint model on request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.ndimage import gaussian_filter1d

from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats
from kinesight.testing.body import Body

LEG = ("hip", "knee", "ankle", "heel", "big_toe")
ARM = ("shoulder", "elbow", "wrist")
LEG_AND_ARM = ARM + LEG
GAPS = (("knee", "ankle", "heel", "big_toe"), ("elbow", "wrist"), ("ankle", "heel", "big_toe"), ())
"""What goes missing together; nothing named means everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera at hip height, at right angles to the travel, turned by `yaw_deg` about the vertical, tilted by `roll_deg`.

    `facing` is where the runner goes in the picture; a runner who goes right shows the camera the right side.
    """

    facing: Literal["left", "right"] = "right"
    width_px: int = 1920
    height_px: int = 1080
    distance_m: float = 5.0
    focal_px: float = 2000.0
    yaw_deg: float = 0.0
    roll_deg: float = 0.0


def filmed(body: Body, camera: Camera) -> PoseTrack:
    """Return the body's points as the camera sees them, without any error."""
    sign = 1.0 if camera.facing == "right" else -1.0
    hips = body.points_m[:, [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]]
    middle = (hips.reshape(-1, 3).min(axis=0) + hips.reshape(-1, 3).max(axis=0)) / 2
    forward, up, right = np.moveaxis(body.points_m - middle, -1, 0)
    across, towards = sign * forward, sign * right
    yaw = np.radians(camera.yaw_deg)
    across, towards = across * np.cos(yaw) - towards * np.sin(yaw), across * np.sin(yaw) + towards * np.cos(yaw)
    size = camera.focal_px / (camera.distance_m - towards)
    roll = np.radians(camera.roll_deg)
    across, up = across * np.cos(roll) - up * np.sin(roll), across * np.sin(roll) + up * np.cos(roll)
    xy_px = np.stack([camera.width_px / 2 + size * across, camera.height_px / 2 - size * up], axis=-1)
    return PoseTrack(
        keypoints=KEYPOINTS,
        time_s=body.time_s,
        xy_px=xy_px,
        score=np.ones(xy_px.shape[:2]),
        width_px=camera.width_px,
        height_px=camera.height_px,
    )


def filmed_panning(body: Body, camera: Camera, *, shake_px: float, seed: int) -> tuple[PoseTrack, Floats]:
    """Return the body as a hand-held camera sees it that turns after the runner, and the background's shift, (frames, 2) pixels.

    The camera stands beside the middle of the way and turns so that the hips stay near the middle of the picture. `shake_px` is
    the standard deviation of a hand's tremor on top, as made of motions that last about a fifth of a second.
    """
    sign = 1.0 if camera.facing == "right" else -1.0
    hips = body.points_m[:, [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]].mean(axis=1)
    middle = (hips.min(axis=0) + hips.max(axis=0)) / 2
    forward, up, right = np.moveaxis(body.points_m - middle, -1, 0)
    across, depth = sign * forward, camera.distance_m - sign * right
    step_s = float(np.median(np.diff(body.time_s)))
    random = np.random.default_rng(seed)
    shake = gaussian_filter1d(random.standard_normal((len(body.time_s) + 200, 2)), 0.1 / step_s, axis=0)[100:-100]
    shake *= shake_px / max(float(shake.std()), 1e-9)
    # whoever turns a camera follows the runner smoothly, not step by step
    aim = gaussian_filter1d(np.arctan2(sign * (hips - middle)[:, 0], camera.distance_m), 0.2 / step_s)
    aim = aim + shake[:, 0] / camera.focal_px
    turned = across * np.cos(aim)[:, None] - depth * np.sin(aim)[:, None]
    ahead = across * np.sin(aim)[:, None] + depth * np.cos(aim)[:, None]
    x_px = camera.width_px / 2 + camera.focal_px * turned / ahead
    y_px = camera.height_px / 2 - camera.focal_px * up / ahead + shake[:, 1:]
    shift = np.stack([-camera.focal_px * (aim - aim[0]), shake[:, 1] - shake[0, 1]], axis=1)
    track = filmed(body, camera)
    return changed(track, xy_px=np.stack([x_px, y_px], axis=-1)), shift


def noisy(track: PoseTrack, *, sigma_px: float, far_side: Literal["left", "right"], seed: int, rough: bool = False) -> PoseTrack:
    """Return the track with keypoint errors that hold on for about 80 ms, doubled on the far side.

    Parameters
    ----------
    sigma_px
        Standard deviation per coordinate on the near side.
    rough
        False: smooth errors, correlation 1/e after 80 ms. True: first-order random walk back to zero with that time constant,
        which has fast parts too.
    """
    random = np.random.default_rng(seed)
    step_s = float(np.median(np.diff(track.time_s)))
    error = random.standard_normal((len(track.time_s) + 200, len(KEYPOINTS), 2))
    if rough:
        keep = np.exp(-step_s / 0.08)
        for index in range(1, len(error)):
            error[index] = keep * error[index - 1] + np.sqrt(1 - keep**2) * error[index]
    else:
        error = gaussian_filter1d(error, 0.04 / step_s, axis=0)
    error = error[100:-100] / error.std()
    far = np.array([name.startswith(far_side) and name.removeprefix(f"{far_side}_") in LEG_AND_ARM for name in KEYPOINTS])
    size = np.where(far, 2 * sigma_px, sigma_px)
    return changed(track, xy_px=track.xy_px + error * size[None, :, None])


def with_gaps(track: PoseTrack, *, seed: int, per_s: float = 1.0) -> PoseTrack:
    """Return the track without a leg, an arm, a foot or anybody for five to ten frames, about `per_s` times a second."""
    random = np.random.default_rng([seed, 2])
    xy_px = track.xy_px.copy()
    for _ in range(round(per_s * (track.time_s[-1] - track.time_s[0]))):
        frames = int(random.integers(5, 11))
        start = int(random.integers(len(xy_px) - frames))
        side = random.choice(["left", "right"])
        points = GAPS[int(random.integers(len(GAPS)))]
        names = [name for name in KEYPOINTS if not points or _is_of(name, side, points)]
        xy_px[start : start + frames, [KEYPOINTS.index(name) for name in names]] = np.nan
    return changed(track, xy_px=xy_px)


def with_detours(track: PoseTrack, *, seed: int, away_px: float) -> PoseTrack:
    """Return the track with one point of a leg or an arm off by so much for four to eight frames, about once a second."""
    random = np.random.default_rng([seed, 3])
    xy_px = track.xy_px.copy()
    for _ in range(round(track.time_s[-1] - track.time_s[0])):
        frames = int(random.integers(4, 9))
        start = int(random.integers(len(xy_px) - frames))
        name = f"{random.choice(['left', 'right'])}_{random.choice(['knee', 'ankle', 'heel', 'big_toe', 'wrist'])}"
        angle = random.uniform(0, 2 * np.pi)
        xy_px[start : start + frames, KEYPOINTS.index(name)] += away_px * np.array([np.cos(angle), np.sin(angle)])
    return changed(track, xy_px=xy_px)


def _is_of(name: str, side: str, points: tuple[str, ...]) -> bool:
    return name.partition("_")[0] == side and name.partition("_")[2] in points


def exchanged_legs(track: PoseTrack, episodes: list[tuple[int, int]]) -> PoseTrack:
    """Return the track with left and right leg exchanged in the given [start, stop) frames."""
    return exchanged_sides(track, episodes, points=LEG)


def exchanged_sides(track: PoseTrack, episodes: list[tuple[int, int]], *, points: tuple[str, ...]) -> PoseTrack:
    """Return the track with left and right of the points exchanged in the given [start, stop) frames."""
    xy_px = track.xy_px.copy()
    for point in points:
        left, right = KEYPOINTS.index(f"left_{point}"), KEYPOINTS.index(f"right_{point}")
        for start, stop in episodes:
            xy_px[start:stop, [left, right]] = xy_px[start:stop, [right, left]]
    return changed(track, xy_px=xy_px)


def mirrored(track: PoseTrack, *, relabel: bool) -> PoseTrack:
    """Return the picture seen in a mirror; with `relabel` left and right change names too, as a model would name them."""
    xy_px = track.xy_px * [-1.0, 1.0] + [float(track.width_px), 0.0]
    if relabel:
        other = {"left": "right", "right": "left"}
        order = []
        for name in track.keypoints:
            side, _, rest = name.partition("_")
            order.append(track.keypoints.index(f"{other[side]}_{rest}" if side in other else name))
        return changed(track, xy_px=xy_px[:, order], score=track.score[:, order])
    return changed(track, xy_px=xy_px)


def changed(track: PoseTrack, *, xy_px: Floats, score: Floats | None = None, time_s: Floats | None = None) -> PoseTrack:
    """Return the track with other positions, scores or times."""
    return PoseTrack(
        keypoints=track.keypoints,
        time_s=track.time_s if time_s is None else time_s,
        xy_px=xy_px,
        score=np.where(np.isfinite(xy_px).all(axis=2), track.score if score is None else score, 0.0),
        width_px=track.width_px,
        height_px=track.height_px,
    )

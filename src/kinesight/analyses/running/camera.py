"""The camera's own motion: put together from picture to picture, and taken out of the keypoints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.running.contacts import FLAT_FROM, FLAT_TO, Contact
from kinesight.analyses.running.ground import Ground, find_ground
from kinesight.analyses.running.motion import Motion, prepare
from kinesight.analyses.running.observations import Observations
from kinesight.domain.people import KEYPOINTS, PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask

MOST_UNKNOWN = 0.4
"""Part of the frames with the person in which the background may be lost; beyond it nothing is known of the camera."""

STILL = 0.03
"""Range of the background's shift, as part of the body height, up to which the camera counts as standing still."""

TRUNK = [KEYPOINTS.index(f"{side}_{point}") for side in ("left", "right") for point in ("shoulder", "hip")]


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraMotion:
    """What is known of the camera: `path_px` (frames, 2), the background's shift that was taken out, all zero where none was.

    `is_known` says whether the background was followed at all; `moves` whether it shifts; `is_refuted` that taking its shift out
    made feet slide that stood still before, so that it was left in.
    """

    path_px: Floats
    is_known: bool
    moves: bool
    is_refuted: bool = False

    @property
    def range_px(self) -> float:
        """Return how far the background moves, in pixels of the source picture."""
        return range_px(self.path_px)


def prepare_steadied(observations: Observations, *, slow_motion: float) -> tuple[Motion, Ground, CameraMotion]:
    """Return the movement as a camera that stands still would show it, the ground, and what is known of the camera.

    Feet are the judges: if they stand still in the picture as it is, but slide once the background's shift is taken out, then
    what was followed was no background.

    Raises
    ------
    BadObservations, NobodyVisible
        As `prepare`.
    """
    track = observations.track
    still = CameraMotion(path_px=np.zeros((len(track.time_s), 2)), is_known=observations.camera_xy_px is not None, moves=False)
    if observations.camera_xy_px is None:
        motion = prepare(track, slow_motion=slow_motion)
        return motion, find_ground(motion), still
    path = bridged(observations.camera_xy_px, track.time_s)
    motion = prepare(steadied(track, path), slow_motion=slow_motion)
    ground = find_ground(motion, camera_is_known=True)
    seen = np.isfinite(track.point("left_hip")[:, 0]) | np.isfinite(track.point("right_hip")[:, 0])
    moves = range_px(path[seen]) > STILL * motion.body_px
    if moves and ground.moves:
        as_filmed = prepare(track, slow_motion=slow_motion)
        ground_as_filmed = find_ground(as_filmed)
        if not ground_as_filmed.moves:
            return as_filmed, ground_as_filmed, replace(still, is_refuted=True)
    return motion, ground, CameraMotion(path_px=path, is_known=True, moves=moves)


def stance_slip(motion: Motion, ground: Ground, contacts: Sequence[Contact]) -> float:
    """Return how fast feet that lie flat still slide over the ground, as part of the running speed; NaN where none is seen.

    The usual speed in either direction in the middle of all contacts: near zero where ground and camera are understood.
    """
    slides = []
    for contact in contacts:
        lasts = contact.toe_off_s - contact.strike_s
        middle = (motion.time_s >= contact.strike_s + FLAT_FROM * lasts) & (motion.time_s <= contact.strike_s + FLAT_TO * lasts)
        speed = ground.over_ground(motion.speed_px_per_s(motion.foot(contact.foot)))[middle]
        if np.isfinite(speed).any():
            slides.append(abs(float(np.nanmean(speed))))
    return float(np.median(slides)) if slides else float("nan")


def camera_path(maps: Floats, track: PoseTrack) -> Floats | None:
    """Return where the background beside a person has moved to since the first frame.

    Parameters
    ----------
    maps
        (frames, 2, 3) the map of the background from the frame before, pixels of the source picture; NaN where unknown.
    track
        The person, with the keypoints of `KEYPOINTS`.

    Returns
    -------
    Floats or None
        (frames, 2) pixels; NaN where the step from the frame before is unknown, which the shift bridges at the speed of the
        frames around it. None where too little is known while the person is in the picture.

    Notes
    -----
    The maps turn and scale too when the camera does; what counts is how the background moves where the person is, so each map is
    read at the middle of the trunk.
    """
    known: Mask = np.asarray(np.isfinite(maps).all(axis=(1, 2)))
    trunk = track.xy_px[:, TRUNK]
    seen: Mask = np.asarray(np.isfinite(trunk).all(axis=(1, 2)))
    if not seen.any() or float(np.mean(known[seen])) < 1 - MOST_UNKNOWN:
        return None
    frames = np.arange(len(maps))
    middle = trunk[seen].mean(axis=1)
    place = np.stack([np.interp(frames, frames[seen], middle[:, axis]) for axis in (0, 1)], axis=1)
    # the map takes a point of the frame before: where the person was then
    before = np.concatenate([place[:1], place[:-1]])
    steps = np.einsum("nij,nj->ni", maps[:, :, :2], before) + maps[:, :, 2] - before
    lasts = np.diff(track.time_s, prepend=2 * track.time_s[0] - track.time_s[1])
    speed = np.stack([np.interp(frames, frames[known], (steps / lasts[:, None])[known, axis]) for axis in (0, 1)], axis=1)
    moved = speed * lasts[:, None]
    moved[0] = 0.0
    path = np.cumsum(moved, axis=0)
    path[1:][~known[1:]] = np.nan
    return np.asarray(path)


def bridged(camera_xy_px: Floats, time_s: Floats) -> Floats:
    """Return the path of the background with its holes bridged in straight lines; all zero where nothing is known."""
    known: Mask = np.asarray(np.isfinite(camera_xy_px).all(axis=1))
    if not known.any():
        return np.zeros_like(camera_xy_px)
    return np.stack([np.interp(time_s, time_s[known], camera_xy_px[known, axis]) for axis in (0, 1)], axis=1)


def range_px(path: Floats) -> float:
    """Return how far the background moves at most along either axis, without the hundredth that is farthest off."""
    low, high = np.percentile(path, [0.5, 99.5], axis=0)
    return float(np.max(high - low))


def steadied(track: PoseTrack, path: Floats) -> PoseTrack:
    """Return the track as a camera that stands still would show it; positions may then lie outside of the picture."""
    return PoseTrack(
        keypoints=track.keypoints,
        time_s=track.time_s,
        xy_px=track.xy_px - path[:, None],
        score=track.score,
        width_px=track.width_px,
        height_px=track.height_px,
    )

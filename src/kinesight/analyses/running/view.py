"""Whether the camera stands where a side view needs it, and sees the feet."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.motion import SIDES, Motion
from kinesight.domain.errors import FeetCutOff, WrongView
from kinesight.domain.people import PoseTrack
from kinesight.domain.video import Floats
from kinesight.signals.geometry import length
from kinesight.signals.runs import Mask

# Width between the joint centres over the length of the trunk, of adults seen from the front (mocap: 0.57 and 0.31; pose models
# place the points a little wider).
SHOULDERS_PER_TRUNK, HIPS_PER_TRUNK = 0.60, 0.33
WRONG_YAW_DEG, OBLIQUE_YAW_DEG = 45.0, 20.0
MOST_WITHOUT_FEET = 0.3


def camera_yaw_deg(motion: Motion) -> float:
    """Return how far the camera is from a right angle to the runner's side, 0..90 degrees; NaN if that is never seen.

    Shoulders and hips turn to and fro with each stride; their middle position over the clip shows the camera's angle.
    """
    trunk = _middle(length(motion.shoulders - motion.hips))
    sines = [
        _middle(motion.points[f"left_{name}"][:, 0] - motion.points[f"right_{name}"][:, 0]) / (trunk * width)
        for name, width in (("shoulder", SHOULDERS_PER_TRUNK), ("hip", HIPS_PER_TRUNK))
    ]
    return float(np.degrees(np.arcsin(np.minimum(1.0, np.abs(np.mean(sines))))))


def check_view(motion: Motion) -> float:
    """Return the camera's yaw in degrees.

    Raises
    ------
    WrongView
        If the camera sees the runner more from the front or the back than from the side.
    """
    yaw_deg = camera_yaw_deg(motion)
    if np.isfinite(yaw_deg) and yaw_deg > WRONG_YAW_DEG:
        apart = np.abs(motion.points["left_shoulder"][:, 0] - motion.points["right_shoulder"][:, 0])
        raise WrongView(
            f"The camera looks about {yaw_deg:.0f} degrees away from the side; film from the side at hip height.",
            time_s=float(motion.time_s[int(np.nanargmax(apart))]),
        )
    return yaw_deg


def check_feet(track: PoseTrack) -> None:
    """Raise `FeetCutOff` if the lower edge of the picture, or nothing at all, is where the feet should be.

    Times are those of the track.
    """
    seen: Mask = np.isfinite(track.point("left_hip")[:, 1]) | np.isfinite(track.point("right_hip")[:, 1])
    # a foot in mid-air may be seen while the other is cut off, so the lowest point of both counts
    paths = [track.point(f"{side}_{point}")[:, 1] for side in SIDES for point in ("ankle", "heel", "big_toe")]
    lowest: Floats = np.fmax.reduce(paths)
    cut = np.flatnonzero(seen & ~(lowest < track.height_px))
    if len(cut) > MOST_WITHOUT_FEET * np.count_nonzero(seen):
        raise FeetCutOff(time_s=float(track.time_s[cut[len(cut) // 2]]))


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")

"""From where the camera sees the runner: from the side, from behind, from the front, or from in between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinesight.analyses.running.back.frontal import Frontal, find_frontal
from kinesight.analyses.running.motion import SIDES, Motion
from kinesight.analyses.running.view import HIPS_PER_TRUNK, SHOULDERS_PER_TRUNK, WRONG_YAW_DEG, camera_yaw_deg
from kinesight.domain.errors import WrongView
from kinesight.domain.video import Floats

View = Literal["side", "back", "front", "oblique"]

# How far the ankles swing apart along the way, over the length of the trunk (mocap and made-up runners: 1.28 to 1.40).
APART_PER_TRUNK = 1.33
MOST_YAW_DEG = 35.0
"""Turned further from straight behind, neither the hip line nor the knee can be read."""
RUNS_AWAY = 0.8
"""A runner whose size falls to this part within the clip moves away from the camera."""
FACE_SEEN = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Orientation:
    """From where the runner is seen; `from_side_deg` and `from_back_deg` are 0..90, NaN if the widths are never seen.

    `time_s` is the moment that shows it best, the runner's seconds.
    """

    view: View
    from_side_deg: float
    from_back_deg: float
    time_s: float
    doubtful: bool = False


def find_orientation(motion: Motion) -> Orientation:
    """Return from where the runner is seen.

    Widths of shoulders and hips over the trunk separate the side from the rest; there, how far the ankles swing apart across the
    picture tells how oblique the camera is, for a sine is flat where the widths are largest. From behind the runner's left is at
    the picture's left. Pose models guess a face from behind and are sure of it, so a face that is seen proves nothing; one that
    is not, or a runner who gets smaller, makes a front view doubtful.
    """
    from_side = camera_yaw_deg(motion)
    frontal = find_frontal(motion)
    shoulders = _width(frontal, "shoulder")
    widths = [_middle(shoulders) / SHOULDERS_PER_TRUNK, _middle(_width(frontal, "hip")) / HIPS_PER_TRUNK]
    across = float(np.nanmean(widths)) if np.isfinite(widths).any() else float("nan")
    along = swing_apart(frontal) / APART_PER_TRUNK
    from_back = float(np.degrees(np.arctan2(along, abs(across))))
    moment = (
        float(motion.time_s[int(np.nanargmax(np.abs(shoulders)))]) if np.isfinite(shoulders).any() else float(motion.time_s[0])
    )
    if not from_side > WRONG_YAW_DEG:
        view: View = "side"
    elif from_back > MOST_YAW_DEG:
        view = "oblique"
    else:
        view = "back" if across > 0 else "front"
    return Orientation(
        view=view,
        from_side_deg=from_side,
        from_back_deg=from_back,
        time_s=moment,
        doubtful=view == "front" and (_runs_away(frontal) or _has_no_face(motion)),
    )


def chosen_view(motion: Motion, wanted: Literal["side", "back", "auto"]) -> Literal["side", "back"]:
    """Return which analysis fits the clip.

    Raises
    ------
    WrongView
        If the clip shows the runner from where neither analysis, or not the wanted one, can read anything.
    """
    seen = find_orientation(motion)
    if wanted == "side" or seen.view == "side":
        if wanted == "back":
            raise WrongView(
                "The camera sees the runner from the side, but the back view was asked for; film from straight behind, or leave "
                "view at auto.",
                time_s=seen.time_s,
            )
        return "side"
    if seen.view == "oblique":
        raise WrongView(
            f"The camera stands about {seen.from_back_deg:.0f} degrees away from straight behind, too far for the back view and "
            "not far enough for the side; film from the side or from straight behind, at hip height.",
            time_s=seen.time_s,
        )
    if seen.view == "front":
        raise WrongView(_front(seen), time_s=seen.time_s)
    return "back"


def swing_apart(frontal: Frontal) -> float:
    """Return how far the ankles swing apart across the picture, either way, over the trunk; NaN if they are never seen."""
    apart = (frontal.points["left_ankle"] - frontal.points["right_ankle"])[:, 0] / frontal.trunk_px
    known = apart[np.isfinite(apart)]
    return float(np.ptp(np.percentile(known, [5, 95]))) / 2 if len(known) else float("nan")


def _front(seen: Orientation) -> str:
    if seen.doubtful:
        return (
            "The runner's left is at the right of the picture, as from the front, yet the clip looks as if filmed "
            "from behind: the "
            "pose model has mixed up left and right; try another pose model, or film from the side."
        )
    return "The runner is seen from the front, where neither view can be read; film from the side or from straight behind."


def _width(frontal: Frontal, joint: str) -> Floats:
    return np.asarray((frontal.points[f"right_{joint}"] - frontal.points[f"left_{joint}"])[:, 0] / frontal.trunk_px)


def _runs_away(frontal: Frontal) -> bool:
    known = frontal.trunk_px[np.isfinite(frontal.trunk_px)]
    return len(known) > 0 and bool(known[-1] < RUNS_AWAY * known[0])


def _has_no_face(motion: Motion) -> bool:
    return motion.score["nose"] < FACE_SEEN and min(motion.score[f"{side}_shoulder"] for side in SIDES) > FACE_SEEN


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")

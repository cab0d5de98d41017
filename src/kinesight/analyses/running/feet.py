"""A second look at the feet: the shoe's own motion between two pictures steadies what the pose model says of each."""

from __future__ import annotations

import numpy as np

from kinesight.domain.people import KEYPOINTS
from kinesight.domain.video import Floats
from kinesight.signals.fusion import fused_path

FEET = np.array([[KEYPOINTS.index(f"{side}_{name}") for name in ("heel", "big_toe", "ankle")] for side in ("left", "right")])
"""(2, 3) which keypoints span each foot."""

PATCH_PER_REGION = 0.23
"""Side of the square round a foot that is looked at, over the height of the pose model's region: two lengths of the foot."""

POSITION_NOISE, STEP_NOISE = 0.01, 0.002
"""Usual errors of a keypoint and of a shoe's step between two pictures, in body heights; measured with scripts/feet.py."""

SURE = 0.3
"""Least part of a shoe's points that has to move alike."""


def steadied(xy_px: Floats, moved_px: Floats, trust: Floats, *, body_px: float) -> Floats:
    """Return keypoints whose heels, toes and ankles agree with the motion of the shoes.

    Parameters
    ----------
    xy_px
        (frames, keypoints, 2), NaN where a point was not found.
    moved_px
        (frames, feet, points, 2) how far the points of `FEET` moved since the picture before; NaN where not followed.
    trust
        (frames, feet) part of each shoe that moved alike, 0..1.
    body_px
        Body height.

    Returns
    -------
    ndarray
        As `xy_px`; other points, and points without a followed step beside them, are unchanged. Nothing unknown becomes known.
    """
    steady = xy_px.copy()
    if len(xy_px) < 2 or not body_px > 0:
        return steady
    for foot, members in enumerate(FEET):
        steps = moved_px[1:, foot]
        sure = np.where(trust[1:, foot] > SURE, trust[1:, foot], 0.0)
        for point, member in enumerate(members):
            steady[:, member] = fused_path(
                xy_px[:, member],
                steps[:, point],
                sure,
                position_noise=POSITION_NOISE * body_px,
                step_noise=STEP_NOISE * body_px,
            )
    return steady

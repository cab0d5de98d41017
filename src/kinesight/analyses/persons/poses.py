"""Where a head is whose face is not seen: from the points of a pose model, which knows backs and bent bodies too."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.persons.faces import body_head
from kinesight.analyses.persons.geometry import overlaps
from kinesight.domain.people import KEYPOINTS, PoseEstimate
from kinesight.domain.video import Floats

LEAST_PRESENCE = 0.5
"""How sure the model must be that somebody is in the region."""

PER_TORSO, PER_NECK, PER_SHOULDERS, PER_EARS = 0.47, 1.15, 0.62, 1.6
"""Height of a head with its hair for the way from the shoulders to the hips, from the shoulders to the ears, from shoulder to
shoulder and from ear to ear, as the model places them. An adult's head is 0.13 of the body's height, the torso 0.29, the
shoulders are 0.82 above the ground (Winter, Biomechanics and Motor Control of Human Movement); a tenth is added for hair."""

PER_BOX = 0.4
"""Most height of a head as a share of the longer side of the body's box."""

WIDTH = 0.92
"""Width of a head for its height: that of a profile, which is wider than a face."""

PER_PLAIN = 0.8
"""Least height of a head in heights of what is usual in a box of this shape (`body_head`): the model takes a body that is cut off
by a table or by the picture for a whole one, and places its shoulders and hips too near."""

TOWARDS_NOSE, UPWARDS = 0.15, 0.12
"""The middle of a head, from that of the ears: towards the nose, as a share of the way to it, and up the neck, of the height."""

UPRIGHT, UP_TO_TOP = 0.7, 0.7
"""The head of somebody upright reaches up to the top of the body's box if that is not farther away than this, in heights of the
head: seen from above and behind, the model's ears lie in the neck."""

AROUND_BOX = 0.2
"""How far the middle of a head may lie outside the body's box, in its longer sides: detectors cut heads and hats off."""

SAME_HEAD = 0.4
"""Two persons whose heads overlap by this share (intersection over union) are one person seen twice."""

_NOSE, _EARS = KEYPOINTS.index("nose"), [KEYPOINTS.index("left_ear"), KEYPOINTS.index("right_ear")]
_SHOULDERS = [KEYPOINTS.index("left_shoulder"), KEYPOINTS.index("right_shoulder")]
_HIPS = [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]


def head_of_pose(pose: PoseEstimate, box: Floats) -> Floats:
    """Return the box of the head, (4,) pixels; NaN where the pose does not say where it is.

    Parameters
    ----------
    pose
        The person's points.
    box
        (4,) the body's box, in the same picture.

    Notes
    -----
    Own derivation. Each of these lengths looks shorter the more it points to or from the camera, never longer, so the one that
    makes the head largest is nearest to the truth. The head is an ellipse along the neck; its box is returned.
    """
    points = pose.xy_px
    ears, shoulders, hips = (points[pair].mean(axis=0) for pair in (_EARS, _SHOULDERS, _HIPS))
    neck = ears - shoulders
    nothing = np.full(4, np.nan)
    if pose.presence < LEAST_PRESENCE or not np.isfinite(neck).all():
        return nothing
    lengths = [
        PER_TORSO * np.hypot(*(shoulders - hips)),
        PER_NECK * np.hypot(*neck),
        PER_SHOULDERS * np.hypot(*(points[_SHOULDERS[0]] - points[_SHOULDERS[1]])),
        PER_EARS * np.hypot(*(points[_EARS[0]] - points[_EARS[1]])),
    ]
    longer, plain = float(max(box[2:] - box[:2])), body_head(box)
    height = max(min(float(np.nanmax(lengths)), PER_BOX * longer), PER_PLAIN * float(plain[3] - plain[1]))
    up = neck / max(float(np.hypot(*neck)), 1e-9)
    towards_nose = np.nan_to_num(points[_NOSE] - ears)
    centre = ears + TOWARDS_NOSE * towards_nose + UPWARDS * height * up
    reach = AROUND_BOX * longer
    if (centre < box[:2] - reach).any() or (centre > box[2:] + reach).any():
        return nothing
    half = height / 2 * np.hypot(up, WIDTH * up[::-1])
    head = np.concatenate([centre - half, centre + half])
    if up[1] < -UPRIGHT and head[1] - box[1] < UP_TO_TOP * height:
        head[1] = min(head[1], box[1])
    return head


def without_doubles(heads: Floats, hidden: Floats) -> Floats:
    """Return the heads (n, 4) with NaN where it is that of somebody in front: the pose of a hidden body slips onto the other.

    `hidden` (n,) is the share of each body behind another.
    """
    kept = heads.copy()
    sure: list[int] = []
    for row in np.argsort(hidden, kind="stable"):
        if np.isnan(heads[row, 0]):
            continue
        if sure and overlaps(heads[[row]], heads[sure]).max() >= SAME_HEAD:
            kept[row] = np.nan
        else:
            sure.append(int(row))
    return kept

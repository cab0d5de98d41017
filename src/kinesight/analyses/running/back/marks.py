"""Where the angles of a stance lie in the picture."""

from __future__ import annotations

import math
from collections.abc import Mapping

from kinesight.analyses.running.back.angles import INWARD
from kinesight.analyses.running.result import Side
from kinesight.domain.ports import Point

Corner = tuple[Point, Point, Point]
"""Vertex, end of the line that an angle is held against, end of the line that is held."""

HIP_ARM, HEEL_ARM = 0.22, 0.09
"""Lengths of drawn lines over the body height."""


def back_corners(
    pose: Mapping[str, Point], angles_deg: Mapping[str, float], *, foot: Side, body_px: float
) -> Mapping[str, Corner]:
    """Return the corners of the known angles of one stance, by name such as pelvic_drop_left, in pixels of the source, y down.

    The hip line is held against its own middle position over the stride, the shank against the line that goes on from the
    thigh, the heel against the one that goes on from the shank.
    """
    hip, knee, ankle, heel = (pose.get(f"{foot}_{name}") for name in ("hip", "knee", "ankle", "heel"))
    free = pose.get(f"{'right' if foot == 'left' else 'left'}_hip")
    corners: dict[str, Corner] = {}
    drop = angles_deg.get(f"pelvic_drop_{foot}", math.nan)
    if hip and free and math.isfinite(drop):
        line = _ahead(hip, free, HIP_ARM * body_px)
        corners[f"pelvic_drop_{foot}"] = (hip, _turned(hip, line, -INWARD[foot] * drop), line)
    if hip and knee and ankle and math.isfinite(angles_deg.get(f"knee_adduction_{foot}", math.nan)):
        corners[f"knee_adduction_{foot}"] = (knee, _beyond(hip, knee, 0.9 * math.dist(knee, ankle)), ankle)
    if knee and ankle and heel and math.isfinite(angles_deg.get(f"pronation_{foot}", math.nan)):
        length = HEEL_ARM * body_px
        corners[f"pronation_{foot}"] = (ankle, _beyond(knee, ankle, length), _ahead(ankle, heel, length))
    return corners


def _ahead(start: Point, through: Point, length: float) -> Point:
    """Return the point at a distance from start towards another one."""
    share = length / max(math.dist(start, through), 1e-9)
    return start[0] + share * (through[0] - start[0]), start[1] + share * (through[1] - start[1])


def _beyond(start: Point, corner: Point, length: float) -> Point:
    """Return where the line from start through the corner arrives a length behind it."""
    return _ahead(corner, (2 * corner[0] - start[0], 2 * corner[1] - start[1]), length)


def _turned(centre: Point, point: Point, angle_deg: float) -> Point:
    """Return a point turned about a centre, clockwise in the picture +."""
    turn = math.radians(angle_deg)
    x, y = point[0] - centre[0], point[1] - centre[1]
    return centre[0] + x * math.cos(turn) - y * math.sin(turn), centre[1] + x * math.sin(turn) + y * math.cos(turn)

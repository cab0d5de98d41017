"""Angles and lengths of points in the picture plane; x forward or right, y up, degrees."""

from __future__ import annotations

import numpy as np

from kinesight.domain.video import Floats


def inner_angle_deg(first: Floats, corner: Floats, last: Floats) -> Floats:
    """Return the angle at the corner between two other points, 0..180, 180 = straight.

    Points are (..., 2); NaN where a point is unknown or two of them coincide.
    """
    one, other = first - corner, last - corner
    across = one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
    along = np.sum(one * other, axis=-1)
    angle = np.degrees(np.arctan2(np.abs(across), along))
    return np.where((length(one) > 0) & (length(other) > 0), angle, np.nan)


def front_angle_deg(upper: Floats, corner: Floats, lower: Floats) -> Floats:
    """Return the angle at the corner on the side of +x, 0..360: 180 = straight, less = bent forward, more = bent back.

    Points are (..., 2) with y up, the upper one above the corner as a rule; NaN where a point is unknown.
    """
    up, down = upper - corner, lower - corner
    return np.asarray(np.degrees(np.arctan2(up[..., 1], up[..., 0]) - np.arctan2(down[..., 1], down[..., 0])) % 360.0)


def turn_deg(start: Floats, end: Floats) -> Floats:
    """Return how far one (..., 2) vector is turned from another towards +x for one that points down, -180..180; y up."""
    across = start[..., 0] * end[..., 1] - start[..., 1] * end[..., 0]
    return np.asarray(np.degrees(np.arctan2(across, np.sum(start * end, axis=-1))))


def slope_deg(start: Floats, end: Floats) -> Floats:
    """Return the angle of the line from start to end above the x axis, -180..180; points are (..., 2) with y up."""
    line = end - start
    return np.degrees(np.arctan2(line[..., 1], line[..., 0]))


def lean_deg(low: Floats, high: Floats) -> Floats:
    """Return how far the line from low to high leans from the vertical towards +x, -180..180; points are (..., 2), y up."""
    line = high - low
    return np.degrees(np.arctan2(line[..., 0], line[..., 1]))


def length(vector: Floats) -> Floats:
    """Return the length of (..., 2) vectors."""
    return np.hypot(vector[..., 0], vector[..., 1])

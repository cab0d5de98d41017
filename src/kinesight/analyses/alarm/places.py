"""Where things are in the terms of a camera's rules: masks, zones and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kinesight.domain.cameras import Area, CameraRules, Corner, Direction, Line
from kinesight.domain.video import Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The picture of a camera with its rules. Boxes are (4,) left, top, right, bottom in pixels of the video.

    A thing stands where the middle of its lower edge is: that is the point on the ground, whatever its height.
    """

    rules: CameraRules
    width_px: int
    height_px: int

    def is_masked(self, box_px: Floats) -> bool:
        """Return whether a thing is in a mask: its foot and its middle."""
        if not self.rules.masks:
            return False
        foot, middle = self._points(box_px)
        return any(is_inside(foot, area) and is_inside(middle, area) for area in self.rules.masks)

    def zones(self, box_px: Floats) -> tuple[str, ...]:
        """Return the names of the zones that a thing stands in."""
        if not self.rules.zones:
            return ()
        foot, _ = self._points(box_px)
        return tuple(area.name for area in self.rules.zones if is_inside(foot, area))

    def dwell_s(self, time_s: Sequence[float], boxes_px: Floats) -> float:
        """Return how long a thing was seen inside any of the zones, in one go; without zones, how long it was seen."""
        if not self.rules.zones:
            return float(time_s[-1] - time_s[0]) if len(time_s) else 0.0
        inside = [bool(self.zones(box)) for box in boxes_px]
        longest, since = 0.0, None
        for now, is_in in zip(time_s, inside, strict=True):
            since = (now if since is None else since) if is_in else None
            longest = max(longest, now - since) if since is not None else longest
        return longest

    def crossings(self, boxes_px: Floats) -> tuple[str, ...]:
        """Return the names of the lines that a thing, by its foot, crossed the way that counts."""
        if not self.rules.lines:
            return ()
        feet = [self._points(box)[0] for box in boxes_px]
        steps = list(pairwise(feet))
        return tuple(line.name for line in self.rules.lines if any(_crosses(line, *step) for step in steps))

    def _points(self, box_px: Floats) -> tuple[Corner, Corner]:
        size = np.array([self.width_px, self.height_px] * 2, dtype=np.float64)
        left, top, right, bottom = np.clip(box_px / size, 0.0, 1.0).tolist()
        return ((left + right) / 2, bottom), ((left + right) / 2, (top + bottom) / 2)


def is_inside(point: Corner, area: Area) -> bool:
    """Return whether a point lies in a polygon, by the number of edges to its right (even-odd rule)."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in zip(area.corners, (*area.corners[1:], area.corners[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside


def _crosses(line: Line, before: Corner, after: Corner) -> bool:
    sides = _side(line.start, line.end, before), _side(line.start, line.end, after)
    if sides[0] * sides[1] >= 0 or _side(before, after, line.start) * _side(before, after, line.end) > 0:
        return False
    # y points down: a positive cross product is the right-hand side, looking from start to end
    goes_right = sides[1] > 0
    return line.direction is Direction.ANY or (line.direction is Direction.TO_THE_RIGHT) == goes_right


def _side(start: Corner, end: Corner, point: Corner) -> float:
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])

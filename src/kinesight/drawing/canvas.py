"""The canvas that overlays draw on: anti-aliased shapes and text in an RGB picture, by OpenCV."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.ports import Colour, Point
from kinesight.domain.video import Image

_Stroke = Callable[[Image, int, int], None]
"""Draws one shape on a picture whose left top corner is at the given x, y of the whole."""
_SHIFT = 4
"""OpenCV takes positions as fixed-point numbers; 4 bits are sixteenths of a pixel."""
_ONE = 1 << _SHIFT
_FAR_PX = 30_000.0
"""Positions beyond this are drawn at it: no picture is as large, and fixed-point numbers must not overflow."""
_SOFT_EDGE_PX = 0.5
"""OpenCV's anti-aliasing puts this much on every edge; measured on discs."""
_FONT = "sans"
"""The variable sans-serif that OpenCV carries (Rubik, SIL OFL). Scripts it lacks come from the also carried WenQuanYi Micro Hei:
Chinese, Japanese and Korean are drawn; right-to-left scripts are laid out by OpenCV; what no font has becomes a question mark."""
_WEIGHT = 600
_HALF_TURN = tuple((math.cos(turn), math.sin(turn)) for turn in (math.pi * (0.5 + step / 5) for step in range(6)))
"""Directions of the points of a line's round end, measured from the line's own direction."""
_TURNS = np.radians(np.concatenate([np.arange(quarter, quarter + 91, 15) for quarter in (0, 90, 180, 270)]))
_RIM = np.stack([np.cos(_TURNS), np.sin(_TURNS)], axis=1)
_ROUNDING = np.repeat([[1, 1], [-1, 1], [-1, -1], [1, -1]], 7, axis=0)
"""Which corner (right or left, bottom or top) each point of a rounded outline belongs to."""
_CAP_HEIGHT = 0.7
"""Height of a capital letter over the font size, for centring a line; the same for every text so that lines stay level."""


@lru_cache(maxsize=1)
def _font() -> cv2.FontFace:
    return cv2.FontFace(_FONT)


@lru_cache(maxsize=2048)
def _width_px(text: str, size_px: int) -> float:
    box = cv2.getTextSize((0, 0), text, (0, 0), _font(), size_px, _WEIGHT)
    return float(box[0] + box[2])


class PictureCanvas:
    """Draws on its own copy of a picture; fulfils the `Canvas` port.

    Parameters
    ----------
    rgb
        (height, width, 3) uint8; stays as it is.

    Notes
    -----
    Shapes may lie partly or wholly outside the picture. Positions must be finite: what is unknown is the
    caller's to leave out.
    """

    def __init__(self, rgb: Image) -> None:
        if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
            raise ValueError(f"a picture is (height, width, 3) uint8, not {rgb.shape} {rgb.dtype}")
        self._rgb: Image = np.array(rgb, order="C", copy=True)

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height."""
        return self._rgb.shape[1], self._rgb.shape[0]

    def picture(self) -> Image:
        """Return the picture as drawn so far, (height, width, 3) RGB; later strokes show in it too."""
        return self._rgb

    def line(self, start: Point, end: Point, *, colour: Colour, width_px: float, opacity: float = 1.0) -> None:
        """Draw a straight line with round ends."""
        radius = max(0.5, width_px / 2)

        def stroke(picture: Image, left: int, top: int) -> None:
            if width_px < 2:
                cv2.line(picture, _fixed(start, left, top), _fixed(end, left, top), colour, 1, cv2.LINE_AA, _SHIFT)
                return
            points = _capsule(_near(start), _near(end), radius - _SOFT_EDGE_PX, left, top)
            cv2.fillConvexPoly(picture, points, colour, cv2.LINE_AA, _SHIFT)

        x0, x1 = sorted((start[0], end[0]))
        y0, y1 = sorted((start[1], end[1]))
        self._paint(stroke, (x0 - radius - 1, y0 - radius - 1, x1 + radius + 1, y1 + radius + 1), opacity)

    def disc(self, centre: Point, *, radius_px: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw a filled circle."""
        radius = max(0.5, radius_px - _SOFT_EDGE_PX)

        def stroke(picture: Image, left: int, top: int) -> None:
            cv2.circle(picture, _fixed(centre, left, top), round(radius * _ONE), colour, cv2.FILLED, cv2.LINE_AA, _SHIFT)

        x, y = centre
        self._paint(stroke, (x - radius - 1, y - radius - 1, x + radius + 1, y + radius + 1), opacity)

    def arc(self, centre: Point, *, radius_px: float, start_deg: float, end_deg: float, colour: Colour, width_px: float) -> None:
        """Draw an arc from start to end, angles clockwise from the x axis; end may be below start or beyond 360."""
        angles = np.radians(np.linspace(start_deg, end_deg, max(8, round(abs(end_deg - start_deg) / 4.0))))
        rim = np.stack([np.cos(angles), np.sin(angles)], axis=1) * radius_px + np.asarray(centre)
        points = np.round(np.clip(rim, -_FAR_PX, _FAR_PX) * _ONE).astype(np.int32)
        cv2.polylines(self._rgb, [points], isClosed=False, color=colour, thickness=max(1, round(width_px)),
                      lineType=cv2.LINE_AA, shift=_SHIFT)  # fmt: skip

    def panel(self, corner: Point, *, width_px: float, height_px: float, colour: Colour, opacity: float) -> None:
        """Tint a rectangle with slightly rounded corners; `corner` is its left top."""
        x, y = corner
        radius = min(0.18 * min(width_px, height_px), 14.0)
        if width_px <= 0 or height_px <= 0:
            return

        def stroke(picture: Image, left: int, top: int) -> None:
            low, high = np.array([x + radius, y + radius]), np.array([x + width_px - radius, y + height_px - radius])
            points = np.clip(np.where(_ROUNDING > 0, high, low) + _RIM * radius - (left, top), -_FAR_PX, _FAR_PX)
            cv2.fillConvexPoly(picture, np.round(points * _ONE).astype(np.int32), colour, cv2.LINE_AA, _SHIFT)

        self._paint(stroke, (x - 1, y - 1, x + width_px + 1, y + height_px + 1), opacity)

    def text(self, position: Point, text: str, *, size_px: float, colour: Colour, anchor: str = "left") -> None:
        """Write one line, vertically centred on the position; anchor is left, centre or right."""
        size = max(4, round(size_px))
        shares = {"left": 0.0, "centre": 0.5, "right": 1.0}
        if anchor not in shares:
            raise ValueError(f"anchor is left, centre or right, not {anchor!r}")
        x, y = _near(position)
        if shares[anchor]:
            x -= _width_px(text, size) * shares[anchor]
        origin = (round(x), round(y + size * _CAP_HEIGHT / 2))
        cv2.putText(self._rgb, text, origin, colour, _font(), size, _WEIGHT)

    def text_width_px(self, text: str, *, size_px: float) -> float:
        """Return how wide a line will be."""
        return _width_px(text, max(4, round(size_px)))

    def _paint(self, stroke: _Stroke, box: tuple[float, float, float, float], opacity: float) -> None:
        """Let `stroke` draw within the box; see-through strokes are drawn on a copy of the box that is then mixed in."""
        if opacity >= 1.0:
            stroke(self._rgb, 0, 0)
            return
        width, height = self.size_px
        left, top = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
        right, bottom = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
        if opacity <= 0.0 or left >= right or top >= bottom:
            return
        below = self._rgb[top:bottom, left:right]
        layer = below.copy()
        stroke(layer, left, top)
        cv2.addWeighted(layer, opacity, below, 1.0 - opacity, 0.0, dst=below)


def blank_canvas(width_px: int, height_px: int, *, colour: Colour = (24, 28, 36)) -> PictureCanvas:
    """Return a canvas of one colour, for drawing where no picture is at hand."""
    return PictureCanvas(np.full((height_px, width_px, 3), colour, dtype=np.uint8))


def _near(point: Point) -> Point:
    return min(max(float(point[0]), -_FAR_PX), _FAR_PX), min(max(float(point[1]), -_FAR_PX), _FAR_PX)


def _capsule(start: Point, end: Point, radius_px: float, left: int, top: int) -> NDArray[np.int32]:
    """Return the fixed-point outline of a line with round ends. OpenCV's own thick lines come in steps of two pixels only."""
    along_x, along_y = end[0] - start[0], end[1] - start[1]
    length = math.hypot(along_x, along_y)
    x, y = (along_x / length * radius_px, along_y / length * radius_px) if length > 0 else (radius_px, 0.0)
    turned = [(x * cos - y * sin, y * cos + x * sin) for cos, sin in _HALF_TURN]
    outline = [(start[0] - left + dx, start[1] - top + dy) for dx, dy in turned]
    outline += [(end[0] - left - dx, end[1] - top - dy) for dx, dy in turned]
    return np.array([(int(px * _ONE), int(py * _ONE)) for px, py in outline], dtype=np.int32)


def _fixed(point: Point, left: int, top: int) -> tuple[int, int]:
    x, y = _near((point[0] - left, point[1] - top))
    return round(x * _ONE), round(y * _ONE)

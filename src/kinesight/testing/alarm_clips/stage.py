"""What every renderer shares: the stage it draws on, and the promise it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
"""RGB, (height, width, 3), 0..255; may leave the range until the sensor clips it."""

Mask = NDArray[np.float32]
"""How much of a thing covers each pixel, (height, width), 0..1."""


class Layer(IntEnum):
    """In which order things are drawn: what is nearer to the viewer of the clip comes later."""

    SCENE = 0
    LIGHT = 1
    CAMERA = 2
    AIR = 3
    LENS = 4
    OVERLAY = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """The picture and the time that a renderer fills.

    `exposure_s` is how long the shutter is open; `is_infrared`: a lamp beside the lens lights what is close.
    """

    width_px: int
    height_px: int
    duration_s: float
    exposure_s: float
    is_infrared: bool

    @property
    def size_px(self) -> float:
        """Return the picture's width, the unit in which renderers choose sizes."""
        return float(self.width_px)

    def empty_mask(self) -> Mask:
        """Return a mask that covers nothing."""
        return np.zeros((self.height_px, self.width_px), np.float32)


class Renderer(Protocol):
    """One phenomenon in one clip. `family` names the method it is drawn by, such as "rain/streaks"."""

    family: str
    layer: Layer

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the picture with the phenomenon as it looks at that moment; the given one may be changed."""


def blend(scene: Picture, mask: Mask, colour: NDArray[np.floating] | float) -> Picture:
    """Return the scene, covered by a colour (a number, RGB or a picture) as far as the mask says."""
    alpha = mask[..., None]
    return np.asarray(scene + alpha * (np.asarray(colour, np.float32) - scene), np.float32)


def soften(mask: Mask, sigma_px: float) -> Mask:
    """Return the mask out of focus by a Gaussian."""
    return mask if sigma_px < 0.3 else np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma_px), np.float32)


def bokeh(mask: Mask, radius_px: float) -> Mask:
    """Return the mask out of focus by a disc, as a wide open lens shows it."""
    side = 2 * round(radius_px) + 1
    if side < 3:
        return mask
    kernel = np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.float32)
    return np.asarray(cv2.filter2D(mask, -1, kernel / kernel.sum()), np.float32)


def cloudy(rng: np.random.Generator, height: int, width: int, *, cell_px: float) -> Mask:
    """Return smooth noise, 0..1, whose hills are about `cell_px` wide."""
    rows, columns = max(2, round(height / cell_px) + 2), max(2, round(width / cell_px) + 2)
    coarse = rng.random((rows, columns)).astype(np.float32)
    return np.clip(np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32), 0, 1)


def mottled(rng: np.random.Generator, height: int, width: int, *, cell_px: float) -> Mask:
    """Return noise of four octaves, 0..1: earth, plaster, foliage from afar."""
    layers = [cloudy(rng, height, width, cell_px=max(1.0, cell_px / 2**octave)) / 2**octave for octave in range(4)]
    return np.asarray(sum(layers) / 1.875, np.float32)


def polylines(mask: Mask, points: NDArray[np.floating], *, thickness_px: float, value: float = 1.0) -> None:
    """Draw lines through points (k, 2), to a sixteenth of a pixel; below one pixel they grow faint instead of thin."""
    shift = 4
    coordinates = np.round(np.asarray(points) * 2**shift).astype(np.int32).reshape(-1, 1, 2)
    strength = value * min(1.0, thickness_px)
    width = max(1, round(thickness_px))
    cv2.polylines(mask, [coordinates], isClosed=False, color=strength, thickness=width, lineType=cv2.LINE_AA, shift=shift)


def polygon(mask: Mask, points: NDArray[np.floating], *, value: float = 1.0) -> None:
    """Fill a polygon with corners (k, 2), to a sixteenth of a pixel."""
    coordinates = np.round(np.asarray(points) * 16).astype(np.int32).reshape(-1, 1, 2)
    cv2.fillPoly(mask, [coordinates], color=value, lineType=cv2.LINE_AA, shift=4)


def ellipse(mask: Mask, centre: NDArray[np.floating], axes: tuple[float, float], turn_rad: float, *, value: float = 1.0) -> None:
    """Fill an ellipse with half-axes `axes`, turned clockwise."""
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    along, across = axes[0] * np.cos(angle), axes[1] * np.sin(angle)
    cosine, sine = np.cos(turn_rad), np.sin(turn_rad)
    outline = np.column_stack([along * cosine - across * sine, along * sine + across * cosine])
    polygon(mask, outline + np.asarray(centre), value=value)


Window = tuple[slice, slice]
"""Rows and columns."""


def shared_window(corner: tuple[int, int], sprite: tuple[int, int], scene: tuple[int, int]) -> tuple[Window, Window] | None:
    """Return which part of a scene (rows, columns) a sprite with its corner at x, y covers, and with which part of itself."""
    left, top = corner
    first_row, first_column = max(top, 0), max(left, 0)
    last_row, last_column = min(top + sprite[0], scene[0]), min(left + sprite[1], scene[1])
    if first_row >= last_row or first_column >= last_column:
        return None
    there = (slice(first_row, last_row), slice(first_column, last_column))
    return there, (slice(first_row - top, last_row - top), slice(first_column - left, last_column - left))

"""Burnt-in writing with a clock that ticks, drawn three ways: stroke letters, a TrueType face, and cells of 5 x 7 dots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, blend

FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%d/%m/%Y %H:%M:%S",
    "%H:%M:%S",
    "%d-%m-%y %H:%M:%S",
    "%a %d %b %Y %I:%M:%S %p",
    "%y%m%d %H:%M:%S",
)

DOTS = {
    "0": "01110100011001110101110011000101110", "1": "00100011000010000100001000010001110",
    "2": "01110100010000100010001000100011111", "3": "11111000100010000010000011000101110",
    "4": "00010001100101010010111110001000010", "5": "11111100001111000001000011000101110",
    "6": "00110010001000011110100011000101110", "7": "11111000010001000100010000100001000",
    "8": "01110100011000101110100011000101110", "9": "01110100011000101111000010001001100",
    ":": "00000001000010000000001000010000000", "-": "00000000000000011111000000000000000",
    "/": "00000000010001000100010001000000000", " ": "0" * 35,
}  # fmt: skip
"""Rows of five dots, seven of them, from the top; what is not here is left blank."""


class _Clock:
    """Where the writing stands, what it says, and how it looks; the subclasses only draw the letters."""

    layer = Layer.OVERLAY

    def __init__(self, stage: Stage, rng: np.random.Generator, *, ticks: bool = True) -> None:
        self._format = FORMATS[int(rng.integers(len(FORMATS)))]
        start = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=float(rng.uniform(0, 6e7)))
        # the second changes early enough to be seen in a short clip
        self._start = start.replace(microsecond=int(rng.uniform(3e5, 9.9e5)))
        self._ticks = ticks
        self._counter = int(rng.integers(1000, 99999)) if rng.random() < 0.2 else None
        self._height_px = max(7.0, stage.height_px * rng.uniform(0.03, 0.07))
        self._corner = (rng.uniform(0.01, 0.45), float(rng.choice([0.015, 0.92 - self._height_px / stage.height_px * 0.5])))
        self._tone = float(rng.choice([255.0, 235.0, 20.0], p=[0.7, 0.2, 0.1]))
        self._bar = float(255 - self._tone) if rng.random() < 0.35 else None
        self._has_edge = bool(rng.random() < 0.5)
        self._written: dict[str, Mask] = {}

    def text_at(self, time_s: float) -> str:
        """Return what the writing says at that moment."""
        moment = self._start + timedelta(seconds=time_s if self._ticks else 0.0)
        text = moment.strftime(self._format)
        return text if self._counter is None or not self._ticks else f"{text} {self._counter + int(time_s * 10):06d}"

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the picture with the writing on it."""
        text = self.text_at(time_s)
        if text not in self._written:
            self._written = {text: self._letters(text)}
        letters = self._written[text]
        height, width = scene.shape[:2]
        top, left = round(self._corner[1] * height), round(self._corner[0] * width)
        letters = letters[: height - top, : width - left]
        part = scene[top : top + letters.shape[0], left : left + letters.shape[1]]
        if self._bar is not None:
            part = np.full_like(part, self._bar)
        elif self._has_edge:
            part = blend(part, np.asarray(cv2.dilate(letters, np.ones((3, 3), np.uint8)), np.float32), 255 - self._tone)
        scene[top : top + letters.shape[0], left : left + letters.shape[1]] = blend(part, letters, self._tone)
        return scene

    def _letters(self, text: str) -> Mask:
        raise NotImplementedError


class StrokeClock(_Clock):
    """Hershey letters, as OpenCV draws them."""

    family = "text/stroke"

    def __init__(self, stage: Stage, rng: np.random.Generator, *, ticks: bool = True) -> None:
        super().__init__(stage, rng, ticks=ticks)
        faces = [cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX]
        self._face = faces[int(rng.integers(3))]

    def _letters(self, text: str) -> Mask:
        scale = cv2.getFontScaleFromHeight(self._face, max(6, round(self._height_px * 0.8)), 1)
        (width, height), below = cv2.getTextSize(text, self._face, scale, 1)
        mask = np.zeros((height + below + 4, width + 6), np.uint8)
        cv2.putText(mask, text, (3, height + 2), self._face, scale, 255, 1, cv2.LINE_AA)
        return np.asarray(mask, np.float32) / np.float32(255)


class TypeClock(_Clock):
    """A proportional TrueType face, the one that Pillow carries."""

    family = "text/type"

    def _letters(self, text: str) -> Mask:
        font = ImageFont.load_default(size=max(8.0, self._height_px))
        left, top, right, bottom = font.getbbox(text)
        picture = PillowImage.new("L", (int(right - left) + 6, int(bottom - top) + 6))
        ImageDraw.Draw(picture).text((3 - left, 3 - top), text, fill=255, font=font)
        return np.asarray(np.asarray(picture, np.float32) / 255, np.float32)


class DotClock(_Clock):
    """Cells of 5 x 7 hard dots, as old recorders write."""

    family = "text/dots"

    def _letters(self, text: str) -> Mask:
        cells = [np.array(list(DOTS.get(letter, DOTS[" "])), np.float32).reshape(7, 5) for letter in text]
        line = np.hstack([np.pad(cell, ((1, 1), (0, 1))) for cell in cells])
        dot = max(1, round(self._height_px / 9))
        return np.asarray(np.kron(line, np.ones((dot, dot))), np.float32)

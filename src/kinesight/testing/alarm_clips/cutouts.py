"""Real movers cut out of packaged sample videos of a camera that stands still, by the difference from its median picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.video import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutout:
    """One mover over time: RGBA pictures (n, h, w, 4), 0..255, `rate_hz` of them a second, seen over and over again.

    `height_px` is its height in them, `pace_heights_s` its speed in own heights a second.
    """

    kind: str
    rgba: NDArray[np.uint8]
    rate_hz: float
    is_leftward: bool
    height_px: float
    pace_heights_s: float

    def at(self, time_s: float) -> NDArray[np.uint8]:
        """Return the picture of one moment; the sequence runs to and fro."""
        count = len(self.rgba)
        place = int(max(time_s, 0.0) * self.rate_hz) % (2 * count - 2 if count > 1 else 1)
        return np.asarray(self.rgba[place if place < count else 2 * count - 2 - place])


@dataclass(frozen=True, slots=True, kw_only=True)
class Scissors:
    """Where to cut: frames of the video, the way the mover's centre goes (first and last x, y), and the box round it.

    All in pixels of the video when it is `width_px` wide.
    """

    kind: str
    frames: tuple[int, int]
    first_xy: tuple[float, float]
    last_xy: tuple[float, float]
    box_px: tuple[int, int]
    pace_heights_s: float


def cut_out(pictures: NDArray[np.uint8], still: Image, scissors: Scissors, *, rate_hz: float) -> Cutout:
    """Return the mover that differs from the still picture along its way."""
    first, last = scissors.frames
    width, height = scissors.box_px
    sprites = []
    for number in range(first, last):
        share = (number - first) / max(1, last - 1 - first)
        centre = np.asarray(scissors.first_xy) * (1 - share) + np.asarray(scissors.last_xy) * share
        left, top = int(centre[0] - width / 2), int(centre[1] - height / 2)
        sprites.append(_sprite(pictures[number], still, (left, top, width, height)))
    rgba = np.stack(sprites)
    rows = np.flatnonzero((rgba[..., 3] > 128).any(axis=(0, 2)))
    rgba = rgba[:, rows[0] : rows[-1] + 1]
    return Cutout(
        kind=scissors.kind,
        rgba=rgba,
        rate_hz=rate_hz,
        is_leftward=scissors.last_xy[0] < scissors.first_xy[0],
        height_px=float(rgba.shape[1]),
        pace_heights_s=scissors.pace_heights_s,
    )


def pictures_of(path: Path, *, width_px: int, longest_s: float) -> tuple[NDArray[np.uint8], float]:
    """Return the frames of a video (n, h, w, 3) at a given width, and how many there are a second."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = float(stream.average_rate or 25)
        for frame in container.decode(stream):
            if frame.time > longest_s:
                break
            height = round(frame.height * width_px / frame.width / 2) * 2
            found.append(frame.reformat(width=width_px, height=height, format="rgb24").to_ndarray())
    return np.stack(found), rate


def _sprite(picture: Image, still: Image, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    left, top, width, height = box
    rows = np.clip(np.arange(top, top + height), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, left + width), 0, picture.shape[1] - 1)
    here, there = picture[np.ix_(rows, columns)], still[np.ix_(rows, columns)]
    apart = np.abs(here.astype(np.float32) - there).max(2)
    mask = (apart > 22).astype(np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
    mask = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8)), np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    if len(stats) > 1:
        mask = (labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))).astype(np.uint8)
    alpha = cv2.GaussianBlur(mask.astype(np.float32) * 255, (0, 0), 0.8)
    return np.dstack([here, np.asarray(alpha, np.uint8)])

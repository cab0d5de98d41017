"""A video of two moving heads made from one portrait, with their true motion: what head tasks are tried and measured on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from kinesight.domain.video import Floats, Image
from kinesight.media.writer import open_video_writer

WIDTH_PX, HEIGHT_PX, SIDE_PX = 640, 320, 300
HEAD = slice(0, SIDE_PX), slice(80, 80 + SIDE_PX)
"""The part of the portrait that moves: head and shoulders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingFaces:
    """The pictures, their times, and how each head moved.

    `placed` (heads, frames, 2, 3) takes places in the portrait's part to places in the picture.
    """

    frames: tuple[Image, ...]
    time_s: Floats
    placed: Floats


def moving_faces(portrait: Image, *, frames: int = 18, fps: float = 12.0) -> MovingFaces:
    """Return two heads, the right one mirrored, that sway, nod and turn in the picture; smooth, known and repeatable."""
    part = np.ascontiguousarray(portrait[HEAD])
    time_s = np.arange(frames) / fps
    placed = np.array([[_placed(side, float(at_s)) for at_s in time_s] for side in (0, 1)])
    background = np.full((HEIGHT_PX, WIDTH_PX, 3), (96, 104, 112), dtype=np.uint8)
    background[:, :, 0] += np.linspace(0, 60, WIDTH_PX, dtype=np.uint8)
    pictures = []
    for frame in range(frames):
        picture = background.copy()
        for side, source in ((0, part), (1, np.ascontiguousarray(part[:, ::-1]))):
            matrix = placed[side, frame].astype(np.float64)
            moved = cv2.warpAffine(source, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR)
            shape = cv2.warpAffine(np.full(source.shape[:2], 255, np.uint8), matrix, (WIDTH_PX, HEIGHT_PX))
            picture = np.where((shape > 254)[:, :, None], moved, picture).astype(np.uint8)
        pictures.append(picture)
    return MovingFaces(frames=tuple(pictures), time_s=time_s, placed=placed)


def write_moving_faces(path: Path, moving: MovingFaces) -> None:
    """Write the pictures as a video."""
    with open_video_writer(path, width_px=WIDTH_PX, height_px=HEIGHT_PX) as writer:
        for picture, at_s in zip(moving.frames, moving.time_s, strict=True):
            writer.write(picture, time_s=float(at_s))


def _placed(side: int, at_s: float) -> Floats:
    angle = math.radians(7.0) * math.sin(2.4 * at_s + side)
    scale = 0.95 + 0.05 * math.cos(1.7 * at_s + side)
    centre = np.array([SIDE_PX / 2, SIDE_PX / 2])
    turn = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middle = np.array([WIDTH_PX * (0.25 + 0.5 * side) + 14 * math.sin(3 * at_s), HEIGHT_PX / 2 + 6 * math.sin(4 * at_s + side)])
    return np.column_stack([turn, middle - turn @ centre])

"""Flags, banners and tarpaulins, drawn three ways: all are held along one side and wave."""

from __future__ import annotations

import cv2
import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.motion import gust
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, mottled


def _cloth(rng: np.random.Generator, height: int, width: int) -> Picture:
    """Return a piece of cloth: stripes, a field or a disc in two or three colours, a little soiled."""
    colours = rng.uniform(15, 240, (3, 3))
    y, x = np.mgrid[:height, :width]
    kind = int(rng.integers(4))
    if kind == 0:
        number = (y * int(rng.integers(2, 6)) // height) % 3
    elif kind == 1:
        number = (x * int(rng.integers(2, 5)) // width) % 3
    elif kind == 2:
        number = (np.hypot((x - width / 2) / height, y / height - 0.5) < rng.uniform(0.15, 0.4)).astype(int)
    else:
        number = np.zeros((height, width), int)
    soil = 0.85 + 0.3 * mottled(rng, height, width, cell_px=width / 3)
    return np.asarray(colours[number] * soil[..., None], np.float32)


def _place(stage: Stage, rng: np.random.Generator, *, smallest: float, largest: float) -> tuple[Floats, float, float]:
    """Return the upper fixed corner, width and height in pixels."""
    width = stage.size_px * rng.uniform(smallest, largest)
    height = width * rng.uniform(0.5, 0.8)
    x = rng.uniform(0.02, max(0.05, 0.95 - width / stage.width_px)) * stage.width_px
    y = rng.uniform(0.02, max(0.05, 0.8 - height / stage.height_px)) * stage.height_px
    return np.array([x, y]), float(width), float(height)


def _lay(scene: Picture, cloth: Picture, where: tuple[Mask, Mask], shade: Mask) -> Picture:
    """Lay the cloth over the scene: `where` are the cloth's x and y for every pixel, outside of it nothing is covered."""
    x, y = where
    seen = np.asarray(cv2.remap(cloth, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
    height, width = cloth.shape[:2]
    cover = np.clip(np.minimum.reduce([x + 0.5, width - 0.5 - x, y + 0.5, height - 0.5 - y]), 0, 1)[..., None]
    return np.asarray(scene + cover * (seen * shade[..., None] - scene), np.float32)


class _Waves:
    """A sum of waves that travel away from the fixed side, the stronger the further out, in step with the gusts."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self.hz = rng.uniform(0.7, 2.6) * np.array([1.0, 1.7, 2.9])
        self.cycles = rng.uniform(0.7, 1.4) * np.array([1.0, 1.8, 3.0])
        self.size = np.array([1.0, 0.5, 0.25])
        self.phase = rng.uniform(0, 2 * np.pi, 3)
        self.wind = gust(rng, stage.duration_s)

    def at(self, along: Floats, time_s: float) -> tuple[Floats, Floats]:
        """Return displacement and its slope at shares `along` 0..1 of the free length."""
        force = 1 + 0.35 * np.clip(float(self.wind.at(time_s)), -2, 2)
        angle = 2 * np.pi * (self.cycles * along[..., None] - self.hz * time_s) + self.phase
        rise = (self.size * np.sin(angle)).sum(-1) * along * force
        slope = (self.size * self.cycles * np.cos(angle)).sum(-1) * along * force
        return rise, slope


class WavingFlag:
    """Held along its left or right side; columns rise and fall, and are shaded by their slope."""

    family = "flag/waves"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._corner, self._width, self._height = _place(stage, rng, smallest=0.1, largest=0.35)
        self._cloth = _cloth(rng, max(4, round(self._height)), max(4, round(self._width)))
        self._waves = _Waves(stage, rng)
        self._reach_px = self._height * rng.uniform(0.05, 0.16)
        self._is_left = bool(rng.random() < 0.5)
        self._shade = rng.uniform(0.1, 0.35)

    @property
    def fixed_x_px(self) -> float:
        """Return where the pole is."""
        return float(self._corner[0] + (0 if self._is_left else self._width))

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the flag in it."""
        y, x = np.mgrid[: scene.shape[0], : scene.shape[1]]
        u = x - self._corner[0]
        along = np.clip((u if self._is_left else self._width - u) / self._width, 0, 1)
        rise, slope = self._waves.at(along[0], time_s)
        v = y - self._corner[1] - self._reach_px * rise[None, :]
        shade = np.broadcast_to(1 + self._shade * slope[None, :], v.shape).astype(np.float32)
        return _lay(scene, self._cloth, (u.astype(np.float32), v.astype(np.float32)), shade)


class HangingBanner:
    """Held along its upper side, such as a banner, a tarpaulin or washing; its rows swing sideways."""

    family = "flag/banner"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._corner, self._width, self._height = _place(stage, rng, smallest=0.1, largest=0.3)
        self._cloth = _cloth(rng, max(4, round(self._height)), max(4, round(self._width)))
        self._waves = _Waves(stage, rng)
        self._reach_px = self._width * rng.uniform(0.06, 0.2)
        self._shade = rng.uniform(0.1, 0.35)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the banner in it."""
        y, x = np.mgrid[: scene.shape[0], : scene.shape[1]]
        v = y - self._corner[1]
        along = np.clip(v[:, 0] / self._height, 0, 1)
        rise, slope = self._waves.at(along, time_s)
        u = x - self._corner[0] - self._reach_px * rise[:, None]
        shade = np.broadcast_to(1 + self._shade * slope[:, None], v.shape).astype(np.float32)
        return _lay(scene, self._cloth, (u.astype(np.float32), v.astype(np.float32)), shade)


class FoldingFlag:
    """A chain of stiff strips that turns about a pole in depth, seen in perspective; it droops when the wind drops."""

    family = "flag/folds"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._corner, self._width, self._height = _place(stage, rng, smallest=0.1, largest=0.35)
        self._cloth = _cloth(rng, max(4, round(self._height)), max(4, round(self._width)))
        self._waves = _Waves(stage, rng)
        self._turn_rad = rng.uniform(0.3, 0.9)
        self._yaw_rad = rng.uniform(-0.6, 0.6)
        self._depth = rng.uniform(0.2, 0.6)
        self._wind = gust(rng, stage.duration_s, memory_s=3.0)
        self._droop = rng.uniform(0.05, 0.3)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the flag in it."""
        count = 64
        along = np.linspace(0, 1, count)
        rise, slope = self._waves.at(along, time_s)
        angle = self._yaw_rad + self._turn_rad * rise
        step = self._width / count
        across = np.cumsum(step * np.cos(angle))
        deep = np.cumsum(step * np.sin(angle)) / self._width * self._depth
        sag = self._droop * np.clip(1 - 0.5 * float(self._wind.at(time_s)), 0, 2)
        fall = np.cumsum(np.full(count, step)) * sag * along
        # strips that fold back are hidden behind those that have come furthest
        front = np.maximum.accumulate(across) + np.arange(count) * 1e-3
        height, width = scene.shape[:2]
        columns = np.arange(width) - self._corner[0]
        u = np.interp(columns, front, along * self._width, left=-9, right=self._width + 9)
        bigger = np.interp(columns, front, 1 + deep)
        lowered = np.interp(columns, front, fall)
        light = np.interp(columns, front, 1 + 0.3 * np.sin(angle) + 0.05 * slope)
        rows = (np.arange(height) - self._corner[1])[:, None]
        v = (rows - lowered) / bigger - self._height * (1 - bigger) / 2
        where = (np.broadcast_to(u, v.shape).astype(np.float32), v.astype(np.float32))
        return _lay(scene, self._cloth, where, np.broadcast_to(light, v.shape).astype(np.float32))

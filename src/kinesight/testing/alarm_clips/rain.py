"""Rain, drawn three ways: single drops as streaks, sparse noise smeared along the fall, and soft sprites of drops near the lens.

After Garg and Nayar, Vision and rain, IJCV 2007: a drop of diameter a at distance z that falls at speed v is, in an exposure T,
a streak of length f v T / z and width f a / z, fainter the faster it passes; each drop is seen in one frame only.
"""

from __future__ import annotations

import cv2
import numpy as np

from kinesight.testing.alarm_clips.motion import gust
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, blend, polylines, shared_window

FALL_M_S = 7.0
"""Speed of a drop of 2 to 3 mm (Gunn and Kinzer 1949)."""

DROP_M = 0.0025


class StreakRain:
    """Drops at random depths, each an anti-aliased line whose length, width and faintness follow from its distance."""

    family = "rain/streaks"
    layer = Layer.AIR

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage, self._rng = stage, rng
        self._count = int(rng.uniform(60, 350))
        self._focal_px = stage.size_px * rng.uniform(0.7, 1.2)
        self._slant_rad = rng.normal(0, 0.2)
        self._wind = gust(rng, stage.duration_s)
        self._strength = rng.uniform(0.5, 1.0)
        self._light = rng.uniform(190, 255) if stage.is_infrared else rng.uniform(150, 240)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind this moment's drops."""
        stage, rng = self._stage, self._rng
        mask = stage.empty_mask()
        # drops spread evenly over a pyramid of air: more of them far away
        distance_m = 1.0 + 9.0 * rng.random(self._count) ** 0.5
        start = rng.random((self._count, 2)) * [stage.width_px * 1.2, stage.height_px * 1.2]
        start -= [0.1 * stage.width_px, 0.1 * stage.height_px]
        slant = self._slant_rad + 0.05 * float(self._wind.at(time_s)) + rng.normal(0, 0.03, self._count)
        length = np.clip(self._focal_px * FALL_M_S * stage.exposure_s / distance_m, 2, 0.5 * stage.height_px)
        width = self._focal_px * DROP_M / distance_m
        end = start + np.column_stack([np.sin(slant), np.cos(slant)]) * length[:, None]
        fade = self._glow(distance_m) * self._strength
        for number in range(self._count):
            points = np.stack([start[number], end[number]])
            polylines(mask, points, thickness_px=float(np.clip(width[number], 0.35, 4)), value=float(fade[number]))
        return blend(scene, mask, self._light)

    def _glow(self, distance_m: np.ndarray) -> np.ndarray:
        if self._stage.is_infrared:
            return np.asarray(np.clip(4.0 / distance_m**2, 0.15, 1.0))
        return np.asarray(np.clip(0.9 - 0.05 * distance_m, 0.3, 0.9))


class VeilRain:
    """Sparse noise smeared along the fall, in three depths of one direction; new noise in every frame."""

    family = "rain/veils"
    layer = Layer.AIR

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage, self._rng = stage, rng
        self._slant_rad = rng.normal(0, 0.25)
        base_px = stage.height_px * np.clip(stage.exposure_s * 6, 0.03, 0.2) * rng.uniform(0.7, 1.3)
        self._kernels = [_smear(base_px * share, self._slant_rad) for share in (0.4, 0.8, 1.6)]
        self._density = rng.uniform(0.0006, 0.004)
        self._strength = rng.uniform(25, 80)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind this moment's veils."""
        del time_s
        height, width = scene.shape[:2]
        veil = np.zeros((height, width), np.float32)
        for depth, kernel in enumerate(self._kernels):
            drops = self._rng.random((height, width)) < self._density / 3**depth
            smeared = np.asarray(cv2.filter2D(drops.astype(np.float32), -1, kernel), np.float32)
            veil += np.clip(smeared, 0, 1.5) * (0.6 + 0.4 * depth)
        return np.asarray(scene + (veil * self._strength)[..., None] * (1 - scene / 300), np.float32)


class NearRain:
    """Few soft drops close to the lens, each a ready-made sprite pasted at a random place, over a faint veil of far ones."""

    family = "rain/near"
    layer = Layer.AIR

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._rng = rng
        slant = rng.normal(0, 0.2)
        self._sprites = [
            _soft_drop(stage.size_px * rng.uniform(0.02, 0.09), stage.size_px * rng.uniform(0.002, 0.006), slant)
            for _ in range(8)
        ]
        self._count = int(rng.uniform(12, 70))
        self._light = rng.uniform(200, 255)
        self._strength = rng.uniform(0.35, 0.9)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind this moment's drops."""
        del time_s
        height, width = scene.shape[:2]
        mask = np.zeros((height, width), np.float32)
        for _ in range(self._rng.poisson(self._count)):
            sprite = self._sprites[int(self._rng.integers(len(self._sprites)))]
            value = self._strength * self._rng.uniform(0.3, 1)
            _paste(mask, sprite * np.float32(value), self._rng.random(2) * [width, height])
        return blend(scene, np.clip(mask, 0, 1), self._light)


def _smear(length_px: float, slant_rad: float) -> Mask:
    side = 2 * int(np.ceil(length_px / 2)) + 3
    kernel = np.zeros((side, side), np.float32)
    half = np.array([np.sin(slant_rad), np.cos(slant_rad)]) * length_px / 2
    centre = np.array([side / 2, side / 2]) - 0.5
    polylines(kernel, np.stack([centre - half, centre + half]), thickness_px=1.0)
    return kernel / np.float32(max(float(kernel.max()), 1e-6))


def _soft_drop(length_px: float, width_px: float, slant_rad: float) -> Mask:
    half = int(np.ceil(length_px))
    y, x = np.mgrid[-half : half + 1, -half : half + 1].astype(np.float32)
    along = x * np.sin(slant_rad) + y * np.cos(slant_rad)
    across = x * np.cos(slant_rad) - y * np.sin(slant_rad)
    width = max(width_px, 0.7)
    return np.asarray(np.exp(-((2.5 * along / length_px) ** 4) - (across / width) ** 2), np.float32)


def _paste(mask: Mask, sprite: Mask, centre: np.ndarray) -> None:
    left, top = (np.round(centre).astype(int) - len(sprite) // 2).tolist()
    windows = shared_window((left, top), sprite.shape, mask.shape)
    if windows is not None:
        there, part = windows
        np.maximum(mask[there], sprite[part], out=mask[there])

"""Changes of light: exposure over the whole picture, lamps and headlights on a part of it, shadows that pass."""

from __future__ import annotations

import cv2
import numpy as np

from kinesight.testing.alarm_clips.motion import gust, spring
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, cloudy, ellipse, soften


class ExposureChange:
    """One brightness curve for the whole picture: a step, a slow ramp or hunting; sometimes with the colour switched off."""

    family = "other/exposure"
    layer = Layer.LIGHT

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._moment_s = stage.duration_s * rng.uniform(0.2, 0.8)
        self._length_s = float(rng.choice([0.05, 0.4, 1.5]))
        self._gain = float(rng.choice([rng.uniform(0.45, 0.8), rng.uniform(1.25, 2.0)]))
        self._gamma = float(rng.uniform(0.8, 1.25))
        self._hunts = bool(rng.random() < 0.3)
        self._hunting = gust(rng, stage.duration_s, memory_s=0.7)
        self._goes_grey = bool(not stage.is_infrared and rng.random() < 0.2)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene in this moment's exposure."""
        if self._hunts:
            share = 0.5 + 0.35 * float(self._hunting.at(time_s))
        else:
            share = float(np.clip((time_s - self._moment_s) / self._length_s + 0.5, 0, 1))
        gain = 1 + (self._gain - 1) * share
        gamma = 1 + (self._gamma - 1) * share
        lit = 255 * (np.clip(scene, 0, None) / 255) ** gamma * gain
        if self._goes_grey and share > 0.5:
            lit = np.repeat(lit.mean(2, keepdims=True), 3, axis=2)
        return np.asarray(lit, np.float32)


class LampOrHeadlights:
    """A patch of light that comes on and goes off, or sweeps over the scene as headlights do on a wall."""

    family = "other/lamp"
    layer = Layer.LIGHT

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._size = (stage.height_px, stage.width_px)
        self._sweeps = bool(rng.random() < 0.5)
        self._reach = stage.size_px * rng.uniform(0.12, 0.5)
        self._squeeze = rng.uniform(0.5, 2.0)
        self._from = rng.random(2) * [stage.width_px, stage.height_px]
        direction = rng.choice([-1.0, 1.0])
        self._speed = stage.size_px * rng.uniform(0.15, 0.6) * direction
        self._on_s = np.sort(rng.uniform(0, stage.duration_s, 4))
        self._strength = rng.uniform(0.5, 1.8)
        self._level = rng.uniform(10, 60)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene under this moment's lamp."""
        is_on = bool(np.searchsorted(self._on_s, time_s) % 2)
        if not self._sweeps and not is_on:
            return scene
        x = self._from[0] + (self._speed * time_s if self._sweeps else 0.0)
        x = x % (1.4 * self._size[1]) - 0.2 * self._size[1] if self._sweeps else x
        light = self._patch(float(x), float(self._from[1]))[..., None]
        return np.asarray(scene * (1 + self._strength * light) + self._level * light, np.float32)

    def _patch(self, x: float, y: float) -> Mask:
        rows, columns = np.mgrid[: self._size[0], : self._size[1]].astype(np.float32)
        distance = ((columns - x) / self._reach) ** 2 + ((rows - y) / (self._reach * self._squeeze)) ** 2
        return np.asarray(np.exp(-2 * distance), np.float32)


class PassingShadow:
    """The soft shadow of somebody or something that passes outside the picture: a few dark lobes that slide over the ground."""

    family = "other/shadow"
    layer = Layer.LIGHT

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._reach = stage.size_px * float(np.exp(rng.uniform(np.log(0.05), np.log(0.6))))
        self._lobes = rng.normal(0, 0.5, (int(rng.integers(1, 4)), 2))
        self._sizes = rng.uniform(0.3, 0.8, (len(self._lobes), 2))
        self._turn_rad = rng.uniform(0, np.pi)
        self._edge_px = self._reach * rng.uniform(0.08, 0.4)
        self._depth = np.float32(rng.uniform(0.2, 0.6))
        self._meets = rng.uniform(0.2, 0.8, 2) * [stage.width_px, stage.height_px]
        heading = rng.choice([0.0, np.pi]) + rng.normal(0, 0.3)
        self._speed = stage.size_px * rng.uniform(0.08, 0.7) * np.array([np.cos(heading), np.sin(heading)])
        self._meets_s = stage.duration_s * rng.uniform(0.1, 0.9)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene under the shadow where it is now."""
        mask = self._stage.empty_mask()
        here = self._meets + self._speed * (time_s - self._meets_s)
        for place, (long, short) in zip(self._lobes, self._sizes, strict=True):
            ellipse(mask, here + place * self._reach, (float(long * self._reach), float(short * self._reach)), self._turn_rad)
        return np.asarray(scene * (1 - soften(mask, self._edge_px) * self._depth)[..., None], np.float32)


class FlickeringLamp:
    """A lamp outside the picture that flickers or swings: one side of the scene grows brighter and darker again and again."""

    family = "other/flicker"
    layer = Layer.LIGHT

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        across = (
            np.linspace(-1, 1, stage.width_px)[None, :] * rng.normal()
            + np.linspace(-1, 1, stage.height_px)[:, None] * rng.normal()
        )
        self._lit = np.asarray(np.clip(0.5 + across * rng.uniform(0.3, 1.5), 0, 1), np.float32)
        force = gust(rng, stage.duration_s, memory_s=float(rng.uniform(0.1, 0.8)))
        self._sway = spring(force, own_hz=float(rng.uniform(0.4, 3.0)), damping=float(rng.uniform(0.05, 0.6)))
        self._strength = float(rng.uniform(0.08, 0.4))

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene in the lamp's light of this moment."""
        gain = max(-0.9, self._strength * float(self._sway.at(time_s)))
        return np.asarray(scene * (1 + np.float32(gain) * self._lit[..., None]), np.float32)


class CloudShadows:
    """Soft shadows of clouds that cross the scene."""

    family = "other/clouds"
    layer = Layer.LIGHT

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._width = stage.width_px
        shadow = cloudy(rng, stage.height_px, 3 * stage.width_px, cell_px=stage.size_px * rng.uniform(0.4, 1.0))
        self._shadow = np.clip((shadow - 0.35) * 2.5, 0, 1)
        self._depth = np.float32(rng.uniform(0.25, 0.6))
        self._speed = stage.size_px * rng.uniform(0.1, 0.35)
        self._first = rng.uniform(0, 0.5) * stage.width_px

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene under this moment's clouds."""
        left = float(np.clip(self._first + self._speed * time_s, 0, 2 * self._width - 2))
        shift = np.array([[1, 0, -left], [0, 1, 0]], np.float32)
        here = cv2.warpAffine(self._shadow, shift, (self._width, len(self._shadow)), borderMode=cv2.BORDER_REFLECT)
        return np.asarray(scene * (1 - self._depth * np.asarray(here)[..., None]), np.float32)

"""Cobwebs before the lens, drawn three ways; their threads sway in phase, driven by one gust."""

from __future__ import annotations

import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.motion import Signal, gust, spring
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, blend, bokeh, cloudy, polylines, soften


class _Threads:
    """Threads that are held at places and give way in between, out of focus under the lamp."""

    layer = Layer.LENS

    def __init__(self, stage: Stage, rng: np.random.Generator, *, threads: list[Floats], gives: list[Floats]) -> None:
        self._stage = stage
        self._threads, self._gives = threads, gives
        self._sway = spring(
            gust(rng, stage.duration_s), own_hz=float(rng.uniform(0.4, 1.6)), damping=float(rng.uniform(0.08, 0.3))
        )
        self._bob = spring(
            gust(rng, stage.duration_s), own_hz=float(rng.uniform(0.4, 1.6)), damping=float(rng.uniform(0.08, 0.3))
        )
        self._reach_px = stage.size_px * rng.uniform(0.006, 0.04)
        self._thickness_px = rng.uniform(0.6, 2.0) * stage.size_px / 480
        self._blur_px = stage.size_px * rng.uniform(0.0015, 0.008)
        # the lamp lights one part of the web more than the others
        self._glow = 0.35 + 0.65 * cloudy(rng, stage.height_px, stage.width_px, cell_px=stage.size_px / 2.5)
        self._tone = float(rng.uniform(190, 255)) if stage.is_infrared else float(rng.uniform(170, 250))
        self._opacity = np.float32(rng.uniform(0.6, 1.0))

    def _displaced(self, time_s: float) -> list[Floats]:
        moved = self._reach_px * np.array([float(self._sway.at(time_s)), 0.6 * float(self._bob.at(time_s))])
        return [thread + give[:, None] * moved for thread, give in zip(self._threads, self._gives, strict=True)]

    def _unfocused(self, mask: Mask) -> Mask:
        # a blurred thread is wider and fainter; the factor keeps it as visible as the lamp makes it
        gain = np.float32(np.clip(1 + self._blur_px, 1, 3))
        return np.asarray(np.clip(soften(mask, self._blur_px) * gain, 0, 1), np.float32)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the threads."""
        mask = self._stage.empty_mask()
        for points in self._displaced(time_s):
            polylines(mask, points, thickness_px=self._thickness_px)
        return blend(scene, self._unfocused(mask) * self._glow * self._opacity, self._tone)


class FanWeb(_Threads):
    """An orb web in a corner: spokes from a hub, rings between them."""

    family = "web/fan"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        hub = np.array([rng.choice([0.0, 1.0]) * 0.9 + 0.05, rng.uniform(0.05, 0.9)]) * [stage.width_px, stage.height_px]
        reach = stage.size_px * rng.uniform(0.3, 0.8)
        spokes, rings = int(rng.integers(7, 15)), int(rng.integers(3, 9))
        angles = np.sort(rng.uniform(0, 2 * np.pi, spokes))
        share = np.linspace(0, 1, 12)
        lines = [hub + np.outer(share * reach, [np.cos(angle), np.sin(angle)]) for angle in angles]
        gives = [np.sin(np.pi * np.clip(share, 0, 1)) * 0.7 + 0.3 * (1 - share)] * spokes
        for ring in range(1, rings + 1):
            radius = reach * ring / (rings + 1) * rng.uniform(0.9, 1.1, spokes)
            lines.append(hub + np.column_stack([radius * np.cos(angles), radius * np.sin(angles)]))
            gives.append(np.full(spokes, float(np.sin(np.pi * ring / (rings + 1)) * 0.7 + 0.3)))
        super().__init__(stage, rng, threads=lines, gives=gives)


class TangledWeb(_Threads):
    """A tangle of sagging threads between points of the border, along which waves run."""

    family = "web/tangle"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        share = np.linspace(0, 1, 14)
        lines, gives = [], []
        for _ in range(int(rng.integers(5, 18))):
            start, end = (_on_border(rng) * [stage.width_px, stage.height_px] for _ in range(2))
            sag = np.outer(4 * share * (1 - share), [0.0, stage.height_px * rng.uniform(0.0, 0.2)])
            lines.append(start * (1 - share[:, None]) + end * share[:, None] + sag)
            gives.append(np.sin(np.pi * share) * rng.uniform(0.5, 1.2))
        super().__init__(stage, rng, threads=lines, gives=gives)
        self._wave_hz = rng.uniform(0.5, 2.0)

    def _displaced(self, time_s: float) -> list[Floats]:
        moved = super()._displaced(time_s)
        for number, (points, give) in enumerate(zip(moved, self._gives, strict=True)):
            run = np.sin(2 * np.pi * (1.5 * np.linspace(0, 1, len(give)) - self._wave_hz * time_s) + number)
            points[:, 1] += 0.3 * self._reach_px * give * run
        return moved


class LooseStrands:
    """A few long loose strands that hang into the picture from one side and swing freely, blurred by a disc."""

    family = "web/strands"
    layer = Layer.LENS

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        force = gust(rng, stage.duration_s)
        self._strands = [_Strand(stage, rng, force) for _ in range(int(rng.integers(2, 7)))]
        self._radius_px = stage.size_px * rng.uniform(0.003, 0.009)
        self._tone = float(rng.uniform(200, 255))
        self._opacity = np.float32(rng.uniform(0.5, 0.95))

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the strands."""
        mask = self._stage.empty_mask()
        for strand in self._strands:
            polylines(mask, strand.at(time_s), thickness_px=max(1.0, 0.7 * self._radius_px))
        spread = bokeh(mask, self._radius_px) * np.float32(max(1.0, self._radius_px))
        return blend(scene, np.clip(spread, 0, 1) * self._opacity, self._tone)


class _Strand:
    """One end is held at the border, the rest bends more the further out it is."""

    def __init__(self, stage: Stage, rng: np.random.Generator, force: Signal) -> None:
        self._start = _on_border(rng) * [stage.width_px, stage.height_px]
        towards = np.array([0.5, 0.6]) * [stage.width_px, stage.height_px] - self._start
        self._angle = float(np.arctan2(towards[1], towards[0]) + rng.normal(0, 0.4))
        self._length_px = stage.size_px * rng.uniform(0.25, 0.9)
        self._sway = spring(force, own_hz=float(rng.uniform(0.4, 1.2)), damping=0.15)
        self._bend_rad = rng.uniform(0.04, 0.25)
        self._curl = rng.normal(0, 0.5)

    def at(self, time_s: float) -> Floats:
        share = np.linspace(0, 1, 16)
        angle = self._angle + share * (self._curl + self._bend_rad * float(self._sway.at(time_s)))
        step = self._length_px / len(share)
        return np.asarray(self._start + np.cumsum(step * np.column_stack([np.cos(angle), np.sin(angle)]), axis=0))


def _on_border(rng: np.random.Generator) -> Floats:
    """Return a place on the border as shares of width and height."""
    along = float(rng.random())
    return np.array([(along, 0.0), (along, 1.0), (0.0, along), (1.0, along)][int(rng.integers(4))])

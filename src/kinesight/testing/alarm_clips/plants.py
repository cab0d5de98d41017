"""Plants in the wind, drawn three ways: leafy patches on springs, the photographed foliage itself warped, and whole branches."""

from __future__ import annotations

import cv2
import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.motion import Signal, gust, spring
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, blend, cloudy, ellipse, polylines, shared_window

GREENS = np.array([[60, 110, 40], [90, 130, 60], [40, 80, 35], [120, 140, 70], [150, 130, 70]], float)


def _breeze(rng: np.random.Generator, force: Signal) -> Signal:
    """Return how one twig answers the common gust: with its own frequency, damping and a little lag."""
    lag = int(rng.uniform(0, 20))
    late = Signal(values=np.roll(force.values, lag))
    return spring(late, own_hz=float(rng.uniform(0.4, 2.2)), damping=float(rng.uniform(0.08, 0.35)))


class LeafyPatches:
    """Clumps of leaves, each cut from one texture and moved as a whole by its own spring."""

    family = "plant/patches"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        force = gust(rng, stage.duration_s)
        self.coverage = float(rng.uniform(0.02, 0.35))
        side = stage.size_px * rng.uniform(0.05, 0.14)
        count = max(3, int(self.coverage * stage.width_px * stage.height_px / (0.35 * side**2)))
        centre = np.array([rng.uniform(0, 1) * stage.width_px, rng.uniform(0.1, 1) * stage.height_px])
        spread = np.sqrt(self.coverage * stage.width_px * stage.height_px) * 0.45
        places = centre + rng.standard_normal((count, 2)) * spread
        sprites = [_clump(rng, round(side), is_grey=stage.is_infrared) for _ in range(5)]
        self._patches = [(sprites[int(rng.integers(5))], place, _breeze(rng, force)) for place in places[:90]]
        self._reach_px = stage.size_px * rng.uniform(0.004, 0.025)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the leaves."""
        for (colour, alpha), place, sway in self._patches:
            moved = place + self._reach_px * float(sway.at(time_s)) * np.array([1.0, 0.35])
            _stick(scene, colour, alpha, moved)
        return scene


class WarpedFoliage:
    """A part of the photographed scene itself, shifted to and fro by a smooth field of springs."""

    family = "plant/warp"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        force = gust(rng, stage.duration_s)
        self.coverage = float(rng.uniform(0.03, 0.6))
        height, width = stage.height_px, stage.width_px
        share = cloudy(rng, height, width, cell_px=stage.size_px / rng.uniform(2, 5))
        level = np.quantile(share, 1 - self.coverage)
        inside = np.clip((share - level) * 12, 0, 1).astype(np.float32)
        self._fields = [inside * cloudy(rng, height, width, cell_px=stage.size_px / rng.uniform(5, 14)) for _ in range(4)]
        self._sways = [_breeze(rng, force) for _ in range(4)]
        self._reach_px = stage.size_px * rng.uniform(0.006, 0.03)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene, warped."""
        y, x = np.mgrid[: scene.shape[0], : scene.shape[1]].astype(np.float32)
        moves = [np.float32(self._reach_px * float(sway.at(time_s))) for sway in self._sways]
        dx = sum(field * move for field, move in zip(self._fields, moves, strict=True))
        dy = 0.5 * (self._fields[1] * moves[0] - self._fields[2] * moves[3])
        warped = cv2.remap(scene, x + np.asarray(dx), y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        return np.asarray(warped, np.float32)


class SwayingBranches:
    """Branches that fork, carry leaves and bend in the gust; drawn anew in every frame."""

    family = "plant/branches"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        force = gust(rng, stage.duration_s)
        self._twigs = [_Branch(stage, rng, force) for _ in range(int(rng.integers(2, 9)))]
        self.coverage = float(
            min(0.6, sum(twig.length_px for twig in self._twigs) * 0.06 * stage.size_px / (stage.width_px * stage.height_px))
        )
        green = GREENS[int(rng.integers(len(GREENS)))] * rng.uniform(0.4, 1.3)
        self._colour = np.full(3, float(rng.uniform(60, 170))) if stage.is_infrared else green
        self._shadow = self._colour * 0.55

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the branches."""
        wood, leaves, dark = (self._stage.empty_mask() for _ in range(3))
        for twig in self._twigs:
            twig.draw(wood, (leaves, dark), time_s)
        scene = blend(scene, wood, self._shadow * 0.7)
        scene = blend(scene, dark, self._shadow)
        return blend(scene, leaves, self._colour)


class _Branch:
    def __init__(self, stage: Stage, rng: np.random.Generator, force: Signal) -> None:
        side = int(rng.integers(3))
        self._root = np.array([(rng.random(), 1.02), (-0.02, rng.random()), (1.02, rng.random())][side])
        self._root = self._root * [stage.width_px, stage.height_px]
        self._angle = float([-np.pi / 2, -0.4, np.pi + 0.4][side] + rng.normal(0, 0.3))
        self.length_px = stage.size_px * rng.uniform(0.12, 0.4)
        self._sway = _breeze(rng, force)
        self._flutter = _breeze(rng, force)
        self._bend_rad = rng.uniform(0.03, 0.2)
        count = int(rng.integers(12, 40))
        self._at = np.sort(rng.uniform(0.2, 1, count))
        self._out = rng.uniform(0.3, 1.2, count) * rng.choice([-1, 1], count)
        self._leaf_px = stage.size_px * rng.uniform(0.006, 0.02)
        self._is_dark = rng.random(count) < 0.5

    def draw(self, wood: Mask, leaves: tuple[Mask, Mask], time_s: float) -> None:
        share = np.linspace(0, 1, 10)
        angle = self._angle + self._bend_rad * float(self._sway.at(time_s)) * share**1.5
        step = self.length_px / len(share)
        points = self._root + np.cumsum(step * np.column_stack([np.cos(angle), np.sin(angle)]), axis=0)
        polylines(wood, points, thickness_px=max(1.0, 0.02 * self.length_px))
        flutter = 0.25 * float(self._flutter.at(time_s))
        for place, out, is_dark in zip(self._at, self._out, self._is_dark, strict=True):
            number = min(int(place * len(points)), len(points) - 1)
            turn = angle[number] + out + flutter * out
            tip = points[number] + 2.2 * self._leaf_px * np.array([np.cos(turn), np.sin(turn)])
            ellipse(leaves[int(is_dark)], tip, (1.6 * self._leaf_px, 0.6 * self._leaf_px), float(turn))


def _clump(rng: np.random.Generator, side: int, *, is_grey: bool) -> tuple[Picture, Mask]:
    """Return colours and cover of a square clump of overlapping leaves."""
    side = max(8, side)
    colour = np.zeros((side, side, 3), np.float32)
    cover = np.zeros((side, side), np.float32)
    base = GREENS[int(rng.integers(len(GREENS)))] * rng.uniform(0.5, 1.3)
    for _ in range(40):
        leaf = np.zeros((side, side), np.float32)
        place = side / 2 + rng.normal(0, side / 6, 2)
        ellipse(leaf, place, (side * 0.1, side * 0.045), float(rng.uniform(0, np.pi)))
        tint = base * rng.uniform(0.5, 1.4)
        tone = np.full(3, tint.mean()) if is_grey else tint
        colour = blend(colour, leaf, tone)
        cover = np.maximum(cover, leaf)
    return colour, cover


def _stick(scene: Picture, colour: Picture, alpha: Mask, centre: Floats) -> None:
    """Put a sprite onto the scene with its centre to a fraction of a pixel, as far as it lies inside."""
    side = len(alpha)
    corner = centre - side / 2
    left, top = np.floor(corner).astype(int).tolist()
    shift = np.array([[1, 0, corner[0] - left], [0, 1, corner[1] - top]], np.float32)
    moved = cv2.warpAffine(np.dstack([colour * alpha[..., None], alpha]), shift, (side + 1, side + 1))
    windows = shared_window((left, top), moved.shape[:2], scene.shape[:2])
    if windows is not None:
        there, part = windows
        scene[there] = scene[there] * (1 - moved[part][..., 3:]) + moved[part][..., :3]

"""Persons, vehicles and animals that cross the scene: what a nuisance is not."""

from __future__ import annotations

import cv2
import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.cutouts import Cutout
from kinesight.testing.alarm_clips.stage import Layer, Picture, Stage, blend, ellipse, polygon, polylines, shared_window, soften


class GroundWay:
    """A straight way over the ground at a steady pace; sizes and speeds are shares of the picture."""

    def __init__(self, stage: Stage, rng: np.random.Generator, *, height: float, pace_heights_s: float) -> None:
        self.height_px = height * stage.height_px
        self.is_leftward = bool(rng.random() < 0.5)
        speed = pace_heights_s * self.height_px * (-1 if self.is_leftward else 1)
        foot_y = rng.uniform(max(0.45, min(0.97, height)), 1.0) * stage.height_px
        middle_s = stage.duration_s * rng.uniform(0.3, 0.7)
        self._middle = np.array([rng.uniform(0.25, 0.75) * stage.width_px, foot_y])
        self._speed = np.array([speed, rng.normal(0, 0.15) * abs(speed)])
        self._middle_s = middle_s

    def at(self, time_s: float) -> Floats:
        """Return where the foot is."""
        return np.asarray(self._middle + self._speed * (time_s - self._middle_s))


class DrawnPerson:
    """Limbs, trunk and head that walk, in plain clothes."""

    family = "person/drawn"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._path = GroundWay(
            stage, rng, height=float(np.exp(rng.uniform(np.log(0.07), np.log(0.6)))), pace_heights_s=float(rng.uniform(0.3, 1.0))
        )
        self._colours = rng.uniform(10, 220, (3, 3)).mean(1, keepdims=stage.is_infrared) * np.ones((3, 1))
        if not stage.is_infrared:
            self._colours = rng.uniform(10, 220, (3, 3))
        self._step_hz = rng.uniform(0.8, 1.1)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the person in it."""
        foot, tall = self._path.at(time_s), self._path.height_px
        side = -1.0 if self._path.is_leftward else 1.0
        phase = 2 * np.pi * self._step_hz * time_s
        hip, neck = foot - np.array([0, 0.5 * tall]), foot - np.array([0, 0.82 * tall])
        legs, trunk, head = (self._stage.empty_mask() for _ in range(3))
        for shift in (0.0, np.pi):
            swing = 0.45 * np.sin(phase + shift) * side
            knee = hip + 0.26 * tall * np.array([np.sin(swing), np.cos(swing)])
            bent = swing - side * 0.5 * max(0.0, np.cos(phase + shift))
            ankle = knee + 0.24 * tall * np.array([np.sin(bent), np.cos(bent)])
            polylines(legs, np.stack([hip, knee, ankle]), thickness_px=max(1.0, 0.085 * tall))
            hand = neck + 0.38 * tall * np.array([np.sin(-swing), np.cos(-swing)])
            polylines(trunk, np.stack([neck, hand]), thickness_px=max(1.0, 0.06 * tall))
        ellipse(trunk, (hip + neck) / 2, (0.19 * tall, 0.1 * tall), np.pi / 2)
        ellipse(head, foot - np.array([0, 0.92 * tall]), (0.075 * tall, 0.055 * tall), np.pi / 2)
        for mask, colour in zip((legs, trunk, head), self._colours, strict=True):
            scene = blend(scene, soften(mask, 0.6), colour)
        return scene


class DrawnVehicle:
    """A body, a cabin with windows and two wheels; lamps at night."""

    family = "vehicle/drawn"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._path = GroundWay(stage, rng, height=float(rng.uniform(0.08, 0.4)), pace_heights_s=float(rng.uniform(0.5, 4.0)))
        self._colour = rng.uniform(15, 235, 1 if stage.is_infrared else 3) * np.ones(3)
        self._long = rng.uniform(1.8, 3.2)
        self._cabin = np.sort(rng.uniform(-0.45, 0.45, 2)) + np.array([-0.05, 0.05])

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the vehicle in it."""
        foot, tall = self._path.at(time_s), self._path.height_px
        half = self._long * tall / 2
        body, glass, wheels = (self._stage.empty_mask() for _ in range(3))
        left, right = foot[0] - half, foot[0] + half
        waist, roof, floor = foot[1] - 0.55 * tall, foot[1] - tall, foot[1] - 0.15 * tall
        polygon(body, np.array([[left, floor], [left, waist], [right, waist], [right, floor]]))
        cabin = foot[0] + self._cabin * half * 1.6
        polygon(
            body, np.array([[cabin[0] - 0.2 * tall, waist], [cabin[0], roof], [cabin[1], roof], [cabin[1] + 0.2 * tall, waist]])
        )
        polygon(
            glass,
            np.array(
                [
                    [cabin[0], waist],
                    [cabin[0] + 0.05 * tall, roof + 0.1 * tall],
                    [cabin[1] - 0.05 * tall, roof + 0.1 * tall],
                    [cabin[1], waist],
                ]
            ),
        )
        for x in (-0.6, 0.6):
            ellipse(wheels, foot + np.array([x * half, -0.17 * tall]), (0.17 * tall, 0.17 * tall), 0.0)
        scene = blend(scene, soften(body, 0.6), self._colour)
        scene = blend(scene, soften(glass, 0.6), 60.0)
        scene = blend(scene, soften(wheels, 0.6), 25.0)
        if self._stage.is_infrared:
            lamp = self._stage.empty_mask()
            front = left if self._path.is_leftward else right
            ellipse(lamp, np.array([front, waist + 0.12 * tall]), (0.12 * tall, 0.12 * tall), 0.0)
            scene = blend(scene, soften(lamp, 0.06 * tall), 255.0)
        return scene


class DrawnAnimal:
    """A trunk on four legs with head and tail."""

    family = "animal/drawn"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._path = GroundWay(
            stage, rng, height=float(np.exp(rng.uniform(np.log(0.05), np.log(0.3)))), pace_heights_s=float(rng.uniform(0.6, 3.0))
        )
        self._colour = rng.uniform(15, 190, 1 if stage.is_infrared else 3) * np.ones(3)
        self._step_hz = rng.uniform(1.2, 2.5)
        self._long = rng.uniform(0.6, 0.9)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the animal in it."""
        foot, tall = self._path.at(time_s), self._path.height_px
        side = -1.0 if self._path.is_leftward else 1.0
        mask = self._stage.empty_mask()
        back = foot - np.array([0, 0.62 * tall])
        ellipse(mask, back, (self._long * tall * 0.75, 0.22 * tall), 0.0)
        ellipse(mask, back + np.array([side * self._long * tall * 0.9, -0.22 * tall]), (0.2 * tall, 0.14 * tall), 0.3 * side)
        polylines(
            mask,
            np.stack([back, back + np.array([side * self._long * tall * 0.85, -0.2 * tall])]),
            thickness_px=max(1.0, 0.16 * tall),
        )
        tail = back + np.array([-side * self._long * tall, -0.15 * tall])
        polylines(
            mask, np.stack([back - np.array([side * 0.6 * self._long * tall, 0]), tail]), thickness_px=max(0.8, 0.06 * tall)
        )
        for number, x in enumerate((-0.6, -0.45, 0.45, 0.6)):
            swing = 0.5 * np.sin(2 * np.pi * self._step_hz * time_s + number * 2.2)
            hip = back + np.array([x * self._long * tall, 0.1 * tall])
            leg = hip + 0.5 * tall * np.array([np.sin(swing), np.cos(swing)])
            polylines(mask, np.stack([hip, leg]), thickness_px=max(1.0, 0.09 * tall))
        return blend(scene, soften(mask, 0.6), self._colour)


class CutoutMover:
    """A real mover, cut out of a video frame by frame, pasted on a way of its own at any size."""

    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator, cutout: Cutout) -> None:
        self.family = f"{cutout.kind}/cutout"
        self._cutout = cutout
        height = float(np.exp(rng.uniform(np.log(0.07), np.log(min(0.6, cutout.height_px / stage.height_px * 1.5)))))
        self._path = GroundWay(stage, rng, height=height, pace_heights_s=float(cutout.pace_heights_s * rng.uniform(0.8, 1.2)))
        self._tint = rng.uniform(0.6, 1.3)
        self._is_grey = stage.is_infrared

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the mover in it."""
        foot, tall = self._path.at(time_s), self._path.height_px
        sprite = self._cutout.at(time_s)
        if self._path.is_leftward != self._cutout.is_leftward:
            sprite = sprite[:, ::-1]
        scale = tall / self._cutout.height_px
        size = (max(2, round(sprite.shape[1] * scale)), max(2, round(sprite.shape[0] * scale)))
        small = np.asarray(cv2.resize(np.ascontiguousarray(sprite), size, interpolation=cv2.INTER_AREA), np.float32)
        left, top = round(float(foot[0]) - size[0] / 2), round(float(foot[1]) - size[1])
        windows = shared_window((left, top), small.shape[:2], scene.shape[:2])
        if windows is not None:
            there, part = windows
            colour = small[part][..., :3] * np.float32(self._tint)
            if self._is_grey:
                colour = np.repeat(colour.mean(2, keepdims=True), 3, axis=2)
            scene[there] = blend(scene[there], small[part][..., 3] / np.float32(255), colour)
        return scene

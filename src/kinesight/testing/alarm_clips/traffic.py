"""Several movers at once, as streets and yards really show them: vehicles in lanes, people in company, animals that roam."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.motion import walk_and_stop
from kinesight.testing.alarm_clips.movers import DrawnAnimal, DrawnPerson, GroundWay
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Renderer, Stage, blend, ellipse, mottled, polygon, soften

SPRITE_PX = (48, 112)
"""Height and width in which a vehicle is painted once; the clip shows it larger or smaller."""


class ReactingCamera:
    """Exposure that answers how much of the picture something bright or dark covers: light that changes, but is no cause."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._strength = float(rng.uniform(0.1, 0.5)) if rng.random() < 0.5 else 0.0

    def answer(self, before: Picture, after: Picture) -> Picture:
        """Return the picture in the exposure that keeps its mean brightness nearer to what it was."""
        was, now = float(before.mean()) + 1.0, float(after.mean()) + 1.0
        return np.asarray(after * np.float32((was / now) ** self._strength), np.float32)


class Traffic:
    """One to six vehicles in two lanes, seen from the side or coming nearer, with windows, lamps and a shadow on the ground."""

    family = "vehicle/traffic"
    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._camera = ReactingCamera(rng)
        grows = float(rng.uniform(0.3, 1.2)) if rng.random() < 0.5 else 0.0
        far, near = np.sort(rng.uniform(0.3, 0.95, 2))
        self._vehicles = [
            _Vehicle(stage, rng, lane=float((far, near)[number % 2]), is_leftward=number % 2 == 0, grows=grows)
            for number in range(int(rng.integers(1, 7)))
        ]
        self._vehicles.sort(key=lambda vehicle: vehicle.lane)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the vehicles that are in it at that moment."""
        before = scene.copy()
        for vehicle in self._vehicles:
            scene = vehicle.draw(scene, time_s)
        return self._camera.answer(before, scene)


class _Vehicle:
    """A painted side of a vehicle that is pulled over the picture on a straight way; `lane` is where its wheels are, 0..1."""

    def __init__(self, stage: Stage, rng: np.random.Generator, *, lane: float, is_leftward: bool, grows: float) -> None:
        self.lane = lane
        self._stage = stage
        self._painted, self._cover = _painted(rng, is_grey=stage.is_infrared)
        if is_leftward:
            self._painted, self._cover = self._painted[:, ::-1].copy(), self._cover[:, ::-1].copy()
        self._tall_px = stage.height_px * rng.uniform(0.15, 0.45) * lane
        self._long = rng.uniform(0.8, 1.5)
        self._speed = stage.size_px * rng.uniform(0.15, 1.2) * (-1 if is_leftward else 1)
        self._meets_s = stage.duration_s * rng.uniform(-0.1, 1.1)
        self._rate = grows * (1 if rng.random() < 0.5 else -1) / stage.duration_s
        self._drop = rng.normal(0, 0.1)
        self._shade = np.float32(rng.uniform(0.3, 0.8))

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with the vehicle at its place."""
        since = time_s - self._meets_s
        scale = self._tall_px / SPRITE_PX[0] * float(np.exp(np.clip(self._rate * since, -1.0, 1.0)))
        middle = 0.5 * self._stage.width_px + self._speed * since
        foot = self.lane * self._stage.height_px + self._drop * self._speed * since
        wide = SPRITE_PX[1] * scale * self._long
        left, top = middle - wide / 2, foot - SPRITE_PX[0] * scale
        if left > self._stage.width_px or left + wide < 0 or wide < 3:
            return scene
        shadow = self._stage.empty_mask()
        ellipse(shadow, np.array([middle, foot]), (0.52 * wide, 0.1 * SPRITE_PX[0] * scale), 0.0)
        scene = scene * (1 - (soften(shadow, 0.05 * wide) * self._shade)[..., None])
        turn = np.array([[scale * self._long, 0, left], [0, scale, top]], np.float32)
        size = (self._stage.width_px, self._stage.height_px)
        # shrunk at once, a painting of fine parts would glitter
        blurred = max(0.0, 0.4 / scale - 0.4)
        colour = cv2.warpAffine(np.stack([soften(part, blurred) for part in np.moveaxis(self._painted, 2, 0)], 2), turn, size)
        cover = cv2.warpAffine(soften(self._cover, blurred), turn, size)
        return blend(scene, np.asarray(cover, np.float32), np.asarray(colour, np.float32))


def _painted(rng: np.random.Generator, *, is_grey: bool) -> tuple[Picture, Mask]:
    """Return a vehicle's side, driving to the right, and what of the sprite it covers: a car, a van or a lorry with its load."""
    height, width = SPRITE_PX
    cover, glass, dark = (np.zeros(SPRITE_PX, np.float32) for _ in range(3))
    hood, roof = rng.uniform(0.5, 0.95) * width, rng.uniform(0.0, 0.35) * height
    waist, back = 0.5 * height, rng.uniform(0.0, 0.25) * width
    polygon(
        cover,
        np.array([[2, 0.85 * height], [2, waist], [back + 2, roof], [hood - 8, roof], [hood, waist], [width - 3, waist * 1.1]]),
    )
    polygon(cover, np.array([[2, 0.85 * height], [2, waist], [width - 3, waist * 1.1], [width - 2, 0.85 * height]]))
    panes = int(rng.integers(1, 4))
    edges = np.linspace(back + 8, hood - 6, panes + 1)
    for left, right in pairwise(edges):
        polygon(glass, np.array([[left + 1, waist - 1], [left + 2, roof + 4], [right - 2, roof + 4], [right - 1, waist - 1]]))
    for x in (0.2, 0.8):
        ellipse(dark, np.array([x * width, 0.86 * height]), (0.13 * height, 0.13 * height), 0.0)
    cover = np.maximum(cover, dark)
    paint = rng.uniform(15, 235, 1 if is_grey else 3) * np.ones(3)
    shine = np.linspace(rng.uniform(1.0, 1.4), rng.uniform(0.5, 0.9), height)[:, None]
    soil = 1 + rng.uniform(0.0, 0.6) * (mottled(rng, height, width, cell_px=rng.uniform(5, 40)) - 0.5)
    colour = np.asarray((shine * soil)[..., None] * paint, np.float32)
    colour = blend(colour, glass, float(rng.uniform(20, 110)))
    colour = blend(colour, dark, 25.0)
    lamp = np.zeros(SPRITE_PX, np.float32)
    ellipse(lamp, np.array([width - 6, 0.62 * height]), (4.0, 3.0), 0.0)
    return blend(colour, lamp, 255.0 if is_grey or rng.random() < 0.3 else 180.0), cover


class _Together:
    """Movers that are drawn one after the other, those further away first, each with its shadow on the ground."""

    layer = Layer.SCENE

    def __init__(self, stage: Stage, rng: np.random.Generator, movers: Sequence[Renderer]) -> None:
        self._camera = ReactingCamera(rng)
        self._movers = movers
        self._shade = np.float32(rng.uniform(0.2, 0.7)) if not stage.is_infrared and rng.random() < 0.6 else np.float32(0.0)
        self._lean = rng.uniform(-1.0, 1.0)
        self._flat = rng.uniform(0.2, 0.6)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with all of them."""
        before = scene.copy()
        for mover in self._movers:
            plain = scene.copy()
            scene = mover.draw(scene, time_s)
            if self._shade:
                scene = self._shadowed(scene, np.abs(scene - plain).max(2) > 6.0)
        return self._camera.answer(before, scene)

    def _shadowed(self, scene: Picture, body: np.ndarray) -> Picture:
        rows = np.nonzero(body)[0]
        if not len(rows):
            return scene
        foot, height = float(rows.max()), float(np.ptp(rows) + 1)
        # the body's outline, laid flat away from the sun
        turn = np.array([[1, self._lean, -self._lean * foot], [0, self._flat, (1 - self._flat) * foot]], np.float32)
        size = (body.shape[1], body.shape[0])
        laid = np.asarray(cv2.warpAffine(body.astype(np.float32), turn, size), np.float32)
        shade = soften(laid, 0.02 * height + 0.5) * (~body) * self._shade
        return np.asarray(scene * (1 - shade[..., None]), np.float32)


class Company(_Together):
    """One to four people."""

    family = "person/company"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        super().__init__(stage, rng, [DrawnPerson(stage, rng) for _ in range(int(rng.integers(1, 5)))])


class RoamingAnimals(_Together):
    """One to three animals that run, stop and turn back."""

    family = "animal/roaming"

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        super().__init__(stage, rng, [_RoamingAnimal(stage, rng) for _ in range(int(rng.integers(1, 4)))])


class _RoamingAnimal(DrawnAnimal):
    """An animal on a way with stops and turns."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        super().__init__(stage, rng)
        self._path = _Roaming(stage, rng, height_px=self._path.height_px)


class _Roaming(GroundWay):
    """A way with stops and turns; up and down it goes less far than to the sides, as the ground is seen at a slant."""

    def __init__(self, stage: Stage, rng: np.random.Generator, *, height_px: float) -> None:
        self.height_px = height_px
        self.is_leftward = bool(rng.random() < 0.5)
        start = (float(rng.uniform(0.2, 0.8) * stage.width_px), float(rng.uniform(0.55, 0.95) * stage.height_px))
        self._start = np.asarray(start)
        self._walk = walk_and_stop(rng, stage.duration_s, speed=float(rng.uniform(1.0, 4.0)) * height_px, start=start)

    def at(self, time_s: float) -> Floats:
        """Return where the feet are; the animal looks the way it goes."""
        here, ahead = self._walk.at(time_s), self._walk.at(time_s + 0.1)
        if abs(ahead[0] - here[0]) > 0.01 * self.height_px:
            self.is_leftward = bool(ahead[0] < here[0])
        return np.asarray(self._start + (here - self._start) * [1.0, 0.4])

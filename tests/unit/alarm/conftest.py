"""A stage for alarm clips: a textured scene, things of one colour that move on it, and a detector that knows the colours."""

import itertools
from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import ndimage

from kinesight.analyses.alarm.observe import observe
from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.domain.document import UsedModel
from kinesight.domain.people import Boxes
from kinesight.domain.video import Frame, VideoInfo

WIDTH, HEIGHT = 320, 180

PERSON, CAR, DOG, STRANGER = (220, 30, 30), (30, 30, 220), (30, 200, 30), (230, 230, 230)
NAMES = {PERSON: "person", CAR: "car", DOG: "dog"}

DIGITS = (0b111101101101111, 0b010010010010010, 0b111001111100111, 0b111001111001111, 0b101101111001001)


def scenery(seed=0):
    """Return a scene with soft shapes and some edges, grey levels 60 to 140."""
    random = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(random.normal(size=(HEIGHT, WIDTH)), 4)
    grey = 100 + 40 * soft / np.abs(soft).max()
    return np.repeat(grey[:, :, np.newaxis], 3, axis=2) * np.array([1.0, 1.03, 0.9])


@dataclass
class Thing:
    """A box of one colour: `at(time_s)` is its left, top, width, height, or None while it is not there."""

    colour: tuple
    at: object


@dataclass
class Stage:
    """A clip that is made frame by frame; fulfils the ports that observing needs."""

    things: list = field(default_factory=list)
    seconds: float = 4.0
    fps: float = 5.0
    noise: float = 1.0
    clock: bool = False
    light: object = lambda _time_s: 1.0
    shake: object = lambda _time_s: (0.0, 0.0)
    breaks_after: int | None = None
    problem: Exception | None = None
    readable_s: float | None = None
    score: float = 0.9
    looks: int = 0

    used = UsedModel(task="detector", name="colours", sha256="0")

    @property
    def info(self):
        count = round(self.seconds * self.fps)
        return VideoInfo(
            sha256="0", width_px=WIDTH, height_px=HEIGHT, fps=self.fps, frame_count=count, duration_s=self.seconds,
            readable_s=self.readable_s,
        )  # fmt: skip

    def frames(self, *, longest_side_px=None):
        random = np.random.default_rng(1)
        ground = scenery()
        for number in range(round(self.seconds * self.fps)):
            if self.breaks_after is not None and number >= self.breaks_after:
                raise self.problem
            time_s = number / self.fps
            x, y = self.shake(time_s)
            picture = ndimage.shift(ground, (y, x, 0), order=1, mode="nearest") * self.light(time_s)
            for thing in self.things:
                box = thing.at(time_s)
                if box is not None:
                    left, top, wide, high = (round(side) for side in box)
                    picture[max(0, top) : max(0, top + high), max(0, left) : max(0, left + wide)] = thing.colour
            if self.clock:
                draw_clock(picture, time_s)
            noisy = picture + random.normal(0, self.noise, picture.shape)
            yield Frame(index=number, time_s=time_s, rgb=np.clip(noisy, 0, 255).astype(np.uint8))

    def detector(self):
        return self

    def encoder(self):
        return self

    def embed(self, rgb):
        return np.full(1280, float(rgb.mean()) / 255.0)

    def detect(self, rgb, *, least_score=None):
        self.looks += 1
        boxes, labels = [], []
        for colour, label in NAMES.items():
            alike = np.max(np.abs(rgb.astype(int) - np.array(colour)), axis=2) < 25
            numbered, _ = ndimage.label(alike)
            for rows, columns in ndimage.find_objects(numbered):
                if (rows.stop - rows.start) * (columns.stop - columns.start) >= 12:
                    boxes.append([columns.start, rows.start, columns.stop, rows.stop])
                    labels.append(label)
        count = len(labels)
        return Boxes(xyxy_px=np.array(boxes, float).reshape(-1, 4), score=np.full(count, self.score), label=tuple(labels))

    def progress(self, *_news):
        pass

    def observed(self, **parameters):
        return observe(self, self, AlarmParameters(**parameters), self)


def draw_clock(picture, time_s):
    """Write 8 digits of which the last is the second, white, 10 pixels high, on top left."""
    second = int(time_s) % len(DIGITS)
    for place, digit in enumerate([0, 2, 4, 3, 1, 2, 4, second]):
        for row, column in itertools.product(range(5), range(3)):
            if DIGITS[digit] >> (14 - 3 * row - column) & 1:
                top, left = 6 + 2 * row, 10 + 9 * place + 2 * column
                picture[top : top + 2, left : left + 2] = 245


def walks(*, left=20.0, top=60.0, wide=12.0, high=36.0, speed=60.0, since_s=0.0):
    """Return the box of something that goes to the right at so many pixels a second."""
    return lambda time_s: (left + speed * (time_s - since_s), top, wide, high) if time_s >= since_s else None


@pytest.fixture
def stage():
    """Return the maker of a clip."""
    return Stage


@pytest.fixture
def thing():
    """Return makers of things by name."""
    colours = {"person": PERSON, "car": CAR, "dog": DOG, "stranger": STRANGER}
    return lambda name, at: Thing(colours[name], at)


@pytest.fixture
def walking():
    """Return the maker of a way to the right."""
    return walks

"""Spiders on and before the lens, drawn four ways, and insects that fly through the lamp's light."""

from __future__ import annotations

import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.motion import GRID_HZ, Signal, gust, spring, walk_and_stop, wander
from kinesight.testing.alarm_clips.stage import Layer, Mask, Picture, Stage, blend, bokeh, ellipse, polylines, soften

LEG_TURNS_RAD = np.array([0.55, 1.1, 1.75, 2.45])
"""Where the four legs of one side leave the body, from the head backwards."""


def _tone(stage: Stage, rng: np.random.Generator) -> tuple[float, float]:
    """Return brightness and opacity: under the lamp close things glow with 1 / d^2, by day they are dark."""
    if stage.is_infrared or rng.random() < 0.25:
        distance = rng.uniform(0.6, 1.5)
        return float(min(255.0, 240.0 / distance**2)), float(rng.uniform(0.7, 1.0))
    return float(rng.uniform(5, 60)), float(rng.uniform(0.7, 1.0))


def _start(stage: Stage, rng: np.random.Generator) -> tuple[float, float]:
    """Return where it begins: as often as not at the border."""
    x, y = rng.uniform(0.1, 0.9, 2)
    if rng.random() < 0.4:
        x, y = ((0.02, y), (0.98, y), (x, 0.02), (x, 0.98))[int(rng.integers(4))]
    return float(x * stage.width_px), float(y * stage.height_px)


def _ways(stage: Stage, rng: np.random.Generator, *, slowest: float, quickest: float) -> Signal:
    """Return how a spider gets about: on the glass it walks and stops; one in three dangles, swinging, and climbs a little."""
    start = _start(stage, rng)
    if rng.random() < 0.67:
        return walk_and_stop(rng, stage.duration_s, speed=stage.size_px * rng.uniform(slowest, quickest), start=start)
    across = spring(gust(rng, stage.duration_s), own_hz=float(rng.uniform(0.3, 1.0)), damping=0.1).values
    climb = np.cumsum(gust(rng, stage.duration_s).values) / GRID_HZ
    reach = stage.size_px * rng.uniform(0.005, 0.05)
    return Signal(values=np.column_stack([across * reach, climb * stage.size_px * rng.uniform(0.0, 0.08)]) + np.asarray(start))


class WalkingSpider:
    """A body of two ellipses with eight jointed legs that walks and stops, out of focus."""

    family = "spider/walking"
    layer = Layer.LENS

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._body_px = stage.size_px * float(np.exp(rng.uniform(np.log(0.012), np.log(0.09))))
        self._path = _ways(stage, rng, slowest=0.08, quickest=0.35)
        self._blur_px = self._body_px * rng.uniform(0.08, 0.35)
        self._leg_px = self._body_px * rng.uniform(1.2, 2.4)
        self._tone, self._opacity = _tone(stage, rng)
        self._first_turn = rng.uniform(0, 2 * np.pi)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the spider."""
        here, ahead = self._path.at(time_s), self._path.at(time_s + 0.15)
        step = ahead - here
        distance = float(np.hypot(*step))
        turn = float(np.arctan2(step[1], step[0])) if distance > 1e-3 else self._first_turn
        self._first_turn = turn
        swing = np.sin(2 * np.pi * 3 * time_s) * 0.25 if distance > 0.01 * self._body_px else 0.0
        mask = self._stage.empty_mask()
        forward = np.array([np.cos(turn), np.sin(turn)])
        ellipse(mask, here - forward * 0.5 * self._body_px, (0.7 * self._body_px, 0.5 * self._body_px), turn)
        ellipse(mask, here + forward * 0.4 * self._body_px, (0.4 * self._body_px, 0.3 * self._body_px), turn)
        for side in (-1, 1):
            for number, leave in enumerate(LEG_TURNS_RAD):
                angle = turn + side * (leave + (swing if number % 2 else -swing))
                knee = here + self._leg_px * 0.55 * np.array([np.cos(angle), np.sin(angle)])
                bent = angle + side * 0.5
                foot = knee + self._leg_px * 0.6 * np.array([np.cos(bent), np.sin(bent)])
                polylines(mask, np.stack([here, knee, foot]), thickness_px=max(0.8, 0.12 * self._body_px))
        return blend(scene, soften(mask, self._blur_px) * np.float32(self._opacity), self._tone)


class GlowingSpider:
    """So close to the lamp that only a soft, saturated patch with a few smears is left of it; it creeps, jumps and rests."""

    family = "spider/glow"
    layer = Layer.LENS

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._radius_px = stage.size_px * float(np.exp(rng.uniform(np.log(0.025), np.log(0.16))))
        self._path = _ways(stage, rng, slowest=0.05, quickest=0.3)
        self._tone, self._opacity = _tone(stage, rng)
        self._arms = rng.uniform(0, 2 * np.pi, int(rng.integers(4, 9)))
        self._wave = gust(rng, stage.duration_s, memory_s=0.4)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the patch."""
        here = self._path.at(time_s)
        mask = self._stage.empty_mask()
        ellipse(mask, here, (0.6 * self._radius_px, 0.45 * self._radius_px), float(self._arms[0]))
        wave = 0.12 * float(self._wave.at(time_s))
        for number, arm in enumerate(self._arms):
            angle = arm + wave * (1 if number % 2 else -1)
            tip = here + self._radius_px * 1.5 * np.array([np.cos(angle), np.sin(angle)])
            polylines(mask, np.stack([here, tip]), thickness_px=max(1.0, 0.14 * self._radius_px))
        return blend(scene, soften(mask, 0.22 * self._radius_px) * np.float32(self._opacity), self._tone)


class BandedSpider:
    """Close enough to be seen with its markings: a shaded, speckled body and eight banded legs that step in turn, each by itself.

    It is painted in the frame of its own body and then turned and laid over the scene, smeared along its way by the exposure.
    """

    family = "spider/banded"
    layer = Layer.LENS

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._body_px = stage.size_px * float(np.exp(rng.uniform(np.log(0.015), np.log(0.09))))
        self._path = _ways(stage, rng, slowest=0.05, quickest=0.4)
        self._tone, self._opacity = _tone(stage, rng)
        self._contrast = rng.uniform(0.1, 0.6) * (-1 if self._tone > 128 else 1)
        self._reach = rng.uniform(1.6, 3.2)
        self._bands = int(rng.integers(2, 6))
        self._leg_px = max(0.8, self._body_px * rng.uniform(0.08, 0.2))
        self._steps_hz = rng.uniform(2.0, 5.0)
        self._phases = rng.uniform(0, 2 * np.pi, 8)
        self._spread = rng.uniform(0.75, 1.2)
        self._slim = rng.uniform(0.45, 0.8)
        self._blur_px = self._body_px * float(np.exp(rng.uniform(np.log(0.05), np.log(0.5))))
        self._speckles = rng.uniform(-0.5, 0.5, (12, 2))
        self._turn = rng.uniform(0, 2 * np.pi)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the spider."""
        here, ahead = self._path.at(time_s), self._path.at(time_s + 0.2)
        way = ahead - here
        walks = float(np.hypot(*way)) > 0.05 * self._body_px
        if walks:
            # it turns towards where it goes, not at once
            wanted = float(np.arctan2(way[1], way[0]))
            self._turn += 0.6 * float(np.arctan2(np.sin(wanted - self._turn), np.cos(wanted - self._turn)))
        cover, marks = self._stage.empty_mask(), self._stage.empty_mask()
        self._legs(cover, marks, here, time_s if walks else 0.0)
        self._body(cover, marks, here)
        smear = way * min(1.0, self._stage.exposure_s / 0.2)
        blur_px = float(np.hypot(self._blur_px, 0.3 * np.hypot(*smear)))
        cover, marks = soften(cover, blur_px), soften(marks, blur_px)
        colour = self._tone * (1 + self._contrast * marks[..., None]) * np.ones(3, np.float32)
        return blend(scene, cover * np.float32(self._opacity), np.clip(colour, 0, 255))

    def _placed(self, here: Floats, along: Floats, across: Floats) -> Floats:
        """Return places in the picture of places in the body's frame, in bodies ahead and to the right, (k, 2)."""
        cosine, sine = np.cos(self._turn), np.sin(self._turn)
        return np.asarray(
            here + self._body_px * np.column_stack([along * cosine - across * sine, along * sine + across * cosine])
        )

    def _legs(self, cover: Mask, marks: Mask, here: Floats, time_s: float) -> None:
        roots = np.array([0.35, 0.15, -0.05, -0.25])
        for number, phase in enumerate(self._phases):
            side, rank = (1.0 if number % 2 else -1.0), number // 2
            angle = (0.5 + 0.75 * rank) * self._spread + 0.22 * np.sin(2 * np.pi * self._steps_hz * time_s + phase)
            share = np.linspace(0, 1, 2 * self._bands + 1)
            # up to the knee and down again: seen from above a leg bends once
            bend = 0.25 * np.sin(np.pi * share)
            along = roots[rank] + self._reach * share * np.cos(angle) + bend * np.sin(angle)
            across = side * (0.2 + self._reach * share * np.sin(angle) - bend * np.cos(angle))
            places = self._placed(here, along, across)
            polylines(cover, places, thickness_px=self._leg_px)
            for band in range(0, len(places) - 1, 2):
                polylines(marks, places[band : band + 2], thickness_px=self._leg_px)

    def _body(self, cover: Mask, marks: Mask, here: Floats) -> None:
        head, trunk = self._placed(here, np.array([0.45, -0.45]), np.zeros(2))
        ellipse(cover, trunk, (0.7 * self._body_px, 0.7 * self._slim * self._body_px), self._turn)
        ellipse(cover, head, (0.38 * self._body_px, 0.32 * self._body_px), self._turn)
        for place in self._placed(here, -0.45 + 0.9 * self._speckles[:, 0], self._slim * self._speckles[:, 1]):
            ellipse(marks, place, (0.13 * self._body_px, 0.1 * self._body_px), self._turn)


class HangingSpider:
    """Curved legs and a pear of a body, blurred by a disc; it swings on its thread and climbs up and down."""

    family = "spider/hanging"
    layer = Layer.LENS

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._body_px = stage.size_px * rng.uniform(0.02, 0.08)
        self._anchor_px = np.array([rng.uniform(0.1, 0.9) * stage.width_px, -0.1 * stage.height_px])
        self._length_px = stage.height_px * rng.uniform(0.3, 0.9)
        climb = walk_and_stop(rng, stage.duration_s, speed=stage.height_px * rng.uniform(0.05, 0.3), start=(0.0, 0.0))
        self._climb = climb
        self._swing = spring(gust(rng, stage.duration_s), own_hz=rng.uniform(0.3, 0.9), damping=0.1)
        self._swing_rad = rng.uniform(0.03, 0.2)
        self._tone, self._opacity = _tone(stage, rng)
        self._radius_px = self._body_px * rng.uniform(0.15, 0.5)

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the spider and its thread."""
        mask = self._stage.empty_mask()
        angle = self._swing_rad * float(self._swing.at(time_s))
        down = np.array([np.sin(angle), np.cos(angle)])
        length = max(0.1 * self._length_px, self._length_px + float(self._climb.at(time_s)[1]))
        here = self._anchor_px + down * length
        polylines(mask, np.stack([self._anchor_px, here]), thickness_px=0.5)
        ellipse(mask, here, (0.75 * self._body_px, 0.5 * self._body_px), float(np.arctan2(down[1], down[0])))
        ellipse(mask, here + down * 0.8 * self._body_px, (0.35 * self._body_px, 0.3 * self._body_px), 0.0)
        sideways = np.array([down[1], -down[0]])
        for number in range(8):
            side, rank = (-1 if number % 2 else 1), number // 2
            wiggle = 0.15 * np.sin(2 * np.pi * 1.7 * time_s + number)
            out = side * sideways * (1.3 + wiggle) + down * (rank - 1.5) * 0.7
            polylines(mask, _bow(here, here + out * self._body_px * 1.4, -0.5 * self._body_px * down), thickness_px=1.0)
        return blend(scene, bokeh(mask, self._radius_px) * np.float32(self._opacity), self._tone)


def _bow(start: Floats, end: Floats, bulge: Floats) -> Floats:
    share = np.linspace(0, 1, 7)[:, None]
    return np.asarray(start * (1 - share) + end * share + bulge * 4 * share * (1 - share))


class DashingInsects:
    """Insects before the lamp: bright curved dashes as long as the exposure lets them be."""

    family = "insects/dashes"
    layer = Layer.AIR

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        count = int(rng.integers(1, 6))
        speeds = stage.size_px * rng.uniform(0.5, 2.0, count)
        centre = (0.5 * stage.width_px, 0.5 * stage.height_px)
        self._paths = [wander(rng, stage.duration_s, speed=float(speed), start=centre) for speed in speeds]
        self._thickness_px = stage.size_px * rng.uniform(0.003, 0.02, count)
        self._tone = float(rng.uniform(190, 255)) if stage.is_infrared else float(rng.uniform(10, 70))

    def draw(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene behind the insects; one that flies out comes in again on the other side."""
        mask = self._stage.empty_mask()
        for path, thickness in zip(self._paths, self._thickness_px, strict=True):
            moments = time_s + np.linspace(0, max(self._stage.exposure_s, 1 / 60), 5)
            points = np.stack([path.at(moment) for moment in moments])
            shift = np.floor(points[0] / [self._stage.width_px, self._stage.height_px])
            points = points - shift * [self._stage.width_px, self._stage.height_px]
            polylines(mask, points, thickness_px=float(thickness))
        return blend(scene, soften(mask, float(0.4 * self._thickness_px.mean())), self._tone)

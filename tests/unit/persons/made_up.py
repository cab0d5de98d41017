"""Made-up people who walk through a picture, as a detector would report them: known truth for following and linking."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.persons.appearance import FEATURES
from kinesight.analyses.persons.geometry import hidden_shares
from kinesight.analyses.persons.people import Film
from kinesight.analyses.persons.sightings import Look

WIDTH, HEIGHT = 640, 480


def colours(seed: int) -> np.ndarray:
    """Return what somebody looks like: a few of many features, of unit length."""
    random = np.random.default_rng(seed)
    looks = np.where(random.random(FEATURES) < 0.12, random.random(FEATURES), 0.004)
    return looks / np.linalg.norm(looks)


@dataclass(frozen=True, kw_only=True)
class Walker:
    """Somebody who walks in a straight line: middle of the feet at `from_s` and `to_s`, height in pixels."""

    seed: int
    from_s: float
    to_s: float
    start: tuple[float, float]
    end: tuple[float, float]
    height: float = 160.0

    def box(self, time_s: float) -> np.ndarray | None:
        if not self.from_s <= time_s <= self.to_s:
            return None
        share = (time_s - self.from_s) / (self.to_s - self.from_s)
        x, y = np.array(self.start) + share * (np.array(self.end) - np.array(self.start))
        half = 0.2 * self.height
        return np.array([x - half, y - self.height, x + half, y])


def looks_at(walkers, *, fps: float, length_s: float, seed: int = 1, hidden_from: float = 0.75, cuts_s=()) -> tuple[Look, ...]:
    """Return what a detector with small errors sees at a frame rate; whoever is mostly behind another one is not found."""
    random = np.random.default_rng(seed)
    found = []
    for frame in range(int(length_s * fps) + 1):
        time_s = frame / fps
        seen = [(walker, box) for walker in walkers if (box := walker.box(time_s)) is not None]
        boxes = np.array([box for _, box in seen]).reshape(-1, 4)
        hidden = hidden_shares(boxes, boxes)
        kept = [number for number in range(len(seen)) if hidden[number] < hidden_from]
        noisy = boxes[kept] + random.normal(0, 0.012, (len(kept), 4)) * np.array([w.height for w, _ in seen])[kept][:, None]
        looks = np.array([colours(seen[number][0].seed) for number in kept]).reshape(-1, FEATURES)
        looks = looks * np.exp(random.normal(0, 0.15, looks.shape))
        looks /= np.maximum(np.linalg.norm(looks, axis=1, keepdims=True), 1e-9)
        found.append(
            Look(
                frame=frame,
                time_s=time_s,
                xyxy_px=noisy,
                score=np.clip(0.8 - 0.5 * hidden[kept] + random.normal(0, 0.04, len(kept)), 0.05, 0.99),
                looks=looks,
                hidden=hidden[kept],
                liveliness=np.full(len(kept), 30.0),
                shift_px=np.zeros(2),
                is_after_cut=any(frame > 0 and (frame - 1) / fps < cut <= time_s for cut in cuts_s),
            )
        )
    return tuple(found)


def seen_by_a_camera(walkers, *, fps, length_s):
    """Return looks in which everybody is as high as their own stature (`height`, 1.0 is usual) and their place make them."""
    looks = looks_at([replace(walker, height=1.0) for walker in walkers], fps=fps, length_s=length_s)
    random = np.random.default_rng(4)

    def standing(look):
        there = [walker for walker in walkers if walker.box(look.time_s) is not None]
        feet = np.array([walker.box(look.time_s)[[0, 3]] + [0.2 * walker.height, 0] for walker in there]).reshape(-1, 2)
        tall = np.array([walker.height for walker in there]) * (30 + 0.35 * feet[:, 1] + 0.02 * feet[:, 0])
        tall *= np.exp(random.normal(0, 0.02, len(tall)))
        return np.stack([feet[:, 0] - 0.2 * tall, feet[:, 1] - tall, feet[:, 0] + 0.2 * tall, feet[:, 1]], axis=1)

    return tuple(replace(look, xyxy_px=standing(look), hidden=np.zeros(len(look.score))) for look in looks)


def film_of(looks) -> Film:
    return Film(time_s=np.array([look.time_s for look in looks]), width_px=WIDTH, height_px=HEIGHT)


def owners(person, walkers, looks) -> set[int]:
    """Return the seeds of the walkers whose boxes a person's moments are."""
    found = set()
    for look, box in zip(person.look, person.box, strict=True):
        seen = looks[look].xyxy_px[box]
        near = min(walkers, key=lambda walker: _apart(walker.box(looks[look].time_s), seen))
        found.add(near.seed)
    return found


def _apart(box, other) -> float:
    """Return how far apart the feet are."""
    if box is None:
        return np.inf
    return float(np.hypot((box[0] + box[2] - other[0] - other[2]) / 2, box[3] - other[3]))

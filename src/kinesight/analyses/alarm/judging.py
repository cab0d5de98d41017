"""From movers and detections to what each thing is, whether it moves, and whether the camera's rules care. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.analyses.alarm.boxes import overlap
from kinesight.analyses.alarm.classes import Kind, kind_of
from kinesight.analyses.alarm.medians import median_of
from kinesight.analyses.alarm.memory import Memory
from kinesight.analyses.alarm.motion import Course, course_of
from kinesight.analyses.alarm.observations import Detection, Mover, Observations
from kinesight.analyses.alarm.places import Ground
from kinesight.domain.video import Floats

KINDS: tuple[Kind, ...] = ("person", "vehicule", "animal")

EVEN_SCORE, STEEP = 0.37, 13.0
"""Detector score at which a moving thing is as likely what it was called as not, and log odds per unit of score."""

LEAST_ODDS, MOST_ODDS = -0.5, 4.0
"""Log odds of one detection: a weak one says little against, a strong one does not settle everything."""

SILENT_ODDS, MOST_SILENCE = -0.35, -1.05
"""Log odds of a look in which a thing was well visible and not called anything; of all such looks together."""

PARKED_S, PARKED_OVERLAP = 0.7, 0.65
"""A vehicle is parked if it is seen at two moments this far apart in boxes that overlap (intersection over union) like this."""

LEAST_VEHICLE = 0.02
"""Shorter side, as a share of the picture's longer one, of something that can be told to go like a vehicle by its shape."""

RESTLESS = 8.0
"""Grey levels of noise above which nothing that is seen in a place can be said to stand still there: leaves swing before it."""

RESTLESS_SCORE = 0.12
"""By how much the detector has to be surer in such a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One mover, or one named thing that does not move, judged.

    `chances` by kind, only of kinds that a detection spoke for, at `moments` different moments for the likeliest; `moves` 0..1;
    `coherent` 0..1 is how much the way it went is that of a body and not of leaves, water or light; `known_since_s` how long
    ago an earlier clip showed it in its place already; `matters` whether the camera's rules let it be an intrusion, `why_not` the
    reason if not.
    """

    number: int | None
    kind: Kind | None
    chance: float
    chances: dict[Kind, float]
    moves: float
    coherent: float
    is_rigid: bool
    moments: int
    course: Course
    time_s: float
    box_px: Floats
    best: Detection | None
    zones: tuple[str, ...] = ()
    crossed: tuple[str, ...] = ()
    dwell_s: float = 0.0
    known_since_s: float | None = None
    matters: bool = True
    why_not: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A thing as no rule of the camera has judged it yet, and where it was: `time_s` (k,) and `boxes` (k, 4); `place` (4,)."""

    thing: Thing
    time_s: Floats
    boxes: Floats
    place: Floats


def sightings_of(observations: Observations, memory: Memory) -> tuple[Sighting, ...]:
    """Return everything that moved or was named, whatever the rules of the camera are."""
    observations = _without_parked(observations)
    movers = [_mover(number, mover, observations) for number, mover in enumerate(observations.movers)]
    named = [found for found in observations.detections if found.mover is None and kind_of(found.label)]
    size_px = (observations.video.width_px, observations.video.height_px)
    return (*movers, *(_loose(group, size_px, memory) for group in _places(named)))


def things_of(sightings: Sequence[Sighting], ground: Ground) -> tuple[Thing, ...]:
    """Return what was sighted outside the masks, with what the camera's rules say about it."""
    return tuple(_under_rules(one, ground) for one in sightings if not ground.is_masked(one.place))


def _without_parked(observations: Observations) -> Observations:
    """Return the observations with parked vehicles taken from what moves in front of them.

    A vehicle that is seen at the same place at two moments stands, whoever hides or uncovers it meanwhile.
    """
    vehicles = [one for one in observations.detections if kind_of(one.label) == "vehicule"]
    boxes = np.array([one.box_px for one in vehicles]).reshape(-1, 4)
    kept = []
    for one in observations.detections:
        stands = kind_of(one.label) == "vehicule" and any(
            abs(one.time_s - other.time_s) >= PARKED_S and overlap(np.array(one.box_px), box) >= PARKED_OVERLAP
            for other, box in zip(vehicles, boxes, strict=True)
        )
        kept.append(one.model_copy(update={"mover": None, "changed": 0.0}) if stands else one)
    return observations.model_copy(update={"detections": tuple(kept)})


def _mover(number: int, mover: Mover, observations: Observations) -> Sighting:
    time_s, boxes = np.array(mover.time_s), np.array(mover.box_px)
    course = course_of(time_s, boxes)
    found = [detection for detection in observations.detections if detection.mover == number]
    chances = _chances(found, _silent_looks(number, observations), _shape_odds(course))
    kind = max(chances, key=lambda one: chances[one], default=None)
    real = _real(mover, course)
    goes = ramp(course.gone_sizes * (0.3 + 0.7 * course.straightness), 0.1, 0.9)
    if kind == "vehicule":
        goes = max(goes, ramp(course.growth, 0.15, 0.5))
    best = max((one for one in found if kind_of(one.label) == kind), key=lambda one: one.score, default=None)
    sight = _clearest_sight(mover) if best is None else int(np.argmin(np.abs(time_s - best.time_s)))
    changed = max((detection.changed for detection in found), default=0.0)
    # somebody who rummages moves without going anywhere; a vehicle does not
    stays = 0.1 if kind == "vehicule" else 0.55 + 0.37 * ramp(changed, 0.2, 0.45)
    named_moves = real * (stays + (1.0 - stays) * goes) * ramp(changed, 0.05, 0.2)
    thing = Thing(
        number=number,
        kind=kind,
        chance=0.0 if kind is None else chances[kind],
        chances=chances,
        moves=named_moves if kind is not None else real * goes,
        coherent=real * _coherence(mover, course),
        is_rigid=_is_rigid(mover, course, longest_px=max(observations.video.width_px, observations.video.height_px)),
        moments=len({one.time_s for one in found if kind_of(one.label) == kind}),
        course=course,
        time_s=float(time_s[sight]) if best is None else best.time_s,
        box_px=boxes[sight] if best is None else np.array(best.box_px),
        best=best,
    )
    return Sighting(thing=thing, time_s=time_s, boxes=boxes, place=boxes[len(boxes) // 2])


def _loose(group: Sequence[Detection], size_px: tuple[int, int], memory: Memory) -> Sighting:
    """Judge detections of one place that belong to no mover: parked, a picture on a wall, or somebody who stands still."""
    chances = _chances(group, 0, {})
    kind = max(chances, key=lambda one: chances[one], default=None)
    best = max((one for one in group if kind_of(one.label) == kind), key=lambda one: one.score)
    times = np.array([one.time_s for one in group])
    order = np.argsort(times, kind="stable")
    boxes = np.array([one.box_px for one in group])
    size = np.array(size_px * 2, dtype=np.float64)
    known_since_s = None if kind is None else memory.known_since_s(kind, np.array(best.box_px) / size)
    thing = Thing(
        number=None,
        kind=kind,
        chance=0.0 if kind is None else chances[kind],
        chances=chances,
        moves=0.6 * ramp(max(one.changed for one in group), 0.2, 0.5) if known_since_s is None else 0.0,
        coherent=0.0,
        is_rigid=False,
        moments=_moments_standing(group, kind),
        course=course_of(times[order], boxes[order]),
        time_s=best.time_s,
        box_px=np.array(best.box_px),
        best=best,
        known_since_s=known_since_s,
    )
    return Sighting(thing=thing, time_s=times[order], boxes=boxes[order], place=boxes[0])


def _moments_standing(group: Sequence[Detection], kind: Kind | None) -> int:
    """Return at how many moments, half a second apart, something was seen to stand in a place that is not restless itself."""
    moments: list[float] = []
    for one in sorted(group, key=lambda one: one.time_s):
        is_seen = kind_of(one.label) == kind and one.score >= EVEN_SCORE and one.flicker <= RESTLESS
        if is_seen and (not moments or one.time_s - moments[-1] >= 0.5):
            moments.append(one.time_s)
    return len(moments)


def _chances(found: Sequence[Detection], silent: int, shape_odds: Mapping[Kind, float]) -> dict[Kind, float]:
    """Return the chance of each kind that a detection spoke for, 0..1.

    Log odds of the best three detections of a kind at different moments add up; kinds compete for the same thing.
    """
    odds: dict[Kind, float] = {}
    for kind in KINDS:
        moments: dict[float, float] = {}
        for detection in found:
            if kind_of(detection.label) == kind:
                moments[detection.time_s] = max(_odds_of(detection), moments.get(detection.time_s, LEAST_ODDS))
        if not moments:
            continue
        total = sum(sorted(moments.values(), reverse=True)[:3]) + max(MOST_SILENCE, SILENT_ODDS * silent)
        odds[kind] = total + shape_odds.get(kind, 0.0)
    # one thing is one kind: a weaker name is what the stronger one is not
    best = max(odds.values(), default=0.0)
    return {kind: logistic(own) * (1.0 if own == best else logistic(own - best)) for kind, own in odds.items()}


def _silent_looks(number: int, observations: Observations) -> int:
    named = {detection.time_s for detection in observations.detections if detection.mover == number and kind_of(detection.label)}
    return len({look.time_s for look in observations.looks if number in look.movers} - named)


def _odds_of(detection: Detection) -> float:
    """Return the log odds of one detection; among swinging leaves and white water the detector sees people who are not there."""
    even = EVEN_SCORE + RESTLESS_SCORE * ramp(detection.flicker, 0.75 * RESTLESS, 1.75 * RESTLESS)
    return min(max(STEEP * (detection.score - even), LEAST_ODDS), MOST_ODDS)


def _shape_odds(course: Course) -> dict[Kind, float]:
    """Return log odds of what shape and way say: people are upright, vehicles are not, and both go somewhere."""
    if course.aspect < 0.75:
        return {"person": -0.8}
    if course.aspect < 1.3:
        return {}
    is_upright = course.aspect <= 4.5
    person = 0.0 if not is_upright else 1.0 if course.gone_sizes >= 0.5 else 0.4
    return {"person": person, "vehicule": -2.0 if course.aspect > 1.6 else 0.0}


def _real(mover: Mover, course: Course) -> float:
    """Return how sure it is that a body changed the picture, 0..1: new structure, over the noise, for some time."""
    lasting = min(1.0, mover.sights / 4.0) * ramp(course.life_s, 0.0, 0.3)
    return ramp(mover.newness, 0.08, 0.22) * ramp(mover.clearness, 7.0, 12.0) * lasting


def _coherence(mover: Mover, course: Course) -> float:
    """Return how much a way is that of a body, 0..1: far, straight, at a pace that bodies have, with a size that stays."""
    far = ramp(course.gone_sizes, 0.8, 2.0)
    straight = ramp(course.straightness, 0.5, 0.85)
    lasting = ramp(mover.sights, 3.0, 6.0) * ramp(course.life_s, 0.3, 1.0)
    whole = ramp(0.9 - course.leap, 0.2, 0.5)
    steady = 0.5 + 0.5 * ramp(course.steadiness, 0.0, 0.4)
    return far * straight * lasting * steady * whole


def _clearest_sight(mover: Mover) -> int:
    """Return the sight in which most of a mover is seen: the largest box by its filled share and strength."""
    boxes = np.array(mover.box_px)
    area = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    return int(np.argmax(area * np.array(mover.filled) * np.array(mover.strength)))


def _is_rigid(mover: Mover, course: Course, *, longest_px: float) -> bool:
    """Return whether a thing goes like a vehicle: long, straight, filled, no slimmer than high by much."""
    return (
        course.gone_sizes >= 2.0
        and course.straightness >= 0.93
        and course.aspect <= 1.25
        and min(course.width_px, course.height_px) >= LEAST_VEHICLE * longest_px
        and mover.sights >= 5
        and median_of(mover.filled) >= 0.5
        and mover.newness >= 0.3
    )


def _under_rules(sighting: Sighting, ground: Ground) -> Thing:
    """Return the thing with what the camera's rules say about it."""
    zones = tuple(dict.fromkeys(name for box in sighting.boxes for name in ground.zones(box)))
    dwell_s = ground.dwell_s(sighting.time_s.tolist(), sighting.boxes)
    crossed = ground.crossings(sighting.boxes)
    why_not = ""
    if ground.rules.zones and not zones:
        why_not = "outside the guarded zones"
    elif ground.rules.lines and not crossed:
        why_not = "no line is crossed"
    elif dwell_s < ground.rules.minimum_dwell_s:
        why_not = f"inside for {dwell_s:.1f} s only"
    return replace(sighting.thing, zones=zones, dwell_s=dwell_s, crossed=crossed, why_not=why_not, matters=not why_not)


def _places(found: Sequence[Detection]) -> list[list[Detection]]:
    """Return detections grouped by place (overlap of half)."""
    groups: list[list[Detection]] = []
    for detection in sorted(found, key=lambda one: -one.score):
        for group in groups:
            if overlap(np.array(group[0].box_px), np.array(detection.box_px)) > 0.5:
                group.append(detection)
                break
        else:
            groups.append([detection])
    return groups


def logistic(odds: float) -> float:
    """Return the probability of log odds."""
    return 1.0 / (1.0 + math.exp(-min(max(odds, -30.0), 30.0)))


def ramp(value: float, low: float, high: float) -> float:
    """Return 0 below `low`, 1 above `high`, and a straight line between."""
    return min(max((value - low) / (high - low), 0.0), 1.0)

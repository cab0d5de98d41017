"""Where the detector looks: the few pictures and parts of pictures in which what moved is best seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.alarm.boxes import shared_area
from kinesight.analyses.alarm.classes import kind_of
from kinesight.analyses.alarm.evidence import ClipEvidence, Flags
from kinesight.domain.people import Boxes
from kinesight.domain.ports import ObjectDetector
from kinesight.domain.video import Floats, Frame, Image

LEAST_SCORE = 0.2
"""Detections below it are noise whatever the motion says."""

MOST_LOOKS = 8

DETECTOR_PX = 320
"""Side of the detector's input; what decides is how large a thing is there."""

INVISIBLE_PX, CLEAR_PX = 7.0, 65.0
"""Sizes at the detector's input (geometric mean of the sides) at which a thing is not seen at all, and seen as well as ever."""

CROP_SIZES, SMALLEST_CROP_PX = 3.0, 80
"""Side of a crop around a thing, in its longer side, and in pixels at least: the detector wants surroundings."""

WORTH, WORTH_WHEN_NAMED = 0.06, 0.08
"""A look that promises less than this is not taken; the second as soon as a person who moves is named, whatever else there is."""

SURE, NAMED = 0.55, 0.12
"""A detection of this score names a track; what is left of the worth of looking at it again."""

PART_OF_A_PERSON = 0.7
"""Share of a track's box that lies inside a person's from which the track belongs to that person."""

SLACK_S = 0.15
"""A track counts as there this long before and after its first and last sight: colour frames lie between the grey ones."""

TIMES_OF_A_TRACK = (0.1, 0.3, 0.5, 0.7, 0.95)
"""Moments of a track's life at which it may be looked at."""

DARK, FLAT = 150.0, 110.0
"""Grey levels: a picture whose brightest hundredth is darker, or whose range is smaller, is stretched before the look."""


Region = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """A part of a colour frame to look at. `region` is left, top, right, bottom in whole pixels of that frame."""

    frame: Frame
    region: Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """A glance that was taken: what was found, boxes in pixels of the colour frame; `tracks` that could be seen in it."""

    glance: Glance
    found: Boxes
    tracks: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the tracks are in one frame: `box` (tracks, 4) in its pixels, `there` (tracks,) whether they are in it at all."""

    box: Floats
    there: Flags


def look(evidence: ClipEvidence, colour: Sequence[Frame], detector: ObjectDetector, weights: Floats) -> list[Glimpse]:
    """Look where most of what is still unnamed can be seen, again and again, until nothing is left or `MOST_LOOKS` are spent.

    Parameters
    ----------
    evidence
        What moved.
    colour
        Frames that were kept in colour.
    detector
        The model.
    weights
        (tracks,) how much naming each track is worth; 0 for what nobody wants to know.
    """
    glances, places = _glances(evidence, colour, weights)
    clarity = _clarity(_seen(places, glances)) if glances else np.empty((0, len(weights)))
    worth = np.ones_like(clarity)
    times_s = np.array([glance.frame.time_s for glance in glances])
    lives = np.array([max(0.3, track.life_s / 5) for track in evidence.tracks])
    named = np.ones(len(weights))
    taken: list[Glimpse] = []
    total, worth_it = max(1.0, float(weights.sum())), WORTH
    while len(taken) < min(MOST_LOOKS, len(glances)):
        values = np.sum(weights * named * worth * clarity, axis=1)
        best = int(np.argmax(values))
        if taken and values[best] < worth_it * total:
            break
        glance = glances[best]
        found = _in_frame(detector.detect(_prepared(glance), least_score=LEAST_SCORE), glance)
        seen = tuple(np.flatnonzero(clarity[best] > 0.2).tolist())
        worth *= _still_worth(times_s - times_s[best], clarity[best], lives)
        worth[best] = -1.0  # nobody looks twice at the same
        taken.append(Glimpse(glance=glance, found=found, tracks=seen))
        people, others = _named(evidence, glance, found)
        named[list(people | others)] *= NAMED
        if people:
            worth_it = WORTH_WHEN_NAMED
    return taken


def _still_worth(apart_s: Floats, clarity: Floats, lives: Floats) -> Floats:
    """Return what looks (n,) still tell of each track, (n, tracks) 0..1, after one in which they were so clear, (tracks,).

    The less the nearer they are to it in time.
    """
    nearness = np.exp(-((apart_s[:, np.newaxis] / lives) ** 2))
    return np.asarray(1.0 - clarity * (0.35 + 0.6 * nearness))


def _named(evidence: ClipEvidence, glance: Glance, found: Boxes) -> tuple[set[int], set[int]]:
    """Return the tracks that a look has named, those of people and the others.

    What matches a sure box best has its name, and what moves inside a sure person belongs to that person: arms and legs are often
    tracks of their own. What moves inside a vehicle may well be somebody in front of it.
    """
    people, others = set[int](), set[int]()
    time_s = glance.frame.time_s
    for box, score, label in zip(found.xyxy_px, found.score, found.label, strict=True):
        kind = kind_of(label)
        if score < SURE or kind is None:
            continue
        small = box * (evidence.scale / glance.frame.scale)
        best = track_at(evidence, small, time_s)
        tracks = set() if best is None else {best}
        if kind == "person":
            people |= tracks | _tracks_inside(evidence, small, time_s)
        else:
            others |= tracks
    return people, others


def _tracks_inside(evidence: ClipEvidence, box: Floats, time_s: float) -> set[int]:
    """Return the tracks of which most is inside a box (working pixels) at a moment."""
    inside = set()
    for number, track in enumerate(evidence.tracks):
        if track.time_s[0] - SLACK_S <= time_s <= track.time_s[-1] + SLACK_S:
            other = track.at(time_s)
            if shared_area(box, other) > PART_OF_A_PERSON * float(np.prod(np.maximum(other[2:] - other[:2], 1.0))):
                inside.add(number)
    return inside


def track_at(evidence: ClipEvidence, box: Floats, time_s: float) -> int | None:
    """Return the track that a box (working pixels) is at a moment: the one that shares most with it, about a third at least."""
    best, most = None, 0.3
    for number, track in enumerate(evidence.tracks):
        if not track.time_s[0] - 0.3 <= time_s <= track.time_s[-1] + 0.3:
            continue
        other = track.at(time_s)
        shared = shared_area(box, other)
        areas = float(np.prod(box[2:] - box[:2])), float(np.prod(np.maximum(other[2:] - other[:2], 1.0)))
        # a fragment of a large box is a poor match, a box inside a large patch (two people side by side) a fair one
        match = shared / (0.5 * max(areas) + 0.5 * min(areas))
        if match > most:
            best, most = number, match
    return best


def _glances(evidence: ClipEvidence, colour: Sequence[Frame], weights: Floats) -> tuple[list[Glance], dict[int, Places]]:
    """Return all places worth thinking of: whole frames and squares around the weightiest tracks, at moments of their lives.

    And where every track is in the frames of these places, by the frame's index.
    """
    height, width = colour[0].rgb.shape[:2]
    wholes = _wholes(width, height)
    times = np.array([frame.time_s for frame in colour])
    weightiest = [number for number in np.argsort(-weights, kind="stable")[:10].tolist() if weights[number] > 0]
    moments = [(number, int(np.argmin(np.abs(times - time_s)))) for number in weightiest for time_s in _moments(evidence, number)]
    if not moments:
        busiest = int(np.argmax(_flicker(evidence)))
        wholes = wholes[:1] if height <= 1.2 * width else wholes
        asked_s = (evidence.time_s[busiest], evidence.time_s[0] * 0.5 + evidence.time_s[-1] * 0.5)
        chosen = dict.fromkeys(int(np.argmin(np.abs(times - time_s))) for time_s in asked_s)
        return _glances_at([(which, region) for which in chosen for region in wholes], colour), _places(evidence, colour, chosen)
    places = _places(evidence, colour, dict.fromkeys(which for _, which in moments))
    wanted: dict[tuple[int, Region], None] = {}
    for number, which in moments:
        square = _square(places[colour[which].index].box[number], width, height)
        wanted.update(dict.fromkeys((which, region) for region in (*wholes, square)))
    return _glances_at(wanted, colour), places


def _glances_at(wanted: Iterable[tuple[int, Region]], colour: Sequence[Frame]) -> list[Glance]:
    return [Glance(frame=colour[which], region=region) for which, region in wanted]


def _moments(evidence: ClipEvidence, number: int) -> Floats:
    """Return when a track may be looked at."""
    track = evidence.tracks[number]
    return track.time_s[[int(part * (len(track.frame) - 1) + 0.5) for part in TIMES_OF_A_TRACK]]


def _wholes(width: int, height: int) -> list[Region]:
    """Return what covers a frame: squares side by side, and a landscape frame as a whole.

    A frame squeezed square makes people slim, which the detector bears; a portrait squeezed would lay them flat.
    """
    side = min(width, height)
    count = -(-max(width, height) // side)
    starts = np.linspace(0, max(width, height) - side, count).round().astype(int).tolist()
    squares = [(0, start, side, start + side) if height > width else (start, 0, start + side, side) for start in starts]
    return squares if height > 1.2 * width else [(0, 0, width, height), *squares]


def _flicker(evidence: ClipEvidence) -> Floats:
    """Return how much each frame differs from what stands still, in grey levels, (n,)."""
    away = np.abs(evidence.grey[:, ::2, ::2] - evidence.background[::2, ::2])
    return np.asarray(np.mean(away, axis=(1, 2)), np.float64)


def _square(box: Floats, width: int, height: int) -> Region:
    """Return a square around a box that lies in the picture; as large as the picture allows if the box is large."""
    longest = max(box[2] - box[0], box[3] - box[1])
    side = int(min(max(CROP_SIZES * longest, SMALLEST_CROP_PX), width, height))
    left = int(np.clip((box[0] + box[2] - side) / 2, 0, width - side))
    top = int(np.clip((box[1] + box[3] - side) / 2, 0, height - side))
    # rounded, so that neighbouring tracks share their squares
    return left, top, left + side, top + side


def _places(evidence: ClipEvidence, colour: Sequence[Frame], chosen: Iterable[int]) -> dict[int, Places]:
    """Return where every track is at the moments of the chosen colour frames, by the index of those."""
    frames = [colour[which] for which in chosen]
    times_s = np.array([frame.time_s for frame in frames])
    boxes = np.array([track.at_all(times_s) for track in evidence.tracks]).reshape(-1, len(frames), 4)
    first, last = (np.array([track.time_s[end] for track in evidence.tracks]).reshape(-1, 1) for end in (0, -1))
    there = (first - SLACK_S <= times_s) & (times_s <= last + SLACK_S)
    return {
        frame.index: Places(box=boxes[:, number] * (frame.scale / evidence.scale), there=there[:, number])
        for number, frame in enumerate(frames)
    }


def _seen(places: Mapping[int, Places], glances: Sequence[Glance]) -> Floats:
    """Return how large each track would be at the detector's input, (glances, tracks); 0 where it is not in the glance."""
    region = np.array([glance.region for glance in glances], np.float64)[:, np.newaxis]
    box = np.array([places[glance.frame.index].box for glance in glances])
    there = np.array([places[glance.frame.index].there for glance in glances])
    inside = np.clip(box, np.tile(region[..., :2], 2), np.tile(region[..., 2:], 2))
    area, seen = (np.prod(np.maximum(one[..., 2:] - one[..., :2], 0.5), axis=2) for one in (box, inside))
    shape = DETECTOR_PX / (region[..., 2:] - region[..., :2])
    sizes = np.sqrt(np.prod((box[..., 2:] - box[..., :2]) * shape, axis=2))
    return np.where(there & (seen > 0.7 * area), sizes, 0.0)


def _clarity(sizes: Floats) -> Floats:
    """Return how well things of such sizes at the detector's input are seen, 0..1; what fills the input is cut off."""
    return np.clip((sizes - INVISIBLE_PX) / (CLEAR_PX - INVISIBLE_PX), 0.0, 1.0) * np.clip((300.0 - sizes) / 60.0, 0.3, 1.0)


def _prepared(glance: Glance) -> Image:
    left, top, right, bottom = glance.region
    part = glance.frame.rgb[top:bottom, left:right]
    red, green, blue = (part[::3, ::3, channel] for channel in range(3))
    low, high = (float(level) for level in np.percentile(np.maximum(np.maximum(red, green), blue), (1, 99)))
    if high >= DARK and high - low >= FLAT:
        return np.ascontiguousarray(part)
    stretched = (part.astype(np.float32) - low) * np.float32(235.0 / max(high - low, 24.0)) + 10.0
    return np.asarray(np.clip(stretched, 0, 255), np.uint8)


def _in_frame(found: Boxes, glance: Glance) -> Boxes:
    left, top = glance.region[:2]
    return Boxes(xyxy_px=found.xyxy_px + np.array([left, top, left, top]), score=found.score, label=found.label)

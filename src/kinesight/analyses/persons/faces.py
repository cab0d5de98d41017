"""Whose face is whose, how well it shows who it is, and where the head is when no face is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kinesight.analyses.persons.geometry import clipped
from kinesight.analyses.persons.people import Film, Person
from kinesight.analyses.persons.sightings import Look
from kinesight.domain.people import Faces
from kinesight.domain.video import Floats

FACE_SCORE = 0.35
"""Least score of a face inside a person."""

LOWEST = 0.55
"""Share of a person's height from the top in which the middle of the face lies; children on an arm are somebody else."""

ROUND_FACE = np.array([0.25, 0.45, 0.25, 0.12])
"""Shares of a face's size by which the head reaches beyond it: left, top, right, bottom (hair, ears, chin)."""

HEAD_PER_BODY = (0.13, 0.2)
"""Height of the head as a share of the box: that of a standing adult seen level, and the most for a whole body."""

HEAD_PER_WIDTH = 0.42
"""Height of the head as a share of the box's width, for a body that is seen in part."""

HEAD_ASPECT = 0.85
"""Width of a head for its height."""

LARGEST_PART = 0.45
"""A head is at most this share of the box's height."""

LEAST_OF_USUAL, FEWEST_POSES = 0.85, 2
"""A head is at least this share of its median height in the poses, if there are so many of them."""

BRIDGED_S = 1.0
"""Longest time between two moments that show the head over which it is taken to move in a straight line."""

HELD_S = 0.5
"""How long before and after a moment that shows the head it is taken to stay where it was in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenFace:
    """One face of a person: in which look, its box (4,), and how good a portrait it would be, 0..1."""

    look: int
    box_px: Floats
    score: float
    portrait: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """One person's head: `boxes_px` (n, 4), NaN where unknown, and `source` (n,) for the frames of the person."""

    boxes_px: Floats
    source: tuple[str | None, ...]
    faces: tuple[SeenFace, ...]


def faces_of(persons: Sequence[Person], looks: Sequence[Look]) -> tuple[tuple[SeenFace, ...], ...]:
    """Return the faces of each person. A face belongs to the person whose head is nearest; nobody has two at once."""
    found: list[list[SeenFace]] = [[] for _ in persons]
    by_look: dict[int, list[tuple[int, Floats]]] = {}
    for number, person in enumerate(persons):
        at = np.searchsorted(person.frames, [looks[look].frame for look in person.look])
        for look, row in zip(person.look, at, strict=True):
            by_look.setdefault(int(look), []).append((number, person.boxes_px[row]))
    for look, people in sorted(by_look.items()):
        faces = looks[look].faces
        if faces is not None and len(faces.score):
            for number, face in share_out(people, faces):
                found[number].append(_seen(faces, face, look))
    return tuple(tuple(one) for one in found)


def share_out(people: Sequence[tuple[int, Floats]], faces: Faces) -> list[tuple[int, int]]:
    """Return pairs of person and face, the best fitting first; `people` are pairs of a number and a body's box."""
    fits = []
    for number, box in people:
        for face in range(len(faces.score)):
            apart = _misfit(box, faces.xyxy_px[face])
            if faces.score[face] >= FACE_SCORE and np.isfinite(apart):
                fits.append((apart, number, face))
    taken: set[int] = set()
    served: set[int] = set()
    pairs = []
    for _, number, face in sorted(fits):
        if face not in taken and number not in served:
            pairs.append((number, face))
            taken.add(face)
            served.add(number)
    return pairs


def _misfit(box: Floats, face: Floats) -> float:
    """Return how far a face is from where the head of this box would be, in its own heights; infinite if it cannot be its."""
    centre = (face[:2] + face[2:]) / 2
    height = box[3] - box[1]
    if not (box[0] <= centre[0] <= box[2] and box[1] - 0.05 * height <= centre[1] <= box[1] + LOWEST * height):
        return np.inf
    head = body_head(box)
    return float(np.hypot(*(centre - (head[:2] + head[2:]) / 2)) / max(face[3] - face[1], 1.0))


def frontality(faces: Faces, face: int) -> float:
    """Return how much a face is turned to the camera: 0 for a profile, 1 from straight ahead."""
    box, points = faces.xyxy_px[face], faces.points_px[face]
    right_eye, left_eye, nose = points[:3]
    apart = np.hypot(*(left_eye - right_eye)) / max(box[2] - box[0], 1.0)
    # the nose of a frontal face is half way between the eyes, in a profile the eyes lie on one another
    span = float(left_eye[0] - right_eye[0])
    middle = abs((nose[0] - right_eye[0]) / span - 0.5) if abs(span) > 1e-3 else 1.0
    return float(np.clip(apart / 0.45, 0.0, 1.0) * np.clip(1.0 - middle, 0.0, 1.0))


def _seen(faces: Faces, face: int, look: int) -> SeenFace:
    score = float(faces.score[face])
    return SeenFace(look=look, box_px=faces.xyxy_px[face], score=score, portrait=score * frontality(faces, face))


def body_head(boxes: Floats) -> Floats:
    """Return about where the head of each body is, (…, 4), from the body's box (…, 4): at the top, in the middle.

    A box as narrow as a standing person has a head of a seventh of its height; a wide one is a body that is seen in part, whose
    head is measured by its width.
    """
    left, top, right, bottom = np.moveaxis(np.asarray(boxes), -1, 0)
    width, height = right - left, bottom - top
    most = np.where(height > 1.7 * width, HEAD_PER_BODY[1], LARGEST_PART)
    head = np.clip(HEAD_PER_WIDTH * width, HEAD_PER_BODY[0] * height, most * height)
    middle, half = (left + right) / 2, HEAD_ASPECT * head / 2
    return np.stack([middle - half, top, middle + half, top + head], axis=-1)


def head_round(face: Floats) -> Floats:
    """Return the head round a face, (4,)."""
    side = np.tile(face[2:] - face[:2], 2)
    return np.asarray(face + ROUND_FACE * side * np.array([-1.0, -1.0, 1.0, 1.0]))


def heads_of(person: Person, faces: Sequence[SeenFace], looks: Sequence[Look], film: Film) -> Heads:
    """Return the head of a person in every frame.

    It is round the face where one is seen, and where the pose says at other moments that were looked at. Between two such moments
    that are less than `BRIDGED_S` apart it moves in a straight line; up to `HELD_S` before and after one it moves with the body.
    Elsewhere it is at the top of the body, as large as this person's head usually is.
    """
    usual = _usual_place(person, faces, looks)
    heads = _placed(person.boxes_px, usual)
    source = np.where(person.is_filled, "filled", "body").astype(object)
    seen = _by_pose(person, looks)
    for face in faces:
        row = int(np.searchsorted(person.frames, looks[face.look].frame))
        # of a profile the face is but a strip of the head, which the pose shows; both are the head
        seen[row] = ("face", _both(head_round(face.box_px), seen[row][1] if row in seen else None))
    least = _least_head(person, looks)
    for row, (how, head) in seen.items():
        heads[row], source[row] = _grown(head, least * (person.boxes_px[row, 3] - person.boxes_px[row, 1])), how
    times = film.time_s[person.frames]
    cuts = [look.frame for look in looks if look.is_after_cut]
    shots = np.searchsorted(cuts, person.frames, side="right")
    for shot in np.unique(shots):
        first, end = np.searchsorted(shots, [shot, shot + 1])
        rows = [row - first for row in sorted(seen) if first <= row < end]
        part = slice(first, end)
        _beside(heads[part], source[part], rows, times[part], person.boxes_px[part])
    return Heads(
        boxes_px=clipped(heads, width=film.width_px, height=film.height_px), source=tuple(source.tolist()), faces=tuple(faces)
    )


def _least_head(person: Person, looks: Sequence[Look]) -> float:
    """Return the least height of this person's head in heights of the body, from the poses; 0 where too few were seen.

    What looks like a small face on the back of a head, or a pose that went wrong once, is not the whole head.
    """
    shares = [
        (head[3] - head[1]) / max(float(person.boxes_px[row, 3] - person.boxes_px[row, 1]), 1.0)
        for row, (_, head) in _by_pose(person, looks).items()
    ]
    return LEAST_OF_USUAL * float(np.median(shares)) if len(shares) >= FEWEST_POSES else 0.0


def _grown(head: Floats, least_px: float) -> Floats:
    """Return the head at least so high, and as wide as such a head is, about the same middle."""
    centre, half = (head[:2] + head[2:]) / 2, (head[2:] - head[:2]) / 2
    half = np.maximum(half, np.array([HEAD_ASPECT * least_px, least_px]) / 2)
    return np.concatenate([centre - half, centre + half])


def _both(head: Floats, other: Floats | None) -> Floats:
    return head if other is None else np.concatenate([np.minimum(head[:2], other[:2]), np.maximum(head[2:], other[2:])])


def _by_pose(person: Person, looks: Sequence[Look]) -> dict[int, tuple[str, Floats]]:
    """Return the heads that poses showed, by row of the person."""
    found: dict[int, tuple[str, Floats]] = {}
    for look, box in zip(person.look, person.box, strict=True):
        heads = looks[look].heads
        if heads is not None and np.isfinite(heads[box, 0]):
            found[int(np.searchsorted(person.frames, looks[look].frame))] = ("pose", heads[box])
    return found


def _beside(heads: Floats, source: NDArray[np.object_], rows: Sequence[int], time_s: Floats, boxes: Floats) -> None:
    """Place the head, in place, where it was not seen but was shortly before or after; `rows` are those in which it was seen."""
    for before, after in pairwise(rows):
        if time_s[after] - time_s[before] <= BRIDGED_S:
            inside = slice(before + 1, after)
            share = ((time_s[inside] - time_s[before]) / (time_s[after] - time_s[before]))[:, None]
            heads[inside] = heads[before] + share * (heads[after] - heads[before])
            source[inside] = "filled"
    for before, after in pairwise([-1, *rows, len(time_s)]):
        bridged = before >= 0 and after < len(time_s) and time_s[after] - time_s[before] <= BRIDGED_S
        for row in () if bridged else range(before + 1, after):
            near = [known for known in (before, after) if 0 <= known < len(time_s) and abs(time_s[known] - time_s[row]) <= HELD_S]
            if near:
                nearest = min(near, key=lambda known: abs(time_s[known] - time_s[row]))
                heads[row] = _unfolded(_within(heads[nearest], boxes[nearest])[None], boxes[[row]])[0]
                source[row] = "filled"


def _within(heads: Floats, boxes: Floats) -> Floats:
    """Return heads (…, 4) as centre x from the body's, top from the body's, width and height, all in heights of the body."""
    place = np.stack(
        [
            (heads[..., 0] + heads[..., 2] - boxes[..., 0] - boxes[..., 2]) / 2,
            heads[..., 1] - boxes[..., 1],
            heads[..., 2] - heads[..., 0],
            heads[..., 3] - heads[..., 1],
        ],
        axis=-1,
    )
    return np.asarray(place / np.maximum(boxes[..., 3] - boxes[..., 1], 1.0)[..., None])


def _unfolded(place: Floats, boxes: Floats) -> Floats:
    height = (boxes[:, 3] - boxes[:, 1])[:, None]
    centre = (boxes[:, [0]] + boxes[:, [2]]) / 2 + place[:, [0]] * height
    top = boxes[:, [1]] + place[:, [1]] * height
    half = place[:, [2]] * height / 2
    return np.concatenate([centre - half, top, centre + half, top + place[:, [3]] * height], axis=1)


def _usual_place(person: Person, faces: Sequence[SeenFace], looks: Sequence[Look]) -> Floats | None:
    """Return where this person's head usually is in the body, as `_within` has it; None where too few faces were seen."""
    if len(faces) < 3:
        return None
    rows = np.searchsorted(person.frames, [looks[face.look].frame for face in faces])
    places = [_within(head_round(face.box_px), person.boxes_px[row]) for row, face in zip(rows, faces, strict=True)]
    return np.asarray(np.median(places, axis=0))


def _placed(boxes: Floats, usual: Floats | None) -> Floats:
    """Return the heads of bodies (n, 4) without a seen face: as large as usual for this person, where heads are on such a body.

    To which side it leans was seen at other moments and says nothing about this one; nor does a size from when most was hidden.
    """
    plain = body_head(boxes)
    if usual is None:
        return plain
    place = _within(plain, boxes)
    place[:, 2:] = np.clip(usual[2:], 0.75 * place[:, 2:], 1.4 * place[:, 2:])
    return _unfolded(place, boxes)

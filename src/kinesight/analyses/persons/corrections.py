"""Corrections by hand: two ids are one person, one id is two, a name, a stretch that is not that person. Pure functions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from kinesight.analyses.persons.geometry import Mask
from kinesight.analyses.persons.observations import Observations, Portrait, Presence
from kinesight.analyses.persons.result import Correction, Link
from kinesight.domain.document import Document
from kinesight.domain.errors import BadParameter
from kinesight.domain.video import Floats


class Merge(Document):
    """Several ids are one person, who keeps the first one."""

    action: Literal["merge"] = "merge"
    obj_ids: tuple[int, ...] = Field(min_length=2)


class Split(Document):
    """One id is two persons, one before a moment and another one from it on; the later one gets a new id, the next free one.

    `new_id` is that id where it has to stay the same although other corrections are taken back.
    """

    action: Literal["split"] = "split"
    obj_id: int
    at_s: float
    new_id: int | None = Field(default=None, ge=0)


class Rename(Document):
    """A person has a name; an empty one takes it away."""

    action: Literal["rename"] = "rename"
    obj_id: int
    name: str = Field(max_length=80)


class Exclude(Document):
    """From one moment to another, both included, what is seen is not this person; without moments the whole person goes."""

    action: Literal["exclude"] = "exclude"
    obj_id: int
    from_s: float | None = None
    to_s: float | None = None


Change = Annotated[Merge | Split | Rename | Exclude, Field(discriminator="action")]
"""One correction, as it is sent to the API."""


def with_new_id(change: Merge | Split | Rename | Exclude, *, used: Collection[int]) -> Merge | Split | Rename | Exclude:
    """Return a change with the id that it gives to somebody, if it does: the first one after all that were ever used."""
    if not isinstance(change, Split):
        return change
    return change.model_copy(update={"new_id": max(used, default=-1) + 1})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    """The frames of a video in which somebody is, with boxes, heads, sources and scores for all of the video's frames."""

    boxes_px: Floats
    heads_px: Floats
    source: tuple[str | None, ...]
    score: Floats


def correct(observations: Observations, changes: Sequence[Merge | Split | Rename | Exclude]) -> Observations:
    """Return new observations with the changes made in their order, and told in the history. Other ids stay as they are.

    Raises
    ------
    BadParameter
        An id does not exist (any more), a moment is outside the person's time, or persons to be merged are at the same time
        in different places.
    """
    for change in changes:
        observations = _made(observations, change)
    return observations


def _made(seen: Observations, change: Merge | Split | Rename | Exclude) -> Observations:
    match change:
        case Merge():
            persons, detail = _merged(seen, change), ", ".join(str(one) for one in change.obj_ids)
        case Split():
            persons, detail = _split(seen, change), f"{change.obj_id} at {change.at_s:.3f} s"
        case Rename():
            persons, detail = _renamed(seen, change), f"{change.obj_id} is {change.name}" if change.name else f"{change.obj_id}"
        case Exclude():
            persons, detail = _excluded(seen, change), f"{change.obj_id} {_span(change)}"
    ordered = tuple(sorted(persons, key=lambda person: person.obj_id))
    history = (*seen.history, Correction(action=change.action, detail=detail.strip()))
    return replace(seen, persons=ordered, history=history)


def _span(change: Exclude) -> str:
    start = "" if change.from_s is None else f"from {change.from_s:.3f} s"
    end = "" if change.to_s is None else f" to {change.to_s:.3f} s"
    return start + end


def _person(seen: Observations, obj_id: int) -> Presence:
    person = seen.person(obj_id)
    if person is None:
        known = ", ".join(str(one.obj_id) for one in seen.persons) or "none"
        raise BadParameter(f"There is no person {obj_id}; there are: {known}.")
    return person


def _merged(seen: Observations, change: Merge) -> list[Presence]:
    if len(set(change.obj_ids)) != len(change.obj_ids):
        raise BadParameter(f"A person cannot be merged with themselves: {', '.join(str(one) for one in change.obj_ids)}.")
    parts = [_person(seen, obj_id) for obj_id in change.obj_ids]
    whole = parts[0]
    for part in parts[1:]:
        whole = _joined(seen, whole, part)
    gone = set(change.obj_ids)
    return [person for person in seen.persons if person.obj_id not in gone] + [whole]


def _joined(seen: Observations, one: Presence, other: Presence) -> Presence:
    """Return two presences as one; where both are seen the surer one counts, if they are seen in the same place."""
    first, second = (_rows(seen, person) for person in (one, other))
    there, also = (np.isfinite(rows.boxes_px[:, 0]) for rows in (first, second))
    _refuse_two_places(seen, first, second, there & also, ids=(one.obj_id, other.obj_id))
    takes = also & (~there | (second.score > first.score))
    choose = takes[:, None]
    rows = _Rows(
        boxes_px=np.where(choose, second.boxes_px, first.boxes_px),
        heads_px=np.where(choose, second.heads_px, first.heads_px),
        source=tuple(b if taken else a for a, b, taken in zip(first.source, second.source, takes, strict=True)),
        score=np.where(takes, second.score, first.score),
    )
    early, late = sorted((one, other), key=lambda person: person.first_frame)
    joint = Link(
        from_s=_last_s(seen, early),
        to_s=float(seen.time_s[late.first_frame]),
        why=f"merged by hand: {one.obj_id} and {other.obj_id}",
    )
    return _presence(
        rows,
        one,
        name=one.name or other.name,
        confidence=max(one.confidence, other.confidence),
        portraits=tuple(sorted((*one.portraits, *other.portraits), key=lambda portrait: -portrait.quality)),
        links=tuple(sorted((*one.links, *other.links, joint), key=lambda link: link.from_s)),
    )


def _refuse_two_places(seen: Observations, one: _Rows, other: _Rows, both: Mask, *, ids: tuple[int, int]) -> None:
    if not both.any():
        return
    corner = np.maximum(one.boxes_px[both, :2], other.boxes_px[both, :2])
    shared = np.prod(np.maximum(np.minimum(one.boxes_px[both, 2:], other.boxes_px[both, 2:]) - corner, 0.0), axis=1)
    smaller = np.minimum(*(np.prod(rows.boxes_px[both, 2:] - rows.boxes_px[both, :2], axis=1) for rows in (one, other)))
    apart = np.flatnonzero(shared < 0.3 * np.maximum(smaller, 1e-9))
    if len(apart):
        moment = float(seen.time_s[np.flatnonzero(both)[apart[0]]])
        raise BadParameter(
            f"Persons {ids[0]} and {ids[1]} are seen in different places at {moment:.2f} s and cannot be one; "
            "exclude the wrong stretch first."
        )


def _split(seen: Observations, change: Split) -> list[Presence]:
    person = _person(seen, change.obj_id)
    rows = _rows(seen, person)
    before = seen.time_s < change.at_s
    there = np.isfinite(rows.boxes_px[:, 0])
    if not (there & before).any() or not (there & ~before).any():
        raise BadParameter(
            f"Person {change.obj_id} is not seen both before and after {change.at_s:.2f} s; there is nothing to split."
        )
    taken = {one.obj_id for one in seen.persons}
    new_id = max(taken) + 1 if change.new_id is None else change.new_id
    if new_id in taken:
        raise BadParameter(f"Person {new_id} is there already; the later one needs another id.")
    first, second = (_kept(seen, person, rows, keep) for keep in (before, ~before))
    later = replace(second, obj_id=new_id, name=None)
    return [one for one in seen.persons if one.obj_id != change.obj_id] + [first, later]


def _renamed(seen: Observations, change: Rename) -> list[Presence]:
    person = _person(seen, change.obj_id)
    named = replace(person, name=change.name.strip() or None)
    return [named if one.obj_id == change.obj_id else one for one in seen.persons]


def _excluded(seen: Observations, change: Exclude) -> list[Presence]:
    person = _person(seen, change.obj_id)
    others = [one for one in seen.persons if one.obj_id != change.obj_id]
    start = -np.inf if change.from_s is None else change.from_s
    end = np.inf if change.to_s is None else change.to_s
    if end < start:
        raise BadParameter(f"The stretch {change.from_s} to {change.to_s} s ends before it begins.")
    rows = _rows(seen, person)
    goes = (seen.time_s >= start) & (seen.time_s <= end)
    there = np.isfinite(rows.boxes_px[:, 0])
    if not (there & goes).any():
        raise BadParameter(f"Person {change.obj_id} is not seen in that stretch; there is nothing to exclude.")
    return others if not (there & ~goes).any() else [*others, _kept(seen, person, rows, ~goes)]


def _kept(seen: Observations, person: Presence, rows: _Rows, keep: Mask) -> Presence:
    """Return a person in some of the frames of the video only, with the portraits and links that lie in them."""
    kept = _Rows(
        boxes_px=np.where(keep[:, None], rows.boxes_px, np.nan),
        heads_px=np.where(keep[:, None], rows.heads_px, np.nan),
        source=tuple(source if stays else None for source, stays in zip(rows.source, keep, strict=True)),
        score=np.where(keep, rows.score, 0.0),
    )
    times = seen.time_s[keep & np.isfinite(kept.boxes_px[:, 0])]
    portraits = tuple(portrait for portrait in person.portraits if keep[portrait.frame])
    return _presence(
        kept,
        person,
        name=person.name,
        confidence=person.confidence,
        portraits=portraits or (_plain_portrait(seen, kept),),
        links=tuple(link for link in person.links if times[0] <= link.from_s and link.to_s <= times[-1]),
    )


def _plain_portrait(seen: Observations, rows: _Rows) -> Portrait:
    """Return the moment with the surest, then largest head: better ones are known only of moments that were looked at."""
    there = np.flatnonzero(np.isfinite(rows.heads_px[:, 0]))
    size = rows.heads_px[there, 3] - rows.heads_px[there, 1]
    best = int(there[np.lexsort((-size, -rows.score[there]))[0]])
    left, top, right, bottom = rows.heads_px[best]
    width, height = right - left, bottom - top
    box = np.array([left - width, top - 0.35 * height, right + width, bottom + 1.5 * height])
    limit = np.array([seen.width_px, seen.height_px, seen.width_px, seen.height_px])
    return Portrait(frame=best, box_px=np.clip(box, 0, limit))


def _rows(seen: Observations, person: Presence) -> _Rows:
    frames = len(seen.time_s)
    boxes, heads = np.full((frames, 4), np.nan), np.full((frames, 4), np.nan)
    score = np.zeros(frames)
    inside = slice(person.first_frame, person.first_frame + len(person.score))
    boxes[inside], heads[inside], score[inside] = person.boxes_px, person.heads_px, person.score
    before = (None,) * person.first_frame
    after = (None,) * (frames - person.first_frame - len(person.score))
    return _Rows(boxes_px=boxes, heads_px=heads, source=(*before, *person.head_source, *after), score=score)


def _presence(
    rows: _Rows, like: Presence, *, name: str | None, confidence: float, portraits: tuple[Portrait, ...], links: tuple[Link, ...]
) -> Presence:
    there = np.flatnonzero(np.isfinite(rows.boxes_px[:, 0]))
    inside = slice(int(there[0]), int(there[-1]) + 1)
    return Presence(
        obj_id=like.obj_id,
        first_frame=int(there[0]),
        boxes_px=rows.boxes_px[inside],
        heads_px=rows.heads_px[inside],
        head_source=rows.source[inside],
        score=rows.score[inside],
        confidence=confidence,
        name=name,
        portraits=portraits,
        links=links,
    )


def _last_s(seen: Observations, person: Presence) -> float:
    return float(seen.time_s[person.first_frame + len(person.score) - 1])

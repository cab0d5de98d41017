"""Observations in, findings out: who is in the video, when, and how sure that is."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.persons.observations import Observations, Presence
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.result import PersonFound, PersonsResult, Range
from kinesight.domain.analysis import Findings
from kinesight.domain.document import Notice


def analyse(observations: Observations, parameters: PersonsParameters) -> Findings[PersonsResult]:  # noqa: ARG001 - every analysis has it
    """Return who is in the video and when. A video with nobody in it is a result too, with a notice."""
    persons = tuple(_found(person, observations) for person in observations.persons)
    result = PersonsResult(
        detected_objects=len(persons), persons=persons, cuts_s=observations.cuts_s, corrections=observations.history
    )
    return Findings(result=result, warnings=(*observations.notices, *_notices(result)))


def ranges_of(person: Presence, observations: Observations) -> tuple[Range, ...]:
    """Return the stretches of consecutive frames in which a person is in the picture."""
    there = np.flatnonzero(person.is_there) + person.first_frame
    starts = np.flatnonzero(np.diff(there, prepend=-2) > 1)
    ends = np.append(starts[1:], len(there)) - 1
    return tuple(
        Range(
            first_s=float(observations.time_s[there[start]]),
            last_s=float(observations.time_s[there[end]]),
            first_frame=int(there[start]),
            last_frame=int(there[end]),
        )
        for start, end in zip(starts, ends, strict=True)
    )


def _found(person: Presence, observations: Observations) -> PersonFound:
    portrait = person.portraits[0] if person.portraits else None
    return PersonFound(
        obj_id=person.obj_id,
        name=person.name,
        confidence=round(person.confidence, 3),
        ranges=ranges_of(person, observations),
        preview=preview_name(person) if portrait else None,
        preview_s=float(observations.time_s[portrait.frame]) if portrait else None,
        head_visible=round(head_visible(person), 3),
        links=person.links,
    )


def head_visible(person: Presence) -> float:
    """Return in which share of the frames with the person the face is seen, or lies between two moments in which it was."""
    there = person.is_there
    seen = np.array([source == "face" for source in person.head_source])
    faces = np.flatnonzero(seen)
    if not len(faces):
        return 0.0
    filled = np.array([source == "filled" for source in person.head_source])
    before = np.maximum.accumulate(np.where(seen, np.arange(len(seen)), -1))
    after = np.minimum.accumulate(np.where(seen, np.arange(len(seen)), len(seen))[::-1])[::-1]
    between = filled & (before >= 0) & (after < len(seen))
    return float((seen | between)[there].mean())


def preview_name(person: Presence) -> str:
    """Return where the picture of a person is kept in the folder of results."""
    return f"persons/{person.obj_id}.jpg"


def _notices(result: PersonsResult) -> tuple[Notice, ...]:
    if not result.persons:
        return (Notice(code="nobody_found", message="Nobody was found in the video."),)
    return ()

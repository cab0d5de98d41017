"""The report of a persons analysis: who, when, a picture of each, and why two appearances are one person."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from kinesight.analyses.persons.observations import Observations, Presence
from kinesight.analyses.persons.overlay import colour_of
from kinesight.analyses.persons.result import PersonFound, PersonsResult
from kinesight.domain.analysis import Findings, ReportInput
from kinesight.pages.frame import data_url, page

_WIDTH = 1000.0
"""Width of the timeline in its own units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One person as the page shows them."""

    person: PersonFound
    label: str
    colour: str
    picture: str | None
    seen: str
    timeline: Markup


def report(observations: Observations, findings: Findings[PersonsResult], given: ReportInput) -> str:
    """Return the report as one self-contained HTML file."""
    result = findings.result
    seen = {person.obj_id: person for person in observations.persons}
    return page(
        package="kinesight.analyses.persons",
        template="report.html",
        title=given.title,
        facts=_facts(observations, result),
        warnings=findings.warnings,
        rows=[_row(person, seen[person.obj_id], observations, given) for person in result.persons],
        ticks=_ticks(observations),
        cuts_s=result.cuts_s,
        corrections=result.corrections,
        video=data_url(given.video_mp4, media_type="video/mp4") if given.video_mp4 else None,
        models=given.models,
        parameters=[(name, json.dumps(value)) for name, value in sorted(given.parameters.items())],
        sha256=observations.video_sha256,
    )


def _facts(observations: Observations, result: PersonsResult) -> list[str]:
    length_s = float(observations.time_s[-1] - observations.time_s[0])
    people = "nobody" if not result.persons else "1 person" if len(result.persons) == 1 else f"{len(result.persons)} persons"
    facts = [people, f"{length_s:.1f} s", f"{observations.width_px} × {observations.height_px}"]
    if result.cuts_s:
        facts.append("1 cut" if len(result.cuts_s) == 1 else f"{len(result.cuts_s)} cuts")
    joined = sum(len(person.links) for person in result.persons)
    if joined:
        facts.append("1 reappearance joined" if joined == 1 else f"{joined} reappearances joined")
    return facts


def _row(person: PersonFound, seen: Presence, observations: Observations, given: ReportInput) -> Row:
    picture = given.stills_jpeg.get(person.preview or "")
    red, green, blue = colour_of(person.obj_id)
    shown_s = sum(one.last_s - one.first_s for one in person.ranges)
    return Row(
        person=person,
        label=f"Person {person.obj_id}" if person.name is None else f"{person.obj_id} – {person.name}",
        colour=f"rgb({red},{green},{blue})",
        picture=data_url(picture, media_type="image/jpeg") if picture else None,
        seen=f"{shown_s:.1f} s in {len(person.ranges)} {'stretch' if len(person.ranges) == 1 else 'stretches'}",
        timeline=_timeline(person, seen, observations),
    )


def _timeline(person: PersonFound, seen: Presence, observations: Observations) -> Markup:
    """Return one lane of the timeline: where the person is, a darker strip where a face was seen, the joints as dots."""
    x = _scale(observations)
    red, green, blue = colour_of(person.obj_id)
    parts = [f'<rect x="0" y="9" width="{_WIDTH:.0f}" height="2" class="rail"/>']
    for one in person.ranges:
        left, right = x(one.first_s), x(one.last_s)
        title = f"<title>{one.first_s:.2f} to {one.last_s:.2f} s</title>"
        place = f'x="{left:.1f}" y="2" width="{max(right - left, 2):.1f}" height="16" rx="3"'
        parts.append(f'<rect {place} fill="rgb({red},{green},{blue})">{title}</rect>')
    for row in np.flatnonzero([source == "face" for source in seen.head_source]):
        at = x(float(observations.time_s[seen.first_frame + int(row)]))
        parts.append(f'<rect x="{at - 1:.1f}" y="12" width="2" height="5" class="face"/>')
    parts += [f'<rect x="{x(cut_s) - 0.5:.1f}" y="0" width="1" height="20" class="cut"/>' for cut_s in observations.cuts_s]
    label = f"Person {person.obj_id} on the timeline"
    drawing = f'<svg class="lane" viewBox="0 0 {_WIDTH:.0f} 20" preserveAspectRatio="none" role="img" aria-label="{label}">'
    return Markup(drawing + "".join(parts) + "</svg>")  # noqa: S704 - numbers and words of this module only


def _scale(observations: Observations) -> Any:
    start, end = float(observations.time_s[0]), float(observations.time_s[-1])
    span = max(end - start, 1e-6)
    return lambda time_s: _WIDTH * (time_s - start) / span


def _ticks(observations: Observations) -> list[str]:
    start, end = float(observations.time_s[0]), float(observations.time_s[-1])
    return [f"{start + share * (end - start):.1f} s" for share in (0.0, 0.25, 0.5, 0.75, 1.0)]

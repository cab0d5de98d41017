"""The pictures of persons that are cut out of the video."""

from __future__ import annotations

from kinesight.analyses.persons.analysis import preview_name
from kinesight.analyses.persons.observations import Observations
from kinesight.analyses.persons.portraits import LEAST_PX
from kinesight.analyses.persons.result import PersonsResult
from kinesight.domain.analysis import Crop, Findings


def crops(observations: Observations, findings: Findings[PersonsResult]) -> tuple[Crop, ...]:  # noqa: ARG001 - every analysis has it
    """Return one picture per person, of the moment that shows the person best."""
    found = []
    for person in observations.persons:
        if person.portraits:
            best = person.portraits[0]
            left, top, right, bottom = (float(side) for side in best.box_px)
            time_s = float(observations.time_s[best.frame])
            found.append(
                Crop(
                    name=preview_name(person),
                    time_s=time_s,
                    box_xyxy_px=(left, top, right, bottom),
                    least_height_px=int(LEAST_PX),
                )
            )
    return tuple(found)

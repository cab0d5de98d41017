"""Between Ochy's fields and ours, both ways, without touching the outside world."""

from __future__ import annotations

from typing import Any

from kinesight.apis.edge.times import timestamp
from kinesight.apis.ochy.schemas import Listed, StartForm, Status
from kinesight.domain.job import Job, State
from kinesight.domain.subjects import Subject
from kinesight.domain.webhooks import Event, Happening

OUR_NAMES = {"height_m": "height", "weight_kg": "weight", "pace_s_per_km": "pace"}
"""What a client of this API calls our parameters, for complaints about them."""

SUBJECT_FIELDS = {"email": "email", "name": "name", "height": "height_m", "weight": "weight_kg"}

VIEWS = {"side_view": "side", "back_view": "back"}
TYPES = {view: name for name, view in VIEWS.items()}

STATUS_OF: dict[State, Status] = {
    State.QUEUED: "pending",
    State.RUNNING: "analyzing",
    State.CANCELLING: "analyzing",
    State.SUCCEEDED: "success",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
    State.DEAD: "failed",
}

EVENTS = {
    Happening.STARTED: "analysis.started",
    Happening.PROGRESS: "analysis.progress",
    Happening.SUCCEEDED: "analysis.succeeded",
}
EVENT_STATUS = {Happening.STARTED: "analyzing", Happening.PROGRESS: "analyzing", Happening.SUCCEEDED: "success"}

HTTP_OF = {"pending": 200, "analyzing": 202, "success": 200, "failed": 400}

CENTIMETRES_OVER = 3.0
"""Nobody is 3 m tall: larger heights come from clients of the older contract, which had centimetres."""

NOMINAL_RATE_TOLERANCE = 0.98
"""Cameras that say 30 frames a second deliver 29.97 (NTSC) or a little less; a clip within 2 % has the nominal rate."""

NOMINAL_LENGTH_TOLERANCE = 1.02
"""A recording that is stopped at 10 s lasts a few frames more."""


def parameters_of(form: StartForm, subject: Subject | None, *, minimum_fps: float) -> dict[str, Any]:
    """Return our running parameters for a start form, not yet validated.

    Parameters
    ----------
    subject
        Whose height and weight count where the form leaves them out; where he has none, the form's defaults do.
    minimum_fps
        Nominal lowest frame rate of this API.
    """
    height_m, weight_kg = metres(form.height), form.weight
    if subject is not None:
        height_m = subject.height_m if subject.height_m is not None and "height" not in form.model_fields_set else height_m
        weight_kg = subject.weight_kg if subject.weight_kg is not None and "weight" not in form.model_fields_set else weight_kg
    return {
        "view": VIEWS[form.analysis_type],
        "full_body": form.full_body,
        "height_m": height_m,
        "weight_kg": weight_kg,
        "treadmill": form.treadmill,
        # overground the pace is found from the clip, whatever the client says
        "pace_s_per_km": seconds_of(form.pace) if form.treadmill and form.pace else None,
        "language": form.language,
        "minimum_fps": lowest_rate(minimum_fps),
    }


def metres(height: float) -> float:
    """Return a height in metres that may have been sent in centimetres."""
    return height / 100.0 if height > CENTIMETRES_OVER else height


def lowest_rate(nominal_fps: float) -> float:
    """Return the measured frame rate from which a clip counts as having the nominal one."""
    return round(nominal_fps * NOMINAL_RATE_TOLERANCE, 3)


def longest_clip(nominal_s: float) -> float:
    """Return the length up to which a clip counts as having the nominal one: phones stop a little late."""
    return round(nominal_s * NOMINAL_LENGTH_TOLERANCE, 3)


def seconds_of(pace: str) -> float:
    """Return seconds per kilometre for MM:SS."""
    minutes, seconds = pace.split(":")
    return int(minutes) * 60.0 + int(seconds)


def listed(job: Job) -> Listed:
    """Return a job as lists show it."""
    return Listed(
        video_id=job.id,
        status=STATUS_OF[job.state],
        percentage=job.percentage,
        analysis_type=job.origin.get("analysis_type") or TYPES.get(str(job.parameters.get("view"))),
        subject_id=job.subject_id,
        created_at=timestamp(job.created_s),
    )


def state_body(job: Job) -> dict[str, Any]:
    """Return what every answer about an analysis begins with; for one without a result that is all."""
    status = STATUS_OF[job.state]
    body: dict[str, Any] = {"video_id": job.id, "status": status}
    if status != "failed":
        return body | {"percentage": job.percentage}
    why = {"code": job.error_code or job.state.value, "message": job.error_message or f"It was {job.state.value}."}
    return body | {"error": why}


def event_body(event: Event) -> dict[str, object]:
    """Return an event of an analysis as its receiver gets it."""
    return {
        "event": EVENTS.get(event.happening, "analysis.failed"),
        "video_id": event.job_id,
        "status": EVENT_STATUS.get(event.happening, "failed"),
        "percentage": event.percentage,
        "sequence": event.sequence,
        "timestamp": timestamp(event.created_s),
    }

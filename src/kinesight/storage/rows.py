"""Between rows and values: jobs, cursors, and text that every database can keep."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from typing import Any

import sqlalchemy as sa

from kinesight.domain.errors import BadParameter
from kinesight.domain.job import Job, State
from kinesight.storage.tables import jobs

_drawings = jobs.alias("drawings")

# What a list shows of a job: everything but the result, which may be large.
LISTED = (
    jobs.c.id,
    jobs.c.tenant_id,
    jobs.c.kind,
    jobs.c.parameters,
    jobs.c.state,
    jobs.c.created_s,
    jobs.c.subject_id,
    jobs.c.camera_id,
    jobs.c.input_key,
    jobs.c.source_url,
    jobs.c.input_name,
    jobs.c.origin,
    jobs.c.stage,
    jobs.c.done,
    jobs.c.total,
    jobs.c.attempt,
    jobs.c.started_s,
    jobs.c.finished_s,
    jobs.c.error_code,
    jobs.c.error_message,
    jobs.c.vendor_id,
    jobs.c.vendor_number,
    jobs.c.follows,
    jobs.c.builds_on,
    jobs.c.asked_by,
    sa.select(_drawings.c.state).where(_drawings.c.follows == jobs.c.id).scalar_subquery().label("drawing"),
)
WHOLE = (*LISTED, jobs.c.result, jobs.c.corrections)

# PostgreSQL keeps no NUL, and no database keeps half a surrogate pair, which file names may hold.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def job_from(row: sa.Row[Any, *tuple[Any, ...]]) -> Job:
    """Return the job of a row of `LISTED` or `WHOLE`."""
    given = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for a row as a mapping
    drawing = given["drawing"]
    return Job(**{**given, "state": State(given["state"]), "drawing": None if drawing is None else State(drawing)})


def storable(text: str | None, *, longest: int = 4000) -> str | None:
    """Return text with what no database can keep replaced, cut to a length."""
    return None if text is None else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)[:longest]


def write_cursor(created_s: float, job_id: str) -> str:
    """Return a place in a list as an opaque word."""
    return base64.urlsafe_b64encode(json.dumps([created_s, job_id]).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> tuple[float, str]:
    """Return the place that a cursor means. Raises `BadParameter`."""
    try:
        place = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise BadParameter("The cursor is not one that this server gave out; begin again without it.") from error
    match place:
        case [float() | int() as created_s, str() as job_id] if math.isfinite(created_s):
            return float(created_s), storable(job_id) or ""
        case _:
            raise BadParameter("The cursor is not one that this server gave out; begin again without it.")

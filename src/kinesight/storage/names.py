"""Jobs by what their callers named them, instead of by id."""

from __future__ import annotations

import sqlalchemy as sa

from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job
from kinesight.storage.rows import WHOLE, job_from, storable
from kinesight.storage.tables import jobs


def find_named(
    connection: sa.Connection,
    tenant_id: str,
    *,
    kind: str,
    vendor_id: str | None = None,
    vendor_number: int | None = None,
    input_name: str | None = None,
) -> Job:
    """Return the newest job of a kind that has every one of the given names. Raises `NotFound`, also when none is given."""
    given = {"vendor_id": storable(vendor_id), "vendor_number": vendor_number, "input_name": storable(input_name, longest=255)}
    names = [jobs.c[column] == value for column, value in given.items() if value is not None]
    mine = (jobs.c.tenant_id == tenant_id, jobs.c.kind == storable(kind), jobs.c.follows.is_(None))
    query = sa.select(*WHOLE).where(*mine, *names)
    newest = query.order_by(jobs.c.created_s.desc(), jobs.c.id.desc()).limit(1)
    row = connection.execute(newest).one_or_none() if names else None
    if row is None:
        raise NotFound("There is no job with this name.")
    return job_from(row)

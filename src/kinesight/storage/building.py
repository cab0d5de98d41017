"""Jobs that build on other jobs: what they need stays until they have ended. Each function is part of a caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.job import Attachment, State
from kinesight.storage.rows import storable
from kinesight.storage.tables import attachments, jobs
from kinesight.storage.transitions import UNFINISHED


def hold(connection: sa.Connection, tenant_id: str, job_id: str) -> None:
    """Keep a job from being forgotten before this transaction has ended. Raises `NotFound` when it was, or has not succeeded."""
    is_it = (jobs.c.id == storable(job_id), jobs.c.tenant_id == tenant_id, jobs.c.state == State.SUCCEEDED)
    if connection.execute(sa.select(jobs.c.id).where(*is_it).with_for_update()).first() is None:
        raise NotFound("The analysis to build on is not there any more.")


def refuse_needed(connection: sa.Connection, job_id: str) -> None:
    """Raise `Conflict` while an unfinished job builds on this one."""
    # Whoever builds on it holds the same lock until its own job is there to be seen.
    connection.execute(sa.select(jobs.c.id).where(jobs.c.id == job_id).with_for_update())
    if needed(connection, [job_id]):
        raise Conflict("A task that builds on this analysis has not finished; wait for its end, or cancel it first.")


def needed(connection: sa.Connection, job_ids: Collection[str]) -> set[str]:
    """Return which of these jobs unfinished ones build on. Ask only with their rows locked."""
    query = sa.select(jobs.c.builds_on).where(jobs.c.builds_on.in_(job_ids), jobs.c.state.in_(UNFINISHED))
    return set(connection.execute(query).scalars())


def attach(connection: sa.Connection, job_id: str, references: Mapping[int, Attachment]) -> None:
    """Write what a new job needs besides its video."""
    rows = [
        {
            "job_id": job_id,
            "obj_id": obj_id,
            "key": one.key,
            "url": storable(one.url, longest=8000),
            "name": storable(one.name, longest=255),
            "sha256": one.sha256,
        }
        for obj_id, one in sorted(references.items())
    ]
    if rows:
        connection.execute(sa.insert(attachments), rows)


def attached(connection: sa.Connection, job_id: str) -> dict[int, Attachment]:
    """Return what a job needs besides its video."""
    columns = (attachments.c.obj_id, attachments.c.key, attachments.c.url, attachments.c.name, attachments.c.sha256)
    rows = connection.execute(sa.select(*columns).where(attachments.c.job_id == job_id).order_by(attachments.c.obj_id))
    return {row.obj_id: Attachment(key=row.key, url=row.url, name=row.name, sha256=row.sha256) for row in rows}


def attached_keys(connection: sa.Connection, job_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the uploads that these jobs need besides their videos, by job."""
    query = sa.select(attachments.c.job_id, attachments.c.key).where(
        attachments.c.job_id.in_(job_ids), attachments.c.key.is_not(None)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.job_id].append(row.key)
    return {job_id: tuple(keys) for job_id, keys in found.items()}


def is_attached(connection: sa.Connection, key: str) -> bool:
    """Return whether a job needs this upload besides its video."""
    return connection.execute(sa.select(attachments.c.job_id).where(attachments.c.key == key).limit(1)).first() is not None

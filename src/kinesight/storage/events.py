"""Events of jobs, written in the same transaction as what they tell, so that neither is there without the other."""

from __future__ import annotations

import sqlalchemy as sa

from kinesight.domain.webhooks import MILESTONES, Happening
from kinesight.storage.database import database_now
from kinesight.storage.tables import jobs, webhook_events


def note(connection: sa.Connection, job_id: str, happening: Happening, *, percentage: int) -> None:
    """Write an event if the job's tenant asked to be told."""
    _write(connection, jobs.c.id == job_id, happening, percentage)


def note_start(connection: sa.Connection, job_id: str) -> None:
    """Write that a job began, at its first try only."""
    _write(connection, sa.and_(jobs.c.id == job_id, jobs.c.event_sequence == 0), Happening.STARTED, 0)


def note_milestones(connection: sa.Connection, job_id: str, *, told: int, reached: int) -> None:
    """Write every milestone between what was told and what is reached; a job that begins again tells none twice."""
    passed = [milestone for milestone in MILESTONES if told < milestone <= reached]
    for milestone in passed:
        note(connection, job_id, Happening.PROGRESS, percentage=milestone)
    if passed:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(event_percentage=passed[-1]))


def _write(connection: sa.Connection, which: sa.ColumnElement[bool], happening: Happening, percentage: int) -> None:
    # The job's row is locked from here on, so numbers come in the order of what they tell.
    row = connection.execute(
        sa.update(jobs)
        .where(which, jobs.c.notify.is_not(None))
        .values(event_sequence=jobs.c.event_sequence + 1)
        .returning(jobs.c.id, jobs.c.tenant_id, jobs.c.notify, jobs.c.event_sequence)
    ).one_or_none()
    if row is not None:
        connection.execute(
            sa.insert(webhook_events).values(
                job_id=row.id,
                sequence=row.event_sequence,
                tenant_id=row.tenant_id,
                dialect=row.notify,
                happening=happening,
                percentage=percentage,
                created_s=database_now(),
                due_s=database_now(),
                tries=0,
            )
        )

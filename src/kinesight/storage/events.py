"""Events of jobs, written in the same transaction as what they tell, so that neither is there without the other."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from kinesight.domain.webhooks import MILESTONES, RESULT_APIS, STANDING_APIS, Happening
from kinesight.storage.database import database_now
from kinesight.storage.receivers import call_secret
from kinesight.storage.tables import jobs, receivers, webhook_events

TELLS_STEPS = jobs.c.notify.not_in(RESULT_APIS)


def note(connection: sa.Connection, job_id: str, happening: Happening, *, percentage: int) -> None:
    """Write an event if the job's tenant asked to be told; a result goes to everybody who wants results."""
    is_it = jobs.c.id == job_id
    _write(connection, sa.and_(is_it, TELLS_STEPS), happening, percentage)
    wanted = sa.select(jobs.c.tenant_id, jobs.c.callback_url, jobs.c.notify).where(is_it, jobs.c.notify.in_(RESULT_APIS))
    job = connection.execute(wanted).one_or_none()
    if job is None:
        return
    if job.callback_url is not None:
        call_secret(connection, job.tenant_id)  # it has to be there when the message is signed
        _write(connection, is_it, happening, percentage, url=job.callback_url)
    if job.notify not in STANDING_APIS:
        return
    # Those that are disabled get it too: it waits for them, as the webhook's events do.
    standing = sa.select(receivers.c.id).where(receivers.c.tenant_id == job.tenant_id).order_by(receivers.c.created_s)
    for receiver_id in connection.execute(standing).scalars().all():
        _write(connection, is_it, happening, percentage, receiver_id=receiver_id)


def note_start(connection: sa.Connection, job_id: str) -> None:
    """Write that a job began, at its first try only."""
    _write(connection, sa.and_(jobs.c.id == job_id, jobs.c.event_sequence == 0, TELLS_STEPS), Happening.STARTED, 0)


def note_milestones(connection: sa.Connection, job_id: str, *, told: int, reached: int) -> None:
    """Write every milestone between what was told and what is reached; a job that begins again tells none twice."""
    passed = [milestone for milestone in MILESTONES if told < milestone <= reached]
    for milestone in passed:
        _write(connection, sa.and_(jobs.c.id == job_id, TELLS_STEPS), Happening.PROGRESS, milestone)
    if passed:
        connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(event_percentage=passed[-1]))


def _write(
    connection: sa.Connection, which: sa.ColumnElement[bool], happening: Happening, percentage: int, **destination: Any
) -> None:
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
                **destination,
            )
        )

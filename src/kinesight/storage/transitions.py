"""How a job changes hands: each function is one guarded change inside the caller's transaction.

            ┌───────── retry, lease expired, handed back ──────────┐
            ▼                                                      │
  insert → queued ── start ──→ running ── finish ──→ succeeded | failed
            │                    │  └──── tries used up ──→ dead
            │ cancel             │ cancel
            ▼                    ▼
         cancelled ←─ finish ─ cancelling

A guard is the pair of state and fence. The fence grows by one whenever a job changes hands, so whoever still acts on an
earlier value (a worker that was thought dead, a queue entry that comes twice) changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kinesight.domain.engine import Ending, Lane, Setback
from kinesight.domain.job import Artefact, State, percentage_of
from kinesight.domain.webhooks import Happening
from kinesight.storage import alarms, credit, events
from kinesight.storage.database import database_now
from kinesight.storage.engine import DbosEngine, Place, new_entry, new_id
from kinesight.storage.rows import storable
from kinesight.storage.tables import artefacts, attempts, jobs

HELD = (State.RUNNING, State.CANCELLING)
UNFINISHED = (State.QUEUED, *HELD)
FREE = {"lease_owner": None, "lease_until_s": None}


def begin(connection: sa.Connection, job_id: str, *, fence: int, owner: str, lease_s: float) -> bool:
    """Turn queued into running and count the try."""
    now = database_now()
    row = connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.state == State.QUEUED, jobs.c.fence == fence)
        .values(
            state=State.RUNNING,
            fence=jobs.c.fence + 1,
            attempt=jobs.c.attempt + 1,
            lease_owner=owner,
            lease_until_s=now + lease_s,
            started_s=sa.func.coalesce(jobs.c.started_s, now),
            stage=None,
            done=0,
            total=None,
        )
        .returning(jobs.c.fence, jobs.c.attempt)
    ).one_or_none()
    if row is None:
        return False
    connection.execute(
        sa.insert(attempts).values(job_id=job_id, fence=row.fence, attempt=row.attempt, owner=owner, started_s=now)
    )
    events.note_start(connection, job_id)
    return True


def end(connection: sa.Connection, engine: DbosEngine, job_id: str, *, fence: int, ending: Ending) -> bool:
    """Turn running into a final state with all that belongs to it. Who asked to stop gets a stop, however far it came."""
    state = _held_state(connection, job_id, fence=fence)
    if state is None:
        return False
    if state is State.CANCELLING and ending.state is not State.CANCELLED:
        ending = Ending(state=State.CANCELLED, artefacts=ending.artefacts, log_tail=ending.log_tail)
    row = connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == job_id)
        .values(
            state=ending.state,
            fence=jobs.c.fence + 1,
            finished_s=database_now(),
            result=ending.result,
            error_code=ending.error_code,
            error_message=storable(ending.error_message),
            **({} if ending.input_key is None else {"input_key": ending.input_key}),
            **FREE,
        )
        .returning(jobs.c.stage, jobs.c.done, jobs.c.total)
    ).one()
    if ending.state is State.DEAD:
        credit.give_back(connection, job_id)
    reached = 100 if ending.state is State.SUCCEEDED else percentage_of(row.stage, row.done, row.total)
    events.note(connection, job_id, Happening(ending.state), percentage=reached)
    alarms.note_end(connection, job_id, ending)
    _keep(connection, job_id, ending.artefacts)
    if ending.draws_later:
        _begin_drawing(connection, engine, job_id)
    _note(connection, job_id, fence=fence, outcome=ending.state, ending=ending)
    return True


def _begin_drawing(connection: sa.Connection, engine: DbosEngine, job_id: str) -> None:
    """Accept the job that draws the video of this one, over the same input and parameters."""
    same = (jobs.c.tenant_id, jobs.c.kind, jobs.c.parameters, jobs.c.input_key, jobs.c.input_name, jobs.c.origin)
    row = connection.execute(
        sa.select(*same, jobs.c.source_url, jobs.c.request_hash, jobs.c.max_attempts).where(jobs.c.id == job_id)
    ).one()
    entry = new_entry(new_id(), 0)
    values = dict(row._mapping) | {"id": entry.job_id, "entry_id": entry.id, "lane": Lane.LATER, "follows": job_id}  # noqa: SLF001
    now = database_now()
    connection.execute(sa.insert(jobs).values(state=State.QUEUED, created_s=now, due_s=now, done=0, attempt=0, fence=0, **values))
    engine.enqueue(connection, entry, Place(tenant_id=row.tenant_id, lane=Lane.LATER))


def _keep(connection: sa.Connection, job_id: str, found: Sequence[Artefact]) -> None:
    if found:
        connection.execute(
            sa.insert(artefacts),
            [
                {
                    "job_id": job_id,
                    "name": one.name,
                    "key": one.key,
                    "media_type": one.media_type,
                    "size_bytes": one.size_bytes,
                    "sha256": one.sha256,
                }
                for one in found
            ],
        )


def set_back(connection: sa.Connection, engine: DbosEngine, job_id: str, *, fence: int, setback: Setback) -> State | None:
    """Turn running into queued, into dead when the tries are used up, or into cancelled when that was asked."""
    row = connection.execute(
        sa.select(jobs.c.state, jobs.c.attempt, jobs.c.max_attempts)
        .where(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state.in_(HELD))
        .with_for_update()
    ).one_or_none()
    if row is None:
        return None
    if row.state == State.CANCELLING:
        end(connection, engine, job_id, fence=fence, ending=Ending(state=State.CANCELLED, log_tail=setback.log_tail))
        return State.CANCELLED
    is_last = row.attempt >= row.max_attempts
    ending = Ending(
        state=State.DEAD if is_last else State.FAILED,
        error_code=setback.error_code,
        error_message=f"{setback.error_message} Tries: {row.attempt} of {row.max_attempts}.",
        log_tail=setback.log_tail,
    )
    if is_last:
        end(connection, engine, job_id, fence=fence, ending=ending)
        return State.DEAD
    enqueue_again(connection, engine, job_id, fence=fence, delay_s=setback.delay_s)
    _note(connection, job_id, fence=fence, outcome="retried", ending=ending)
    return State.QUEUED


def give_back(connection: sa.Connection, engine: DbosEngine, job_id: str, *, fence: int) -> bool:
    """Turn running into queued as if the try had not been."""
    state = _held_state(connection, job_id, fence=fence)
    if state is None:
        return False
    if state is State.CANCELLING:
        return end(connection, engine, job_id, fence=fence, ending=Ending(state=State.CANCELLED))
    connection.execute(sa.update(jobs).where(jobs.c.id == job_id).values(attempt=jobs.c.attempt - 1))
    enqueue_again(connection, engine, job_id, fence=fence)
    _note(connection, job_id, fence=fence, outcome="handed back", ending=None)
    return True


def enqueue_again(connection: sa.Connection, engine: DbosEngine, job_id: str, *, fence: int, delay_s: float = 0.0) -> bool:
    """Give an unfinished job a new entry in the queue and make every earlier one void."""
    entry = new_entry(job_id, fence + 1)
    row = connection.execute(
        sa.update(jobs)
        .where(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state.in_((State.QUEUED, State.RUNNING)))
        .values(
            state=State.QUEUED,
            fence=entry.fence,
            entry_id=entry.id,
            due_s=database_now() + delay_s,
            stage=None,
            done=0,
            total=None,
            **FREE,
        )
        .returning(jobs.c.tenant_id, jobs.c.lane, jobs.c.is_awaited)
    ).one_or_none()
    if row is None:
        return False
    place = Place(tenant_id=row.tenant_id, lane=Lane(row.lane), is_awaited=row.is_awaited, delay_s=delay_s)
    engine.enqueue(connection, entry, place)
    return True


def _held_state(connection: sa.Connection, job_id: str, *, fence: int) -> State | None:
    state = connection.execute(
        sa.select(jobs.c.state).where(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state.in_(HELD)).with_for_update()
    ).scalar_one_or_none()
    return None if state is None else State(state)


def _note(connection: sa.Connection, job_id: str, *, fence: int, outcome: str, ending: Ending | None) -> None:
    found: dict[str, Any] = {}
    if ending is not None:
        found = {
            "error_code": ending.error_code,
            "error_message": storable(ending.error_message),
            "log_tail": storable(ending.log_tail[-4000:]) or None,
        }
    connection.execute(
        sa.update(attempts)
        .where(attempts.c.job_id == job_id, attempts.c.fence == fence)
        .values(finished_s=database_now(), outcome=outcome, **found)
    )

"""The promise: an accepted job is a row, and every step of its life is one guarded transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from kinesight.domain.engine import Beat, Claim, Ending, Forgotten, Lane, Progress, Request, Setback, Swept
from kinesight.domain.errors import Conflict, NotFound, QueueFull
from kinesight.domain.job import Artefact, Job, Page, State, percentage_of
from kinesight.domain.webhooks import Happening
from kinesight.storage import building, credit, events, transitions
from kinesight.storage.database import Database, database_now
from kinesight.storage.engine import DbosEngine, Entry, Place, new_entry, new_id
from kinesight.storage.names import find_named
from kinesight.storage.rows import LISTED, WHOLE, job_from, read_cursor, storable, write_cursor
from kinesight.storage.tables import artefacts, jobs, tenants

EXPIRED_AT_ONCE = 100
STRANDED_AT_ONCE = 500
FORGOTTEN_AT_ONCE = 100
ENGINE_MEMORY_S = 3600.0  # ended queue entries are of use to somebody who looks into a mishap, for a while
LONGEST_PAGE = 1000

_builders = jobs.alias("builders")

# Asked a hundred times a second while somebody waits, so it is built once.
_UNFINISHED_OF = sa.select(jobs.c.id).where(
    jobs.c.id.in_(sa.bindparam("job_ids", expanding=True)), jobs.c.state.in_(transitions.UNFINISHED)
)


class SqlJobStore:
    """Jobs in SQLite or PostgreSQL, their queue entries beside them."""

    def __init__(self, database: Database, engine: DbosEngine, *, lease_s: float) -> None:
        self._database = database
        self._engine = engine
        self._lease_s = lease_s

    # What the APIs ask for

    def insert(self, tenant_id: str, request: Request) -> Job:
        """Write a job and its queue entry, and take its credits, in one transaction.

        Raises `QueueFull`, `Conflict`, `InsufficientCredits`, `NotFound` (tenant).
        """
        try:
            with self._database.write() as connection:
                earlier = _earlier(connection, tenant_id, request)
                return earlier or self._insert(connection, tenant_id, request)
        except IntegrityError as error:
            # Somebody inserted the same idempotency key between our look and our write, or the tenant is gone.
            with self._database.read() as connection:
                earlier = _earlier(connection, tenant_id, request)
            if earlier is None:
                raise NotFound("There is no such tenant.") from error
            return earlier

    def get(self, tenant_id: str, job_id: str) -> Job:
        """Return a job. Raises `NotFound`."""
        with self._database.read() as connection:
            return _find(connection, tenant_id, job_id)

    def find(
        self,
        tenant_id: str,
        *,
        kind: str,
        vendor_id: str | None = None,
        vendor_number: int | None = None,
        input_name: str | None = None,
    ) -> Job:
        """Return the newest job of a kind that has every one of the given names. Raises `NotFound`."""
        with self._database.read() as connection:
            return find_named(
                connection, tenant_id, kind=kind, vendor_id=vendor_id, vendor_number=vendor_number, input_name=input_name
            )

    def page(
        self, tenant_id: str, *, limit: int, cursor: str | None = None, kind: str | None = None, state: State | None = None
    ) -> Page:
        """Return jobs, newest first, without their results. Raises `BadParameter` for a strange cursor."""
        wanted = []
        if kind is not None:
            wanted.append(jobs.c.kind == storable(kind))
        if state is not None:
            wanted.append(jobs.c.state == state)
        return self._page(tenant_id, wanted, limit=limit, cursor=cursor)

    def of_subject(self, tenant_id: str, subject_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """Return the jobs of one subject like `page`."""
        return self._page(tenant_id, [jobs.c.subject_id == storable(subject_id)], limit=limit, cursor=cursor)

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        """Ask a job to stop: at once if it waits, at the next heartbeat if it runs. Raises `NotFound`."""
        mine = (jobs.c.id == storable(job_id), jobs.c.tenant_id == tenant_id)
        with self._database.write() as connection:
            never_ran = connection.execute(
                sa.update(jobs)
                .where(*mine, jobs.c.state == State.QUEUED)
                .values(state=State.CANCELLED, fence=jobs.c.fence + 1, finished_s=database_now())
            ).rowcount
            if never_ran:
                credit.give_back(connection, job_id)
                events.note(connection, job_id, Happening.CANCELLED, percentage=0)
            connection.execute(sa.update(jobs).where(*mine, jobs.c.state == State.RUNNING).values(state=State.CANCELLING))
            return _find(connection, tenant_id, job_id)

    def delete(self, tenant_id: str, job_id: str) -> Forgotten:
        """Remove a final job. Raises `NotFound`, `Conflict` while it, or a job that builds on it, is not final."""
        with self._database.write() as connection:
            job = _find(connection, tenant_id, job_id)
            if not job.state.is_final:
                raise Conflict("The job is not finished; cancel it first.")
            building.refuse_needed(connection, job_id)
            keys = building.attached_keys(connection, [job_id]).get(job_id, ())
            drawing_id = _delete_drawings(connection, [job_id]).get(job_id)
            connection.execute(sa.delete(jobs).where(jobs.c.id == job_id))
        return Forgotten(job_id=job_id, input_key=job.input_key, drawing_id=drawing_id, attachment_keys=keys)

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        """Return the files of a job and of what drew for it, by name. Raises `NotFound`."""
        columns = [column for column in artefacts.c if column.name != "job_id"]
        family = sa.select(jobs.c.id).where(sa.or_(jobs.c.id == job_id, jobs.c.follows == job_id))
        with self._database.read() as connection:
            _find(connection, tenant_id, job_id)
            rows = connection.execute(sa.select(*columns).where(artefacts.c.job_id.in_(family)).order_by(artefacts.c.name))
            return tuple(Artefact(**row) for row in rows.mappings())

    def ended(self, job_ids: Collection[str]) -> set[str]:
        """Return which of these jobs are final or gone."""
        with self._database.read() as connection:
            return set(job_ids) - set(connection.execute(_UNFINISHED_OF, {"job_ids": list(job_ids)}).scalars())

    def knows(self, key: str) -> bool:
        """Return whether a job needs this upload ("incoming/…"), or there is the job whose folder this is ("jobs/…")."""
        is_it = jobs.c.id == key.removeprefix("jobs/") if key.startswith("jobs/") else jobs.c.input_key == key
        with self._database.read() as connection:
            found = connection.execute(sa.select(jobs.c.id).where(is_it).limit(1)).first() is not None
            return found or building.is_attached(connection, key)

    # What workers ask for

    def start(self, job_id: str, *, fence: int, owner: str) -> Claim | None:
        """Take the lease of a queued job and count the try; None if this entry is not the job's present one."""
        with self._database.write() as connection:
            if not transitions.begin(connection, job_id, fence=fence, owner=owner, lease_s=self._lease_s):
                return None
            row = connection.execute(sa.select(*WHOLE).where(jobs.c.id == job_id)).one()
            lane = connection.execute(sa.select(jobs.c.lane).where(jobs.c.id == job_id)).scalar_one()
            references = building.attached(connection, job_id)
            return Claim(job=job_from(row), fence=fence + 1, lane=Lane(lane), references=references)

    def beat(self, job_id: str, *, fence: int, progress: Progress) -> Beat:
        """Prolong the lease and note the progress."""
        with self._database.write() as connection:
            row = connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id, jobs.c.fence == fence, jobs.c.state.in_(transitions.HELD))
                .values(
                    lease_until_s=database_now() + self._lease_s,
                    stage=storable(progress.stage, longest=40),
                    done=progress.done,
                    total=progress.total,
                )
                .returning(jobs.c.state, jobs.c.notify, jobs.c.event_percentage)
            ).one_or_none()
            if row is not None and row.notify is not None and row.state == State.RUNNING:
                reached = percentage_of(progress.stage, progress.done, progress.total)
                events.note_milestones(connection, job_id, told=row.event_percentage, reached=reached)
        return Beat(is_held=row is not None, cancel_requested=row is not None and row.state == State.CANCELLING)

    def finish(self, job_id: str, *, fence: int, ending: Ending) -> bool:
        """End a job with everything it leaves behind; False if the lease was lost."""
        with self._database.write() as connection:
            return transitions.end(connection, self._engine, job_id, fence=fence, ending=ending)

    def retry(self, job_id: str, *, fence: int, setback: Setback) -> State | None:
        """Queue a job again, or end it as dead when its tries are used up; None if the lease was lost."""
        with self._database.write() as connection:
            return transitions.set_back(connection, self._engine, job_id, fence=fence, setback=setback)

    def hand_back(self, job_id: str, *, fence: int) -> bool:
        """Queue a job again without charging the try; False if the lease was lost."""
        with self._database.write() as connection:
            return transitions.give_back(connection, self._engine, job_id, fence=fence)

    def reclaim(self, owner: str) -> int:
        """Queue again what an earlier process of this owner left running; the tries stay charged."""
        return self._set_back_all(jobs.c.lease_owner == owner)

    # What the sweeper asks for

    def sweep(self, *, older_than_s: float) -> Swept:
        """Put right what died on the way, and forget final jobs that ended so long ago. Any number may run at once."""
        expired = self._set_back_all(jobs.c.lease_until_s < database_now())
        stranded = self._enqueue_stranded()
        abandoned = self._release_abandoned()
        self._engine.prune(older_than_s=ENGINE_MEMORY_S)
        return Swept(expired=expired, stranded=stranded, abandoned=abandoned, forgotten=self._forget(older_than_s))

    def _set_back_all(self, which: sa.ColumnElement[bool]) -> int:
        setback = Setback(error_code="worker_crashed", error_message="The worker died while it ran this job; see the server log.")
        query = sa.select(jobs.c.id, jobs.c.fence).where(jobs.c.state.in_(transitions.HELD), which).limit(EXPIRED_AT_ONCE)
        with self._database.read() as connection:
            found = connection.execute(query).all()
        changed = 0
        for row in found:
            with self._database.write() as connection:
                # Asked once more under the lock: the lease may have been prolonged since.
                still = connection.execute(query.where(jobs.c.id == row.id).with_for_update()).first()
                if still is None:
                    continue
                done = transitions.set_back(connection, self._engine, row.id, fence=row.fence, setback=setback)
                changed += done is not None
        return changed

    def _enqueue_stranded(self) -> int:
        # Entries are written together with their jobs, so this finds something only when DBOS lost or buried one.
        with self._database.read() as connection:
            waiting = connection.execute(
                sa.select(jobs.c.id, jobs.c.fence, jobs.c.entry_id)
                .where(jobs.c.state == State.QUEUED, jobs.c.due_s < database_now() - self._lease_s)
                .order_by(jobs.c.due_s)
                .limit(STRANDED_AT_ONCE)
            ).all()
        live = self._engine.live([row.entry_id for row in waiting], claim_s=self._lease_s)
        changed = 0
        for row in waiting:
            if row.entry_id not in live:
                with self._database.write() as connection:
                    changed += transitions.enqueue_again(connection, self._engine, row.id, fence=row.fence)
        return changed

    def _release_abandoned(self) -> int:
        # A process that died keeps its entry claimed, and a claimed entry counts against what its tenant may run.
        claimed = {entry_id: Entry.parse(entry_id) for entry_id in self._engine.claimed_before(self._lease_s)}
        if not claimed:
            return 0
        with self._database.read() as connection:
            held = {
                (row.id, row.fence)
                for row in connection.execute(
                    sa.select(jobs.c.id, jobs.c.fence).where(
                        jobs.c.state.in_(transitions.HELD), jobs.c.id.in_({entry.job_id for entry in claimed.values()})
                    )
                )
            }
        dead = [entry_id for entry_id, entry in claimed.items() if (entry.job_id, entry.fence + 1) not in held]
        self._engine.abandon(dead)
        return len(dead)

    def _forget(self, older_than_s: float) -> tuple[Forgotten, ...]:
        with self._database.write() as connection:
            is_needed = sa.exists().where(_builders.c.builds_on == jobs.c.id, _builders.c.state.in_(transitions.UNFINISHED))
            is_old = (jobs.c.finished_s < database_now() - older_than_s, jobs.c.follows.is_(None), ~is_needed)
            locked = sa.select(jobs.c.id).where(*is_old).limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True, of=jobs)
            old = connection.execute(locked).scalars().all()
            # Asked once more under the locks: a job that builds on one of them may have been accepted meanwhile.
            goes = set(old) - building.needed(connection, old)
            keys = building.attached_keys(connection, goes)
            rows = connection.execute(sa.delete(jobs).where(jobs.c.id.in_(goes)).returning(jobs.c.id, jobs.c.input_key)).all()
            drawings = _delete_drawings(connection, [row.id for row in rows])
            return tuple(
                Forgotten(
                    job_id=row.id,
                    input_key=row.input_key,
                    drawing_id=drawings.get(row.id),
                    attachment_keys=keys.get(row.id, ()),
                )
                for row in rows
            )

    def _page(self, tenant_id: str, wanted: Sequence[sa.ColumnElement[bool]], *, limit: int, cursor: str | None = None) -> Page:
        limit = min(max(1, limit), LONGEST_PAGE)
        query = sa.select(*LISTED).where(jobs.c.tenant_id == tenant_id, jobs.c.follows.is_(None), *wanted)
        if cursor is not None:
            created_s, job_id = read_cursor(cursor)
            query = query.where(sa.tuple_(jobs.c.created_s, jobs.c.id) < sa.tuple_(created_s, job_id))
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(jobs.c.created_s.desc(), jobs.c.id.desc()).limit(limit + 1)).all()
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(
            jobs=tuple(job_from(row) for row in rows),
            next_cursor=write_cursor(rows[-1].created_s, rows[-1].id) if more else None,
        )

    def _insert(self, connection: sa.Connection, tenant_id: str, request: Request) -> Job:
        unfinished = connection.execute(
            sa.select(sa.func.count())
            .select_from(jobs)
            .where(jobs.c.tenant_id == tenant_id, jobs.c.follows.is_(None), jobs.c.state.in_(transitions.UNFINISHED))
        ).scalar_one()
        if unfinished >= request.queue_limit:
            raise QueueFull(f"{unfinished} jobs are waiting already; try again later.")
        credit.take(connection, tenant_id, request.new.credits)
        if request.new.builds_on is not None:
            building.hold(connection, tenant_id, request.new.builds_on)
        entry = new_entry(new_id(), 0)
        values = _first_values(request)
        name = sa.select(tenants.c.name).where(tenants.c.id == tenant_id).scalar_subquery()
        who = storable(request.new.asked_by, longest=400) or name
        new_row = sa.insert(jobs).values(id=entry.job_id, tenant_id=tenant_id, entry_id=entry.id, asked_by=who, **values)
        connection.execute(new_row)
        building.attach(connection, entry.job_id, request.new.references)
        place = Place(tenant_id=tenant_id, lane=request.lane, is_awaited=request.new.is_awaited)
        self._engine.enqueue(connection, entry, place)
        return _find(connection, tenant_id, entry.job_id)


def _first_values(request: Request) -> dict[str, Any]:
    new = request.new
    return {
        "kind": new.kind,
        "parameters": new.parameters,
        "state": State.QUEUED,
        "created_s": database_now(),
        "input_key": new.input_key,
        "input_name": storable(new.input_name, longest=255),
        "source_url": storable(new.source_url, longest=8000),
        "origin": new.origin,
        "subject_id": storable(new.subject_id),
        "camera_id": storable(new.camera_id, longest=200),
        "credits": new.credits,
        "notify": new.notify,
        "vendor_id": new.vendor_id,
        "vendor_number": new.vendor_number,
        "callback_url": new.callback_url,
        "idempotency_key": storable(new.idempotency_key, longest=255),
        "request_hash": request.request_hash,
        "done": 0,
        "attempt": 0,
        "max_attempts": request.max_attempts,
        "fence": 0,
        "due_s": database_now(),
        "lane": request.lane,
        "is_awaited": new.is_awaited,
        "builds_on": new.builds_on,
        "corrections": [dict(change) for change in request.corrections] or None,
    }


def _delete_drawings(connection: sa.Connection, job_ids: Sequence[str]) -> dict[str, str]:
    """Remove what draws for these jobs, at whatever stage it is, and return its ids by theirs."""
    if not job_ids:
        return {}
    gone = connection.execute(sa.delete(jobs).where(jobs.c.follows.in_(job_ids)).returning(jobs.c.follows, jobs.c.id))
    return {row.follows: row.id for row in gone}


def _find(connection: sa.Connection, tenant_id: str, job_id: str) -> Job:
    row = connection.execute(sa.select(*WHOLE).where(jobs.c.id == storable(job_id), jobs.c.tenant_id == tenant_id)).one_or_none()
    if row is None:
        raise NotFound("There is no job with this id.")
    return job_from(row)


def _earlier(connection: sa.Connection, tenant_id: str, request: Request) -> Job | None:
    key = storable(request.new.idempotency_key, longest=255)
    if key is None:
        return None
    row = connection.execute(
        sa.select(*WHOLE, jobs.c.request_hash).where(jobs.c.tenant_id == tenant_id, jobs.c.idempotency_key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.request_hash != request.request_hash:
        raise Conflict("This idempotency key was used with another request; use a fresh one.")
    return _find(connection, tenant_id, row.id)

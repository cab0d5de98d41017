"""Jobs that need no database; they pass the contract tests of the real ones."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace

from kinesight.domain.engine import Beat, Claim, Ending, Forgotten, Lane, Progress, Request, Setback, Swept
from kinesight.domain.errors import Conflict, NotFound, QueueFull
from kinesight.domain.job import Artefact, Job, Page, State
from kinesight.storage.rows import read_cursor, write_cursor
from kinesight.testing.names import newest_named

TAKEN_OVER = (
    *("kind", "parameters", "input_key", "source_url", "input_name", "origin", "subject_id", "camera_id"),
    *("vendor_id", "vendor_number", "builds_on", "asked_by"),
)
HELD = (State.RUNNING, State.CANCELLING)


@dataclass(slots=True)
class _Row:
    job: Job
    request: Request
    fence: int = 0
    owner: str | None = None
    lease_until_s: float = 0.0
    lane: Lane = Lane.VIDEO
    artefacts: tuple[Artefact, ...] = ()

    @property
    def attachment_keys(self) -> tuple[str, ...]:
        return tuple(one.key for one in self.request.new.references.values() if one.key is not None)

    @property
    def upload_keys(self) -> tuple[str | None, ...]:
        return (self.job.input_key, *self.attachment_keys)


@dataclass(slots=True)
class MemoryJobStore:
    """Implements the port `JobStore`. `entries` is the queue: (job id, fence), oldest first."""

    lease_s: float = 30.0
    now_s: Callable[[], float] = time.time
    entries: deque[tuple[str, int]] = field(default_factory=deque)
    _rows: dict[str, _Row] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def insert(self, tenant_id: str, request: Request) -> Job:
        """Keep a job. Raises `QueueFull`, `Conflict`."""
        with self._lock:
            mine = [row for row in self._rows.values() if row.job.tenant_id == tenant_id]
            new = request.new
            for row in mine:
                if new.idempotency_key is not None and row.request.new.idempotency_key == new.idempotency_key:
                    if row.request.request_hash != request.request_hash:
                        raise Conflict("This idempotency key was used with another request; use a fresh one.")
                    return row.job
            if sum(not row.job.state.is_final for row in mine if row.job.follows is None) >= request.queue_limit:
                raise QueueFull
            if new.builds_on is not None and self._find(tenant_id, new.builds_on).job.state is not State.SUCCEEDED:
                raise NotFound("The analysis to build on is not there any more.")
            job = Job(
                id=str(uuid.uuid4()),
                tenant_id=tenant_id,
                state=State.QUEUED,
                created_s=self.now_s(),
                corrections=[dict(change) for change in request.corrections] or None,
                **{name: getattr(new, name) for name in TAKEN_OVER},
            )
            self._rows[job.id] = _Row(job, request, lane=request.lane)
            self.entries.append((job.id, 0))
            return job

    def get(self, tenant_id: str, job_id: str) -> Job:
        """Return a job. Raises `NotFound`."""
        return self._seen(self._find(tenant_id, job_id).job)

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
        jobs = (row.job for row in self._rows.values() if row.job.tenant_id == tenant_id and row.job.kind == kind)
        given = {"vendor_id": vendor_id, "vendor_number": vendor_number, "input_name": input_name}
        return newest_named(jobs, {name: value for name, value in given.items() if value is not None})

    def page(
        self, tenant_id: str, *, limit: int, cursor: str | None = None, kind: str | None = None, state: State | None = None
    ) -> Page:
        """Return jobs, newest first, without their results. Raises `BadParameter` for a strange cursor."""
        jobs = self._listed(tenant_id)
        wanted = (job for job in jobs if kind in {None, job.kind} and state in {None, job.state})
        return self._page(wanted, limit=limit, cursor=cursor)

    def of_subject(self, tenant_id: str, subject_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """Return the jobs of one subject like `page`."""
        jobs = self._listed(tenant_id)
        return self._page((job for job in jobs if job.subject_id == subject_id), limit=limit, cursor=cursor)

    def _listed(self, tenant_id: str) -> Iterable[Job]:
        mine = (row.job for row in self._rows.values() if row.job.tenant_id == tenant_id)
        return (self._seen(job) for job in mine if job.follows is None)

    def drawing_of(self, job_id: str) -> _Row | None:
        """Return what draws for a job."""
        return next((row for row in self._rows.values() if row.job.follows == job_id), None)

    def _seen(self, job: Job) -> Job:
        drawing = self.drawing_of(job.id)
        return job if drawing is None else replace(job, drawing=drawing.job.state)

    @staticmethod
    def _page(jobs: Iterable[Job], *, limit: int, cursor: str | None) -> Page:
        before = None if cursor is None else read_cursor(cursor)
        found = sorted(
            (replace(job, result=None) for job in jobs if before is None or (job.created_s, job.id) < before),
            key=lambda job: (job.created_s, job.id),
            reverse=True,
        )
        limit = max(1, limit)
        page = found[:limit]
        more = len(found) > limit
        return Page(jobs=tuple(page), next_cursor=write_cursor(page[-1].created_s, page[-1].id) if more else None)

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        """Ask a job to stop. Raises `NotFound`."""
        with self._lock:
            row = self._find(tenant_id, job_id)
            if row.job.state is State.QUEUED:
                row.fence += 1
                row.job = replace(row.job, state=State.CANCELLED, finished_s=self.now_s())
            elif row.job.state is State.RUNNING:
                row.job = replace(row.job, state=State.CANCELLING)
            return row.job

    def delete(self, tenant_id: str, job_id: str) -> Forgotten:
        """Remove a final job. Raises `NotFound`, `Conflict`."""
        with self._lock:
            job = self._find(tenant_id, job_id).job
            if not job.state.is_final:
                raise Conflict("The job is not finished; cancel it first.")
            if self._is_needed(job):
                raise Conflict("A task that builds on this analysis has not finished; wait for its end, or cancel it first.")
            return self._remove(job)

    def _is_needed(self, job: Job) -> bool:
        return any(row.job.builds_on == job.id and not row.job.state.is_final for row in self._rows.values())

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        """Return the files of a job, by name. Raises `NotFound`."""
        drawing = self.drawing_of(job_id)
        found = (*self._find(tenant_id, job_id).artefacts, *(drawing.artefacts if drawing else ()))
        return tuple(sorted(found, key=lambda one: one.name))

    def ended(self, job_ids: Collection[str]) -> set[str]:
        """Return which of these jobs are final or gone."""
        with self._lock:
            return {one for one in job_ids if one not in self._rows or self._rows[one].job.state.is_final}

    def knows(self, key: str) -> bool:
        """Return whether a job refers to this input, or there is the job whose folder this is."""
        return key.removeprefix("jobs/") in self._rows or any(key in row.upload_keys for row in self._rows.values())

    def start(self, job_id: str, *, fence: int, owner: str) -> Claim | None:
        """Take the lease of a queued job and count the try."""
        with self._lock:
            row = self._rows.get(job_id)
            if row is None or row.job.state is not State.QUEUED or row.fence != fence:
                return None
            row.fence += 1
            row.owner = owner
            row.lease_until_s = self.now_s() + self.lease_s
            started_s = row.job.started_s or self.now_s()
            row.job = replace(
                row.job,
                state=State.RUNNING,
                attempt=row.job.attempt + 1,
                started_s=started_s,
                stage=None,
                done=0,
                total=None,
            )
            return Claim(job=self._seen(row.job), fence=row.fence, lane=row.lane, references=row.request.new.references)

    def beat(self, job_id: str, *, fence: int, progress: Progress) -> Beat:
        """Prolong the lease and note the progress."""
        with self._lock:
            row = self._held(job_id, fence)
            if row is None:
                return Beat(is_held=False)
            row.lease_until_s = self.now_s() + self.lease_s
            row.job = replace(row.job, stage=progress.stage, done=progress.done, total=progress.total)
            return Beat(is_held=True, cancel_requested=row.job.state is State.CANCELLING)

    def finish(self, job_id: str, *, fence: int, ending: Ending) -> bool:
        """End a job with everything it leaves behind; False if the lease was lost."""
        with self._lock:
            row = self._held(job_id, fence)
            if row is None:
                return False
            if row.job.state is State.CANCELLING:
                ending = Ending(state=State.CANCELLED, artefacts=ending.artefacts)
            row.fence += 1
            row.owner = None
            row.artefacts = ending.artefacts
            row.job = replace(
                row.job,
                state=ending.state,
                finished_s=self.now_s(),
                result=ending.result,
                error_code=ending.error_code,
                error_message=ending.error_message,
                input_key=ending.input_key or row.job.input_key,
            )
            if ending.draws_later:
                self._begin_drawing(row)
            return True

    def _begin_drawing(self, row: _Row) -> None:
        first = row.job
        job = Job(
            id=str(uuid.uuid4()),
            tenant_id=first.tenant_id,
            kind=first.kind,
            parameters=first.parameters,
            state=State.QUEUED,
            created_s=self.now_s(),
            input_key=first.input_key,
            input_name=first.input_name,
            source_url=first.source_url,
            origin=first.origin,
            follows=first.id,
        )
        self._rows[job.id] = _Row(job, row.request, lane=Lane.LATER)
        self.entries.append((job.id, 0))

    def _remove(self, job: Job) -> Forgotten:
        drawing = self.drawing_of(job.id)
        keys = self._rows.pop(job.id).attachment_keys
        if drawing is not None:
            del self._rows[drawing.job.id]
        drawing_id = drawing.job.id if drawing else None
        return Forgotten(job_id=job.id, input_key=job.input_key, drawing_id=drawing_id, attachment_keys=keys)

    def retry(self, job_id: str, *, fence: int, setback: Setback) -> State | None:
        """Queue a job again, or end it as dead when its tries are used up; None if the lease was lost."""
        with self._lock:
            row = self._held(job_id, fence)
            if row is None:
                return None
            if row.job.state is State.CANCELLING:
                self.finish(job_id, fence=fence, ending=Ending(state=State.CANCELLED))
            elif row.job.attempt >= row.request.max_attempts:
                message = f"{setback.error_message} Tries: {row.job.attempt} of {row.request.max_attempts}."
                ending = Ending(state=State.DEAD, error_code=setback.error_code, error_message=message)
                self.finish(job_id, fence=fence, ending=ending)
            else:
                self._enqueue(row)
            return row.job.state

    def hand_back(self, job_id: str, *, fence: int) -> bool:
        """Queue a job again without charging the try; False if the lease was lost."""
        with self._lock:
            row = self._held(job_id, fence)
            if row is None:
                return False
            if row.job.state is State.CANCELLING:
                return self.finish(job_id, fence=fence, ending=Ending(state=State.CANCELLED))
            row.job = replace(row.job, attempt=row.job.attempt - 1)
            self._enqueue(row)
            return True

    def reclaim(self, owner: str) -> int:
        """Queue again what an earlier process of this owner left running."""
        return self._set_back_all(lambda row: row.owner == owner)

    def sweep(self, *, older_than_s: float) -> Swept:
        """Put right what died on the way, and forget final jobs that ended so long ago."""
        with self._lock:
            expired = self._set_back_all(lambda row: row.lease_until_s < self.now_s())
            waiting = set(self.entries)
            stranded = [
                row for row in self._rows.values() if row.job.state is State.QUEUED and (row.job.id, row.fence) not in waiting
            ]
            for row in stranded:
                self._enqueue(row)
            firsts = [row.job for row in self._rows.values() if row.job.follows is None]
            old = [job for job in firsts if (job.finished_s or self.now_s()) < self.now_s() - older_than_s]
            old = [job for job in old if not self._is_needed(job)]
            forgotten = tuple(self._remove(job) for job in old)
            return Swept(expired=expired, stranded=len(stranded), forgotten=forgotten)

    def _set_back_all(self, which: Callable[[_Row], bool]) -> int:
        setback = Setback(error_code="worker_crashed", error_message="The worker died while it ran this job; see the server log.")
        with self._lock:
            found = [row for row in self._rows.values() if row.job.state in HELD and which(row)]
            for row in found:
                self.retry(row.job.id, fence=row.fence, setback=setback)
            return len(found)

    def _enqueue(self, row: _Row) -> None:
        row.fence += 1
        row.owner = None
        row.job = replace(row.job, state=State.QUEUED, stage=None, done=0, total=None)
        self.entries.append((row.job.id, row.fence))

    def _find(self, tenant_id: str, job_id: str) -> _Row:
        row = self._rows.get(job_id)
        if row is None or row.job.tenant_id != tenant_id:
            raise NotFound("There is no job with this id.")
        return row

    def _held(self, job_id: str, fence: int) -> _Row | None:
        row = self._rows.get(job_id)
        return row if row is not None and row.fence == fence and row.job.state in HELD else None

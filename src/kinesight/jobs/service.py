"""What the APIs talk to: checks a request, makes it a job, and looks after its files."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from kinesight.domain import classifications
from kinesight.domain.corrections import CorrectionLog
from kinesight.domain.engine import JobFiles, JobStore, Lane, Request
from kinesight.domain.errors import BadParameter, KinesightError
from kinesight.domain.job import Artefact, Job, NewJob, Page, State
from kinesight.jobs.building import Foundations
from kinesight.jobs.waiting import Waiting

LONGEST_KEY = 255


class JobService:
    """Implements the port `Jobs`.

    Parameters
    ----------
    store, files
        Where jobs and their files are.
    kinds
        The parameters model of every kind of job that can be asked for.
    queue_limit
        Unfinished jobs of one tenant before new ones are refused.
    max_attempts
        Tries of one job before it is given up as dead.
    urgent
        The kinds whose jobs wait in a lane of their own.
    foundations
        Checks the kinds that build on other jobs; None where there are none.
    """

    def __init__(  # noqa: PLR0913 - what accepting needs, each named
        self,
        *,
        store: JobStore,
        files: JobFiles,
        kinds: Mapping[str, type[BaseModel]],
        queue_limit: int,
        max_attempts: int,
        urgent: Collection[str] = (),
        foundations: Foundations | None = None,
    ) -> None:
        self._store = store
        self._foundations = foundations
        self._files = files
        self._kinds = dict(kinds)
        self._queue_limit = queue_limit
        self._max_attempts = max_attempts
        self._urgent = frozenset(urgent)
        self._waiting = Waiting(store.ended)

    def submit(self, tenant_id: str, new: NewJob) -> Job:
        """Accept a job durably, then return it. Uploads that do not become part of a job are removed.

        The same idempotency key with the same request returns the first job; with another request raises `Conflict`.
        Raises `QueueFull`, `DiskFull`, `BadParameter` (unknown kind or parameters), `NotFound` (input),
        `InsufficientCredits`; for a job that builds on another one what `Foundations.check` raises.
        """
        references = [one.key for one in new.references.values()]
        try:
            job = self._accept(tenant_id, new)
        except KinesightError:
            self._discard(new.input_key, *references)
            raise
        self._discard(None if new.input_key == job.input_key else new.input_key, *references)
        return job

    def get(self, tenant_id: str, job_id: str) -> Job:
        """Return a job. Raises `NotFound`."""
        return self._store.get(tenant_id, job_id)

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
        return self._store.find(tenant_id, kind=kind, vendor_id=vendor_id, vendor_number=vendor_number, input_name=input_name)

    def page(
        self, tenant_id: str, *, limit: int, cursor: str | None = None, kind: str | None = None, state: State | None = None
    ) -> Page:
        """Return jobs, newest first, without their results. Raises `BadParameter` for a cursor that is not one of ours."""
        return self._store.page(tenant_id, limit=limit, cursor=cursor, kind=kind, state=state)

    def of_subject(self, tenant_id: str, subject_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """Return the jobs of one subject, newest first. Raises `BadParameter` for a cursor that is not one of ours."""
        return self._store.of_subject(tenant_id, subject_id, limit=limit, cursor=cursor)

    async def wait(self, tenant_id: str, job_id: str, *, timeout_s: float) -> Job:
        """Return a job as soon as it is final, or as it is when the time is over. Raises `NotFound`."""
        job = await asyncio.to_thread(self._store.get, tenant_id, job_id)
        if job.state.is_final or timeout_s <= 0:
            return job
        await self._waiting.end_of(job.id, timeout_s=timeout_s)
        return await asyncio.to_thread(self._store.get, tenant_id, job_id)

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        """Ask a job to stop; a final job is returned unchanged. Raises `NotFound`."""
        return self._store.cancel(tenant_id, job_id)

    def delete(self, tenant_id: str, job_id: str) -> None:
        """Forget a final job and its files, and what draws for it.

        Raises `NotFound`; `Conflict` while it is not final, or while another job that builds on it is not.
        """
        self._files.forget(self._store.delete(tenant_id, job_id))

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        """Return the files of a job and of what drew for it, by name. Raises `NotFound`."""
        return self._store.artefacts(tenant_id, job_id)

    def _accept(self, tenant_id: str, new: NewJob) -> Job:
        builds = self._foundations is not None and self._foundations.wants(new.kind)
        if not builds and (new.input_key is None) == (new.source_url is None):
            raise BadParameter("Send either a video or the address of one.")
        if len(new.idempotency_key or "") > LONGEST_KEY:
            raise BadParameter(f"An idempotency key has at most {LONGEST_KEY} characters.")
        if new.input_key is not None:
            self._files.path(new.input_key)
        new = _as_clip(replace(new, parameters=self._checked(new)))
        log = CorrectionLog() if self._foundations is None else self._foundations.check(tenant_id, new)
        self._files.check_space()
        request = Request(
            new=new,
            request_hash=_fingerprint(new),
            queue_limit=self._queue_limit,
            max_attempts=self._max_attempts,
            lane=Lane.URGENT if new.kind in self._urgent else Lane.VIDEO,
            corrections=log.changes,
        )
        return self._store.insert(tenant_id, request)

    def _checked(self, new: NewJob) -> dict[str, Any]:
        model = self._kinds.get(new.kind)
        if model is None:
            raise BadParameter(f"There is no analysis {new.kind!r}; there are: {', '.join(sorted(self._kinds))}.")
        try:
            # With the defaults of today, so that the job means the same after an upgrade.
            return model.model_validate(new.parameters).model_dump(mode="json")
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise BadParameter(f"{place}: {first['msg']}" if place else first["msg"]) from error

    def _discard(self, *keys: str | None) -> None:
        # A key that a job refers to is not ours to remove, whoever sent it again.
        for key in keys:
            if key is not None and not self._store.knows(key):
                self._files.forget_input(key)


def _as_clip(new: NewJob) -> NewJob:
    """Return what is asked for with what every alarm clip has, however it came in: names to label it by, and receivers."""
    if new.kind != classifications.KIND:
        return new
    classify_id = new.vendor_id or classifications.new_classify_id(time.time())
    number = classifications.number_of(classify_id) if new.vendor_number is None else new.vendor_number
    return replace(new, vendor_id=classify_id, vendor_number=number, notify=new.notify or classifications.TOLD_AS)


def _fingerprint(new: NewJob) -> str:
    asked: list[Any] = [new.kind, new.parameters, new.input_sha256 or new.input_key, new.source_url, new.origin]
    if new.subject_id is not None or new.notify is not None:
        asked += [new.subject_id, new.notify]
    if new.camera_id is not None:
        asked.append(new.camera_id)
    if new.builds_on is not None:
        asked += [new.builds_on, [[obj_id, one.sha256 or one.key or one.url] for obj_id, one in sorted(new.references.items())]]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

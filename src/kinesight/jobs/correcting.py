"""Corrections by hand of finished analyses: who comes second looks again, so that nobody's change is lost."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from kinesight.domain.corrections import CorrectionLog, CorrectionStore, Entry
from kinesight.domain.engine import JobFiles, JobStore
from kinesight.domain.errors import BadParameter, Conflict, NotFound
from kinesight.domain.job import Job, State

RESULT = "result.json"
MOST_ATTEMPTS = 50
MOST_ENTRIES = 1000
"""Changes and takings-back of one analysis."""


class Correcting(Protocol):
    """What a change means; documents on both sides."""

    def settled(self, change: dict[str, Any], log: CorrectionLog, result: dict[str, Any]) -> dict[str, Any]:
        """Return a change with every id in it that it gives, none of which was ever used. Raises `BadParameter`."""

    def applied(self, folder: Path, changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the result document after changes to the analysis in a folder. Raises `BadParameter`, `BadResult`."""

    def file(self, folder: Path, changes: Sequence[dict[str, Any]], name: str, *, title: str) -> bytes | None:
        """Return a file of the folder as it is after the changes; None for one that there is not."""


class CorrectionService:
    """Implements the port `Corrections` for jobs of one kind."""

    def __init__(
        self, *, kind: str, store: JobStore, files: JobFiles, corrections: CorrectionStore, correcting: Correcting
    ) -> None:
        self._kind = kind
        self._store = store
        self._files = files
        self._corrections = corrections
        self._correcting = correcting
        self._one_at_a_time = threading.Lock()  # each reads all that was seen in a video

    def log(self, tenant_id: str, job_id: str) -> CorrectionLog:
        """Return what was corrected in an analysis. Raises `NotFound`, `BadParameter` (it is of another kind)."""
        return self._corrections.log(self._job(tenant_id, job_id).id)

    def add(self, tenant_id: str, job_id: str, change: dict[str, Any], *, made_by: str) -> CorrectionLog:
        """Make one more change and return the log with it; see the port."""
        job = self._finished(tenant_id, job_id)

        def next_entry(log: CorrectionLog) -> tuple[Entry, dict[str, Any]]:
            wanted = self._correcting.settled(change, log, job.result or {})
            result = self._correcting.applied(self._folder(job), (*log.changes, wanted))
            return _entry(log, change=wanted, made_by=made_by), result

        return self._append(job, next_entry)

    def take_back(self, tenant_id: str, job_id: str, number: int, *, made_by: str) -> CorrectionLog:
        """Take the change of an entry back and return the log with that; see the port."""
        job = self._finished(tenant_id, job_id)

        def next_entry(log: CorrectionLog) -> tuple[Entry, dict[str, Any]]:
            left = tuple(entry.change for entry in log.in_force if entry.number != number and entry.change is not None)
            if len(left) == len(log.in_force):
                raise NotFound(f"There is no correction {number} in force.")
            try:
                result = self._correcting.applied(self._folder(job), left) if left else job.result or {}
            except BadParameter as error:
                raise Conflict(
                    f"A later correction rests on number {number}; take that one back first: {error.message}"
                ) from error
            return _entry(log, undoes=number, made_by=made_by), result

        return self._append(job, next_entry)

    def file(self, tenant_id: str, job_id: str, name: str) -> bytes:
        """Return a file of an analysis made anew after what was corrected; see the port."""
        job = self._job(tenant_id, job_id)
        log = self._corrections.log(job.id)
        if not log.changes:
            raise NotFound("Nothing is corrected in this analysis; its artefacts are as they are.")
        with self._one_at_a_time:
            found = self._correcting.file(self._folder(job), log.changes, name, title=job.input_name or job.id)
        if found is None:
            raise NotFound(f"There is no file {name[:100]!r} after corrections.")
        return found

    def _append(self, job: Job, next_entry: _NextEntry) -> CorrectionLog:
        with self._one_at_a_time:
            for _ in range(MOST_ATTEMPTS):
                log = self._corrections.log(job.id)
                if len(log.entries) >= MOST_ENTRIES:
                    raise Conflict(f"The analysis was corrected {MOST_ENTRIES} times; analyse the video again.")
                entry, result = next_entry(log)
                # another process may have been quicker: then all is judged again on what it left
                if self._corrections.append(job.id, entry, result=result):
                    return self._corrections.log(job.id)
        raise Conflict("Others correct the same analysis all the time; try again later.")

    def _job(self, tenant_id: str, job_id: str) -> Job:
        job = self._store.get(tenant_id, job_id)
        if job.kind != self._kind or job.follows is not None:
            raise BadParameter(f"Only {self._kind} analyses can be corrected; this one is of the kind {job.kind!r}.")
        return job

    def _finished(self, tenant_id: str, job_id: str) -> Job:
        job = self._job(tenant_id, job_id)
        if job.state is not State.SUCCEEDED:
            raise Conflict(f"The analysis is {job.state.value}; only one that succeeded can be corrected.")
        return job

    def _folder(self, job: Job) -> Path:
        for artefact in self._store.artefacts(job.tenant_id, job.id):
            if artefact.name == RESULT:
                return self._files.path(artefact.key).parent
        raise NotFound("The files of the analysis are gone.")


class _NextEntry(Protocol):
    def __call__(self, log: CorrectionLog, /) -> tuple[Entry, dict[str, Any]]:
        """Return the entry that comes next, and the result after it."""


def _entry(log: CorrectionLog, *, made_by: str, change: dict[str, Any] | None = None, undoes: int | None = None) -> Entry:
    return Entry(number=len(log.entries) + 1, change=change, undoes=undoes, made_by=made_by, created_s=0.0)

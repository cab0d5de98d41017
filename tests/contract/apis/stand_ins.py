"""The engine's ports in memory, for tests of the HTTP side: real rules (tenants, idempotency, states), no durability."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID, uuid4

import uvicorn

from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.analyses.alarm.result import AlarmResult
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import RunningResult
from kinesight.apis.application import Services, create_app
from kinesight.domain.analysis import Analysis
from kinesight.domain.errors import BadParameter, Conflict, Forbidden, InsufficientCredits, NotFound, QueueFull
from kinesight.domain.job import ApiKey, Artefact, Job, NewJob, Page, State, Tenant
from kinesight.jobs.correcting import CorrectionService
from kinesight.jobs.waiting import Waiting
from kinesight.media.post import HttpPost
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.writer import open_video_writer
from kinesight.pipeline.originals import ConvertedOriginals
from kinesight.settings import Settings, load_settings
from kinesight.storage.rows import read_cursor, write_cursor
from kinesight.testing.accounts import MemoryLabels, MemoryReceivers, MemorySubjects, MemoryWebhooks
from kinesight.testing.corrections import MemoryCorrections
from kinesight.testing.names import newest_named
from kinesight.testing.sites import MemoryCameras, MemoryOutputs
from kinesight.wiring.correcting import PersonCorrecting

KEY = "test-key-of-the-first-tenant"
OTHER_KEY = "test-key-of-the-other-tenant"
AES_KEY = "test-key-0123456789abcde"
"""Another key of the first tenant, of a length that AES has."""

TENANT = Tenant(id="t1", name="default", client_id="abcdefgh01234567")
OTHER = Tenant(id="t2", name="other", client_id="0123456701234567")


def _never(*_: object) -> Any:
    raise AssertionError("the HTTP side must not run an analysis")


RUNNING: Analysis[Any, RunningParameters, RunningResult] = Analysis(
    name="running",
    summary="running form",
    parameters=RunningParameters,
    result=RunningResult,
    observe=_never,
    store=_never,
    restore=_never,
    analyse=_never,
    tables=_never,
    overlay=_never,
    report=_never,
    used_models=_never,
)

ALARM: Analysis[Any, AlarmParameters, AlarmResult] = Analysis(
    name="alarm",
    summary="alarm clips",
    parameters=AlarmParameters,
    result=AlarmResult,
    observe=_never,
    store=_never,
    restore=_never,
    analyse=_never,
    tables=_never,
    overlay=_never,
    report=_never,
    used_models=_never,
)


@dataclass
class MemoryJobs:
    """Jobs in a dictionary; like the real engine it removes an upload that does not become part of a job."""

    folder: Path
    queue_limit: int = 1000
    credits: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    files: dict[str, tuple[Artefact, ...]] = field(default_factory=dict)
    requests: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    submitted: list[NewJob] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    corrections: MemoryCorrections = field(default_factory=MemoryCorrections)
    at_once: Callable[[str], object] | None = None
    """What happens to every job as soon as it is accepted."""

    def submit(self, tenant_id: str, new: NewJob) -> Job:
        job: Job | None = None
        try:
            job = self._accept(tenant_id, new)
        finally:
            if new.input_key is not None and (job is None or job.input_key != new.input_key):
                (self.folder / new.input_key).unlink()
        return job

    def _accept(self, tenant_id: str, new: NewJob) -> Job:
        if new.kind not in {"running", "alarm", "persons", "heads"}:
            raise BadParameter("There is no such analysis.")
        request = json.dumps([new.kind, new.parameters, new.input_sha256, new.source_url], sort_keys=True)
        if new.idempotency_key is not None and (tenant_id, new.idempotency_key) in self.requests:
            earlier, job_id = self.requests[tenant_id, new.idempotency_key]
            if earlier != request:
                raise Conflict("This idempotency key was used for another request.")
            return self.jobs[job_id]
        if sum(not job.state.is_final for job in self.jobs.values()) >= self.queue_limit:
            raise QueueFull
        if new.credits > self.credits:
            raise InsufficientCredits
        self.credits -= new.credits
        self.submitted.append(new)
        job = Job(
            id=str(UUID(int=next(self.numbers), version=4)),
            tenant_id=tenant_id,
            kind=new.kind,
            parameters=new.parameters,
            state=State.QUEUED,
            created_s=1_800_000_000.25 + len(self.submitted),
            input_key=new.input_key,
            input_name=new.input_name,
            source_url=new.source_url,
            origin=new.origin,
            subject_id=new.subject_id,
            vendor_id=new.vendor_id,
            vendor_number=new.vendor_number,
            camera_id=new.camera_id,
            builds_on=new.builds_on,
        )
        self.jobs[job.id] = job
        if new.idempotency_key is not None:
            self.requests[tenant_id, new.idempotency_key] = (request, job.id)
        if self.at_once is not None:
            self.at_once(job.id)
        return job

    def get(self, tenant_id: str, job_id: str) -> Job:
        job = self.jobs.get(job_id)
        if job is None or job.tenant_id != tenant_id:
            raise NotFound
        return job

    def find(
        self,
        tenant_id: str,
        *,
        kind: str,
        vendor_id: str | None = None,
        vendor_number: int | None = None,
        input_name: str | None = None,
    ) -> Job:
        jobs = (job for job in self.jobs.values() if job.tenant_id == tenant_id and job.kind == kind)
        given = {"vendor_id": vendor_id, "vendor_number": vendor_number, "input_name": input_name}
        return newest_named(jobs, {name: value for name, value in given.items() if value is not None})

    def page(
        self, tenant_id: str, *, limit: int, cursor: str | None = None, kind: str | None = None, state: State | None = None
    ) -> Page:
        jobs = (job for job in self.jobs.values() if job.tenant_id == tenant_id)
        return self._page((job for job in jobs if kind in {None, job.kind} and state in {None, job.state}), limit, cursor)

    def of_subject(self, tenant_id: str, subject_id: str, *, limit: int, cursor: str | None = None) -> Page:
        jobs = (job for job in self.jobs.values() if job.tenant_id == tenant_id)
        return self._page((job for job in jobs if job.subject_id == subject_id), limit, cursor)

    def _page(self, jobs: Iterable[Job], limit: int, cursor: str | None) -> Page:
        before = None if cursor is None else read_cursor(cursor)
        mine = [job for job in jobs if before is None or (job.created_s, job.id) < before]
        mine.sort(key=lambda job: (job.created_s, job.id), reverse=True)
        page, more = mine[:limit], len(mine) > limit
        return Page(jobs=tuple(page), next_cursor=write_cursor(page[-1].created_s, page[-1].id) if more else None)

    async def wait(self, tenant_id: str, job_id: str, *, timeout_s: float) -> Job:
        self.get(tenant_id, job_id)
        await Waiting(lambda ids: {one for one in ids if self.jobs[one].state.is_final}).end_of(job_id, timeout_s=timeout_s)
        return self.get(tenant_id, job_id)

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        job = self.get(tenant_id, job_id)
        return job if job.state.is_final else self.change(job_id, state=State.CANCELLING)

    def delete(self, tenant_id: str, job_id: str) -> None:
        if not self.get(tenant_id, job_id).state.is_final:
            raise Conflict("The analysis has not ended; cancel it first.")
        del self.jobs[job_id]

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        self.get(tenant_id, job_id)
        return self.files.get(job_id, ())

    def change(self, job_id: str, **fields: Any) -> Job:
        """Move a job on, as a worker would."""
        self.jobs[job_id] = replace(self.jobs[job_id], **fields)
        return self.jobs[job_id]


@dataclass
class FolderFiles:
    """Uploads and artefacts in one folder, with links signed by a key of this object."""

    root: Path
    secret: bytes = b"a secret of this test"

    def create(self) -> Path:
        (self.root / "incoming").mkdir(parents=True, exist_ok=True)
        return self.root / "incoming" / f"{uuid4()}.part"

    def keep(self, path: Path) -> str:
        key = f"incoming/{path.stem}"
        path.rename(self.root / key)
        return key

    def discard(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def incoming(self) -> list[Path]:
        """Return every upload, finished or not."""
        return sorted((self.root / "incoming").glob("*"))

    def put(self, job_id: str, name: str, content: bytes, media_type: str) -> Artefact:
        """Store an artefact."""
        key = f"jobs/{job_id}/1/{name}"
        path = self.root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        return Artefact(name=name, key=key, media_type=media_type, size_bytes=len(content), sha256=digest)

    def path(self, key: str) -> Path:
        if not (self.root / key).is_file():
            raise NotFound
        return self.root / key

    def derived(self, job_id: str, name: str) -> Path:
        path = self.root / f"jobs/{job_id}/0/{name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def link(self, key: str, *, name: str, media_type: str, seconds: int = 3600) -> str:
        query = {"name": name, "type": media_type, "exp": str(int(time.time()) + seconds)}
        return f"/files/{quote(key)}?{urlencode({**query, 'sig': self._sign(key, query)})}"

    def resolve(self, key: str, query: dict[str, str]) -> tuple[Path, str, str]:
        if query.get("sig") != self._sign(key, query) or int(query["exp"]) < time.time():
            raise Forbidden("The link is forged or has expired.")
        return self.path(key), query["name"], query["type"]

    def _sign(self, key: str, query: Mapping[str, str]) -> str:
        text = json.dumps([key, query.get("name"), query.get("type"), query.get("exp")])
        return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()


class TwoKeys:
    """Two tenants, the first one with two keys. A revoked key is taken out of `tenants`."""

    def __init__(self) -> None:
        self.tenants = {KEY: TENANT, AES_KEY: TENANT, OTHER_KEY: OTHER}

    def tenant_for(self, secret: str) -> Tenant:
        if secret not in self.tenants:
            raise Forbidden
        return self.tenants[secret]

    def credits(self, tenant_name: str, *, add: int = 0) -> int:
        raise NotImplementedError

    def create(self, name: str, *, tenant_name: str = "default", secret: str | None = None) -> tuple[ApiKey, Tenant, str]:
        raise NotImplementedError

    def page(self) -> tuple[ApiKey, ...]:
        return ()

    def revoke(self, key_id: str) -> None:
        raise NotFound(f"There is no key {key_id}.")


ADDRESSES = {"hooks.example.com": "93.184.216.34", "inside.example.com": "10.0.0.5", "127.0.0.1": "127.0.0.1"}


def _resolve(host: str, port: int) -> Sequence[str]:
    """Return what a name server says of the hosts in these tests."""
    if host not in ADDRESSES:
        raise OSError(f"no such host {host}")
    return (ADDRESSES[host],)


def services_in(
    folder: Path, *, problems: list[str] | None = None, queue_limit: int = 1000, settings: Settings | None = None
) -> Services:
    """Return the ports of an application that keeps its files in a folder."""
    given = settings or Settings()
    files = FolderFiles(folder)
    jobs = MemoryJobs(folder, queue_limit=queue_limit)
    return Services(
        jobs=jobs,
        uploads=files,
        keys=TwoKeys(),
        files=files,
        ready=lambda: list(problems or []),
        subjects=MemorySubjects(),
        webhooks=MemoryWebhooks(),
        post=HttpPost(allow=given.fetch_allow, allow_http=given.webhook_allow_http, resolve=_resolve),
        receivers=MemoryReceivers(),
        labels=MemoryLabels(),
        originals=ConvertedOriginals(
            files=files, open_reader=lambda path, _: ConfinedVideoReader(path), open_writer=open_video_writer
        ),
        cameras=MemoryCameras(tenants={TENANT.client_id: TENANT.id, OTHER.client_id: OTHER.id}),
        outputs=MemoryOutputs(),
        corrections=CorrectionService(
            kind="persons", store=jobs, files=files, corrections=jobs.corrections, correcting=PersonCorrecting()
        ),
        secret_for=lambda purpose: hmac.new(b"a secret of this test", purpose.encode(), hashlib.sha256).digest(),
    )


def main(folder: Path) -> None:
    """Serve an application on a free port of loopback and print the port; settings come from the environment."""
    app = create_app(services_in(folder), load_settings(), analyses={"running": RUNNING, "alarm": ALARM})
    listener = socket.create_server(("127.0.0.1", 0))
    os.write(1, f"{listener.getsockname()[1]}\n".encode())
    uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

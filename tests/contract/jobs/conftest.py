"""The stores that every contract test runs on: memory, SQLite, PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict

from kinesight.domain.corrections import CorrectionStore
from kinesight.domain.engine import JobStore
from kinesight.domain.errors import UnknownPerson
from kinesight.domain.job import Keys, Tenant
from kinesight.domain.labels import Labels
from kinesight.domain.outputs import MessageBox, Outputs
from kinesight.domain.sites import Cameras
from kinesight.domain.subjects import Subjects
from kinesight.domain.webhooks import Outbox, Receivers, Webhooks
from kinesight.jobs.building import Builder, Foundations
from kinesight.jobs.service import JobService
from kinesight.settings import Settings
from kinesight.storage.files import LocalFiles
from kinesight.storage.opening import open_storage
from kinesight.storage.tables import jobs, output_messages, webhook_events
from kinesight.testing.accounts import MemoryLabels, MemoryReceivers, MemorySubjects, MemoryWebhooks
from kinesight.testing.database import fresh_database, postgresql
from kinesight.testing.jobs import MemoryJobs, MemoryKeys
from kinesight.testing.sites import MemoryCameras, MemoryOutputs

BACKENDS = ("memory", "sqlite", "postgresql")
LEASE_S = 30.0


class Walk(BaseModel):
    model_config = ConfigDict(extra="forbid")

    speed_mps: float = 1.5


class Bark(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Hide(BaseModel):
    model_config = ConfigDict(extra="forbid")

    who: int = 0


KINDS: dict[str, type[BaseModel]] = {"walk": Walk, "bark": Bark, "alarm": Bark, "hide": Hide}


def fits(parameters: Mapping[str, Any], references: Collection[int], result: Mapping[str, Any]) -> None:
    """What is hidden has to be in the result of the walk that it builds on, and so do the references."""
    if not {parameters["who"], *references} <= set(result["who"]):
        raise UnknownPerson


BUILDERS = {"hide": Builder(on="walk", fits=fits)}
"""Jobs of the kind `hide` build on jobs of the kind `walk`."""


@dataclass(frozen=True, kw_only=True)
class World:
    """One backend with everything that a test needs of it."""

    jobs: JobService
    store: JobStore
    files: LocalFiles
    keys: Keys
    tenant: Tenant
    other: Tenant
    entry: Callable[[str], int]
    """The fence of the queue entry that is valid for a job now."""
    age: Callable[[float], None]
    """Let so many seconds pass for leases and retention."""
    lose_entries: Callable[[], None]
    """Let the queue forget everything."""
    drawing_of: Callable[[str], str]
    """The id of the job that draws for another one."""
    subjects: Subjects
    webhooks: Webhooks
    receivers: Receivers
    labels: Labels
    cameras: Cameras
    outputs: Outputs
    outbox: Outbox | None = None
    """Events; the memory backend keeps none."""
    messages: MessageBox | None = None
    corrections: CorrectionStore


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def prepared(server: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database whose tables are made already, to copy."""
    url = fresh_database(server)
    open_storage(Settings(data=tmp_path_factory.mktemp("prepared"), database_url=url)).close()
    return url


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def world(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    if backend == "memory":
        yield from memory_world()
    else:
        url = None
        if backend == "postgresql":
            url = fresh_database(request.getfixturevalue("server"), like=request.getfixturevalue("prepared"))
        yield from sql_world(tmp_path, url)


def memory_world() -> Iterator[World]:
    jobs = MemoryJobs(KINDS, queue_limit=5, max_attempts=3, urgent=["bark"], builders=BUILDERS)
    keys = MemoryKeys()
    shift = [0.0]
    clock = jobs.store.now_s
    jobs.store.now_s = lambda: clock() + shift[0]

    def age(seconds: float) -> None:
        shift[0] += seconds

    tenant = keys.create("a", tenant_name="one")[1]
    other = keys.create("b", tenant_name="two")[1]
    owners = {one.client_id: one.id for one in (tenant, other)}
    yield World(
        jobs=jobs,
        store=jobs.store,
        files=jobs.files,
        keys=keys,
        tenant=tenant,
        other=other,
        cameras=MemoryCameras(tenants=owners, names={one.name: one.id for one in (tenant, other)}),
        outputs=MemoryOutputs(),
        entry=lambda job_id: next(fence for one, fence in reversed(jobs.store.entries) if one == job_id),
        age=age,
        lose_entries=jobs.store.entries.clear,
        drawing_of=lambda job_id: next(row.job.id for row in [jobs.store.drawing_of(job_id)] if row),
        subjects=MemorySubjects(),
        webhooks=MemoryWebhooks(),
        receivers=MemoryReceivers(),
        labels=MemoryLabels(),
        corrections=jobs.corrections,
    )
    jobs.files.close()


def sql_world(folder: Path, url: str | None) -> Iterator[World]:
    storage = open_storage(Settings(data=folder / "data", database_url=url, lease_s=LEASE_S, disk_reserve_mb=0))
    service = JobService(
        store=storage.jobs,
        files=storage.files,
        kinds=KINDS,
        queue_limit=5,
        max_attempts=3,
        urgent=["bark"],
        foundations=Foundations(store=storage.jobs, files=storage.files, corrections=storage.corrections, builders=BUILDERS),
    )

    def row(job_id: str) -> Any:
        with storage.database.read() as connection:
            return connection.execute(sa.select(jobs.c.fence, jobs.c.entry_id).where(jobs.c.id == job_id)).one()

    def entry(job_id: str) -> int:
        found = row(job_id)
        assert found.entry_id in storage.engine.live([found.entry_id], claim_s=LEASE_S), "the entry is not in the queue"
        return int(found.fence)

    def age(seconds: float) -> None:
        # Time belongs to the database, so it is the rows that grow older.
        aged = {name: jobs.c[name] - seconds for name in ("lease_until_s", "finished_s", "due_s", "created_s")}
        with storage.database.write() as connection:
            connection.execute(sa.update(jobs).values(**aged))
            older = {name: webhook_events.c[name] - seconds for name in ("created_s", "due_s", "settled_s")}
            connection.execute(sa.update(webhook_events).values(**older))
            older = {name: output_messages.c[name] - seconds for name in ("created_s", "due_s", "settled_s")}
            connection.execute(sa.update(output_messages).values(**older))

    def lose_entries() -> None:
        with storage.database.read() as connection:
            storage.engine.abandon(connection.execute(sa.select(jobs.c.entry_id)).scalars().all())

    def drawing_of(job_id: str) -> str:
        with storage.database.read() as connection:
            return str(connection.execute(sa.select(jobs.c.id).where(jobs.c.follows == job_id)).scalar_one())

    yield World(
        jobs=service,
        store=storage.jobs,
        files=storage.files,
        keys=storage.keys,
        tenant=storage.keys.create("a", tenant_name="one")[1],
        other=storage.keys.create("b", tenant_name="two")[1],
        entry=entry,
        age=age,
        lose_entries=lose_entries,
        drawing_of=drawing_of,
        subjects=storage.subjects,
        webhooks=storage.webhooks,
        receivers=storage.receivers,
        labels=storage.labels,
        outbox=storage.outbox,
        cameras=storage.cameras,
        outputs=storage.outputs,
        messages=storage.messages,
        corrections=storage.corrections,
    )
    storage.close()

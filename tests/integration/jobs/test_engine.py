"""The seam to the queue, with a real executor in this process, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from kinesight.domain.engine import Ending, Lane, Request, Setback
from kinesight.domain.job import Job, NewJob, State, Tenant
from kinesight.settings import Settings
from kinesight.storage.engine import SLOTS
from kinesight.storage.opening import Storage, open_storage
from kinesight.storage.tables import tenants
from kinesight.testing.database import fresh_database, postgresql


@pytest.fixture(scope="module")
def database_server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    url = fresh_database(request.getfixturevalue("database_server")) if request.param == "postgresql" else None
    storage = open_storage(Settings(data=tmp_path, database_url=url, poll_s=0.02, disk_reserve_mb=0))
    yield storage
    storage.engine.stop(wait_s=0)
    storage.close()


def ask(storage: Storage, tenant: Tenant, lane: Lane = Lane.VIDEO, *, is_awaited: bool = False) -> Job:
    new = NewJob(kind="running", parameters={}, source_url="https://example.com/a.mp4", is_awaited=is_awaited)
    return storage.jobs.insert(tenant.id, Request(new=new, request_hash="", queue_limit=100, max_attempts=3, lane=lane))


class Bench:
    """Does every job as soon as it may."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self.order: list[str] = []
        self.gate = threading.Event()
        self.waiting: set[str] = set()
        self.once_more: set[str] = set()

    def run(self, job_id: str, fence: int) -> None:
        claim = self._storage.jobs.start(job_id, fence=fence, owner="bench")
        if claim is None:
            return
        self.order.append(job_id)
        while job_id in self.waiting and not self.gate.wait(0.01):
            pass
        if job_id in self.once_more:
            self.once_more.remove(job_id)
            self._storage.jobs.retry(
                job_id, fence=claim.fence, setback=Setback(error_code="x", error_message="again", delay_s=0.5)
            )
            return
        self._storage.jobs.finish(job_id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED))


def until_final(storage: Storage, *jobs: Job) -> None:
    while not all(storage.jobs.get(job.tenant_id, job.id).state is State.SUCCEEDED for job in jobs):
        time.sleep(0.02)


def test_jobs_run_in_order_once_and_an_alarm_does_not_wait_behind_a_video(storage: Storage) -> None:
    one, two = (storage.keys.create(name, tenant_name=name)[1] for name in ("one", "two"))
    bench = Bench(storage)
    flood = [ask(storage, one) for _ in range(4)]
    bench.waiting = {flood[0].id}
    bench.once_more = {flood[1].id}
    storage.engine.serve("bench", bench.run)
    while bench.order != [flood[0].id]:
        time.sleep(0.02)
    alarm, late = ask(storage, two, Lane.URGENT), ask(storage, two)
    until_final(storage, alarm)
    assert bench.order == [flood[0].id, alarm.id], "the one slot for videos is taken, the one for alarms is not"
    bench.gate.set()
    until_final(storage, *flood, late)
    mine = [job_id for job_id in bench.order if job_id not in {late.id, alarm.id}]
    assert mine == [*(job.id for job in flood), flood[1].id], "in the order of arrival, the retried one once more"
    assert bench.order.count(late.id) == 1
    assert storage.jobs.get(one.id, flood[1].id).attempt == 2
    assert storage.jobs.sweep(older_than_s=1e9).stranded == 0


def test_who_is_awaited_goes_first_and_drawing_holds_nobody_up(storage: Storage) -> None:
    tenant = storage.keys.create("one", tenant_name="one")[1]
    bench = Bench(storage)
    held = [ask(storage, tenant, Lane.LATER), *(ask(storage, tenant, Lane.URGENT) for _ in range(SLOTS[Lane.URGENT]))]
    bench.waiting = {job.id for job in held}
    storage.engine.serve("bench", bench.run)
    while set(bench.order) != bench.waiting:
        time.sleep(0.02)
    calm, awaited = (ask(storage, tenant, Lane.URGENT, is_awaited=sooner) for sooner in (False, True))
    video = ask(storage, tenant)
    until_final(storage, video)
    bench.waiting.remove(held[1].id)  # one slot only, so that one goes after the other
    until_final(storage, held[1], calm, awaited)
    bench.gate.set()
    until_final(storage, *held)
    assert [one for one in bench.order if one in {calm.id, awaited.id}] == [awaited.id, calm.id]


def test_a_job_that_was_not_accepted_is_not_run(storage: Storage) -> None:
    tenant = storage.keys.create("one", tenant_name="one")[1]
    database = storage.database

    def broken_off() -> None:
        with database.write() as connection:
            new = NewJob(kind="running", parameters={}, source_url="https://example.com/a.mp4")
            request = Request(new=new, request_hash="", queue_limit=100, max_attempts=3)
            storage.jobs._insert(connection, tenant.id, request)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    called: list[str] = []
    storage.engine.serve("bench", lambda job_id, _: called.append(job_id))
    job = ask(storage, tenant)
    while not called:
        time.sleep(0.02)
    assert called == [job.id]
    assert [one.id for one in storage.jobs.page(tenant.id, limit=5).jobs] == [job.id]
    with database.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tenants)).scalar_one() == 1

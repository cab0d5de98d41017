"""Accepted jobs finish, once, whatever dies: real processes, killed for real, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from kinesight.domain.job import Job, State
from kinesight.storage.tables import attempts
from kinesight.testing.database import fresh_database, postgresql
from kinesight.testing.job_server import URGENT_KIND
from kinesight.testing.running_server import RunningServer, children_of, is_running

LONG = {"steps": 20, "step_s": 0.05}
ENDLESS = {"steps": 100_000, "step_s": 0.05}


@pytest.fixture(scope="module")
def database_server() -> Iterator[str]:
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunningServer]:
    url = fresh_database(request.getfixturevalue("database_server")) if request.param == "postgresql" else None
    server = RunningServer(tmp_path, database_url=url, tenant_concurrency=1)
    yield server
    server.close()


def is_final(job: Job) -> bool:
    return job.state.is_final


def works(job: Job) -> bool:
    return job.state is State.RUNNING and job.done > 0


def until_gone(pids: list[int]) -> None:
    while any(is_running(pid) for pid in pids):
        time.sleep(0.02)


def outcomes(server: RunningServer, job_id: str) -> list[tuple[int, str]]:
    query = sa.select(attempts.c.attempt, attempts.c.outcome).where(attempts.c.job_id == job_id).order_by(attempts.c.fence)
    with server.storage.database.read() as connection:
        return [(row.attempt, row.outcome) for row in connection.execute(query)]


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_server_leave_nothing_running_and_every_job_finishes_once(server: RunningServer) -> None:
    first, second = server.submit(**LONG), server.submit(**LONG)
    server.start()
    server.wait(first, works)
    children = server.children()
    assert len(children) == 1
    assert server.kill("worker", random.Random(1))
    until_gone(children)
    server.wait(second, works)
    alive = server.workers() + server.children()
    server.kill_all()
    until_gone(alive)
    late = server.submit(steps=1)  # accepted while no worker is there
    server.start()
    for job_id in (first, second, late):
        server.wait(job_id, is_final)
    assert server.tally().is_once
    assert outcomes(server, second) == [(1, "retried"), (2, "succeeded")]


def test_another_machine_takes_over_when_the_first_never_returns(server: RunningServer) -> None:
    running, waiting = server.submit(**LONG), server.submit(steps=1)
    server.start(node="first")
    server.wait(running, works)
    server.kill_all()
    # One job of a tenant at a time: what the dead machine still seems to run must not count for ever.
    server.start(node="second")
    for job_id in (running, waiting):
        server.wait(job_id, is_final)
    assert server.tally().is_once


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_sleeping_worker_that_wakes_up_commits_nothing(server: RunningServer) -> None:
    job_id = server.submit(**LONG)
    server.start(workers=2)
    server.wait(job_id, works)
    (sleeper,) = (worker for worker in server.workers() if children_of(worker))
    os.kill(sleeper, signal.SIGSTOP)
    # Its child finishes meanwhile, and only the answer waits to be read. The other worker begins anew.
    assert server.wait(job_id, is_final).attempt == 2
    os.kill(sleeper, signal.SIGCONT)
    while "lease was lost" not in server.log.read_text():
        time.sleep(0.05)
    assert server.tally().is_once
    assert outcomes(server, job_id) == [(1, "retried"), (2, "succeeded")]


def test_poison_dies_a_cancelled_job_loses_its_process_and_the_others_live(server: RunningServer) -> None:
    poison = server.submit(steps=1, crash=True)
    endless = server.submit(**ENDLESS)
    refused = server.submit(steps=1, error="wrong_view")
    good = server.submit(steps=1)
    server.start()
    server.wait(endless, works)
    children = server.children()
    assert server.jobs.cancel(server.tenant_id, endless).state is State.CANCELLING
    until_gone(children)
    assert server.wait(endless, is_final).state is State.CANCELLED
    dead = server.wait(poison, is_final)
    assert (dead.state, dead.error_code, dead.attempt) == (State.DEAD, "worker_crashed", 3)
    assert "Tries: 3 of 3." in (dead.error_message or "")
    assert [outcome for _, outcome in outcomes(server, poison)] == ["retried", "retried", "dead"]
    assert server.wait(refused, is_final).error_code == "wrong_view"
    assert [one.name for one in server.jobs.artefacts(server.tenant_id, refused)] == ["poses.json"]
    assert server.wait(good, is_final).state is State.SUCCEEDED


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_stopped_server_hands_its_job_back_uncharged(server: RunningServer) -> None:
    job_id = server.submit(**LONG)
    server.start()
    server.wait(job_id, works)
    server.stop()
    job = server.job(job_id)
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    server.start()
    assert server.wait(job_id, is_final).attempt == 1
    assert server.tally().is_once


def test_an_urgent_job_does_not_wait_for_a_long_one_and_is_done_by_a_process_that_lives_on(server: RunningServer) -> None:
    long = server.submit(**ENDLESS)
    server.start()
    server.wait(long, works)
    for _ in range(3):
        assert server.wait(server.submit(URGENT_KIND, steps=1), is_final).state is State.SUCCEEDED
    assert server.job(long).state is State.RUNNING


@pytest.mark.slow
def test_a_drawing_survives_the_death_of_the_server(server: RunningServer) -> None:
    job_id = server.submit(URGENT_KIND, draws_later=True, **LONG)
    server.start()
    server.wait(job_id, lambda job: job.drawing is State.RUNNING)
    assert server.job(job_id).state is State.SUCCEEDED
    processes = server.children()
    server.kill_all()
    until_gone(processes)
    server.start()
    job = server.wait(job_id, lambda job: job.drawing is not None and job.drawing.is_final)
    assert (job.state, job.drawing) == (State.SUCCEEDED, State.SUCCEEDED)
    names = [artefact.name for artefact in server.jobs.artefacts(server.tenant_id, job_id)]
    assert names == ["annotated.mp4", "result.json"]
    assert server.tally().is_once

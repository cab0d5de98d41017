"""Processes that do one job after another: what they share, and that a job's misfortune stays its own."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from kinesight.domain.engine import Lane
from kinesight.domain.job import Job, NewJob, State
from kinesight.jobs.warm import WarmProcesses, Wear
from kinesight.jobs.worker import Limits, Worker
from kinesight.testing.jobs import MemoryJobs
from kinesight.testing.running_server import is_running

# Answers with its process id, how many jobs it has had, and what it was told to prepare; does what `word` says.
SCRIPT = """
import json, os, sys, time
def say(**word): print(json.dumps(word), flush=True)
number, prepared, ballast = 0, None, []
for line in sys.stdin:
    task = json.loads(line)
    if "prepare" in task:
        prepared = task["prepare"]
        continue
    number += 1
    word, out = task["parameters"]["word"], task["out_dir"]
    if word == "crash" or (word == "crash if used" and number > 1):
        os.abort()
    if word == "refuse":
        say(error={"code": "wrong_view", "message": "No.", "caller": True})
        continue
    if word == "fail":
        say(error={"code": "disk_full", "message": "Full.", "caller": False})
        continue
    if word == "hang":
        say(progress={"stage": "observe", "done": 1, "total": 2})
        time.sleep(600)
    if word == "grow":
        ballast.append(b"x" * 60_000_000)
    json.dump({"pid": os.getpid(), "number": number, "prepared": prepared}, open(out + "/result.json", "w"))
    print(f"done with {word}", file=sys.stderr, flush=True)
    say(done={"artefacts": ["result.json"]})
"""
COMMAND = (sys.executable, "-S", "-c", SCRIPT)
LONG_S = 60.0


class Word(BaseModel):
    word: str = "well"


@pytest.fixture
def jobs() -> Iterator[MemoryJobs]:
    jobs = MemoryJobs({"quick": Word, "slow": Word}, max_attempts=2, urgent=["quick"])
    yield jobs
    jobs.files.close()


class Shop:
    """A worker with warm processes for urgent jobs."""

    def __init__(self, jobs: MemoryJobs, warm: WarmProcesses, **times: float) -> None:
        self._jobs = jobs
        given = {"time_limit_s": LONG_S, "lease_s": LONG_S, "beat_s": 0.02, "retry_s": 0.0, "drain_s": LONG_S, **times}
        self.worker = Worker(
            store=jobs.store,
            files=jobs.files,
            command=COMMAND,
            owner="w",
            limits=Limits(**given),  # type: ignore[arg-type]  # every one is a number
            warm={Lane.URGENT: warm},
        )

    def submit(self, word: str, kind: str = "quick") -> Job:
        return self._jobs.submit("t", NewJob(kind=kind, parameters={"word": word}, source_url="https://example.com/a.mp4"))

    def run(self, word: str, kind: str = "quick") -> Job:
        """Submit a job and let the worker try it once."""
        job = self.submit(word, kind)
        self.worker.run(*self._jobs.store.entries.popleft())
        return self._jobs.get("t", job.id)

    def pid(self, word: str = "well") -> int:
        job = self.run(word)
        assert job.state is State.SUCCEEDED
        return int(self.result(job)["pid"])

    @staticmethod
    def result(job: Job) -> dict[str, Any]:
        assert job.result is not None
        return job.result


@contextmanager
def open_shop(jobs: MemoryJobs, *, wear: Wear | None = None, prepares: tuple[str, ...] = (), **times: float) -> Iterator[Shop]:
    warm = WarmProcesses(COMMAND, prepares=prepares, wear=wear or Wear())
    try:
        yield Shop(jobs, warm, **times)
    finally:
        warm.close()


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that has to come; the suite's time limit ends it otherwise."""
    while not condition():
        time.sleep(0.01)


def test_one_process_does_one_job_after_another(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        results = [shop.result(shop.run("well")) for _ in range(3)]
    assert len({result["pid"] for result in results}) == 1
    assert [result["number"] for result in results] == [1, 2, 3]
    until(lambda: not is_running(results[0]["pid"]))


def test_jobs_of_other_lanes_have_a_process_of_their_own(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        first = shop.pid()
        slow = [shop.result(shop.run("well", kind="slow")) for _ in range(2)]
        assert shop.pid() == first
    assert [one["number"] for one in slow] == [1, 1]
    assert len({first, *(one["pid"] for one in slow)}) == 3


def test_a_refusal_is_no_reason_to_load_everything_again(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        first = shop.pid()
        refused = shop.run("refuse")
        assert (refused.state, refused.error_code) == (State.FAILED, "wrong_view")
        assert shop.pid() == first


def test_what_the_installation_cannot_do_ends_the_process(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        first = shop.pid()
        assert shop.run("fail").state is State.QUEUED
        jobs.store.entries.clear()
        assert not is_running(first)
        assert shop.pid() != first


def test_a_crash_is_charged_to_the_job_that_makes_it_and_not_to_the_next(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        first = shop.pid()
        crashed = shop.run("crash")
        assert (crashed.state, crashed.attempt) == (State.QUEUED, 1)
        shop.worker.run(*jobs.store.entries.popleft())
        crashed = jobs.get("t", crashed.id)
        assert (crashed.state, crashed.error_code) == (State.DEAD, "worker_crashed")
        well = shop.run("well")
        assert (well.state, well.attempt) == (State.SUCCEEDED, 1)
        assert shop.result(well)["pid"] != first


def test_who_dies_in_a_used_process_gets_a_fresh_one_within_the_same_try(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        first = shop.pid()
        job = shop.run("crash if used")
        assert (job.state, job.attempt, shop.result(job)["number"]) == (State.SUCCEEDED, 1, 1)
        assert shop.result(job)["pid"] != first


def test_a_process_that_died_while_it_had_no_job_is_not_used(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        first = shop.pid()
        os.kill(first, signal.SIGKILL)
        until(lambda: not is_running(first))
        assert shop.pid() != first


@pytest.mark.parametrize("end", ["cancel", "deadline", "drain"])
def test_a_job_that_is_stopped_takes_its_process_with_it(jobs: MemoryJobs, end: str) -> None:
    limits = {"deadline": {"time_limit_s": 0.3}, "drain": {"drain_s": 0.0}}.get(end, {})
    with open_shop(jobs, **limits) as shop:
        first = shop.pid()
        job = shop.submit("hang")
        thread = threading.Thread(target=shop.worker.run, args=jobs.store.entries.popleft())
        thread.start()
        until(lambda: jobs.get("t", job.id).done == 1)
        if end == "cancel":
            jobs.cancel("t", job.id)
        elif end == "drain":
            shop.worker.drain()
        thread.join()
        wanted = {"cancel": State.CANCELLED, "deadline": State.FAILED, "drain": State.QUEUED}[end]
        assert jobs.get("t", job.id).state is wanted
        assert not is_running(first)
        jobs.store.entries.clear()
        if end != "drain":
            assert shop.pid() != first


def test_a_process_ends_after_so_many_jobs_and_when_it_has_grown(jobs: MemoryJobs) -> None:
    with open_shop(jobs, wear=Wear(most_jobs=2)) as shop:
        one, two, three = (shop.pid() for _ in range(3))
        assert one == two != three
        assert not is_running(one)
    with open_shop(jobs, wear=Wear(growth_mb=40.0)) as shop:
        first = shop.pid()
        assert shop.pid("grow") == first
        assert shop.pid() != first


def test_jobs_at_the_same_time_have_a_process_each(jobs: MemoryJobs) -> None:
    with open_shop(jobs) as shop:
        hanging = shop.submit("hang")
        thread = threading.Thread(target=shop.worker.run, args=jobs.store.entries.popleft())
        thread.start()
        until(lambda: jobs.get("t", hanging.id).done == 1)
        assert shop.result(shop.run("well"))["number"] == 1
        jobs.cancel("t", hanging.id)
        thread.join()


def test_who_finds_all_busy_waits_for_one_that_is_given_back() -> None:
    warm = WarmProcesses(COMMAND, wear=Wear(most_at_once=2))
    taken: list[int] = []
    first, second = warm.take(), warm.take()
    third = threading.Thread(target=lambda: taken.append(warm.take().pid))
    third.start()
    third.join(0.2)
    assert not taken
    warm.give_back(second)
    third.join(LONG_S)
    assert taken == [second.pid]
    first.end()
    warm.drop(first)
    fresh = warm.take()  # a place that a dropped process leaves is free again
    for process in (second, fresh):
        warm.give_back(process)
    warm.close()


def test_one_stands_ready_prepared_and_is_replaced(jobs: MemoryJobs) -> None:
    with open_shop(jobs, wear=Wear(standing=1, idle_s=0.0), prepares=("quick",)) as shop:
        first = shop.run("well")
        assert shop.result(first)["prepared"] == ["quick"]
        assert shop.pid() == shop.result(first)["pid"], "one is kept however long nobody needs it"
        shop.run("crash")
        jobs.store.entries.clear()
        assert shop.result(shop.run("well"))["prepared"] == ["quick"]


def test_who_is_not_needed_for_a_while_ends(jobs: MemoryJobs) -> None:
    with open_shop(jobs, wear=Wear(idle_s=0.0)) as shop:
        first = shop.pid()
        until(lambda: not is_running(first))
        assert shop.pid() != first


def test_the_log_of_a_job_is_its_own(jobs: MemoryJobs) -> None:
    warm = WarmProcesses(COMMAND)
    shop = Shop(jobs, warm)
    shop.run("well")
    process = warm.take()
    until(lambda: list(process.log) == ["done with well"])
    warm.give_back(process)
    shop.run("grow")
    until(lambda: list(process.log) == ["done with grow"])
    warm.close()

"""One try of one job: a real child, a store in memory."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from kinesight.domain.engine import Ending
from kinesight.domain.errors import DiskFull
from kinesight.domain.job import Job, NewJob, State
from kinesight.jobs.worker import Limits, Worker
from kinesight.testing.jobs import MemoryJobs

LONG_S = 60.0
HELLO = "import json, os, sys, time\ntask = json.loads(sys.stdin.readline())\nout = task['out_dir']\n"
SAY = "def say(**word): print(json.dumps(word), flush=True)\n"
RESULT = "open(out + '/result.json', 'w').write('{\"n\": NaN, \"m\": 1}')\nsay(done={'artefacts': ['result.json']})\n"


class Free(BaseModel):
    word: str = "x"


@pytest.fixture
def jobs() -> Iterator[MemoryJobs]:
    jobs = MemoryJobs({"free": Free}, max_attempts=2)
    yield jobs
    jobs.files.close()


def worker(jobs: MemoryJobs, script: str, **changed: float) -> Worker:
    times = {"time_limit_s": LONG_S, "lease_s": LONG_S, "beat_s": 0.02, "retry_s": 0.0, "drain_s": LONG_S, **changed}
    limits = Limits(**times, for_child={"max_side_px": 8192})  # type: ignore[arg-type]  # every one is a number
    return Worker(
        store=jobs.store, files=jobs.files, command=(sys.executable, "-S", "-c", HELLO + SAY + script), owner="w", limits=limits
    )


def submitted(jobs: MemoryJobs) -> Job:
    path = jobs.files.create()
    path.write_bytes(b"video")
    new = NewJob(kind="free", parameters={"word": "ä\n"}, input_key=jobs.files.keep(path), input_name="a.mp4")
    return jobs.submit("t", new)


def run(jobs: MemoryJobs, worker: Worker) -> Job:
    """Let a worker take the oldest entry."""
    job_id, fence = jobs.store.entries.popleft()
    worker.run(job_id, fence)
    return jobs.get("t", job_id)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that has to come; the suite's time limit ends it otherwise."""
    while not condition():
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_the_child_is_told_its_task_and_its_result_is_kept(jobs: MemoryJobs) -> None:
    submitted(jobs)
    script = "json.dump(task | {'video': open(task['input']).read()}, open(out + '/task.json', 'w'))\n" + RESULT
    script = script.replace("['result.json']", "['result.json', 'task.json']")
    job = run(jobs, worker(jobs, script))
    assert (job.state, job.result) == (State.SUCCEEDED, {"n": None, "m": 1})
    result, task = jobs.artefacts("t", job.id)
    assert (result.name, task.name) == ("result.json", "task.json")
    told = json.loads(jobs.files.path(task.key).read_text())
    assert {
        name: told[name] for name in ("job_id", "attempt", "kind", "parameters", "input_name", "source_url", "limits", "video")
    } == {
        "job_id": job.id,
        "attempt": 1,
        "kind": "free",
        "parameters": {"word": "ä\n"},
        "input_name": "a.mp4",
        "source_url": None,
        "limits": {"max_side_px": 8192},
        "video": "video",
    }


def test_progress_is_noted_and_noise_is_not_taken_for_an_answer(jobs: MemoryJobs) -> None:
    submitted(jobs)
    noise = "print('INFO: loading'); print('[1, 2]'); print('{\"done\": 3}'); sys.stdout.buffer.write(b'\\xff\\n')\n"
    progress = "say(progress={'stage': 'observe', 'done': 7, 'total': None})\ntime.sleep(60)\n"
    one = worker(jobs, noise + progress)
    thread = threading.Thread(target=run, args=(jobs, one))
    thread.start()
    job_id = jobs.page("t", limit=1).jobs[0].id
    until(lambda: jobs.get("t", job_id).done == 7)
    assert (jobs.get("t", job_id).stage, jobs.get("t", job_id).total) == ("observe", None)
    jobs.cancel("t", job_id)
    thread.join()
    assert jobs.get("t", job_id).state is State.CANCELLED


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("os.abort()", "worker_crashed", "signal 6"),
        ("sys.exit(3)", "worker_crashed", "status 3"),
        ("pass", "worker_crashed", "status 0"),
        ("say(done={'artefacts': []})", "worker_crashed", "no readable result"),
        ("open(out + '/result.json', 'w').write('[]'); say(done={'artefacts': []})", "worker_crashed", "no readable result"),
        ("say(error={'code': 'model_missing', 'message': 'Run it.', 'caller': False})", "model_missing", "Run it."),
    ],
)
def test_what_may_pass_is_tried_again_and_then_given_up(jobs: MemoryJobs, script: str, code: str, said: str) -> None:
    submitted(jobs)
    one = worker(jobs, script)
    assert run(jobs, one).state is State.QUEUED
    dead = run(jobs, one)
    assert (dead.state, dead.error_code, dead.attempt) == (State.DEAD, code, 2)
    assert said in (dead.error_message or "")


def test_a_refusal_is_final_and_what_was_observed_is_kept(jobs: MemoryJobs) -> None:
    submitted(jobs)
    script = "open(out + '/poses.json', 'w').write('{}')\nsay(error={'code': 'wrong_view', 'message': 'Side.', 'caller': True})"
    job = run(jobs, worker(jobs, script))
    assert (job.state, job.error_code, job.error_message, job.result) == (State.FAILED, "wrong_view", "Side.", None)
    assert [one.name for one in jobs.artefacts("t", job.id)] == ["poses.json"]


def test_the_files_of_a_lost_try_go_when_a_later_one_wins(jobs: MemoryJobs) -> None:
    submitted(jobs)
    assert run(jobs, worker(jobs, "open(out + '/half', 'w').write('x'); os.abort()")).state is State.QUEUED
    job = run(jobs, worker(jobs, RESULT))
    assert job.state is State.SUCCEEDED
    folder = jobs.files.path(jobs.artefacts("t", job.id)[0].key).parent
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_job_that_takes_too_long_is_ended_with_all_it_started(jobs: MemoryJobs) -> None:
    submitted(jobs)
    script = "import subprocess\nother = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(300)'])\n"
    script += "open(out + '/pids', 'w').write(f'{os.getpid()} {other.pid}')\ntime.sleep(300)"
    job = run(jobs, worker(jobs, script, time_limit_s=0.5))
    assert (job.state, job.error_code) == (State.FAILED, "deadline_exceeded")
    for pid in jobs.files.path(jobs.artefacts("t", job.id)[0].key).read_text().split():
        until(lambda pid=int(pid): not is_alive(pid))


def test_a_missing_input_is_said(jobs: MemoryJobs) -> None:
    job = submitted(jobs)
    assert job.input_key is not None
    jobs.files.forget_input(job.input_key)
    assert run(jobs, worker(jobs, RESULT)).error_code == "not_found"


def test_a_draining_worker_hands_its_job_back_uncharged(jobs: MemoryJobs) -> None:
    submitted(jobs)
    one = worker(jobs, "time.sleep(300)", drain_s=0.0)
    one.drain()
    job = run(jobs, one)
    assert (job.state, job.attempt) == (State.QUEUED, 0)
    assert run(jobs, worker(jobs, RESULT)).state is State.SUCCEEDED


def test_who_loses_the_lease_stops_and_leaves_no_trace(jobs: MemoryJobs) -> None:
    submitted(jobs)
    jobs.store.lease_s = -1.0  # every lease is over as soon as it is taken
    thread = threading.Thread(target=run, args=(jobs, worker(jobs, "time.sleep(300)")))
    thread.start()
    job_id = jobs.page("t", limit=1).jobs[0].id
    until(lambda: jobs.get("t", job_id).state is State.RUNNING)
    assert jobs.store.sweep(older_than_s=LONG_S).expired == 1
    thread.join()
    assert jobs.get("t", job_id).state is State.QUEUED
    assert len(jobs.store.entries) == 1, "queued once, by the sweeper"


class Away:
    """A store whose database goes away for some writes."""

    def __init__(self, jobs: MemoryJobs, **failures: int) -> None:
        self._store = jobs.store
        self._failures = failures

    def __getattr__(self, name: str) -> object:
        if self._failures.get(name, 0) > 0:
            self._failures[name] -= 1
            return self._raise
        return getattr(self._store, name)

    def _raise(self, *_: object, **__: object) -> None:
        raise ConnectionError("gone")


def away(jobs: MemoryJobs, one: Worker, **failures: int) -> Worker:
    one._store = Away(jobs, **failures)  # type: ignore[assignment]
    return one


def test_a_short_absence_of_the_database_costs_nothing(jobs: MemoryJobs) -> None:
    submitted(jobs)
    script = "say(progress={'stage': 'observe', 'done': 1, 'total': 2})\ntime.sleep(0.3)\n" + RESULT
    assert run(jobs, away(jobs, worker(jobs, script), beat=3, finish=3)).state is State.SUCCEEDED


def test_a_long_absence_ends_the_child(jobs: MemoryJobs, caplog: pytest.LogCaptureFixture) -> None:
    submitted(jobs)
    with caplog.at_level(logging.WARNING):
        job = run(jobs, away(jobs, worker(jobs, "time.sleep(300)", lease_s=0.2), beat=10**6))
    assert "the lease was lost" in caplog.text
    assert job.state is State.RUNNING, "nothing was written; the sweeper goes on from here"


def test_a_commit_that_cannot_be_made_is_left_to_the_sweeper(jobs: MemoryJobs, caplog: pytest.LogCaptureFixture) -> None:
    submitted(jobs)
    job = run(jobs, away(jobs, worker(jobs, RESULT, lease_s=0.2), finish=10**6))
    assert job.state is State.RUNNING
    assert "the database went away" in caplog.text


def test_a_full_disk_is_tried_again(jobs: MemoryJobs, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted(jobs)

    def full() -> None:
        raise DiskFull

    monkeypatch.setattr(jobs.files, "check_space", full)
    assert run(jobs, worker(jobs, RESULT)).state is State.QUEUED
    monkeypatch.undo()
    assert run(jobs, worker(jobs, RESULT)).state is State.SUCCEEDED


def test_a_stale_entry_does_nothing(jobs: MemoryJobs) -> None:
    job = submitted(jobs)
    fence = jobs.store.entries[0][1]
    jobs.cancel("t", job.id)
    worker(jobs, "open('/nowhere')").run(job.id, fence)
    assert jobs.get("t", job.id).state is State.CANCELLED


def test_an_ending_has_to_be_final() -> None:
    with pytest.raises(ValueError, match="running"):
        Ending(state=State.RUNNING)

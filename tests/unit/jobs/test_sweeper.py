"""The sweeper's passes, on stand-ins."""

from __future__ import annotations

import threading

from pydantic import BaseModel

from kinesight.domain.engine import Progress
from kinesight.domain.errors import NotFound
from kinesight.domain.job import NewJob, State
from kinesight.jobs.sweeper import Sweeper
from kinesight.testing.jobs import MemoryJobs


class Nothing(BaseModel):
    pass


def test_a_pass_forgets_old_jobs_with_their_files_and_requeues_dropped_ones() -> None:
    jobs = MemoryJobs({"x": Nothing})
    path = jobs.files.create()
    path.write_bytes(b"video")
    key = jobs.files.keep(path)
    old = jobs.submit("t", NewJob(kind="x", parameters={}, input_key=key))
    claim = jobs.run_next(progress=Progress(stage="observe", done=1, total=2))
    assert jobs.get("t", old.id).percentage == 40
    jobs.succeed(claim, {"n": 1}, artefacts={"result.json": b"{}"})
    kept = jobs.files.path(jobs.artefacts("t", old.id)[0].key)
    clock = jobs.store.now_s
    jobs.store.now_s = lambda: clock() + 8 * 86_400
    dropped = jobs.submit("t", NewJob(kind="x", parameters={}, source_url="https://example.com"))
    jobs.run_next()
    jobs.store.now_s = lambda: clock() + 9 * 86_400
    Sweeper(store=jobs.store, files=jobs.files, lease_s=30, retention_days=7).sweep()
    assert jobs.get("t", dropped.id).state is State.QUEUED
    assert not kept.exists()
    for call in (lambda: jobs.get("t", old.id), lambda: jobs.files.path(key)):
        try:
            call()
        except NotFound:
            continue
        raise AssertionError("it is still there")
    jobs.files.close()


def test_a_pass_that_fails_is_followed_by_another() -> None:
    over = threading.Event()

    class Flaky:
        calls = 0

        def sweep(self, **_: float) -> None:
            self.calls += 1
            if self.calls == 3:
                over.set()
            raise ConnectionError("gone")

    store = Flaky()
    Sweeper(store=store, files=None, lease_s=0.01, retention_days=1).run(over)  # type: ignore[arg-type]
    assert store.calls == 3

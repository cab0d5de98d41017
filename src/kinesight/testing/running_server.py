"""A running test server (see `job_server`) that can be hurt, and what is in its database."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from kinesight.domain.job import Job, NewJob, State
from kinesight.settings import Settings
from kinesight.storage.opening import open_storage
from kinesight.storage.tables import artefacts, attempts, jobs
from kinesight.testing.job_server import KIND, ME, service

LOOK_EVERY_S = 0.02
QUICK = {"lease_s": 3.0, "beat_s": 0.2, "retry_s": 0.1, "poll_s": 0.05, "drain_s": 0.0, "disk_reserve_mb": 0}


class RunningServer:
    """A supervisor with its workers and their children, and our own view of its database.

    Parameters
    ----------
    folder
        Where data, log and marks go.
    chosen
        Settings; `QUICK` where nothing else is said.
    """

    def __init__(self, folder: Path, **chosen: object) -> None:
        self._chosen = {**QUICK, "data": folder / "data", **{name: value for name, value in chosen.items() if value is not None}}
        settings = Settings(**self._chosen)  # type: ignore[arg-type]  # pydantic checks the values
        self.log = folder / "log"
        self.marks = folder / "marks"
        self.storage = open_storage(settings)
        tenant, _ = self.storage.keys.bootstrap() or (self.storage.keys.create("again")[1], "")
        self.tenant_id = tenant.id
        self.jobs = service(settings, self.storage)
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, **changed: object) -> None:
        """Start the supervisor, with other settings from now on if any are given."""
        self._chosen.update(changed)
        settings = {f"KINESIGHT_{name.upper()}": str(value) for name, value in self._chosen.items()}
        self.starts += 1
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own module
                [*ME, "supervisor"], env={**os.environ, **settings}, stderr=log, start_new_session=True
            )

    def submit(self, kind: str = KIND, **parameters: object) -> str:
        """Accept a pretended analysis; return its id."""
        asked = {"marks": str(self.marks), **parameters}
        return self.jobs.submit(self.tenant_id, NewJob(kind=kind, parameters=asked, source_url="https://example.com/a.mp4")).id

    def job(self, job_id: str) -> Job:
        """Return a job as it is now."""
        return self.jobs.get(self.tenant_id, job_id)

    def wait(self, job_id: str, condition: Callable[[Job], bool]) -> Job:
        """Return the job as soon as the condition holds; the caller's time limit ends it otherwise."""
        while not condition(job := self.job(job_id)):
            time.sleep(LOOK_EVERY_S)
        return job

    def ended(self) -> int:
        """Return how many jobs are final."""
        query = sa.select(sa.func.count()).select_from(jobs).where(jobs.c.finished_s.is_not(None), jobs.c.follows.is_(None))
        with self.storage.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def drawings_ended(self) -> int:
        """Return how many jobs that draw for others are final."""
        query = sa.select(sa.func.count()).select_from(jobs).where(jobs.c.finished_s.is_not(None), jobs.c.follows.is_not(None))
        with self.storage.database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def workers(self) -> list[int]:
        """Return the numbers of the worker processes."""
        return [] if self.process is None else children_of(self.process.pid)

    def children(self) -> list[int]:
        """Return the numbers of the processes that pretend to analyse."""
        return [child for worker in self.workers() for child in children_of(worker)]

    def kill(self, victim: str, generator: random.Random) -> bool:
        """Kill a worker, a child, or the server (all else dies with it; it is started again); return whether there was one."""
        if victim == "server":
            self.kill_all()
            self.start()
            return True
        found = self.workers() if victim == "worker" else self.children()
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(generator.choice(found), signal.SIGKILL)
            return True
        return False

    def kill_all(self) -> None:
        """Kill the supervisor without a word to anybody."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """End the server in an orderly way."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait()

    def close(self) -> None:
        """Kill what runs and let go of the database."""
        self.kill_all()
        self.storage.close()

    def tally(self) -> Tally:
        """Count what came out."""
        return Tally(self)


class Tally:
    """What is in the database of a server, counted by job."""

    def __init__(self, server: RunningServer) -> None:
        won = sa.select(attempts.c.job_id).where(attempts.c.outcome == State.SUCCEEDED)
        kept = sa.select(artefacts.c.job_id).where(artefacts.c.name == "result.json")
        with server.storage.database.read() as connection:
            columns = (jobs.c.id, jobs.c.state, jobs.c.attempt, jobs.c.result, jobs.c.follows, jobs.c.parameters)
            everything = connection.execute(sa.select(*columns)).all()
            self.wins = Counter(connection.execute(won).scalars())
            self.results = Counter(connection.execute(kept).scalars())
            drawn = sa.select(artefacts.c.job_id).where(artefacts.c.name == "annotated.mp4")
            drawn_by = Counter(connection.execute(drawn).scalars())
        rows = [row for row in everything if row.follows is None]
        drawings = {row.follows: row for row in everything if row.follows is not None}
        self.wanted_drawings = {row.id for row in rows if row.parameters["draws_later"]}
        self.drawings = Counter(row.state for row in drawings.values())
        self.is_drawn = self.wanted_drawings == set(drawings) and all(
            row.state == State.SUCCEEDED and drawn_by[row.id] == 1 for row in drawings.values()
        )
        self.ids = {row.id for row in rows}
        self.states = Counter(row.state for row in rows)
        self.own_results = sum((row.result or {}).get("job") == row.id for row in rows)
        self.tries = {row.id: row.attempt for row in rows}
        self.work = Counter(server.marks.read_text().split() if server.marks.exists() else ())

    @property
    def is_once(self) -> bool:
        """Return whether every job succeeded with exactly one result, its own, and every wanted drawing was made once."""
        once = all(self.results[job] == 1 and self.wins[job] == 1 for job in self.ids)
        return (
            once and self.is_drawn and self.own_results == len(self.ids) and self.states == {State.SUCCEEDED.value: len(self.ids)}
        )


def children_of(pid: int) -> list[int]:
    """Return the numbers of the processes that this one started, from whichever of its threads."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, task.read_text().split())
    return found


def is_running(pid: int) -> bool:
    """Return whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False

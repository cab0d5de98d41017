"""Kill workers, children and whole servers at random moments while jobs wait, and count what comes out.

    python scripts/kill_test.py --jobs 50 --kills 10 --seed 1 [--postgres] [--workers 2]

Every job must end as succeeded with exactly one result committed, and nothing may be left running. Exits 1 otherwise.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from kinesight.domain.job import NewJob, State
from kinesight.settings import Settings
from kinesight.storage.opening import Storage, open_storage
from kinesight.storage.tables import artefacts, attempts, jobs
from kinesight.testing.database import fresh_database, postgresql
from kinesight.testing.job_server import KIND, ME, service

GIVES_UP_S = 600.0


class Server:
    """The supervisor of the test server and all it started."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        self._environment = environment
        self._log = log
        self.starts = 0
        self.start()

    def start(self) -> None:
        """Start the supervisor."""
        self.starts += 1
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([*ME, "supervisor"], env=self._environment, stderr=log, start_new_session=True)

    def kill(self, victim: str, generator: random.Random) -> bool:
        """Kill a worker, a child, or the supervisor (all else dies with it); return whether there was one."""
        if victim == "server":
            self.process.kill()
            self.process.wait()
            self.start()
            return True
        workers = children_of(self.process.pid)
        found = workers if victim == "worker" else [child for worker in workers for child in children_of(worker)]
        if not found:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(generator.choice(found), signal.SIGKILL)
            return True
        return False

    def stop(self) -> None:
        """End everything."""
        self.process.terminate()
        self.process.wait()


def children_of(pid: int) -> list[int]:
    """Return the numbers of the processes that this one started, from whichever of its threads."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, task.read_text().split())
    return found


@contextlib.contextmanager
def database(*, on_postgresql: bool) -> Iterator[str | None]:
    """Return the URL of a fresh PostgreSQL database, or None for SQLite."""
    if not on_postgresql:
        yield None
        return
    with postgresql() as server:
        yield fresh_database(server)


def shoot(server: Server, storage: Storage, *, kills: int, jobs_wanted: int, seed: int) -> collections.Counter[str]:
    """Kill so often, spread over the work; return how often what was killed."""
    generator = random.Random(seed)
    killed: collections.Counter[str] = collections.Counter()
    # Each kill waits for its share of the work, so that all of them fall while jobs run.
    for number in range(kills):
        until_s = time.monotonic() + GIVES_UP_S
        while ended(storage) < number * jobs_wanted / (kills + 1) and time.monotonic() < until_s:
            time.sleep(0.02)
        time.sleep(generator.uniform(0.0, 0.5))
        victim = generator.choice(["worker", "child", "server"])
        while not server.kill(victim, generator):
            time.sleep(0.02)
        killed[victim] += 1
        print(f"  kill {number + 1}: {victim}, {ended(storage)} jobs had ended")
    return killed


def ended(storage: Storage) -> int:
    """Return how many jobs are final."""
    with storage.database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.finished_s.is_not(None))).scalar_one()


def report(storage: Storage, marks: Path) -> bool:
    """Print what came out; return whether it is what was promised."""
    with storage.database.read() as connection:
        states = collections.Counter(connection.execute(sa.select(jobs.c.state)).scalars())
        results = collections.Counter(
            connection.execute(sa.select(artefacts.c.job_id).where(artefacts.c.name == "result.json")).scalars()
        )
        wins = collections.Counter(
            connection.execute(sa.select(attempts.c.job_id).where(attempts.c.outcome == State.SUCCEEDED)).scalars()
        )
        tries = connection.execute(sa.select(jobs.c.id, jobs.c.attempt, jobs.c.result)).all()
    done = collections.Counter(marks.read_text().split()) if marks.exists() else collections.Counter[str]()
    ids = {row.id for row in tries}
    own = sum((row.result or {}).get("job") == row.id for row in tries)
    restarts = sum(row.attempt - 1 for row in tries)
    print(f"submitted {len(ids)}, states {dict(states)}")
    print(f"results per job {dict(collections.Counter(results[job] for job in ids))}, of the right job {own}")
    print(f"successful tries per job {dict(collections.Counter(wins[job] for job in ids))}")
    print(f"work finished per job {dict(collections.Counter(done[job] for job in ids))} (may be more than once, the commit not)")
    print(f"tries begun again {restarts}, most tries of one job {max(row.attempt for row in tries)}")
    once = all(results[job] == 1 and wins[job] == 1 for job in ids)
    return once and own == len(ids) and states == {State.SUCCEEDED.value: len(ids)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kill-test-") as name, database(on_postgresql=asked.postgres) as url:
        folder = Path(name)
        chosen = {
            "data": folder / "data",
            "workers": asked.workers,
            "lease_s": 3.0,
            "beat_s": 0.2,
            "retry_s": 0.2,
            "max_attempts": 10,  # random kills may hit one job again and again
            "disk_reserve_mb": 0,
        } | ({} if url is None else {"database_url": url})
        settings = Settings(**chosen)  # type: ignore[arg-type]  # pydantic checks the values
        environment = {**os.environ, **{f"KINESIGHT_{field.upper()}": str(value) for field, value in chosen.items()}}
        storage = open_storage(settings)
        tenant, _ = storage.keys.bootstrap() or sys.exit("the database is not empty")
        accepted = service(settings, storage)
        marks = folder / "marks"
        parameters = {"steps": 20, "step_s": 0.03, "marks": str(marks)}
        for _ in range(asked.jobs):
            accepted.submit(tenant.id, NewJob(kind=KIND, parameters=parameters, source_url="https://example.com/a.mp4"))
        began_s = time.monotonic()
        server = Server(environment, folder / "log")
        killed = shoot(server, storage, kills=asked.kills, jobs_wanted=asked.jobs, seed=asked.seed)
        while ended(storage) < asked.jobs and time.monotonic() - began_s < GIVES_UP_S:
            time.sleep(0.05)
        took_s = time.monotonic() - began_s
        server.stop()
        is_right = report(storage, marks)
        print(
            f"kills {dict(killed)}, server started {server.starts} times, {took_s:.1f} s on {storage.database.url.get_backend_name()}"
        )
        if not is_right:
            print((folder / "log").read_text())
        storage.close()
    print("as promised" if is_right else "NOT as promised")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())

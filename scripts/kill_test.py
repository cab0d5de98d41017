"""Kill workers, children and whole servers at random moments while jobs wait, and count what comes out.

    python scripts/kill_test.py --jobs 50 --kills 10 --seed 1 [--postgres] [--workers 2]

Every job must end as succeeded with exactly one result committed. Exits 1 otherwise.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from pathlib import Path

from kinesight.testing.database import fresh_database, postgresql
from kinesight.testing.job_server import KIND, URGENT_KIND
from kinesight.testing.running_server import RunningServer

GIVES_UP_S = 600.0


def shoot(server: RunningServer, *, kills: int, jobs: int, seed: int) -> Counter[str]:
    """Kill so often, spread over the work; return how often what was killed."""
    generator = random.Random(seed)  # to choose victims
    killed: Counter[str] = Counter()
    for number in range(kills):
        # Each kill waits for its share of the work, so that all of them fall while jobs run.
        until_s = time.monotonic() + GIVES_UP_S
        while server.ended() < number * jobs / (kills + 1) and time.monotonic() < until_s:
            time.sleep(0.02)
        time.sleep(generator.uniform(0.0, 0.5))
        victim = generator.choice(["worker", "child", "server"])
        while not server.kill(victim, generator):
            time.sleep(0.02)
        killed[victim] += 1
        print(f"  kill {number + 1}: {victim}, {server.ended()} jobs had ended", flush=True)
    return killed


def run(asked: argparse.Namespace, folder: Path, url: str | None) -> bool:
    # Random kills may hit one job again and again, and that is not the job's fault.
    server = RunningServer(folder, workers=asked.workers, max_attempts=10, database_url=url, queue_limit=asked.jobs)
    for number in range(asked.jobs):
        # every third one is urgent: done by a process that lives on, and drawn afterwards by another job
        kind = URGENT_KIND if number % 3 == 0 else KIND
        server.submit(kind, steps=20, step_s=0.03, draws_later=kind == URGENT_KIND)
    began_s = time.monotonic()
    server.start()
    killed = shoot(server, kills=asked.kills, jobs=asked.jobs, seed=asked.seed)
    urgent = len(range(0, asked.jobs, 3))
    while (server.ended() < asked.jobs or server.drawings_ended() < urgent) and time.monotonic() - began_s < GIVES_UP_S:
        time.sleep(0.05)
    took_s = time.monotonic() - began_s
    server.stop()
    tally = server.tally()
    print(f"submitted {len(tally.ids)}, ended as {dict(tally.states)}")
    print(f"results committed, by number per job: {dict(Counter(tally.results[job] for job in tally.ids))}")
    print(f"drawings wanted {len(tally.wanted_drawings)}, ended as {dict(tally.drawings)}")
    work = dict(Counter(tally.work[job] for job in tally.ids))
    print(f"work done, by number per job: {work} (twice is allowed, two commits are not)")
    print(f"tries begun again: {sum(tally.tries.values()) - len(tally.ids)}, most tries of one job: {max(tally.tries.values())}")
    where = "SQLite" if url is None else "PostgreSQL"
    print(f"kills {dict(killed)}, server started {server.starts} times, {took_s:.1f} s, {where}, seed {asked.seed}")
    if not tally.is_once:
        print(server.log.read_text())
    server.close()
    return tally.is_once


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--postgres", action="store_true")
    asked = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="kill-test-") as name,
        postgresql() if asked.postgres else nullcontext() as postgres,
    ):
        is_right = run(asked, Path(name), None if postgres is None else fresh_database(postgres))
    print("as promised" if is_right else "NOT as promised")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())

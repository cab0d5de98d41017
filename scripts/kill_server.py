"""Uploads real clips to a real server and kills its processes at random moments; every job has to end once, with one result.

    python scripts/kill_server.py --jobs 50 --kills 10 --seed 1

Victims: the server itself (started again), its API process, a worker, or the process that analyses. `scripts/kill_test.py`
does the same without video, on SQLite and PostgreSQL, in half a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx2
import sqlalchemy as sa
from fuzz_analyses import excerpt

from kinesight.settings import load_settings
from kinesight.storage.opening import open_storage
from kinesight.storage.tables import artefacts, attempts, jobs
from kinesight.testing.api_server import ApiServer, api_server
from kinesight.testing.running_server import children_of
from kinesight.wiring.analysing import fetch_models, fetch_samples

# random kills may hit one job again and again, and that is not the job's fault
SERVER = {"KINESIGHT_WORKERS": "2", "KINESIGHT_LEASE_S": "4", "KINESIGHT_RETRY_S": "0.5", "KINESIGHT_MAX_ATTEMPTS": "10"}
LIMIT_S = 1500.0


def name_of(pid: int) -> str:
    """Return what a process of the server is: api, worker, child, or something below a child."""
    command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    kinds = {b"kinesight.server": "api", b"worker": "worker", b"kinesight.child": "child"}
    return next((kind for word, kind in kinds.items() if word in command), "other")


def victims(server: ApiServer) -> dict[str, list[int]]:
    """Return the processes that may be killed, by what they are."""
    found: dict[str, list[int]] = {"server": [server.process.pid] if server.process else []}
    waiting = list(found["server"])
    while waiting:
        for pid in children_of(waiting.pop()):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                found.setdefault(name_of(pid), []).append(pid)
                waiting.append(pid)
    return found


def kill_one(server: ApiServer, generator: random.Random) -> str:
    """Kill one process and return what it was; a killed server is started again."""
    while True:
        kind = generator.choice(["server", "api", "worker", "child"])
        targets = victims(server).get(kind)
        if not targets:
            time.sleep(0.05)
            continue
        if kind == "server":
            server.kill()
            server.start()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(generator.choice(targets), signal.SIGKILL)
        return kind


def ended(server: ApiServer) -> int:
    """Return how many jobs are final, by the server's own list; -1 while it does not answer."""
    number, cursor = 0, None
    try:
        with server.client() as client:
            while True:
                query = {"limit": "100"} | ({"cursor": cursor} if cursor else {})
                page = client.get("/v1/analyses", params=query).raise_for_status().json()
                number += sum(job["state"] in {"succeeded", "failed", "dead", "cancelled"} for job in page["analyses"])
                cursor = page["next_cursor"]
                if cursor is None:
                    return number
    except (httpx2.TransportError, httpx2.HTTPStatusError):
        return -1


def main() -> int:
    """Run, tell, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    generator = random.Random(asked.seed)
    settings = load_settings()
    fetch_models(settings, report=print)
    sprint, *_ = fetch_samples(settings.models.parent / "samples", report=print)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        excerpt(sprint, clip)
        with api_server(folder / "server", environment=SERVER) as server:
            with server.client() as client:
                for _ in range(asked.jobs):
                    form = {"kind": "running", "parameters": json.dumps({"pose_model": "full"})}
                    client.post("/v1/analyses", data=form, files={"video": ("clip.mp4", clip.read_bytes())}).raise_for_status()
            began_s, killed = time.monotonic(), Counter[str]()
            for number in range(asked.kills):
                while ended(server) < number * asked.jobs / (asked.kills + 1):
                    time.sleep(0.2)
                time.sleep(generator.uniform(0.0, 3.0))
                killed[kind := kill_one(server, generator)] += 1
                print(f"  kill {number + 1}: {kind}, {ended(server)} jobs had ended", flush=True)
            while ended(server) < asked.jobs and time.monotonic() - began_s < LIMIT_S:
                time.sleep(0.5)
            took_s = time.monotonic() - began_s
        return tell(server, asked.jobs, killed=killed, took_s=took_s)


def tell(server: ApiServer, wanted: int, *, killed: Counter[str], took_s: float) -> int:
    """Print what is in the database and return the exit status."""
    storage = open_storage(load_settings(data=server.data))
    with storage.database.read() as connection:
        states = Counter(connection.execute(sa.select(jobs.c.state)).scalars())
        results = Counter(connection.execute(sa.select(artefacts.c.job_id).where(artefacts.c.name == "result.json")).scalars())
        tries = connection.execute(sa.select(sa.func.count()).select_from(attempts)).scalar_one()
    storage.close()
    per_job = Counter(results.values())
    print(
        f"ended as {dict(states)}; jobs by number of results {dict(per_job)}; {tries} tries; kills {dict(killed)}; {took_s:.0f} s"
    )
    return 0 if states == {"succeeded": wanted} and per_job == {1: wanted} else 1


if __name__ == "__main__":
    sys.exit(main())

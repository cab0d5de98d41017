"""The worker process: one engine executor with one slot, and a sweeper beside it."""

from __future__ import annotations

import fcntl
import logging
import signal
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Protocol, TextIO

from kinesight.domain.engine import Engine, JobFiles, JobStore, Lane
from kinesight.jobs.analysing_process import EXIT_S
from kinesight.jobs.sweeper import Sweeper
from kinesight.jobs.warm import WarmProcesses, Wear
from kinesight.jobs.worker import Limits, Worker
from kinesight.settings import Settings

LOG = logging.getLogger(__name__)
LOCK_EVERY_S = 0.2
PATIENT = "--patient"
AT_ONCE = 2
"""Processes that have a short job; the engine hands out one job more, so that the next is at hand when one of them is done."""


def executor_id(settings: Settings, index: int) -> str:
    """Return the name of a worker: the same after a restart, so that it takes up at once what it dropped.

    On SQLite everything is on one machine, whatever that is called after a restart of its container. On PostgreSQL the
    machine's name comes first.
    """
    node = settings.node or ("local" if settings.database_url is None else socket.gethostname())
    return f"{node}/worker/{index}"


class Parts(Protocol):
    """What a worker needs of the storage."""

    @property
    def jobs(self) -> JobStore:
        """Return the jobs."""

    @property
    def files(self) -> JobFiles:
        """Return their files."""

    @property
    def engine(self) -> Engine:
        """Return the queue."""


def run_worker(
    settings: Settings,
    storage: Parts,
    *,
    command: Sequence[str],
    index: int | None = 0,
    prepares: Sequence[str] = (),
) -> None:
    """Work until SIGTERM or SIGINT. Call it from the main thread.

    `command` starts the child that analyses; with `PATIENT` behind it, one that leaves the processor to everybody else.
    `prepares` are the kinds of jobs for which a process stands ready. `index` counts the workers of this machine from 0; no two
    living ones share one, which a lock in the data folder makes sure. None takes the first one that is free after those of
    `serve`.
    """
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    limits = Limits(
        time_limit_s=settings.job_time_limit_s,
        lease_s=settings.lease_s,
        beat_s=min(settings.beat_s, settings.lease_s / 6),
        retry_s=settings.retry_s,
        drain_s=settings.drain_s,
    )
    sweeper = Sweeper(store=storage.jobs, files=storage.files, lease_s=settings.lease_s, retention_days=settings.retention_days)
    with _place(settings, index, is_over) as taken:
        if taken is None:
            return
        owner = executor_id(settings, taken)
        warm = {
            Lane.URGENT: WarmProcesses(
                command, prepares=prepares, wear=Wear(standing=1 if prepares else 0, most_at_once=AT_ONCE)
            ),
            Lane.LATER: WarmProcesses((*command, PATIENT)),
        }
        worker = Worker(store=storage.jobs, files=storage.files, command=command, owner=owner, limits=limits, warm=warm)
        # We hold the name, so whoever ran under it before is dead.
        LOG.info("%s: begins; %d jobs of its former life are queued again", owner, storage.jobs.reclaim(owner))
        storage.engine.serve(owner, worker.run)
        sweeper.run(is_over)
        LOG.info("%s: stops", owner)
        worker.drain()
        storage.engine.stop(wait_s=settings.drain_s + EXIT_S)


@contextmanager
def _place(settings: Settings, index: int | None, is_over: threading.Event) -> Iterator[int | None]:
    """Yield the number under which this worker works, held until the end; None if it was told to stop before it had one."""
    if index is not None:
        path = _lock_path(settings, index)
        with path.open("w") as lock:
            yield index if _waited_for(lock, path, is_over) else None
        return
    for free in count(settings.workers):
        with _lock_path(settings, free).open("w") as lock:
            if _is_taken_now(lock):
                yield free
                return


def _lock_path(settings: Settings, index: int) -> Path:
    return settings.data / f"worker-{index}.lock"


def _is_taken_now(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _waited_for(lock: TextIO, path: Path, is_over: threading.Event) -> bool:
    if _is_taken_now(lock):
        return True
    LOG.warning("another process works under this name (%s); waiting for its end", path)
    while not is_over.wait(LOCK_EVERY_S):
        if _is_taken_now(lock):
            return True
    return False

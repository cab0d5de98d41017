"""Processes that stay alive between jobs, so that a short job finds everything loaded."""

from __future__ import annotations

import json
import logging
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from kinesight.jobs.analysing_process import AnalysingProcess

LOG = logging.getLogger(__name__)
MEGABYTE = 1_000_000
TIDY_EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """When a process has done enough: after so many jobs, so much more memory than after its first one, so long without work.

    `standing` of them are started before they are needed, and kept without work; at most `most_at_once` have a job.
    """

    most_jobs: int = 500
    growth_mb: float = 300.0
    idle_s: float = 60.0
    standing: int = 0
    most_at_once: int = 64


class WarmProcesses:
    """Hands out processes that analyse, used ones first.

    Parameters
    ----------
    command
        Starts a process.
    prepares
        Kinds of jobs that a new process is told to get ready for.
    wear
        When one has done enough.
    """

    def __init__(self, command: Sequence[str], *, prepares: Sequence[str] = (), wear: Wear = Wear()) -> None:  # frozen
        self._command = tuple(command)
        self._prepares = tuple(prepares)
        self._wear = wear
        self._lock = threading.Lock()
        self._room = threading.BoundedSemaphore(wear.most_at_once)
        self._idle: list[tuple[AnalysingProcess, float]] = []
        self._out = 0
        self._first_bytes: dict[int, int] = {}
        self._is_over = False
        # Processes die with the thread that started them, and the threads of jobs come and go.
        self._orders: queue.Queue[Future[AnalysingProcess] | None] = queue.Queue()
        self._keeper = threading.Thread(target=self._keep, name="warm processes", daemon=True)
        self._keeper.start()

    def take(self, *, is_fresh: bool = False) -> AnalysingProcess:
        """Return a process that is alive and has no job; `is_fresh`: that never had one. It has to be given back or dropped.

        Waits while as many have a job as may.
        """
        self._room.acquire()
        try:
            return self._taken(is_fresh=is_fresh)
        except BaseException:
            self._room.release()
            raise

    def _taken(self, *, is_fresh: bool) -> AnalysingProcess:
        with self._lock:
            self._out += 1
            while self._idle and not is_fresh:
                process, _ = self._idle.pop()
                if not process.has_ended():
                    return process
                LOG.warning("process %d died without a job", process.pid)
                self._forget(process)
            if self._is_over:
                return self._start()
            wanted: Future[AnalysingProcess] = Future()
            self._orders.put(wanted)
        return wanted.result()

    def give_back(self, process: AnalysingProcess) -> None:
        """Keep a process for the next job, or end it if it has done enough."""
        first_bytes = self._first_bytes.setdefault(process.pid, process.resident_bytes)
        has_grown = process.resident_bytes > first_bytes + self._wear.growth_mb * MEGABYTE
        with self._lock:
            self._out -= 1
            is_spent = self._is_over or has_grown or process.jobs_done >= self._wear.most_jobs
            if not is_spent:
                self._idle.append((process, time.monotonic()))
        self._room.release()
        if is_spent:
            LOG.info(
                "process %d ends after %d jobs with %d MB", process.pid, process.jobs_done, process.resident_bytes // MEGABYTE
            )
            self._forget(process)
        self._orders.put(None)

    def drop(self, process: AnalysingProcess) -> None:
        """Let go of a process that was ended."""
        with self._lock:
            self._out -= 1
        self._room.release()
        self._forget(process)
        self._orders.put(None)

    def close(self) -> None:
        """End every process that has no job; those that have one end when they are given back."""
        with self._lock:
            self._is_over = True
            idle, self._idle = self._idle, []
        for process, _ in idle:
            self._forget(process)
        self._orders.put(None)

    def _forget(self, process: AnalysingProcess) -> None:
        self._first_bytes.pop(process.pid, None)
        process.end()

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._is_over and self._out == 0 and self._orders.empty():
                    return
            try:
                self._tidy()
                wanted = self._orders.get(timeout=TIDY_EVERY_S)
            except queue.Empty:
                continue
            except OSError as error:
                LOG.warning("no process can be started: %s", error)
                time.sleep(TIDY_EVERY_S)
                continue
            if wanted is not None:
                try:
                    wanted.set_result(self._start())
                except OSError as error:
                    wanted.set_exception(error)

    def _start(self) -> AnalysingProcess:
        process = AnalysingProcess(self._command)
        if self._prepares:
            process.tell(json.dumps({"prepare": self._prepares}).encode() + b"\n", is_last=False)
        return process

    def _tidy(self) -> None:
        """Start what has to stand ready, end what has been without work for too long."""
        with self._lock:
            if self._is_over:
                return
            there = self._out + len(self._idle)
            before_s = time.monotonic() - self._wear.idle_s
            old = [entry for entry in self._idle if entry[1] < before_s][: max(0, there - self._wear.standing)]
            self._idle = [entry for entry in self._idle if entry not in old]
            for _ in range(self._wear.standing - there):
                self._idle.append((self._start(), time.monotonic()))
        for process, _ in old:
            LOG.info("process %d ends, nobody needed it", process.pid)
            self._forget(process)

"""Waits for jobs to end: one look into the database for everybody who waits, many times a second, and none while nobody does."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future

from kinesight.domain.errors import DiskFull

LOG = logging.getLogger(__name__)
LOOK_EVERY_S = 0.015
"""Pause between two looks for each awaited job: most of many wait for the processor, from which looks would take."""

LONGEST_PAUSE_S = 0.075
AFTER_TROUBLE_S = 0.5


class Waiting:
    """Tells when jobs have ended, whichever process ended them.

    Parameters
    ----------
    ended
        Returns which of the given jobs have ended.
    """

    def __init__(self, ended: Callable[[Collection[str]], set[str]]) -> None:
        self._ended = ended
        self._lock = threading.Lock()
        self._awaited: dict[str, set[Future[None]]] = {}
        self._thread: threading.Thread | None = None

    async def end_of(self, job_id: str, *, timeout_s: float) -> bool:
        """Return whether the job ended in time."""
        future = self._watched(job_id)
        try:
            await asyncio.wait_for(asyncio.wrap_future(future), timeout_s)
        except TimeoutError:
            return False
        finally:
            self._forget(job_id, future)
        return True

    def _watched(self, job_id: str) -> Future[None]:
        future: Future[None] = Future()
        with self._lock:
            self._awaited.setdefault(job_id, set()).add(future)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look, name="waiting", daemon=True)
                self._thread.start()
        return future

    def _forget(self, job_id: str, future: Future[None]) -> None:
        with self._lock:
            others = self._awaited.get(job_id, set())
            others.discard(future)
            if not others:
                self._awaited.pop(job_id, None)

    def _look(self) -> None:
        while True:
            with self._lock:
                wanted = tuple(self._awaited)
                if not wanted:
                    self._thread = None
                    return
            try:
                found = self._ended(wanted)
            except (ConnectionError, DiskFull) as error:
                LOG.warning("the database cannot be asked which jobs ended: %s", error)
                time.sleep(AFTER_TROUBLE_S)
                continue
            for job_id in found:
                self._tell(job_id)
            time.sleep(pause_s(len(wanted)))

    def _tell(self, job_id: str) -> None:
        with self._lock:
            told = self._awaited.pop(job_id, set())
        for future in told:
            if future.set_running_or_notify_cancel():
                future.set_result(None)


def pause_s(jobs: int) -> float:
    """Return how long to pause before the next look, in seconds, while so many jobs are waited for."""
    return min(LONGEST_PAUSE_S, LOOK_EVERY_S * max(1, jobs))

"""Rounds of deliveries: sweep now and then, take what is due, send it side by side, and wait when there was nothing."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Generic, TypeVar

from kinesight.domain.errors import DiskFull

LOG = logging.getLogger(__name__)
AT_ONCE = 8
LOOK_EVERY_S = 0.5
SWEEP_EVERY_S = 60.0
JITTER = 0.2

Due = TypeVar("Due")


class Rounds(Generic[Due]):
    """Delivers what lies in a box that any number of processes may empty at once.

    Parameters
    ----------
    name
        What is delivered, in the plural: for the log and the threads.
    claim
        Takes at most so many entries that are due.
    send
        Sends one and writes down what came of it.
    sweep
        Gives up what nobody has taken for too long; returns how many.
    now_s
        The clock.
    """

    def __init__(
        self,
        name: str,
        *,
        claim: Callable[[int], Sequence[Due]],
        send: Callable[[Due], None],
        sweep: Callable[[], int],
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._name = name
        self._claim = claim
        self._send = send
        self._sweep = sweep
        self._now_s = now_s
        self._swept_at_s: float | None = None

    def once(self) -> int:
        """Deliver what is due now and return how many were tried. Raises `ConnectionError`, `DiskFull`."""
        if self._swept_at_s is None or self._now_s() >= self._swept_at_s + SWEEP_EVERY_S:
            self._swept_at_s = self._now_s()
            given_up = self._sweep()
            if given_up:
                LOG.warning("%d %s were given up: no receiver has taken them for a day", given_up, self._name)
        found = self._claim(AT_ONCE)
        if found:
            with ThreadPoolExecutor(max_workers=len(found), thread_name_prefix=self._name) as threads:
                list(threads.map(self._send, found))
        return len(found)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Deliver in a thread while the block runs."""
        is_over = threading.Event()
        thread = threading.Thread(target=self._run, args=(is_over,), name=self._name, daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()

    def _run(self, is_over: threading.Event) -> None:
        while not is_over.is_set():
            tried = 0
            try:
                tried = self.once()
            except (ConnectionError, DiskFull) as error:
                LOG.warning("%s wait, the database cannot be used: %s", self._name, error)
            except Exception:  # the one place that must survive any mistake of ours
                LOG.exception("delivering %s came upon a mistake; it goes on", self._name)
            if tried == 0:
                is_over.wait(LOOK_EVERY_S)


def with_jitter(delay_s: float) -> float:
    """Return a pause up to a fifth longer, so that what failed together does not come back together."""
    return delay_s * (1 + JITTER * random.random())  # noqa: S311  # nobody gains by guessing it

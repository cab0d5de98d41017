"""Keeps the processes of a server running: starts them, starts them again, ends them together."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from kinesight.jobs.spawning import Process, end_group, spawn, wait_for_end

LOG = logging.getLogger(__name__)
LOOK_EVERY_S = 0.1
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
STEADY_S = 60.0  # a process that ran so long failed for a new reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]


class _Kept:
    """A role with its present process."""

    def __init__(self, role: Role) -> None:
        self.role = role
        self.process: Process | None = None
        self._started_s = 0.0
        self._starts_at_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def look(self) -> int | None:
        """Start the process if it is due; return its exit status if it has just ended."""
        if self.process is None:
            if time.monotonic() >= self._starts_at_s:
                self._started_s = time.monotonic()
                self.process = spawn(self.role.command)
                LOG.info("%s runs as process %d", self.role.name, self.process.pid)
            return None
        if not wait_for_end(self.process, timeout_s=0):
            return None
        end_group(self.process)
        status = self.process.returncode
        self.process = None
        if time.monotonic() - self._started_s > STEADY_S:
            self._pause_s = FIRST_PAUSE_S
        LOG.warning("%s ended with status %d and is started again in %.1f s", self.role.name, status, self._pause_s)
        self._starts_at_s = time.monotonic() + self._pause_s
        self._pause_s = min(LONGEST_PAUSE_S, 2 * self._pause_s)
        return status


def supervise(roles: Sequence[Role], *, grace_s: float, fatal: Collection[int] = (2, 4)) -> int:
    """Run every role until SIGTERM or SIGINT, then end them all; call it from the main thread.

    A role that ends with one of the `fatal` statuses (bad usage, broken installation) ends everything with that status,
    since starting it again would not help. Children die with this process however it ends. After the signal they have
    `grace_s` to stop by themselves.

    Returns
    -------
    int
        The exit status for this process: 0 after a signal, else the fatal status.
    """
    is_over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_over.set())
    kept = [_Kept(role) for role in roles]
    exit_status = 0
    try:
        while not is_over.is_set():
            ended = {status for one in kept if (status := one.look()) is not None}
            if broken := ended & set(fatal):
                exit_status = broken.pop()
                break
            is_over.wait(LOOK_EVERY_S)
    finally:
        _end([one.process for one in kept if one.process is not None], grace_s=grace_s)
    return exit_status


def _end(processes: Sequence[Process], *, grace_s: float) -> None:
    for process in processes:
        os.kill(process.pid, signal.SIGTERM)
    until_s = time.monotonic() + grace_s
    for process in processes:
        if not wait_for_end(process, timeout_s=until_s - time.monotonic()):
            LOG.warning("process %d did not stop in time and is killed", process.pid)
        end_group(process)

"""How a decoder process comes to be: a fresh interpreter each time, or a copy of one that stands ready (see `zygote`)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import Protocol

DECODER = ("-m", "kinesight.media.decoder")


def clean_environment() -> dict[str, str]:
    """Return a fresh environment: nothing of the reader's, in particular no keys and no proxies."""
    path = os.pathsep.join(entry or str(os.getcwd()) for entry in sys.path)  # noqa: PTH109  # a string is wanted
    return {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "LC_ALL": "C.UTF-8"}


def interpreter(*program: str) -> list[str]:
    """Return the command of our interpreter without the paths and packages that decoding does not need."""
    return [sys.executable, "-S", "-P", *program]


class Started(Protocol):
    """A decoder process that runs, or has run."""

    @property
    def pid(self) -> int:
        """Return its process id."""

    @property
    def parent_pid(self) -> int:
        """Return the process with which it has to die."""

    def kill(self) -> None:
        """End it at once; nothing happens if it has ended."""

    def wait(self, timeout_s: float | None = None) -> int:
        """Return its exit status, negative for a signal. Raises `TimeoutError`."""

    def close(self) -> None:
        """Give back what belongs to a process that has ended."""


class StartDecoder(Protocol):
    """Starts decoder processes."""

    def __call__(self, streams: tuple[int, int, int], descriptors: Sequence[int]) -> Started:
        """Return a process with these three standard streams, and with these descriptors under the same numbers."""


class SpawnDecoder:
    """Starts every decoder as a fresh interpreter.

    Parameters
    ----------
    program
        Arguments of the interpreter.
    """

    def __init__(self, program: Sequence[str] = DECODER) -> None:
        self._program = tuple(program)

    def __call__(self, streams: tuple[int, int, int], descriptors: Sequence[int]) -> Started:
        """Return a process with these three standard streams, and with these descriptors under the same numbers."""
        given, said, complained = streams
        child = subprocess.Popen(  # noqa: S603  # our own interpreter with our own arguments
            interpreter(*self._program),
            stdin=given,
            stdout=said,
            stderr=complained,
            pass_fds=tuple(descriptors),
            env=clean_environment(),
        )
        return _Spawned(child)


class _Spawned:
    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def parent_pid(self) -> int:
        return os.getpid()

    def kill(self) -> None:
        self._child.kill()

    def wait(self, timeout_s: float | None = None) -> int:
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeoutError from error

    def close(self) -> None:
        self._child.wait()

"""Starts decoders in milliseconds: one process has loaded what decoding needs, and makes a copy of itself for every file.

That process, the zygote, interprets no file: every copy is as fresh as a new interpreter and gives up its rights as one does.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
from collections.abc import Sequence
from itertools import count
from types import TracebackType

from kinesight.media.starting import Started, clean_environment, interpreter

_PROGRAM = ("-m", "kinesight.media.zygote_process")
_NUMBER = struct.Struct("=i")
_MOST_DESCRIPTORS = 64


class DecoderZygote:
    """Starts decoders as copies of a process that stands ready; fulfils `StartDecoder`. Use it as a context manager.

    It begins to load when the block is entered, and dies with the thread that entered it; its copies die with it. If somebody
    killed it, the next decoder gets a new one. May be called from several threads.

    Parameters
    ----------
    program
        Arguments of the zygote's interpreter.
    """

    def __init__(self, program: Sequence[str] = _PROGRAM) -> None:
        self._program = tuple(program)
        self._lock = threading.Lock()
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None

    def __enter__(self) -> DecoderZygote:
        with self._lock:
            self._begin()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        with self._lock:
            self._end()

    @property
    def pid(self) -> int | None:
        """Return the process id of the zygote, None outside the block."""
        return self._process.pid if self._process else None

    def __call__(self, streams: tuple[int, int, int], descriptors: Sequence[int]) -> Started:
        """Return a process with these three standard streams, and with these descriptors under the same numbers."""
        with self._lock:
            try:
                return self._start(streams, descriptors)
            except OSError:  # it is gone; a new one is not
                self._end()
                self._begin()
                return self._start(streams, descriptors)

    def _begin(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter with our own arguments
                interpreter(*self._program, str(os.getpid())),
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env=clean_environment(),
            )
        self._channel = ours

    def _end(self) -> None:
        if self._process is not None and self._channel is not None:
            self._channel.close()
            self._process.kill()
            self._process.wait()
            self._process = self._channel = None

    def _start(self, streams: tuple[int, int, int], descriptors: Sequence[int]) -> Started:
        if self._process is None or self._channel is None:
            raise RuntimeError("a zygote starts decoders inside its with block only")
        if len(descriptors) + 4 > _MOST_DESCRIPTORS:
            raise ValueError(f"{len(descriptors)} descriptors for one decoder")
        number = next(self._numbers)
        told, tells = os.pipe()
        try:
            order = json.dumps({"start": number, "descriptors": list(descriptors)}).encode()
            socket.send_fds(self._channel, [order], [*streams, tells, *descriptors])
        except OSError:
            os.close(told)
            raise
        finally:
            os.close(tells)
        return _Copy(number, channel=self._channel, told=told, parent_pid=self._process.pid)


class _Copy:
    """One decoder that a zygote made. `told` is where the zygote writes its process id, and in the end its exit status."""

    def __init__(self, number: int, *, channel: socket.socket, told: int, parent_pid: int) -> None:
        self._number = number
        self._channel = channel
        self._told = told
        self._parent_pid = parent_pid
        self._pid: int | None = None
        self._status: int | None = None

    @property
    def pid(self) -> int:
        if self._pid is None:
            self._pid = self._hear(None) or 0
        return self._pid

    @property
    def parent_pid(self) -> int:
        return self._parent_pid

    def kill(self) -> None:
        if self._status is None:
            try:
                self._channel.send(json.dumps({"kill": self._number}).encode())
            except OSError:
                return  # without the zygote there is no copy either

    def wait(self, timeout_s: float | None = None) -> int:
        if self._status is None and self.pid == 0:
            self._status = -signal.SIGKILL
        if self._status is None:
            heard = self._hear(timeout_s)
            # a zygote that went without a word took its copies with it
            self._status = -signal.SIGKILL if heard is None else heard
        return self._status

    def close(self) -> None:
        self.wait()
        os.close(self._told)

    def _hear(self, timeout_s: float | None) -> int | None:
        """Return the next number that the zygote says about this copy, None if it died. Raises `TimeoutError`."""
        if not select.select([self._told], [], [], timeout_s)[0]:
            raise TimeoutError
        said = os.read(self._told, _NUMBER.size)
        return int(_NUMBER.unpack(said)[0]) if len(said) == _NUMBER.size else None

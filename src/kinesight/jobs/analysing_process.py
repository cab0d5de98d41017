"""One process that analyses, for one job or for many: told lines, heard line by line, ended together with all it started."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from kinesight.jobs.spawning import Process, end_group, spawn, wait_for_end

LOG = logging.getLogger(__name__)
LONGEST_LINE = 1 << 20
LOG_LINES = 40
EXIT_S = 10.0  # time to clean up after the last word
PAGE_BYTES = 4096


class AnalysingProcess:
    """A process that was started with a command. On Linux it dies with the thread that made it.

    `hears(line)` is called for every line of its standard output and with None at its end; change it between two jobs only.
    """

    def __init__(self, command: Sequence[str], *, hears: Callable[[bytes | None], None] = lambda _: None) -> None:
        self.hears = hears
        self.jobs_done = 0
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: Process = spawn(command, talks=True)
        assert self._process.stdin is not None and self._process.stdout is not None and self._process.stderr is not None  # noqa: S101, PT018
        self._ear = self._process.stdin
        self._threads = [
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._keep_log, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    @property
    def exit_status(self) -> int:
        """Return how it ended, negative for a signal; call it after `end`."""
        return int(self._process.returncode)

    @property
    def resident_bytes(self) -> int:
        """Return how much memory it occupies; 0 if it has ended."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]) * PAGE_BYTES
        except (OSError, IndexError):
            return 0

    def tell(self, line: bytes, *, is_last: bool) -> None:
        """Write a line to its standard input, in a thread of its own because nobody may be reading there."""
        thread = threading.Thread(target=self._tell, args=(line, is_last), daemon=True)
        thread.start()
        self._threads.append(thread)

    def has_ended(self, *, within_s: float = 0.0) -> bool:
        """Return whether it ended by itself in that time."""
        return wait_for_end(self._process, timeout_s=within_s)

    def end(self) -> None:
        """Kill it and everything that is left in its group; nothing of it is there afterwards."""
        end_group(self._process)
        for thread in self._threads:
            thread.join(timeout=EXIT_S)
        with suppress(BrokenPipeError):  # of what it did not read
            self._ear.close()

    def _tell(self, line: bytes, is_last: bool) -> None:  # noqa: FBT001  # the arguments of a thread
        with suppress(BrokenPipeError, ValueError):  # a process that died already is noticed by the listener
            self._ear.write(line)
            self._ear.flush()
            if is_last:
                self._ear.close()

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE):
                self.hears(line)
        self.hears(None)

    def _keep_log(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE):
                text = line.decode(errors="replace").rstrip()
                self.log.append(text)
                LOG.info("child %d: %s", self.pid, text)

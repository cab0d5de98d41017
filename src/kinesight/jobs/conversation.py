"""The conversation with the process that analyses: one task in, progress out, at last what came of it.

The child reads one line of JSON from standard input (see `Task.line`) and writes lines of JSON to standard output:

    {"progress": {"stage": "observe", "done": 12, "total": 230}}
    {"done": {"artefacts": ["result.json", "annotated.mp4"]}}
    {"error": {"code": "wrong_view", "message": "...", "caller": true}}

`done` or `error` is the last one. A child that ends without either has crashed.
"""

from __future__ import annotations

import json
import logging
import queue
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from kinesight.domain.engine import Progress
from kinesight.jobs.spawning import Process, end_group, spawn, wait_for_end

LOG = logging.getLogger(__name__)
LONGEST_LINE = 1 << 20
LOG_LINES = 40
EXIT_S = 10.0  # time to clean up after the last word


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the child is told. `limits` is passed through from the wiring.

    With `draws_from`, the folder of a finished job, only that job's video and report are to be made.
    """

    job_id: str
    attempt: int
    kind: str
    parameters: Mapping[str, Any]
    out_dir: Path
    input_path: Path | None = None
    input_name: str | None = None
    source_url: str | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    draws_from: Path | None = None

    def line(self) -> bytes:
        """Return the line that the child reads."""
        fields = {
            "job_id": self.job_id,
            "attempt": self.attempt,
            "kind": self.kind,
            "parameters": dict(self.parameters),
            "input": None if self.input_path is None else str(self.input_path),
            "input_name": self.input_name,
            "source_url": self.source_url,
            "out_dir": str(self.out_dir),
            "limits": dict(self.limits),
            "draws_from": None if self.draws_from is None else str(self.draws_from),
        }
        return json.dumps(fields).encode() + b"\n"


class Stop(StrEnum):
    """Why the parent ends a child before its last word."""

    LOST = "lost"  # the lease belongs to somebody else, or the database was silent for too long
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    DRAINED = "drained"  # this worker has to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The child says that it finished; `draws_later`: the numbers only."""

    artefacts: tuple[str, ...]
    draws_later: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The child says why it cannot; `is_final`: trying again would not help."""

    code: str
    message: str
    is_final: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The child ended without a last word."""

    exit_status: int


Outcome = Done | Refused | Crashed | Stop
_ENDED = object()


class Conversation:
    """One child at work. `progress` is what it said last; `interrupt` may be called from any thread."""

    def __init__(self, command: Sequence[str], task: Task) -> None:
        self.progress = Progress()
        self._inbox: queue.Queue[Done | Refused | Stop | object] = queue.Queue()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._process: Process = spawn(command, talks=True)
        assert self._process.stdin is not None and self._process.stdout is not None and self._process.stderr is not None  # noqa: S101, PT018
        self._threads = [
            threading.Thread(target=self._tell, args=(self._process.stdin, task.line()), daemon=True),
            threading.Thread(target=self._listen, args=(self._process.stdout,), daemon=True),
            threading.Thread(target=self._keep_log, args=(self._process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def interrupt(self, why: Stop) -> None:
        """Make `outcome` end the child and return the reason."""
        self._inbox.put(why)

    def outcome(self) -> Outcome:
        """Wait for the last word or an interruption; the child and all it started are gone afterwards."""
        try:
            word = self._inbox.get()
            if not isinstance(word, Stop):
                self._let_exit()
        finally:
            end_group(self._process)
            for thread in self._threads:
                thread.join(timeout=EXIT_S)
        if isinstance(word, Done | Refused | Stop):
            return word
        return Crashed(exit_status=self._process.returncode)

    @property
    def log_tail(self) -> str:
        """Return the last lines of its standard error."""
        return "\n".join(self._log)

    def _let_exit(self) -> None:
        if not wait_for_end(self._process, timeout_s=EXIT_S):
            LOG.warning("process %d did not exit after its last word and is killed", self._process.pid)

    def _tell(self, stream: IO[bytes], line: bytes) -> None:
        with suppress(BrokenPipeError), stream:  # a child that died already is noticed by the listener
            stream.write(line)

    def _listen(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE):
                self._hear(line)
        self._inbox.put(_ENDED)

    def _hear(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            match said:
                case {"progress": {"stage": str() as stage, "done": int() as done, "total": int() | None as total}}:
                    self.progress = Progress(stage=stage, done=done, total=total)
                case {"done": {"artefacts": [*names], **more}}:
                    later = more.get("draws_later") is True
                    self._inbox.put(Done(artefacts=tuple(str(name) for name in names), draws_later=later))
                case {"error": {"code": code, "message": message, **more}}:
                    refused = Refused(code=str(code), message=str(message), is_final=bool(more.get("caller")))
                    self._inbox.put(refused)
                case _:
                    self._log.append(str(said))
        except (ValueError, TypeError, RecursionError, OverflowError):
            # Some library wrote to standard output: that is log, not an answer.
            self._log.append(line.decode(errors="replace").rstrip())

    def _keep_log(self, stream: IO[bytes]) -> None:
        with stream:
            while line := stream.readline(LONGEST_LINE):
                text = line.decode(errors="replace").rstrip()
                self._log.append(text)
                LOG.info("child %d: %s", self._process.pid, text)

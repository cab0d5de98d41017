"""The conversation with the process that analyses: one task in, progress out, at last what came of it.

The child reads lines of JSON from standard input (see `Task.line`) and for each writes lines of JSON to standard output:

    {"progress": {"stage": "observe", "done": 12, "total": 230}}
    {"done": {"artefacts": ["result.json", "annotated.mp4"], "draws_later": false, "kept_input": null}}
    {"error": {"code": "wrong_view", "message": "...", "caller": true}}

`done` or `error` is the last one of a job. A child that ends without either has crashed.
"""

from __future__ import annotations

import json
import logging
import queue
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from kinesight.domain.engine import Progress
from kinesight.jobs.analysing_process import EXIT_S, AnalysingProcess

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a task goes on from: the folder that another job left, what has been corrected in it since, and who asks.

    `references` are pictures by person: the path of one, or an address to fetch it from.
    """

    folder: Path
    corrections: Sequence[Mapping[str, Any]] = ()
    references: Mapping[int, Path | str] = field(default_factory=dict)
    asked_by: str | None = None

    def document(self) -> dict[str, Any]:
        """Return it as the child reads it."""
        return {
            "folder": str(self.folder),
            "corrections": [dict(change) for change in self.corrections],
            "references": {
                str(obj_id): {"url": one} if isinstance(one, str) else {"path": str(one)}
                for obj_id, one in self.references.items()
            },
            "asked_by": self.asked_by,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the child is told. `limits` is passed through from the wiring.

    With `draws_from`, the folder of a finished job, only that job's video and report are to be made. `basis` is there for a job
    that builds on another one.
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
    basis: Basis | None = None

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
            "basis": None if self.basis is None else self.basis.document(),
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
    """The child says that it finished; `draws_later`: the numbers only; `kept_input`: the name of a fetched video that stays."""

    artefacts: tuple[str, ...]
    draws_later: bool = False
    kept_input: str | None = None


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
    """One job of one process. `progress` is what it said last; `interrupt` may be called from any thread.

    Parameters
    ----------
    process
        Who does the job; it must have no other.
    task
        What it is told.
    is_last
        Whether the process has to end after this job. If not, it is left alive when it has answered well or refused for good.
    """

    def __init__(self, process: AnalysingProcess, task: Task, *, is_last: bool = True) -> None:
        self.progress = Progress()
        self._process = process
        self._is_last = is_last
        self.is_kept = False
        self._inbox: queue.Queue[Done | Refused | Stop | object] = queue.Queue()
        process.log.clear()
        process.hears = self._hear
        process.tell(task.line(), is_last=is_last)

    def interrupt(self, why: Stop) -> None:
        """Make `outcome` end the process and return the reason."""
        self._inbox.put(why)

    def outcome(self) -> Outcome:
        """Wait for the last word or an interruption; afterwards the process is free for another job, or gone."""
        is_kept = False
        try:
            word = self._inbox.get()
            is_kept = not self._is_last and (isinstance(word, Done) or (isinstance(word, Refused) and word.is_final))
            if not is_kept and isinstance(word, Done | Refused) and not self._process.has_ended(within_s=EXIT_S):
                LOG.warning("process %d did not exit after its last word and is killed", self._process.pid)
        finally:
            if is_kept:
                self._process.jobs_done += 1
            else:
                self._process.end()
        self.is_kept = is_kept
        if isinstance(word, Done | Refused | Stop):
            return word
        return Crashed(exit_status=self._process.exit_status)

    @property
    def log_tail(self) -> str:
        """Return the last lines of its standard error."""
        return "\n".join(self._process.log)

    def _hear(self, line: bytes | None) -> None:
        if line is None:
            self._inbox.put(_ENDED)
            return
        try:
            said = json.loads(line)
            match said:
                case {"progress": {"stage": str() as stage, "done": int() as done, "total": int() | None as total}}:
                    self.progress = Progress(stage=stage, done=done, total=total)
                case {"done": {"artefacts": [*names], **more}}:
                    later, kept = more.get("draws_later") is True, more.get("kept_input")
                    found = tuple(str(name) for name in names)
                    self._inbox.put(Done(artefacts=found, draws_later=later, kept_input=str(kept) if kept else None))
                case {"error": {"code": code, "message": message, **more}}:
                    refused = Refused(code=str(code), message=str(message), is_final=bool(more.get("caller")))
                    self._inbox.put(refused)
                case _:
                    self._process.log.append(str(said))
        except (ValueError, TypeError, RecursionError, OverflowError):
            # Some library wrote to standard output: that is log, not an answer.
            self._process.log.append(line.decode(errors="replace").rstrip())

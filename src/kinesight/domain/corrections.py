"""What was corrected by hand in a finished result: a log that only grows, so that what was found first is never lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a log, numbered from 1: a change, or that the change of an earlier entry is taken back."""

    number: int
    change: dict[str, Any] | None
    undoes: int | None
    made_by: str | None
    created_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionLog:
    """Everything that was ever corrected in one result; `result` is the result after the last entry, None where there is none."""

    entries: tuple[Entry, ...] = ()
    result: dict[str, Any] | None = None

    @property
    def in_force(self) -> tuple[Entry, ...]:
        """Return the changes that were not taken back, in their order."""
        gone = {entry.undoes for entry in self.entries}
        return tuple(entry for entry in self.entries if entry.change is not None and entry.number not in gone)

    @property
    def changes(self) -> tuple[dict[str, Any], ...]:
        """Return the changes in force as documents."""
        return tuple(entry.change for entry in self.in_force if entry.change is not None)


class CorrectionStore(Protocol):
    """Keeps the logs."""

    def log(self, job_id: str) -> CorrectionLog:
        """Return the log of a job, an empty one if nothing was corrected."""

    def append(self, job_id: str, entry: Entry, *, result: dict[str, Any]) -> bool:
        """Write an entry (its time is the database's), and the result after it; False if its number is taken.

        Raises `NotFound` when the job is gone.
        """


class Corrections(Protocol):
    """What the APIs want: finished person analyses corrected by hand. Another tenant's id is `NotFound`."""

    def log(self, tenant_id: str, job_id: str) -> CorrectionLog:
        """Return what was corrected in an analysis. Raises `NotFound`, `BadParameter` (it is of another kind)."""

    def add(self, tenant_id: str, job_id: str, change: dict[str, Any], *, made_by: str) -> CorrectionLog:
        """Make one more change and return the log with it; changes that come at the same time are made one after the other.

        Raises `NotFound`, `Conflict` (the analysis has not succeeded), `BadParameter` (of another kind, or the change cannot be
        made).
        """

    def take_back(self, tenant_id: str, job_id: str, number: int, *, made_by: str) -> CorrectionLog:
        """Take the change of an entry back and return the log with that.

        Raises `NotFound` (no such analysis, or no such change in force), `Conflict` (another change rests on it).
        """

    def file(self, tenant_id: str, job_id: str, name: str) -> bytes:
        """Return a file of an analysis made anew after what was corrected.

        Raises `NotFound` (no such analysis, nothing is corrected, no such file), `BadParameter` (it is of another kind).
        """

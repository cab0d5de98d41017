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

"""Corrections by hand that need no database."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Any

from kinesight.domain.corrections import CorrectionLog, Entry


@dataclass(slots=True)
class MemoryCorrections:
    """Implements the port `CorrectionStore`; it does not know which jobs there are."""

    _logs: dict[str, CorrectionLog] = field(default_factory=lambda: defaultdict(CorrectionLog))

    def log(self, job_id: str) -> CorrectionLog:
        """Return the log of a job, an empty one if nothing was corrected."""
        return self._logs[job_id]

    def append(self, job_id: str, entry: Entry, *, result: dict[str, Any]) -> bool:
        """Keep an entry and the result after it; False if its number is taken."""
        entries = self._logs[job_id].entries
        if any(one.number == entry.number for one in entries):
            return False
        self._logs[job_id] = CorrectionLog(entries=(*entries, replace(entry, created_s=time.time())), result=result)
        return True

"""A file that gets one line for everything that was done to the heads of a video."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kinesight.domain.errors import BadSetting


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Appends records to a file; without a file it keeps nothing, for each folder of results has its own record."""

    path: Path | None

    def append(self, line: str) -> None:
        """Append one line so that two writers do not mix theirs, durably. Raises `BadSetting` if the file cannot be written."""
        if self.path is None:
            return
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, line.encode() + b"\n")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise BadSetting(
                f"The audit log {self.path} cannot be written: {error.strerror}; see the setting audit_log."
            ) from error

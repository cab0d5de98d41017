"""Runs in the decoder process: the little that FFmpeg and Pillow may do with an open file."""

from __future__ import annotations

import os


class PlainFile:
    """An inherited file descriptor that can be read and moved in, and cannot be opened again under a name."""

    def __init__(self, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "rb", buffering=0)

    def read(self, size: int = -1) -> bytes:
        """Read at most so many bytes."""
        return self._file.read(size) or b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move and return the new position."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell()

    def beginning(self) -> bytes:
        """Return the first bytes and go back to the start."""
        start = self.read(32)
        self.seek(0)
        return start

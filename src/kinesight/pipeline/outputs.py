"""The folder of results of one run: nothing half-written under a final name, and never over another video's results."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesight.domain.errors import BadParameter, Conflict, DiskFull

MADE_FILES = (
    "result.json",
    "combined.json",
    "poses.json",
    "evidence.json",
    "heads.json",
    "tracks.txt",
    "coco.json",
    "output.mp4",
    "series.csv",
    "strides.csv",
    "thumbnail.jpg",
    "evidence.jpg",
    "annotated.mp4",
    "report.html",
)
"""Files that an earlier run of the same video may have left and that a new one replaces."""

MADE_FOLDERS = ("persons",)
"""Folders whose pictures an earlier run may have left."""


class OutputFolder:
    """Where one run writes.

    Parameters
    ----------
    path
        Created if missing.
    source
        What identifies the input (the video's SHA-256, or that of the stored observations).
    clears
        Whether what an earlier run left goes first; without, files are replaced one by one.
    flushes
        Whether each file is on the disk before it gets its name; without, somebody else sees to that.

    Raises
    ------
    Conflict
        The folder holds the results of another input.
    BadParameter
        The path cannot be a folder or cannot be written to.
    """

    SOURCE_FILE = "source.json"

    def __init__(self, path: Path, *, source: str, clears: bool = True, flushes: bool = True) -> None:
        self.path = path
        self._flushes = flushes
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadParameter(
                f"The output folder {path} cannot be made: {error.strerror}. Choose another with --out."
            ) from error
        self._claim(source)
        if clears:
            pictures = [file for name in MADE_FOLDERS for file in (path / name).glob("*.jpg")]
            for file in (*(path / name for name in MADE_FILES), *pictures):
                self.remove(file)

    def remove(self, file: Path) -> None:
        """Remove a file of the folder, if it is there. Raises `BadParameter`."""
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            raise BadParameter(f"{file} cannot be replaced: {error.strerror}. Choose another folder with --out.") from error

    def _claim(self, source: str) -> None:
        marker = self.path / self.SOURCE_FILE
        if marker.exists():
            if _source_in(marker) != source:
                raise Conflict(f"The folder {self.path} holds the results of another video. Choose another with --out.")
        elif any((self.path / name).exists() for name in MADE_FILES):
            raise Conflict(f"The folder {self.path} holds results of unknown origin. Choose another with --out.")
        self.json(self.SOURCE_FILE, {"sha256": source})

    def json(self, name: str, document: Mapping[str, Any]) -> None:
        """Write a JSON document; NaN is refused, unknown is null."""
        self.text(name, json.dumps(document, allow_nan=False, separators=(",", ":"), ensure_ascii=False))

    def text(self, name: str, text: str) -> None:
        """Write a text file in UTF-8; half a surrogate pair, which file names may hold, becomes a question mark."""
        self.bytes(name, text.encode(errors="replace"))

    def bytes(self, name: str, content: bytes) -> None:
        """Write a file so that it appears whole or not at all; it may be in a folder. Raises `DiskFull`, `BadParameter`."""
        target = self.path / name
        part = target.with_name(f".{target.name}.part")
        try:
            target.parent.mkdir(exist_ok=True)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                if self._flushes:
                    os.fsync(file.fileno())
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise DiskFull from error
            raise BadParameter(f"The output folder {self.path} cannot be written to: {error.strerror}.") from error


def _source_in(marker: Path) -> str | None:
    """Return what a marker says the folder belongs to; None if it is not one of ours, so that nothing is overwritten."""
    try:
        document = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document.get("sha256") if isinstance(document, dict) else None

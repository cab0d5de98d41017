"""A folder of pictures as a video: which files take part, in what order, and how they are read without following links."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kinesight.domain.errors import NotAVideo, VideoTooLarge

FOLDER_FPS = 30.0
"""Pictures a second of a folder, unless the caller knows better."""

_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFolder:
    """The pictures of one folder, in the order of their names; numbers in names count as numbers (2 before 10)."""

    path: Path
    names: tuple[str, ...]
    largest_bytes: int
    sha256: str
    """Over name, size and content of every picture, in order."""


def _order(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.lower())]


@contextmanager
def _folder(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _read(folder: int, name: str, max_bytes: int) -> bytes:
    """Read one regular file; a link, a pipe or a device gives nothing."""
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        return file.read(max_bytes) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


def look_into(path: Path, *, max_bytes: int) -> PictureFolder:
    """List the pictures of a folder and hash them. Links, other files and folders inside it are passed over.

    Raises
    ------
    NotAVideo
        There is no JPEG or PNG file in it.
    VideoTooLarge
        The pictures are larger than the limit in total.
    """
    found: list[str] = []
    total = largest = 0
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.lower().endswith(_SUFFIXES) and entry.is_file(follow_symlinks=False):
                size = entry.stat(follow_symlinks=False).st_size
                total, largest = total + size, max(largest, size)
                found.append(entry.name)
    if not found:
        raise NotAVideo("The folder holds no JPEG or PNG pictures.")
    if total > max_bytes:
        raise VideoTooLarge(f"The pictures have {total / 1e6:.0f} MB; the limit is {max_bytes / 1e6:.0f} MB.")
    names = sorted(found, key=_order)
    digest = hashlib.sha256()
    with _folder(path) as folder:
        for name in names:
            content = _read(folder, name, largest)
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return PictureFolder(path=path, names=tuple(names), largest_bytes=max(1, largest), sha256=digest.hexdigest())


def read_picture(folder: PictureFolder, index: int) -> bytes:
    """Return the bytes of one picture, at most as many as the largest had when the folder was looked into."""
    with _folder(folder.path) as descriptor:
        return _read(descriptor, folder.names[index], folder.largest_bytes)

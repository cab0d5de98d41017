"""Takes clips that FTP servers drop into a folder: `TENANT/CAMERA/…`, moved to `done` or `refused` of the camera when read."""

from __future__ import annotations

import datetime as dt
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from kinesight.domain.errors import CallerError, KinesightError
from kinesight.domain.sites import DAY_S, CameraId, Cameras
from kinesight.panels.intake import Arrival, Clip, ClipIntake, archive_of, plain_name

LOG = logging.getLogger(__name__)
DONE, REFUSED = "done", "refused"
UNFINISHED = (".part", ".partial", ".filepart", ".tmp", ".temp", ".crdownload")
"""Endings under which FTP clients write a file before they rename it."""

STILLS = (".jpg", ".jpeg", ".png")
STILL_GAP_S = 5.0
"""Pictures of one folder that came within so many seconds of each other are one clip."""

MOST_STILLS = 500
DEEPEST = 6
LOOK_EVERY_S = 1.0
SWEEP_EVERY_S = 3600.0
LONGEST_DELAY_S = DAY_S
"""The time of a file that is older than this is not believed: the clock of the camera is wrong, or it was lost on copying."""

_CAMERA_ID: TypeAdapter[str] = TypeAdapter(CameraId)


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRules:
    """How files are taken.

    `settle_s` is how long a file has to stay as it is, `max_bytes` the size of the largest, `keep_days` how long files stay in
    `done` and `refused`.
    """

    settle_s: float
    max_bytes: int
    keep_days: float = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    path: Path
    size_bytes: int
    changed_s: float
    is_still: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Camera:
    tenant_id: str
    id: str
    folder: Path


class DropFolder:
    """Looks for files that have come to rest, and makes jobs of them.

    A file that is being written under a name of `UNFINISHED` or with a leading dot waits for its rename.

    Parameters
    ----------
    root
        Holds a folder for each tenant, by name, and in it one for each camera, by id; below that, any folders.
    """

    def __init__(
        self,
        root: Path,
        *,
        intake: ClipIntake,
        cameras: Cameras,
        rules: DropRules,
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._root = root
        self._intake = intake
        self._cameras = cameras
        self._rules = rules
        self._now_s = now_s
        self._rest: dict[Path, tuple[int, float, float]] = {}
        self._swept_at_s: float | None = None

    def run(self, is_over: threading.Event) -> None:
        """Look until it is over."""
        while not is_over.is_set():
            try:
                self.look()
            except (KinesightError, ConnectionError, OSError) as error:
                LOG.warning("the watched folder waits: %s", error)
            except Exception:  # the one place that must survive any mistake of ours
                LOG.exception("a mistake in the watched folder; it goes on")
            is_over.wait(LOOK_EVERY_S)

    def look(self) -> int:
        """Take what has come to rest and return how many clips were accepted. Raises `OperatorError`, `ConnectionError`."""
        accepted = 0
        seen: set[Path] = set()
        for camera in self._camera_folders():
            resting = []
            for found in _files(camera.folder):
                seen.add(found.path)
                if self._rests(found):
                    resting.append(found)
            accepted += sum(self._take(camera, group) for group in self._groups(resting))
        self._rest = {path: known for path, known in self._rest.items() if path in seen}
        self._sweep()
        return accepted

    def _camera_folders(self) -> Iterator[_Camera]:
        for tenant_folder in _folders(self._root):
            tenant_id = self._cameras.tenant_named(tenant_folder.name)
            if tenant_id is None:
                continue
            for folder in _folders(tenant_folder):
                with suppress(ValidationError):
                    yield _Camera(tenant_id=tenant_id, id=_CAMERA_ID.validate_python(folder.name), folder=folder)

    def _rests(self, found: _Found) -> bool:
        """Return whether a file has looked the same for long enough; the clock of who wrote it is not believed."""
        size, changed_s, since_s = self._rest.get(found.path, (-1, 0.0, 0.0))
        if (size, changed_s) != (found.size_bytes, found.changed_s):
            self._rest[found.path] = (found.size_bytes, found.changed_s, self._now_s())
            return False
        return self._now_s() - since_s >= self._rules.settle_s

    def _groups(self, resting: Sequence[_Found]) -> Iterator[list[_Found]]:
        yield from ([one] for one in resting if not one.is_still)
        group: list[_Found] = []
        for still in sorted((one for one in resting if one.is_still), key=lambda one: (one.path.parent, one.changed_s, one.path)):
            apart = group and (still.path.parent != group[-1].path.parent or still.changed_s - group[-1].changed_s > STILL_GAP_S)
            if apart or len(group) >= MOST_STILLS:
                yield group
                group = []
            group.append(still)
        if group and self._is_whole(group):
            yield group

    def _is_whole(self, group: Sequence[_Found]) -> bool:
        """Return whether no further picture of the group is to be expected."""
        last_seen_s = max(self._rest[one.path][2] for one in group)
        return self._now_s() - last_seen_s >= max(self._rules.settle_s, STILL_GAP_S)

    def _take(self, camera: _Camera, group: list[_Found]) -> bool:
        at_s = min(self._now_s(), max(one.changed_s for one in group))
        if self._now_s() - at_s > LONGEST_DELAY_S:
            at_s = self._now_s()
        names = [one.path.relative_to(camera.folder).as_posix() for one in group]
        try:
            clip = self._clip(camera, group)
            arrival = Arrival(
                tenant_id=camera.tenant_id,
                camera_id=camera.id,
                at_s=at_s,
                identity=f"drop {names[0]} {group[0].changed_s}",
                origin={"api": "folder", "files": names[:20]},
            )
            job_id = self._intake.accept(arrival, clip)
        except FileNotFoundError:  # somebody has taken it away meanwhile
            return False
        except CallerError as error:
            LOG.warning("%s of camera %s is refused: %s", names[0], camera.id, error.message)
            self._move(camera, group, REFUSED, reason=error.message)
            return False
        LOG.info("%s of camera %s became %s", names[0], camera.id, job_id or "nothing new")
        self._move(camera, group, DONE)
        return job_id is not None

    def _clip(self, camera: _Camera, group: list[_Found]) -> Clip:
        if sum(one.size_bytes for one in group) > self._rules.max_bytes:
            raise CallerError(f"The file is larger than {self._rules.max_bytes / 1e6:g} MB.")
        if not group[0].is_still:
            if group[0].size_bytes == 0:
                raise CallerError("The file is empty.")
            return _clip_of(group[0].path)
        settings = self._intake.settings_of(camera.tenant_id, camera.id)
        stills = [_clip_of(one.path) for one in group]
        return archive_of(stills, name=f"{group[0].path.stem}.zip", per_s=settings.stills_per_s)

    def _move(self, camera: _Camera, group: Sequence[_Found], where: str, *, reason: str | None = None) -> None:
        day = dt.datetime.fromtimestamp(self._now_s(), dt.UTC).date().isoformat()
        folder = camera.folder / where / day
        folder.mkdir(parents=True, exist_ok=True)
        for one in group:
            name = "_".join(one.path.relative_to(camera.folder).parts)
            target = _free(folder, name)
            one.path.rename(target)
            os.utime(target, (self._now_s(), self._now_s()))  # from here on its age is the time that it lies here
            if reason is not None:
                beside = target.with_name(f"{target.name}.reason.txt")
                beside.write_text(f"{reason}\n", encoding="utf-8")
                os.utime(beside, (self._now_s(), self._now_s()))

    def _sweep(self) -> None:
        if self._swept_at_s is not None and self._now_s() < self._swept_at_s + SWEEP_EVERY_S:
            return
        self._swept_at_s = self._now_s()
        for camera in self._camera_folders():
            for where in (DONE, REFUSED):
                for path in (camera.folder / where).glob("*/*"):
                    if path.is_file() and path.stat().st_mtime < self._now_s() - self._rules.keep_days * DAY_S:
                        path.unlink(missing_ok=True)


def _folders(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        found = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")]
    return [Path(path) for path in sorted(found)]


def _files(folder: Path, depth: int = 0) -> Iterator[_Found]:
    """Yield the finished files of a camera; links are not followed, since others write here."""
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        if entry.name.startswith(".") or entry.name.lower().endswith(UNFINISHED):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth < DEEPEST and not (depth == 0 and entry.name in {DONE, REFUSED}):
                yield from _files(Path(entry.path), depth + 1)
        elif entry.is_file(follow_symlinks=False):
            with suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                is_still = entry.name.lower().endswith(STILLS)
                yield _Found(path=Path(entry.path), size_bytes=status.st_size, changed_s=status.st_mtime, is_still=is_still)


def _clip_of(path: Path) -> Clip:
    return Clip(name=plain_name(path.name), open=lambda: os.fdopen(_open_plain(path), "rb"))


def _open_plain(path: Path) -> int:
    """Open a regular file; a link that took its place since is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileNotFoundError(path)
    return descriptor


def _free(folder: Path, name: str) -> Path:
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return target

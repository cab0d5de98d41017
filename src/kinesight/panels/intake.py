"""Turns what panels send into alarm jobs: clips as they are, pictures as one archive."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.job import Jobs, NewJob, Uploads
from kinesight.domain.sites import Cameras, CameraSettings, alarm_parameters

ALARM = "alarm"
CHUNK = 1 << 20
LONGEST_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Something that can be judged: its file name, and what opens its content."""

    name: str
    open: Callable[[], IO[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One clip of one camera that came in.

    `identity` is the same when the same clip comes in again, after a failure in between. `origin` is kept with the job.
    """

    tenant_id: str
    camera_id: str | None
    at_s: float
    identity: str
    origin: Mapping[str, Any] = field(default_factory=dict)


class ClipIntake:
    """Makes jobs of arrivals."""

    def __init__(self, *, jobs: Jobs, uploads: Uploads, cameras: Cameras) -> None:
        self._jobs = jobs
        self._uploads = uploads
        self._cameras = cameras

    def accept(self, arrival: Arrival, clip: Clip) -> str | None:
        """Make a job of a clip and return its id; once this returns, it survives a restart.

        A clip that was accepted before is not judged again: its job is returned, or None where its camera was set up otherwise
        then. Raises what `Jobs.submit` raises, and `ConnectionError`.
        """
        parameters = alarm_parameters(self._cameras, arrival.tenant_id, arrival.camera_id, arrival.at_s)
        key, digest = self._store(clip)
        new = NewJob(
            kind=ALARM,
            parameters=parameters,
            input_key=key,
            input_sha256=digest,
            input_name=plain_name(clip.name),
            idempotency_key=hashlib.sha256(f"{arrival.identity}\n{arrival.camera_id}\n{digest}".encode()).hexdigest(),
            origin=dict(arrival.origin),
            camera_id=arrival.camera_id,
        )
        try:
            return self._jobs.submit(arrival.tenant_id, new).id
        except Conflict:
            # The same identity and content: the first time its camera was armed or remembered otherwise, and that one counts.
            return None

    def settings_of(self, tenant_id: str, camera_id: str | None) -> CameraSettings:
        """Return how a camera was set up, the defaults for one that was not."""
        if camera_id is None:
            return CameraSettings()
        try:
            return self._cameras.get(tenant_id, camera_id).settings
        except NotFound:
            return CameraSettings()

    def _store(self, clip: Clip) -> tuple[str, str]:
        path = self._uploads.create()
        try:
            with clip.open() as source, path.open("wb") as to:
                shutil.copyfileobj(source, to, CHUNK)
            with path.open("rb") as stored:
                digest = hashlib.file_digest(stored, "sha256").hexdigest()
            return self._uploads.keep(path), digest
        except BaseException:
            self._uploads.discard(path)
            raise


def archive_of(stills: Sequence[Clip], *, name: str, per_s: float) -> Clip:
    """Return pictures as one clip: an archive in their order that says how many of them there are a second."""

    def packed() -> IO[bytes]:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
            # fixed dates, so that the same pictures are the same archive
            archive.writestr(zipfile.ZipInfo("clip.json"), json.dumps({"fps": per_s}))
            for index, still in enumerate(stills):
                suffix = "png" if still.name.lower().endswith(".png") else "jpg"
                with still.open() as source:
                    archive.writestr(zipfile.ZipInfo(f"{index:05d}.{suffix}"), source.read())
        content.seek(0)
        return content

    return Clip(name=name, open=packed)


def plain_name(name: str) -> str:
    """Return the last part of a file name from a stranger, without path, control characters or excess length."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable()).strip()[:LONGEST_NAME] or "clip"

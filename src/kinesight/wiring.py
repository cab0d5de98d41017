"""The one place that puts adapters into ports: it holds no logic of its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel, ValidationError

from kinesight.analyses import CATALOGUE
from kinesight.apis.application import Services, create_app
from kinesight.domain.analysis import Analysis
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.domain.job import Keys, Tenant
from kinesight.domain.ports import VideoReader, Watch
from kinesight.drawing.canvas import PictureCanvas
from kinesight.jobs.process import run_worker
from kinesight.jobs.service import JobService
from kinesight.jobs.supervisor import Role, supervise
from kinesight.media.fetch import fetch_video
from kinesight.media.jpeg import encode_jpeg
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.writer import open_video_writer
from kinesight.pipeline.run import Run, Studio, VideoSource
from kinesight.settings import Settings
from kinesight.storage.opening import Storage, open_storage
from kinesight.vision.catalogue import CATALOGUE as MODELS
from kinesight.vision.catalogue import ModelRow
from kinesight.vision.fetch import Verified, fetch, verify
from kinesight.vision.samples import fetch_samples
from kinesight.vision.shelf import ModelShelf
from kinesight.web import landing

__all__ = ["fetch_samples"]

Report = Callable[[str], None]

SHUTDOWN_S = 15.0
"""Time that the processes of a server have to end after their running jobs have been handed back."""


def analysis_named(name: str) -> Analysis[Any, Any, Any]:
    """Return an analysis of the catalogue. Raises `BadParameter`."""
    for analysis in CATALOGUE:
        if analysis.name == name:
            return analysis
    raise BadParameter(f"There is no analysis {name!r}; there are: {', '.join(a.name for a in CATALOGUE)}.")


def parameter_models() -> dict[str, type[BaseModel]]:
    """Return the parameters model of every analysis, by name."""
    return {analysis.name: analysis.parameters for analysis in CATALOGUE}


def parse_parameters(name: str, given: dict[str, Any]) -> BaseModel:
    """Return the checked parameters of an analysis. Raises `BadParameter` naming the first wrong one."""
    try:
        parameters: BaseModel = analysis_named(name).parameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "parameters"
        raise BadParameter(f"{where}: {first['msg']}.") from error
    return parameters


def installation_defaults(name: str, settings: Settings) -> dict[str, Any]:
    """Return the parameters of an analysis that an installation chooses where the caller does not."""
    return {"pose_model": settings.pose_model} if "pose_model" in analysis_named(name).parameters.model_fields else {}


def studio(settings: Settings) -> Studio:
    """Return the outside world of a run on this machine."""
    return Studio(models=ModelShelf(settings), open_writer=open_video_writer, canvas=PictureCanvas, encode_jpeg=encode_jpeg)


def analyse_video(  # noqa: PLR0913 - what one run needs, each named
    name: str,
    video: Path,
    out: Path,
    *,
    parameters: BaseModel,
    watch: Watch,
    settings: Settings,
    title: str | None = None,
    limits: MediaLimits | None = None,
) -> ResultDocument:
    """Analyse one video file into a folder; errors as in `pipeline.run.Run.of_video`."""
    reader = ConfinedVideoReader(video, limits=limits or MediaLimits.from_settings(settings))
    run = Run(analysis_named(name), parameters, studio=studio(settings), watch=watch)
    return run.of_video(VideoSource(path=video, reader=reader, name=title or video.name), out)


def analyse_observations(
    name: str, poses: Path, out: Path, *, parameters: BaseModel, watch: Watch, settings: Settings
) -> ResultDocument:
    """Analyse stored observations into a folder; errors as in `pipeline.run.Run.of_observations`."""
    run = Run(analysis_named(name), parameters, studio=studio(settings), watch=watch)
    return run.of_observations(poses, out)


def media_limits(settings: Settings, *, max_duration_s: float | None = None) -> MediaLimits:
    """Return the limits of one video; a shorter duration than the installation's may be asked for."""
    limits = MediaLimits.from_settings(settings)
    return limits if max_duration_s is None else replace(limits, max_duration_s=min(limits.max_duration_s, max_duration_s))


def fetch_source(url: str, target: Path, *, settings: Settings, watch: Watch) -> None:
    """Fetch a video by its address into a file; errors as in `media.fetch.fetch_video`."""
    fetch_video(
        url,
        target,
        allow=settings.fetch_allow,
        max_bytes=int(settings.max_upload_mb * 1_000_000),
        time_limit_s=settings.fetch_time_limit_s,
        report=lambda done, total: watch.progress("fetch", done, total),
    )


def open_reader(video: Path, settings: Settings) -> VideoReader:
    """Return a reader of one video file, confined. Raises `CallerError`."""
    return ConfinedVideoReader(video, limits=media_limits(settings))


def why_not_confined(settings: Settings) -> str | None:
    """Write and read a small video; return why the decoder is not fully confined on this machine, None where it is."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "probe.mp4"
        with open_video_writer(path, width_px=64, height_px=64) as writer:
            for number in range(3):
                writer.write(np.full((64, 64, 3), 80 * number, np.uint8), time_s=number / 10)
        reader = ConfinedVideoReader(path, limits=MediaLimits.from_settings(settings))
        for _ in reader.frames():
            pass
        return reader.why_no_filter


def database_facts(settings: Settings) -> str:
    """Return which database holds the jobs. Raises `BadSetting`, `ConnectionError`."""
    if settings.database_url is None and not settings.data.exists():
        return "SQLite, made at the first start"
    with opened_storage(settings) as storage, storage.database.read() as connection:
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return f"{connection.dialect.name} {version}".strip()


def model_rows() -> tuple[ModelRow, ...]:
    """Return the model catalogue."""
    return MODELS


def fetch_models(settings: Settings, *, report: Report) -> None:
    """Fetch every missing or damaged model. Raises `ModelFetchFailed`."""
    fetch(settings.models, report=report)


def verify_models(settings: Settings) -> tuple[Verified, ...]:
    """Return the state of every model file."""
    return verify(settings.models)


@contextmanager
def opened_storage(settings: Settings) -> Iterator[Storage]:
    """Yield the storage of this installation and close it."""
    storage = open_storage(settings)
    try:
        yield storage
    finally:
        storage.close()


@contextmanager
def opened_keys(settings: Settings) -> Iterator[Keys]:
    """Yield the API keys of this installation."""
    with opened_storage(settings) as storage:
        yield storage.keys


def bootstrap(settings: Settings) -> tuple[Tenant, str] | None:
    """Make the first tenant and key on an empty installation and return them, this once; None on any other."""
    with opened_storage(settings) as storage:
        return storage.keys.bootstrap(secret=settings.bootstrap_key, client_id=settings.bootstrap_client_id)


def application(settings: Settings, storage: Storage) -> FastAPI:
    """Return the HTTP application over the given storage."""
    jobs = JobService(
        store=storage.jobs,
        files=storage.files,
        kinds=parameter_models(),
        queue_limit=settings.queue_limit,
        max_attempts=settings.max_attempts,
    )
    services = Services(
        jobs=jobs, uploads=storage.files, keys=storage.keys, files=storage.files, ready=lambda: not_ready(settings, storage)
    )
    app = create_app(services, settings, analyses={analysis.name: analysis for analysis in CATALOGUE})
    app.include_router(landing.router)
    return app


def not_ready(settings: Settings, storage: Storage) -> list[str]:
    """Return what keeps the server from working, one sentence each."""
    problems = [
        f"Model {item.row.name} is {item.status}; run `kinesight models fetch`."
        for item in verify_models(settings)
        if item.status != "ok"
    ]
    try:
        storage.database.now_s()
    except ConnectionError as error:
        problems.append(f"The database cannot be reached: {error}.")
    return problems


def work(settings: Settings, *, index: int) -> None:
    """Run one worker until it is told to stop; every job runs in a `kinesight.child` of its own."""
    with opened_storage(settings) as storage:
        run_worker(settings, storage, command=(sys.executable, "-m", "kinesight.child"), index=index)


def supervise_server(settings: Settings) -> int:
    """Keep the API and the workers of one machine running until told to stop; return the exit status."""
    me = (sys.executable, "-m")
    roles = [Role(name="api", command=(*me, "kinesight.server"))]
    roles += [Role(name=f"worker {n}", command=(*me, "kinesight", "worker", "--index", str(n))) for n in range(settings.workers)]
    return supervise(roles, grace_s=settings.drain_s + SHUTDOWN_S)

"""Puts storage, job engine and APIs together into a server; holds no logic of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi import FastAPI

from kinesight.analyses.heads.parameters import HeadsParameters
from kinesight.apis.akool.vault import Vault
from kinesight.apis.akool.wording import sealed_wording
from kinesight.apis.application import Services, create_app
from kinesight.apis.gaard.wording import result_wording
from kinesight.apis.native.wording import end_wording
from kinesight.apis.ochy.translate import event_body
from kinesight.domain.job import Job, Keys, Tenant
from kinesight.domain.ports import VideoReader
from kinesight.domain.webhooks import Wording
from kinesight.jobs.building import Builder, Foundations
from kinesight.jobs.correcting import CorrectionService
from kinesight.jobs.deliverer import Deliverer
from kinesight.jobs.messenger import Messenger, picture_of
from kinesight.jobs.process import run_worker
from kinesight.jobs.service import JobService
from kinesight.jobs.supervisor import Role, supervise
from kinesight.media.dial import CheckedDial
from kinesight.media.post import HttpPost
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.writer import open_video_writer
from kinesight.panels.dc09_link import Dc09Channel
from kinesight.panels.mail_out import SmtpChannel
from kinesight.pipeline.originals import ConvertedOriginals
from kinesight.settings import Settings
from kinesight.storage.opening import Storage, open_storage
from kinesight.web import landing
from kinesight.wiring.analysing import installed_analyses, media_limits, verify_models
from kinesight.wiring.correcting import PersonCorrecting
from kinesight.wiring.head_jobs import FOUNDATION, KIND, refuse_unfit_task

SHUTDOWN_S = 15.0
"""Time that the processes of a server have to end after their running jobs have been handed back."""


def database_facts(settings: Settings) -> str:
    """Return which database holds the jobs. Raises `BadSetting`, `ConnectionError`."""
    if settings.database_url is None and not settings.data.exists():
        return "SQLite, made at the first start"
    with opened_storage(settings) as storage, storage.database.read() as connection:
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
        return f"{connection.dialect.name} {version}".strip()


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
    analyses = installed_analyses(settings)
    services = Services(
        jobs=job_service(settings, storage),
        uploads=storage.files,
        keys=storage.keys,
        files=storage.files,
        ready=lambda: not_ready(settings, storage),
        subjects=storage.subjects,
        webhooks=storage.webhooks,
        post=message_post(settings),
        receivers=storage.receivers,
        labels=storage.labels,
        originals=originals(settings, storage),
        cameras=storage.cameras,
        outputs=storage.outputs,
        corrections=correction_service(storage),
        secret_for=storage.secret_for,
    )
    app = create_app(services, settings, analyses=analyses)
    app.include_router(landing.router)
    return app


def originals(settings: Settings, storage: Storage) -> ConvertedOriginals:
    """Return what shows uploads as MP4."""

    def open_reader(path: Path, job: Job) -> VideoReader:
        longest_s = job.origin.get("limits", {}).get("max_duration_s")
        return ConfinedVideoReader(path, limits=media_limits(settings, max_duration_s=longest_s))

    return ConvertedOriginals(files=storage.files, open_reader=open_reader, open_writer=open_video_writer)


def job_service(settings: Settings, storage: Storage) -> JobService:
    """Return what accepts jobs."""
    analyses = installed_analyses(settings)
    foundations = Foundations(
        store=storage.jobs,
        files=storage.files,
        corrections=storage.corrections,
        builders={KIND: Builder(on=FOUNDATION, fits=refuse_unfit_task)},
    )
    return JobService(
        store=storage.jobs,
        files=storage.files,
        kinds={**{name: analysis.parameters for name, analysis in analyses.items()}, KIND: HeadsParameters},
        foundations=foundations,
        queue_limit=settings.queue_limit,
        max_attempts=settings.max_attempts,
        urgent=[name for name, analysis in analyses.items() if analysis.is_urgent],
    )


def correction_service(storage: Storage) -> CorrectionService:
    """Return what corrects person analyses."""
    return CorrectionService(
        kind=FOUNDATION,
        store=storage.jobs,
        files=storage.files,
        corrections=storage.corrections,
        correcting=PersonCorrecting(),
    )


def message_post(settings: Settings) -> HttpPost:
    """Return what sends messages to addresses that callers gave."""
    return HttpPost(allow=settings.fetch_allow, allow_http=settings.webhook_allow_http)


@contextmanager
def delivering_events(settings: Settings, storage: Storage) -> Iterator[None]:
    """Deliver events to webhooks while the block runs."""
    wordings: dict[str, Wording] = {
        "ochy": event_body,
        "gaard": result_wording(storage.jobs.get, storage.keys.tenant),
        "native": end_wording(storage.jobs.get),
        "akool": sealed_wording(
            storage.jobs,
            storage.files,
            get_tenant=storage.keys.tenant,
            vault=Vault.of(storage.secret_for),
            link_s=settings.link_seconds,
        ),
    }
    deliverer = Deliverer(outbox=storage.outbox, post=message_post(settings), wordings=wordings)
    with deliverer.rounds.going_on():
        yield


@contextmanager
def carrying_messages(settings: Settings, storage: Storage) -> Iterator[None]:
    """Deliver verdicts to the outputs of the tenants while the block runs."""
    dial = CheckedDial(allow=settings.fetch_allow)
    messenger = Messenger(
        box=storage.messages,
        channels={"smtp": SmtpChannel(dial), "dc09": Dc09Channel(dial)},
        picture=picture_of(job_service(settings, storage), storage.files),
    )
    with messenger.rounds.going_on():
        yield


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


def work(settings: Settings, *, index: int | None) -> None:
    """Run one worker until it is told to stop; jobs run in processes of `kinesight.child`. `index` as in `run_worker`."""
    urgent = [name for name, analysis in installed_analyses(settings).items() if analysis.is_urgent]
    with opened_storage(settings) as storage:
        run_worker(settings, storage, command=(sys.executable, "-m", "kinesight.child"), index=index, prepares=urgent)


def supervise_server(settings: Settings) -> int:
    """Keep the API and the workers of one machine running until told to stop; return the exit status."""
    me = (sys.executable, "-m")
    roles = [Role(name="api", command=(*me, "kinesight.server"))]
    roles += [Role(name=f"worker {n}", command=(*me, "kinesight", "worker", "--index", str(n))) for n in range(settings.workers)]
    if settings.smtp_port is not None or settings.watch_folder is not None:
        roles.append(Role(name="intake", command=(*me, "kinesight.intake")))
    return supervise(roles, grace_s=settings.drain_s + SHUTDOWN_S)

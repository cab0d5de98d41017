"""What can be wrong with an installation, each found by trying it."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kinesight.domain.errors import KinesightError
from kinesight.settings import Settings
from kinesight.wiring.analysing import verify_models, why_not_confined
from kinesight.wiring.serving import database_facts

Verdict = Literal["ok", "note", "fault"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `mend` says what to do, empty where nothing is."""

    subject: str
    verdict: Verdict
    fact: str
    mend: str = ""


def examine(settings: Settings) -> tuple[Finding, ...]:
    """Return what was found, in the order in which it should be mended."""
    return (
        _python(),
        _processor(settings),
        *_models(settings),
        _folder("data folder", settings.data, reserve_mb=settings.disk_reserve_mb),
        _decoder(settings),
        _database(settings),
    )


def _python() -> Finding:
    return Finding(
        subject="python", verdict="ok", fact=f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )


def _processor(settings: Settings) -> Finding:
    cores = len(os.sched_getaffinity(0))
    wanted = settings.workers * (settings.threads or cores)
    if wanted > 2 * cores:
        mend = "lower KINESIGHT_WORKERS or KINESIGHT_THREADS"
        return Finding(subject="processor", verdict="note", fact=f"{cores} cores for {wanted} inference threads", mend=mend)
    return Finding(subject="processor", verdict="ok", fact=f"{cores} cores, {settings.workers} workers")


def _models(settings: Settings) -> list[Finding]:
    return [
        Finding(
            subject="model",
            verdict="ok" if item.status == "ok" else "fault",
            fact=f"{item.row.name} is {item.status}",
            mend="" if item.status == "ok" else "run `kinesight models fetch`",
        )
        for item in verify_models(settings)
    ]


def _folder(subject: str, folder: Path, *, reserve_mb: int) -> Finding:
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        mend = "choose another with KINESIGHT_DATA, or make it writable"
        return Finding(subject=subject, verdict="fault", fact=f"{existing}: {error.strerror}", mend=mend)
    free_mb = shutil.disk_usage(existing).free // 1_000_000
    if free_mb < reserve_mb:
        return Finding(subject=subject, verdict="fault", fact=f"{folder}: {free_mb} MB free", mend="free some space")
    return Finding(subject=subject, verdict="ok", fact=f"{folder}: {free_mb} MB free")


def _decoder(settings: Settings) -> Finding:
    try:
        reason = why_not_confined(settings)
    except KinesightError as error:
        return Finding(
            subject="decoder", verdict="fault", fact=error.message, mend="install the packages of requirements/run.txt again"
        )
    if reason is None:
        return Finding(subject="decoder", verdict="ok", fact="confined: limits on memory, time and files; no network")
    mend = "allow seccomp filters for this process"
    return Finding(
        subject="decoder", verdict="note", fact=f"limits hold, but without the system call filter: {reason}", mend=mend
    )


def _database(settings: Settings) -> Finding:
    try:
        return Finding(subject="database", verdict="ok", fact=database_facts(settings))
    except (KinesightError, ConnectionError) as error:
        return Finding(subject="database", verdict="fault", fact=str(error), mend="check KINESIGHT_DATABASE_URL")

"""Puts stored clips, the analysis and the tenant's choices together for `kinesight alarm …`; holds no logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kinesight.analyses.alarm.nuisance.classifier import shipped_weights
from kinesight.analyses.alarm.nuisance.learnt import Lesson, learn
from kinesight.domain.errors import NotFound
from kinesight.domain.replay import Replay, said_by
from kinesight.jobs.replaying import Replayer, labelled_clips
from kinesight.settings import Settings
from kinesight.storage.opening import Storage
from kinesight.wiring.analysing import analysis_named
from kinesight.wiring.serving import job_service, opened_storage

ALARM = "alarm"


def replay_clips(
    settings: Settings,
    tenant: str,
    *,
    changes: Mapping[str, Any],
    camera_id: str | None = None,
    report: Callable[[int], None] = lambda _: None,
) -> Replay:
    """Judge the stored clips of a tenant again with some parameters changed. Raises `NotFound`, `BadParameter`."""
    with opened_storage(settings) as storage:
        replayer = Replayer(jobs=job_service(settings, storage), files=storage.files, analysis=analysis_named(ALARM))
        return replayer.replay(tenant_id(storage, tenant), changes=changes, camera_id=camera_id, report=report)


def refit(
    settings: Settings, tenant: str, *, changes: Mapping[str, Any], report: Callable[[int], None] = lambda _: None
) -> tuple[Lesson, Replay]:
    """Learn from what the operators of a tenant said, and judge the stored clips again with it, and with `changes`.

    Raises `NotFound`, `BadParameter` (too few labels, or the changes make no parameters).
    """
    with opened_storage(settings) as storage:
        owner = tenant_id(storage, tenant)
        labelled = labelled_clips(storage.labels, owner)
        lesson = learn(labelled, shipped_weights())
        replayer = Replayer(jobs=job_service(settings, storage), files=storage.files, analysis=analysis_named(ALARM))
        learnt = {**changes, "nuisance": lesson.layer.model_dump(mode="json")}
        return lesson, replayer.replay(owner, changes=learnt, said=said_by(labelled), report=report)


def apply_changes(settings: Settings, tenant: str, changes: Mapping[str, Any]) -> None:
    """Let the new alarm jobs of a tenant begin with these parameters, besides what it chose before. Raises `NotFound`."""
    with opened_storage(settings) as storage:
        owner = tenant_id(storage, tenant)
        storage.cameras.put_defaults(owner, {**storage.cameras.defaults(owner), **changes})


def tenant_id(storage: Storage, name: str) -> str:
    """Return the id of a tenant. Raises `NotFound`."""
    found = storage.cameras.tenant_named(name)
    if found is None:
        raise NotFound(f"There is no tenant {name!r}; `kinesight keys list` shows keys, `kinesight keys create` makes tenants.")
    return found

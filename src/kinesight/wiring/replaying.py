"""Puts stored clips, the analysis and the tenant's choices together for `kinesight alarm …`; holds no logic of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from kinesight.analyses.alarm.nuisance.classifier import shipped_weights
from kinesight.analyses.alarm.nuisance.learnt import Lesson, learn
from kinesight.domain.errors import NotFound
from kinesight.domain.replay import Replay, said_by
from kinesight.domain.sites import own_thresholds
from kinesight.jobs.replaying import Replayer, labelled_clips
from kinesight.settings import Settings
from kinesight.storage.opening import Storage
from kinesight.wiring.catalogue import analysis_named
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
    """Judge the stored clips of a tenant again with some parameters changed. Raises `NotFound`, `BadParameter`.

    The thresholds that a camera has of its own stay, unless it is the camera that is asked about.
    """
    with opened_storage(settings) as storage:
        owner = tenant_id(storage, tenant)
        replayer = _replayer(settings, storage, owner if camera_id is None else None)
        return replayer.replay(owner, changes=changes, camera_id=camera_id, report=report)


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
        learnt = {**changes, "nuisance": lesson.layer.model_dump(mode="json")}
        replayer = _replayer(settings, storage, owner)
        return lesson, replayer.replay(owner, changes=learnt, said=said_by(labelled), report=report)


def _replayer(settings: Settings, storage: Storage, owner: str | None) -> Replayer:
    """Return what judges again; with an owner, cameras of that tenant keep their own thresholds."""
    jobs, analysis = job_service(settings, storage), analysis_named(ALARM)
    if owner is None:
        return Replayer(jobs=jobs, files=storage.files, analysis=analysis)
    # asked once for each camera
    own = cache(partial(own_thresholds, storage.cameras, owner))
    return Replayer(jobs=jobs, files=storage.files, analysis=analysis, own=own)


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

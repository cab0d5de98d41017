"""What the end of an alarm job leaves beside the job: counts of its camera, and messages for the tenant's outputs.

Written in the transaction that ends the job, so that no verdict is without its messages and no message without its verdict.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from kinesight.domain.engine import Ending
from kinesight.domain.job import State
from kinesight.domain.outputs import RISKS, OutputSettings, Verdict, verdict_of
from kinesight.domain.sites import CameraSettings, OverflowRule
from kinesight.storage.database import database_now
from kinesight.storage.engine import new_id
from kinesight.storage.rows import storable
from kinesight.storage.sites import ALARM, count_recent
from kinesight.storage.tables import camera_days, cameras, jobs, output_messages, outputs

LAST_SEQUENCE = 9999
MOST_JOBS = 50
"""Jobs that one summary names."""


def note_end(connection: sa.Connection, job_id: str, ending: Ending) -> None:
    """Count an alarm job that ended, and write what its tenant's outputs tell about it.

    A cancelled one came to nothing, and one that only draws for another has no verdict of its own.
    """
    if ending.state is State.CANCELLED:
        return
    columns = (jobs.c.id, jobs.c.tenant_id, jobs.c.camera_id, jobs.c.created_s, jobs.c.input_name)
    job = connection.execute(
        sa.select(*columns).where(jobs.c.id == job_id, jobs.c.kind == ALARM, jobs.c.follows.is_(None))
    ).one_or_none()
    if job is None:
        return
    result = ending.result if ending.state is State.SUCCEEDED else None
    verdict = verdict_of(result, error_code=ending.error_code, error_message=ending.error_message)
    settings = _settings_of(connection, job)
    is_overflow = _overflows(connection, job, settings.overflow)
    if job.camera_id is not None:
        names = ["alarms", f"risk:{verdict.risk}", *(f"label:{label}" for label in verdict.labels)]
        _count(connection, job, [*names, *(["overflow"] if is_overflow else []), *(["not judged"] if verdict.error_code else [])])
    _tell(connection, job, verdict, settings, is_overflow=is_overflow)


def _settings_of(connection: sa.Connection, job: sa.Row[Any, *tuple[Any, ...]]) -> CameraSettings:
    found = connection.execute(
        sa.select(cameras.c.settings).where(cameras.c.tenant_id == job.tenant_id, cameras.c.id == job.camera_id)
    ).scalar_one_or_none()
    return CameraSettings() if found is None else CameraSettings.model_validate(found)


def _overflows(connection: sa.Connection, job: sa.Row[Any, *tuple[Any, ...]], rule: OverflowRule) -> bool:
    if job.camera_id is None:
        return False
    return count_recent(connection, job.tenant_id, job.camera_id, period_s=rule.period_s) > rule.clips


def _count(connection: sa.Connection, job: sa.Row[Any, *tuple[Any, ...]], names: list[str]) -> None:
    day = dt.datetime.fromtimestamp(job.created_s, dt.UTC).date().isoformat()
    # always in the same order, so that two clips of one camera that end together wait for each other and never in a circle
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    for name in sorted(set(names)):
        values = {"tenant_id": job.tenant_id, "camera_id": job.camera_id, "day": day, "name": storable(name, longest=100)}
        first = dialect.insert(camera_days).values(**values, count=1)
        connection.execute(first.on_conflict_do_update(index_elements=list(values), set_={"count": camera_days.c["count"] + 1}))


def _tell(
    connection: sa.Connection,
    job: sa.Row[Any, *tuple[Any, ...]],
    verdict: Verdict,
    settings: CameraSettings,
    *,
    is_overflow: bool,
) -> None:
    rows = connection.execute(
        sa.select(outputs.c.name, outputs.c.settings).where(outputs.c.tenant_id == job.tenant_id).order_by(outputs.c.name)
    ).all()
    wanting = [row.name for row in rows if OutputSettings.model_validate(row.settings).wants(verdict.risk, job.camera_id)]
    facts = _facts(job, verdict, settings)
    for name in wanting:
        if is_overflow and _join(connection, job, name, facts):
            continue
        sequence = connection.execute(
            sa.update(outputs)
            .where(outputs.c.tenant_id == job.tenant_id, outputs.c.name == name)
            .values(sequence=sa.case((outputs.c.sequence >= LAST_SEQUENCE, 1), else_=outputs.c.sequence + 1))
            .returning(outputs.c.sequence)
        ).scalar_one()
        delay_s = settings.overflow.summary_s if is_overflow else 0.0
        connection.execute(
            sa.insert(output_messages).values(
                id=new_id(),
                tenant_id=job.tenant_id,
                output=name,
                camera_id=job.camera_id,
                job_id=job.id,
                sequence=sequence,
                facts=facts,
                further=0,
                is_open=is_overflow,
                created_s=database_now(),
                due_s=database_now() + delay_s,
                tries=0,
            )
        )


def _facts(job: sa.Row[Any, *tuple[Any, ...]], verdict: Verdict, settings: CameraSettings) -> dict[str, Any]:
    return {
        "job_id": job.id,
        "camera_id": job.camera_id,
        "camera_name": settings.name or None,
        "file_name": job.input_name,
        "accepted_s": job.created_s,
        "risk": verdict.risk,
        "labels": list(verdict.labels),
        "scores": dict(verdict.scores or {}),
        "explanation": verdict.explanation,
        "error_code": verdict.error_code,
        "panel": None if settings.panel is None else settings.panel.model_dump(mode="json"),
        "risks": {verdict.risk: 1},
        "job_ids": [job.id],
    }


def _join(connection: sa.Connection, job: sa.Row[Any, *tuple[Any, ...]], name: str, facts: dict[str, Any]) -> bool:
    """Add a clip to the summary that is still open; False if there is none."""
    mine = (output_messages.c.tenant_id == job.tenant_id, output_messages.c.output == name)
    open_one = connection.execute(
        sa.select(output_messages.c.id, output_messages.c.facts, output_messages.c.further)
        .where(*mine, output_messages.c.camera_id == job.camera_id, output_messages.c.is_open)
        .order_by(output_messages.c.created_s)
        .limit(1)
        .with_for_update()
    ).one_or_none()
    if open_one is None:
        return False
    before = open_one.facts
    worst = facts if RISKS.index(facts["risk"]) > RISKS.index(before["risk"]) else before
    risks = {risk: before["risks"].get(risk, 0) + facts["risks"].get(risk, 0) for risk in RISKS}
    merged = {
        **worst,
        "risks": {risk: count for risk, count in risks.items() if count},
        "job_ids": (before["job_ids"] + [job.id])[:MOST_JOBS],
    }
    connection.execute(
        sa.update(output_messages)
        .where(output_messages.c.id == open_one.id)
        .values(facts=merged, job_id=merged["job_id"], further=open_one.further + 1)
    )
    return True

"""What the routes of this API share: ids, the envelope, and links to the files of a job."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse

from kinesight.apis.akool.errors import SUCCESS
from kinesight.apis.akool.translate import API, OUTPUT, file_name
from kinesight.apis.edge.context import Context
from kinesight.apis.edge.links import signed_link
from kinesight.domain.classifications import new_classify_id
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job

_ID = re.compile(r"[0-9a-fA-F]{24}")


def enveloped(data: Mapping[str, Any], *, msg: str = "OK") -> JSONResponse:
    """Return the answer of a call that went well."""
    return JSONResponse({"code": SUCCESS, "msg": msg, "data": dict(data)})


def birth() -> tuple[str, dict[str, Any]]:
    """Return the id of a new record, and what its job has to remember: `task_id` and the millisecond that both begin with."""
    now_s = time.time()
    return new_classify_id(now_s), {"api": API, "create_time_ms": int(now_s * 1000), "task_id": new_classify_id(now_s)}


def job_of(here: Context, tenant_id: str, kind: str, object_id: str) -> Job:
    """Return the job of a record. Raises `NotFound`, also for what cannot be an id."""
    if not _ID.fullmatch(object_id):
        raise NotFound
    return here.services.jobs.find(tenant_id, kind=kind, vendor_id=object_id.lower())


def links_of(here: Context, request: Request, job: Job) -> dict[str, str]:
    """Return fresh links to the files of a job, by name."""
    return {
        artefact.name: signed_link(request, here, artefact, name=file_name(job) if artefact.name == OUTPUT else None)
        for artefact in here.services.jobs.artefacts(job.tenant_id, job.id)
    }

"""The last step of every start call: make the upload durable, then hand the job to the engine."""

from __future__ import annotations

from dataclasses import replace

from starlette.concurrency import run_in_threadpool

from kinesight.apis.edge.context import Context
from kinesight.apis.edge.upload import Incoming
from kinesight.domain.job import Job, NewJob, Tenant


async def accept(here: Context, tenant: Tenant, new: NewJob, *, api: str, file: Incoming | None = None) -> Job:
    """Submit a job, with its uploaded file if it has one, and return it; durable when this returns.

    Raises whatever `Jobs.submit` raises. An upload that does not become part of a job is removed by the engine.
    """
    job = await run_in_threadpool(_accept, here, tenant, new, file)
    here.metrics.accepted.labels(api, job.kind).inc()
    if file is not None:
        here.metrics.received.labels(api).inc(file.size_bytes)
    return job


def _accept(here: Context, tenant: Tenant, new: NewJob, file: Incoming | None) -> Job:
    if file is None:
        return here.services.jobs.submit(tenant.id, new)
    key = here.services.uploads.keep(file.path)
    file.settled = True  # from here on the engine looks after it, also when it refuses the job
    stored = replace(new, input_key=key, input_sha256=file.sha256, input_name=file.name)
    return here.services.jobs.submit(tenant.id, stored)

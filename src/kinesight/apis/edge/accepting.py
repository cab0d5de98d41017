"""The last step of every start call: make the upload durable, then hand the job to the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from starlette.concurrency import run_in_threadpool

from kinesight.apis.edge.context import Context
from kinesight.apis.edge.upload import Incoming
from kinesight.domain.job import Attachment, Job, NewJob, Tenant


async def accept(here: Context, tenant: Tenant, new: NewJob, *, api: str, file: Incoming | None = None) -> Job:
    """Submit a job, with its uploaded file if it has one, and return it; durable when this returns.

    Raises whatever `Jobs.submit` raises. An upload that does not become part of a job is removed by the engine.
    """
    job = await run_in_threadpool(_accept, here, tenant, new, file)
    here.metrics.accepted.labels(api, job.kind).inc()
    if file is not None:
        here.metrics.received.labels(api).inc(file.size_bytes)
    return job


async def accept_with_references(
    here: Context, tenant: Tenant, new: NewJob, *, api: str, pictures: Mapping[int, Incoming]
) -> Job:
    """Submit a job with uploaded reference pictures, by person, besides those that it has already; durable when this returns.

    Raises whatever `Jobs.submit` raises. Uploads that do not become part of a job are removed by the engine.
    """
    job = await run_in_threadpool(_accept_references, here, tenant, new, pictures)
    here.metrics.accepted.labels(api, job.kind).inc()
    here.metrics.received.labels(api).inc(sum(one.size_bytes for one in pictures.values()))
    return job


def _accept_references(here: Context, tenant: Tenant, new: NewJob, pictures: Mapping[int, Incoming]) -> Job:
    kept = {}
    for obj_id, picture in pictures.items():
        key = here.services.uploads.keep(picture.path)
        kept[obj_id] = Attachment(key=key, name=picture.name, sha256=picture.sha256)
        picture.settled = True  # from here on the engine looks after it, also when it refuses the job
    return here.services.jobs.submit(tenant.id, replace(new, references={**new.references, **kept}))


def _accept(here: Context, tenant: Tenant, new: NewJob, file: Incoming | None) -> Job:
    if file is None:
        return here.services.jobs.submit(tenant.id, new)
    key = here.services.uploads.keep(file.path)
    file.settled = True  # from here on the engine looks after it, also when it refuses the job
    stored = replace(new, input_key=key, input_sha256=file.sha256, input_name=file.name)
    return here.services.jobs.submit(tenant.id, stored)

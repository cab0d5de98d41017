"""Waiting for a clip's result without holding a thread."""

from __future__ import annotations

import asyncio
import time

from starlette.concurrency import run_in_threadpool

from kinesight.apis.edge.context import Context
from kinesight.domain.job import Job

LOOK_EVERY_S = 0.03


async def ended(here: Context, job: Job, *, within_s: float) -> Job:
    """Return a job as soon as it has ended, or as it is when the time is over."""
    until_s = time.monotonic() + within_s
    while not job.state.is_final and time.monotonic() < until_s:
        await asyncio.sleep(LOOK_EVERY_S)
        job = await run_in_threadpool(here.services.jobs.get, job.tenant_id, job.id)
    return job

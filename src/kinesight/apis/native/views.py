"""How a job is shown with everything it left behind, and how a start call is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from kinesight.apis.edge.context import Context
from kinesight.apis.edge.links import signed_link
from kinesight.apis.native.schemas import AnalysisView, ArtefactLink, view_of
from kinesight.domain.job import Job, State

LONGEST_WAIT_S = 60.0

CORRECTED = "persons"
"""The kind of analyses that can be corrected by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a start call says besides the video and its parameters."""

    key: str | None
    is_awaited: bool


async def started(here: Context, request: Request, response: Response, job: Job, *, wait_s: float) -> AnalysisView:
    """Return an accepted job, after waiting for its end if that was asked; 200 instead of 202 when it has ended."""
    response.headers["Location"] = f"/v1/analyses/{job.id}"
    if wait_s > 0:
        job = await here.services.jobs.wait(job.tenant_id, job.id, timeout_s=wait_s)
    if not job.state.is_final:
        return view_of(job)
    response.status_code = 200
    return await run_in_threadpool(whole_view, here, request, job)


def whole_view(here: Context, request: Request, job: Job) -> AnalysisView:
    """Return a job with its result as it was corrected, and links to its files."""
    links = tuple(
        ArtefactLink(
            name=artefact.name,
            url=signed_link(request, here, artefact),
            media_type=artefact.media_type,
            size_bytes=artefact.size_bytes,
            sha256=artefact.sha256,
        )
        for artefact in here.services.jobs.artefacts(job.tenant_id, job.id)
    )
    return view_of(job, links, corrected=corrected_result(here, job))


def corrected_result(here: Context, job: Job) -> dict[str, Any] | None:
    """Return the result of a job as it was corrected by hand; None where nothing was."""
    if job.kind != CORRECTED or job.state is not State.SUCCEEDED:
        return None
    return here.services.corrections.log(job.tenant_id, job.id).result

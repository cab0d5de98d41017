"""Two finished analyses of one tenant read as one: the combined document, and its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from kinesight.apis.edge.authentication import Caller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import route_class
from kinesight.apis.edge.files import REPORT_POLICY
from kinesight.apis.edge.validation import known_id
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import ERRORS, errors
from kinesight.domain.analysis import Combination, FinishedClip
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter, Conflict
from kinesight.domain.job import Job, State

LARGEST_FILE_BYTES = 64_000_000
"""A larger report or table of an analysis is left out of the page rather than read into the server's memory."""

router = APIRouter(prefix="/v1", tags=["native"], route_class=route_class(DIALECT), responses=ERRORS)

First = Annotated[str, Query(max_length=64, description="Id of a finished analysis: the earlier one of two of the same view.")]
Second = Annotated[str, Query(max_length=64, description="Id of another finished analysis of the same kind.")]


@router.get("/combined", summary="Two finished analyses together", responses=errors(404, 409, 422))
def get_combined(here: Here, tenant: Caller, first: First, second: Second) -> dict[str, Any]:
    """Return the combined document (docs/reference/result.md): side and back view, or before and after, of one runner."""
    return _combined(here, tenant.id, first, second).document.model_dump(mode="json", by_alias=True)


@router.get(
    "/combined/report.html",
    summary="The page of two finished analyses",
    response_class=HTMLResponse,
    responses=errors(404, 409, 422),
)
def get_combined_page(here: Here, tenant: Caller, first: First, second: Second) -> HTMLResponse:
    """Return the combined report, one self-contained page."""
    headers = {
        "Content-Security-Policy": REPORT_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Referrer-Policy": "no-referrer",
    }
    return HTMLResponse(_combined(here, tenant.id, first, second).page, headers=headers)


def _combined(here: Context, tenant_id: str, first: str, second: str) -> Combination:
    if first == second:
        raise BadParameter("first and second are the same analysis; give two.")
    jobs = [here.services.jobs.get(tenant_id, known_id(wanted)) for wanted in (first, second)]
    if jobs[0].kind != jobs[1].kind:
        raise BadParameter(f"The analyses are of different kinds, {jobs[0].kind} and {jobs[1].kind}; give two of the same.")
    combiner = here.analyses[jobs[0].kind].combiner if jobs[0].kind in here.analyses else None
    if combiner is None:
        raise BadParameter(f"Analyses of the kind {jobs[0].kind!r} cannot be combined.")
    clips = [_finished(here, job, wanted=combiner.files) for job in jobs]
    return combiner.combine(clips[0], clips[1])


def _finished(here: Context, job: Job, *, wanted: tuple[str, ...]) -> FinishedClip:
    if job.state is not State.SUCCEEDED or job.result is None:
        raise Conflict(f"The analysis {job.id} is {job.state.value}; only analyses that succeeded can be combined.")
    files: Mapping[str, bytes] = {
        artefact.name: here.services.files.path(artefact.key).read_bytes()
        for artefact in here.services.jobs.artefacts(job.tenant_id, job.id)
        if artefact.name in wanted and artefact.size_bytes <= LARGEST_FILE_BYTES
    }
    return FinishedClip(title=job.input_name or job.id, document=ResultDocument.model_validate(job.result), files=files)

"""Routes of the native API: validate, delegate, show."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import FileResponse

from kinesight.apis.edge.accepting import accept
from kinesight.apis.edge.authentication import Caller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import route_class
from kinesight.apis.edge.files import file_response
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.upload import FormRules, json_type, received_form, received_json
from kinesight.apis.edge.validation import known_id, validated
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import ERRORS, START_BODY, errors
from kinesight.apis.native.requests import (
    HEADS,
    checked_idempotency_key,
    checked_parameters,
    checked_source,
)
from kinesight.apis.native.schemas import (
    AnalysisPage,
    AnalysisView,
    SourceRequest,
    StateName,
    TenantView,
    summary_of,
    tenant_view,
    view_of,
)
from kinesight.apis.native.views import LONGEST_WAIT_S, Asked, corrected_result, started, whole_view
from kinesight.domain.errors import BadParameter, Conflict, NotFound
from kinesight.domain.job import Job, NewJob, State, Tenant

router = APIRouter(prefix="/v1", tags=["native"], route_class=route_class(DIALECT), responses=ERRORS)


@router.post(
    "/analyses",
    status_code=202,
    response_model=AnalysisView,
    summary="Start an analysis",
    openapi_extra={"requestBody": START_BODY},
    responses={200: {"model": AnalysisView, "description": "It has ended already."}, **errors(409, 413, 415, 422, 429, 507)},
)
async def start(
    here: Here,
    tenant: Caller,
    request: Request,
    response: Response,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for the end before answering.")] = 0.0,
    idempotency_key: Annotated[str | None, Header(description="Makes a repeated request return the first analysis.")] = None,
) -> AnalysisView:
    """Accept a video, uploaded or by address; once this answers, the analysis survives a restart.

    It answers at once with 202, or with `wait_s` as soon as the analysis has ended, and then with 200 and the result.
    """
    asked = Asked(key=checked_idempotency_key(idempotency_key), is_awaited=wait_s > 0)
    by_address = json_type(request)
    job = await (_start_by_address if by_address else _start_by_upload)(here, tenant, request, asked)
    return await started(here, request, response, job, wait_s=wait_s)


async def _start_by_address(here: Context, tenant: Tenant, request: Request, asked: Asked) -> Job:
    values = read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")
    wanted = validated(SourceRequest, values, under="body")
    new = NewJob(
        kind=wanted.kind,
        parameters=checked_parameters(wanted.kind, wanted.parameters, here.analyses),
        source_url=checked_source(wanted.source_url),
        idempotency_key=asked.key,
        origin={"api": "native"},
        is_awaited=asked.is_awaited,
    )
    return await accept(here, tenant, new, api="native")


async def _start_by_upload(here: Context, tenant: Tenant, request: Request, asked: Asked) -> Job:
    rules = FormRules(
        file_field="video",
        text_fields=frozenset({"kind", "parameters"}),
        max_file_bytes=int(here.settings.max_upload_mb * 1e6),
    )
    async with received_form(request, here.services.uploads, rules) as form:
        if form.file is None or "kind" not in form.texts:
            raise BadParameter(f"The form needs the field {'kind' if form.file else 'video'}.")
        given = read_json_object((form.texts.get("parameters") or "{}").encode(), what="parameters")
        new = NewJob(
            kind=form.texts["kind"],
            parameters=checked_parameters(form.texts["kind"], given, here.analyses),
            idempotency_key=asked.key,
            origin={"api": "native"},
            is_awaited=asked.is_awaited,
        )
        return await accept(here, tenant, new, api="native", file=form.file)


@router.get("/analyses", response_model=AnalysisPage, summary="List analyses, newest first", responses=errors(422))
def list_analyses(
    here: Here,
    tenant: Caller,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=512, pattern=r"^[!-~]+$")] = None,
    kind: Annotated[str | None, Query(max_length=64, pattern=r"^[!-~]+$")] = None,
    state: StateName | None = None,
) -> AnalysisPage:
    """Return one page of your analyses."""
    if kind is not None and kind not in {*here.analyses, HEADS}:
        raise BadParameter(f"There is no analysis {kind!r}; this server has {', '.join(sorted({*here.analyses, HEADS}))}.")
    wanted = None if state is None else State(state)
    page = here.services.jobs.page(tenant.id, limit=limit, cursor=cursor, kind=kind, state=wanted)
    return AnalysisPage(analyses=tuple(summary_of(job) for job in page.jobs), next_cursor=page.next_cursor)


@router.get("/analyses/{analysis_id}", response_model=AnalysisView, summary="State, result and links", responses=errors(404))
def get_analysis(here: Here, tenant: Caller, request: Request, analysis_id: str) -> AnalysisView:
    """Return one analysis. Links are signed anew at each read."""
    return whole_view(here, request, here.services.jobs.get(tenant.id, known_id(analysis_id)))


@router.post("/analyses/{analysis_id}/cancel", response_model=AnalysisView, summary="Ask to stop", responses=errors(404))
def cancel(here: Here, tenant: Caller, analysis_id: str) -> AnalysisView:
    """Ask an analysis to stop; it does between two frames. One that has ended is returned unchanged."""
    return view_of(here.services.jobs.cancel(tenant.id, known_id(analysis_id)))


@router.delete("/analyses/{analysis_id}", status_code=204, summary="Forget", responses=errors(404, 409))
def delete(here: Here, tenant: Caller, analysis_id: str) -> None:
    """Remove an ended analysis with its video and files. One that has not ended is refused with 409: cancel it first."""
    here.services.jobs.delete(tenant.id, known_id(analysis_id))


@router.get("/analyses/{analysis_id}/result", summary="The result document", responses=errors(404, 409))
def get_result(
    here: Here,
    tenant: Caller,
    analysis_id: str,
    original: Annotated[bool, Query(description="Whether the result is wanted as it was before corrections.")] = False,  # noqa: FBT002
) -> dict[str, Any]:
    """Return the result document alone (docs/reference/result.md), as it was corrected; 409 while there is none."""
    job = here.services.jobs.get(tenant.id, known_id(analysis_id))
    if job.state is State.SUCCEEDED and job.result is not None:
        return job.result if original else corrected_result(here, job) or job.result
    if not job.state.is_final:
        raise Conflict(f"The analysis is {job.state.value}; there is no result yet.")
    why = f": {job.error_code}: {job.error_message}" if job.error_code else ""
    raise Conflict(f"The analysis ended {job.state.value} and has no result{why}.")


@router.get(
    "/analyses/{analysis_id}/artefacts/{name:path}",
    response_class=FileResponse,
    summary="One file of an analysis",
    responses={206: {"description": "The wanted range."}, **errors(404)},
)
def get_artefact(here: Here, tenant: Caller, analysis_id: str, name: str) -> FileResponse:
    """Send one file by its name, such as `annotated.mp4`; Range requests are answered with 206."""
    for artefact in here.services.jobs.artefacts(tenant.id, known_id(analysis_id)):
        if artefact.name == name:
            return file_response(here.services.files.path(artefact.key), name=artefact.name, media_type=artefact.media_type)
    raise NotFound(f"The analysis has no file {name[:100]!r}.")


@router.get("/tenant", response_model=TenantView, summary="Whose key this is")
async def get_tenant(tenant: Caller) -> TenantView:
    """Return the tenant of the key, with the client id that some webhook schemes need."""
    return tenant_view(tenant)

"""Routes of the Ochy-compatible API: validate, translate, delegate."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from kinesight.analyses.running.result import RunningResult
from kinesight.apis.edge.accepting import accept
from kinesight.apis.edge.authentication import QueryCaller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.links import signed_link
from kinesight.apis.edge.upload import Form, FormRules, received_form
from kinesight.apis.edge.validation import known_id, validated
from kinesight.apis.ochy import translate
from kinesight.apis.ochy.errors import DIALECT
from kinesight.apis.ochy.openapi import RESULT_ANSWERS, START_ANSWERS, START_BODY
from kinesight.apis.ochy.schemas import Started, StartForm, Succeeded, Waiting
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job, NewJob

router = APIRouter(tags=["ochy"], route_class=route_class(DIALECT))

KIND = "running"
TEXT_FIELDS = frozenset(StartForm.model_fields)


@router.post(
    "/analysis/start",
    status_code=202,
    response_model=Started,
    summary="Start an analysis",
    openapi_extra={"requestBody": START_BODY},
    responses=START_ANSWERS,
)
async def start(here: Here, tenant: QueryCaller, request: Request) -> Started:
    """Accept a clip and return at once with the id to ask for results with."""
    rules = FormRules(
        file_field="video",
        text_fields=TEXT_FIELDS,
        max_file_bytes=int(here.settings.ochy_max_upload_mb * 1e6),
        ignores_unknown=True,
    )
    async with received_form(request, here.services.uploads, rules) as received:
        form, parameters = _checked(received, here)
        new = NewJob(
            kind=KIND,
            parameters=parameters.model_dump(mode="json"),
            origin={
                "api": "ochy",
                "analysis_type": form.analysis_type,
                "subject_id": form.subject_id,
                "full_body": form.full_body,
                "limits": {
                    "max_duration_s": translate.longest_clip(here.settings.ochy_max_duration_s),
                    "minimum_fps": translate.lowest_rate(here.settings.ochy_minimum_fps),
                },
            },
        )
        job = await accept(here, tenant, new, api="ochy", file=received.file)
    return Started(message=f"Analysis started for ID: {job.id}", video_id=job.id)


def _checked(received: Form, here: Context) -> tuple[StartForm, BaseModel]:
    if received.file is None:
        raise InvalidRequest([_missing("video")])
    # a field that a form leaves blank counts as not sent, as in the vendor's framework
    form = validated(StartForm, {name: text for name, text in received.texts.items() if text != ""}, under="body")
    if form.treadmill and form.pace is None:
        raise InvalidRequest([_missing("pace")])
    if form.notify_via_webhook:
        raise HTTPException(400, "No enabled webhook is configured; configure one or leave notify_via_webhook out.")
    wanted = translate.parameters_of(form, minimum_fps=here.settings.ochy_minimum_fps)
    return form, validated(here.analyses[KIND].parameters, wanted, under="body", names=translate.OUR_NAMES)


def _missing(field: str) -> dict[str, Any]:
    return {"type": "missing", "loc": ("body", field), "msg": "Field required", "input": None}


@router.get(
    "/analysis/{analysis_id}/results",
    response_model=Succeeded | Waiting,
    summary="State, then scored result",
    responses=RESULT_ANSWERS,
)
async def get_results(here: Here, tenant: QueryCaller, request: Request, analysis_id: str) -> JSONResponse:
    """Return how far the analysis is, or its result. Links are signed anew at each read."""
    job = await run_in_threadpool(_running_job, here, tenant.id, analysis_id)
    status = translate.STATUS_OF[job.state]
    body: dict[str, Any] = {"video_id": job.id, "status": status}
    match status:
        case "success":
            body |= {"percentage": job.percentage, **await run_in_threadpool(_success, here, tenant.id, request, job)}
        case "failed":
            body["error"] = {
                "code": job.error_code or job.state.value,
                "message": job.error_message or f"It was {job.state.value}.",
            }
        case _:
            body["percentage"] = job.percentage
    return JSONResponse(body, status_code=translate.HTTP_OF[status])


def _running_job(here: Context, tenant_id: str, analysis_id: str) -> Job:
    job = here.services.jobs.get(tenant_id, known_id(analysis_id))
    if job.kind != KIND:
        raise NotFound
    return job


def _success(here: Context, tenant_id: str, request: Request, job: Job) -> dict[str, Any]:
    files = {artefact.name: artefact for artefact in here.services.jobs.artefacts(tenant_id, job.id)}
    names = {
        "thumbnail": ("thumbnail.jpg", f"{job.id}_thumbnail.jpg"),
        "output_video": ("annotated.mp4", f"encoded_analyzed_{job.id}.mp4"),
    }
    links = {
        field: signed_link(request, here, files[ours], name=theirs) if ours in files else None
        for field, (ours, theirs) in names.items()
    }
    document = job.result or {}
    result = RunningResult.model_validate(document["result"])
    return {**links, "biomechanical_analysis": translate.biomechanical_analysis(result)}

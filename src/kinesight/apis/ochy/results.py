"""Routes that answer about analyses: the list, the scored result, the numbers behind it."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from kinesight.analyses.running.result import RunningResult
from kinesight.apis.edge.authentication import QueryCaller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import route_class
from kinesight.apis.edge.links import signed_link
from kinesight.apis.edge.validation import known_id
from kinesight.apis.ochy import numbers, translate
from kinesight.apis.ochy.errors import DIALECT
from kinesight.apis.ochy.openapi import CALCULATED_ANSWERS, LIST_ANSWERS, RAW_ANSWERS, RESULT_ANSWERS
from kinesight.apis.ochy.schemas import AnalysisList, Succeeded, Waiting
from kinesight.apis.ochy.scores import biomechanical_analysis
from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.job import Artefact, Job, State

router = APIRouter(tags=["ochy"], route_class=route_class(DIALECT))

KIND = "running"
MOST_RAW_BYTES = 16_000_000
"""Largest stored observations that are turned into one answer; those of a clip within the limits of this API are far smaller."""

Limit = Annotated[int, Query(ge=1, le=1000)]
Cursor = Annotated[str | None, Query(max_length=512, pattern=r"^[!-~]+$")]


@router.get("/analysis/user", include_in_schema=False)  # its name in the vendor's older contract
@router.get("/analysis", response_model=AnalysisList, summary="List analyses, newest first", responses=LIST_ANSWERS)
def list_analyses(here: Here, tenant: QueryCaller, limit: Limit = 100, cursor: Cursor = None) -> AnalysisList:
    """Return one page of your running analyses, whichever API they were started by."""
    page = here.services.jobs.page(tenant.id, limit=limit, cursor=cursor, kind=KIND)
    return AnalysisList(analyses=tuple(map(translate.listed, page.jobs)), next_cursor=page.next_cursor)


@router.get(
    "/analysis/{analysis_id}/results",
    response_model=Succeeded | Waiting,
    summary="State, then scored result",
    responses=RESULT_ANSWERS,
)
def get_results(here: Here, tenant: QueryCaller, request: Request, analysis_id: str) -> JSONResponse:
    """Return how far the analysis is, or its result. Links are signed anew at each read."""
    job = running_job(here, tenant.id, analysis_id)
    body = translate.state_body(job)
    if job.state is State.SUCCEEDED:
        body |= _links(here, tenant.id, request, job)
        body["biomechanical_analysis"] = biomechanical_analysis(_result(job))
    return JSONResponse(body, status_code=translate.HTTP_OF[body["status"]])


@router.get(
    "/analysis/{analysis_id}/results/calculated_data",
    response_model=dict[str, Any],
    summary="The metrics",
    responses=CALCULATED_ANSWERS,
)
def get_calculated_data(here: Here, tenant: QueryCaller, analysis_id: str) -> JSONResponse:
    """Return speed, times, angles and style; before success the body of the results call."""
    job = running_job(here, tenant.id, analysis_id)
    if job.state is not State.SUCCEEDED:
        return _without_result(job)
    files = _files(here, tenant.id, job)
    strides, series = (_table(here, files.get(name)) for name in ("strides.csv", "series.csv"))
    return JSONResponse(numbers.calculated_data(_result(job), strides=strides, series=series))


@router.get(
    "/analysis/{analysis_id}/results/raw_data",
    response_model=dict[str, Any],
    summary="Keypoints and angles of every frame",
    responses=RAW_ANSWERS,
)
def get_raw_data(here: Here, tenant: QueryCaller, analysis_id: str) -> JSONResponse:
    """Return what was seen in each frame; before success the body of the results call."""
    job = running_job(here, tenant.id, analysis_id)
    return _raw(here, tenant.id, job) if job.state is State.SUCCEEDED else _without_result(job)


def running_job(here: Context, tenant_id: str, analysis_id: str) -> Job:
    """Return a running analysis. Raises `NotFound`, also for analyses of another kind."""
    job = here.services.jobs.get(tenant_id, known_id(analysis_id))
    if job.kind != KIND:
        raise NotFound
    return job


def _without_result(job: Job) -> JSONResponse:
    # 202 while it waits, too: a client of these two calls may then take 200 for data
    return JSONResponse(translate.state_body(job), status_code=400 if job.state.is_final else 202)


def _raw(here: Context, tenant_id: str, job: Job) -> JSONResponse:
    files = _files(here, tenant_id, job)
    poses = files.get("poses.json")
    if poses is None:
        raise NotFound("The stored observations of this analysis are gone.")
    if poses.size_bytes > MOST_RAW_BYTES:
        raise Conflict("The clip is too long for one answer; read poses.json and series.csv by /v1/analyses instead.")
    document = json.loads(here.services.files.path(poses.key).read_bytes())
    head = {"video_id": job.id, "analysis_type": translate.TYPES[_result(job).view]}
    return JSONResponse({**head, **numbers.raw_data(document, _table(here, files.get("series.csv")))})


def _files(here: Context, tenant_id: str, job: Job) -> dict[str, Artefact]:
    return {artefact.name: artefact for artefact in here.services.jobs.artefacts(tenant_id, job.id)}


def _table(here: Context, artefact: Artefact | None) -> list[dict[str, str]]:
    return [] if artefact is None else numbers.table(here.services.files.path(artefact.key).read_text())


def _result(job: Job) -> RunningResult:
    return RunningResult.model_validate((job.result or {})["result"])


def _links(here: Context, tenant_id: str, request: Request, job: Job) -> dict[str, str | None]:
    files = _files(here, tenant_id, job)
    names = {
        "thumbnail": ("thumbnail.jpg", f"{job.id}_thumbnail.jpg"),
        "output_video": ("annotated.mp4", f"encoded_analyzed_{job.id}.mp4"),
    }
    return {
        field: signed_link(request, here, files[ours], name=theirs) if ours in files else None
        for field, (ours, theirs) in names.items()
    }

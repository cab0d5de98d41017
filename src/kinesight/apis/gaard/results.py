"""Routes that read classifications and their videos."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import FileResponse, JSONResponse

from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.files import file_response
from kinesight.apis.gaard import translate
from kinesight.apis.gaard.calling import ROUTE, BearerCaller
from kinesight.apis.gaard.metadata import MOST_NUMBER
from kinesight.apis.gaard.openapi import NUMBER_ANSWERS, RESULT_ANSWERS, VIDEO_ANSWERS
from kinesight.apis.gaard.schemas import Classification
from kinesight.domain.classifications import KIND
from kinesight.domain.errors import CallerError, NotFound
from kinesight.domain.job import Job

router = APIRouter(tags=["gaard"], route_class=ROUTE)
videos = APIRouter(prefix="/api/avconv", tags=["gaard"], route_class=ROUTE)

_ID = re.compile(r"[0-9a-fA-F]{24}")
ANNOTATED = "annotated.mp4"


@router.get("/result", response_model=Classification, summary="A result by its number", responses=NUMBER_ANSWERS)
def get_result_by_number(
    here: Here, tenant: BearerCaller, analyse_id: Annotated[int, Query(ge=0, le=MOST_NUMBER)]
) -> JSONResponse:
    """Return the newest classification with this `analyse_id`, as the older contract has it."""
    job = here.services.jobs.find(tenant.id, kind=KIND, vendor_number=analyse_id)
    return JSONResponse(translate.classification(job, tenant_name=tenant.name))


@router.get("/result/{classify_id}", response_model=Classification, summary="A result", responses=RESULT_ANSWERS)
def get_result(here: Here, tenant: BearerCaller, classify_id: str) -> JSONResponse:
    """Return a classification in whatever state it is; `risk` is empty before the end."""
    return JSONResponse(translate.classification(clip_by_id(here, tenant.id, classify_id), tenant_name=tenant.name))


@videos.get("/serve.v2/{filename}", response_class=FileResponse, summary="The annotated clip", responses=VIDEO_ANSWERS)
def get_video(here: Here, tenant: BearerCaller, filename: str) -> FileResponse:
    """Send the clip with what was found drawn into it; the original as MP4 as long as there is no such video."""
    job = clip_by_file(here, tenant.id, filename)
    for artefact in here.services.jobs.artefacts(tenant.id, job.id):
        if artefact.name == ANNOTATED:
            return file_response(here.services.files.path(artefact.key), name=_mp4_name(job), media_type="video/mp4")
    return _original(here, job)


@videos.get("/original/serve.v2/{filename}", response_class=FileResponse, summary="The clip", responses=VIDEO_ANSWERS)
def get_original(here: Here, tenant: BearerCaller, filename: str) -> FileResponse:
    """Send the clip as it came if it is H.264 in MP4, else turned into that."""
    return _original(here, clip_by_file(here, tenant.id, filename))


def clip_by_id(here: Context, tenant_id: str, classify_id: str) -> Job:
    """Return the job of a classification. Raises `NotFound`."""
    if not _ID.fullmatch(classify_id):
        raise NotFound("There is no classification with this id.")
    return here.services.jobs.find(tenant_id, kind=KIND, vendor_id=classify_id.lower())


def clip_by_file(here: Context, tenant_id: str, filename: str) -> Job:
    """Return the job of a video by its id, with or without an ending, else the newest one that was sent under this name.

    Raises `NotFound`.
    """
    stem = PurePosixPath(filename).stem
    if _ID.fullmatch(stem):
        try:
            return clip_by_id(here, tenant_id, stem)
        except NotFound:
            pass  # a file may be called like an id
    return here.services.jobs.find(tenant_id, kind=KIND, input_name=filename)


def _original(here: Context, job: Job) -> FileResponse:
    try:
        path = here.services.originals.as_mp4(job)
    except CallerError as error:
        raise NotFound(f"The clip cannot be shown as MP4: {error.message}") from error
    return file_response(path, name=_mp4_name(job), media_type="video/mp4")


def _mp4_name(job: Job) -> str:
    return f"{PurePosixPath(translate.video_name(job)).stem}.mp4"

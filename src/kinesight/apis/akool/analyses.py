"""Routes that find the persons of a video."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse

from kinesight.apis.akool import translate
from kinesight.apis.akool.answers import birth, enveloped, job_of, links_of
from kinesight.apis.akool.calling import ROUTE, JsonObject, KeyClient
from kinesight.apis.akool.identities import address_number
from kinesight.apis.akool.openapi import json_body
from kinesight.apis.akool.schemas import AkoolAnalysisAnswer, AkoolRefused, AnalyzeFields
from kinesight.apis.edge.accepting import accept
from kinesight.apis.edge.addresses import checked_address
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.validation import validated
from kinesight.domain.job import Job, NewJob, State

router = APIRouter(prefix="/api/open/v4/headswap/analyze", tags=["akool"], route_class=ROUTE)

RecordId = Annotated[str, Query(alias="_id", max_length=200, description="As the call that made it answered.")]


@router.post(
    "",
    response_model=AkoolAnalysisAnswer | AkoolRefused,
    summary="Find the persons of a video",
    openapi_extra=json_body(AnalyzeFields),
)
async def analyze(here: Here, client: KeyClient, body: JsonObject) -> JSONResponse:
    """Accept the address of a video and answer at once; poll the detail until `status` is 3 or 4."""
    asked = validated(AnalyzeFields, body, under="body")
    job = await accept(here, client.tenant, _new_job(here, asked), api=translate.API)
    return enveloped(translate.submitted(job), msg="Analyze success")


def _new_job(here: Context, asked: AnalyzeFields) -> NewJob:
    url = checked_address(asked.video_url, what="video_url")
    record_id, origin = birth()
    return NewJob(
        kind=translate.PERSONS,
        parameters={},
        source_url=url,
        origin={**origin, "limits": {"max_duration_s": here.settings.akool_max_duration_s}},
        vendor_id=record_id,
        vendor_number=address_number(url),
    )


@router.get("/detail", response_model=AkoolAnalysisAnswer | AkoolRefused, summary="An analysis")
def analysis_detail(here: Here, client: KeyClient, request: Request, record_id: RecordId) -> JSONResponse:
    """Return an analysis in whatever state it is. Links are signed anew at each read."""
    job = job_of(here, client.tenant.id, translate.PERSONS, record_id)
    has_result = job.state is State.SUCCEEDED
    found = translate.found_in(corrected_result(here, job)) if has_result else None
    return enveloped(translate.analysis(job, found, links_of(here, request, job) if has_result else {}))


def corrected_result(here: Context, job: Job) -> dict[str, Any] | None:
    """Return the result document of a person analysis, after what was corrected in it."""
    return here.services.corrections.log(job.tenant_id, job.id).result or job.result

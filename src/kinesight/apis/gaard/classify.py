"""The route that accepts a clip."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from kinesight.apis.edge.accepting import accept
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.strict_json import read_json_object
from kinesight.apis.edge.times import timestamp
from kinesight.apis.edge.upload import Form, FormRules, received_form, require_multipart
from kinesight.apis.gaard import translate
from kinesight.apis.gaard.calling import CLASSIFY_ROUTE, BearerCaller
from kinesight.apis.gaard.metadata import MOST_NUMBER, analyse_id_of, camera_id_of
from kinesight.apis.gaard.openapi import CLASSIFY_ANSWERS, CLASSIFY_BODY
from kinesight.apis.gaard.schemas import Accepted, Classification
from kinesight.domain.classifications import KIND, TOLD_AS, new_classify_id
from kinesight.domain.errors import BadParameter, SourceForbidden, SourceUnreachable
from kinesight.domain.job import Job, NewJob, Tenant
from kinesight.domain.sites import alarm_parameters

router = APIRouter(tags=["gaard"], route_class=CLASSIFY_ROUTE)

API = "gaard"
AnalyseId = Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="A number of your own; to read the result by.")]
WebhookUrl = Annotated[str | None, Query(min_length=1, max_length=2048, description="Where this one result is sent.")]


@router.post(
    "/classify",
    response_model=Classification | Accepted,
    summary="Classify an alarm clip",
    openapi_extra={"requestBody": CLASSIFY_BODY},
    responses=CLASSIFY_ANSWERS,
)
async def classify(
    here: Here,
    tenant: BearerCaller,
    request: Request,
    *,
    sync: Annotated[bool, Query(description="Wait for the result.")] = False,
    analyse_id: AnalyseId = None,
    webhook: WebhookUrl = None,
) -> JSONResponse:
    """Accept a clip; answer with its id at once, or with `sync=true` with the result as soon as it is there."""
    require_multipart(request)
    if webhook is not None:
        await run_in_threadpool(_check_webhook, here, webhook)
    rules = FormRules(
        file_field="video",
        text_fields=frozenset({"metadata"}),
        max_file_bytes=int(here.settings.gaard_max_upload_mb * 1e6),
        ignores_unknown=True,
    )
    async with received_form(request, here.services.uploads, rules) as form:
        new = await run_in_threadpool(_new_job, form, here, tenant, analyse_id=analyse_id, webhook=webhook)
        job = await accept(here, tenant, replace(new, is_awaited=sync), api=API, file=form.file)
    if not sync:
        return JSONResponse({"id": job.vendor_id, "accepted_at": timestamp(job.created_s)})
    job = await here.services.jobs.wait(tenant.id, job.id, timeout_s=here.settings.gaard_sync_wait_s)
    if not job.state.is_final:
        return _timed_out(job, here.settings.gaard_sync_wait_s)
    return JSONResponse(translate.classification(job, tenant_name=tenant.name))


def _new_job(form: Form, here: Context, tenant: Tenant, *, analyse_id: int | None, webhook: str | None) -> NewJob:
    if form.file is None:
        raise HTTPException(412, "The form has no part `video`; send the clip in it.")
    if KIND not in here.analyses:
        raise HTTPException(500, "This server has no alarm analysis.")
    # clients that leave the part blank mean none
    metadata = read_json_object((form.texts.get("metadata") or "{}").encode(), what="metadata")
    now_s = time.time()
    classify_id, camera_id = new_classify_id(now_s), camera_id_of(metadata)
    return NewJob(
        kind=KIND,
        camera_id=camera_id or None,
        parameters=parameters_for(here, tenant.id, camera_id, now_s),
        origin={
            "api": API,
            "camera_id": camera_id,
            "metadata": metadata,
            "size_bytes": form.file.size_bytes,
            "limits": {"max_duration_s": here.settings.gaard_max_duration_s},
        },
        notify=TOLD_AS,
        vendor_id=classify_id,
        vendor_number=analyse_id_of(analyse_id, metadata, classify_id),
        callback_url=webhook,
    )


def parameters_for(here: Context, tenant_id: str, camera_id: str, at_s: float) -> dict[str, Any]:
    """Return what a clip of a camera is judged with: what is known of the camera, over the thresholds of the installation."""
    thresholds = {"threshold_low": here.settings.alarm_threshold_low, "threshold_high": here.settings.alarm_threshold_high}
    return {**thresholds, **alarm_parameters(here.services.cameras, tenant_id, camera_id or None, at_s)}


def _check_webhook(here: Context, url: str) -> None:
    try:
        here.services.post.check(url)
    except (SourceForbidden, SourceUnreachable) as error:
        raise BadParameter(f"webhook: {error.message}") from error


def _timed_out(job: Job, waited_s: float) -> JSONResponse:
    said = f"The clip is not classified after {waited_s:g} s; read the result by its id."
    return JSONResponse({"success": False, "error": said, "id": job.vendor_id}, status_code=408)

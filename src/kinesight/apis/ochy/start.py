"""The route that accepts a clip."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from kinesight.apis.edge.accepting import accept
from kinesight.apis.edge.authentication import QueryCaller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.upload import Form, FormRules, received_form
from kinesight.apis.edge.validation import known_id, validated
from kinesight.apis.ochy import translate
from kinesight.apis.ochy.errors import DIALECT
from kinesight.apis.ochy.openapi import START_ANSWERS, START_BODY
from kinesight.apis.ochy.results import KIND
from kinesight.apis.ochy.schemas import Started, StartForm
from kinesight.domain.job import NewJob
from kinesight.domain.subjects import Subject

router = APIRouter(tags=["ochy"], route_class=route_class(DIALECT))

TEXT_FIELDS = frozenset(StartForm.model_fields)
PRICE = 1
"""Credits that an analysis costs where they are counted."""


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
        new = await run_in_threadpool(_new_job, received, here, tenant.id)
        job = await accept(here, tenant, new, api="ochy", file=received.file)
    return Started(message=f"Analysis started for ID: {job.id}", video_id=job.id)


def _new_job(received: Form, here: Context, tenant_id: str) -> NewJob:
    form = _checked(received)
    subject = None if form.subject_id is None else here.services.subjects.get(tenant_id, known_id(form.subject_id))
    if form.notify_via_webhook:
        _require_webhook(here, tenant_id)
    return NewJob(
        kind=KIND,
        parameters=_parameters(form, subject, here).model_dump(mode="json"),
        origin={
            "api": "ochy",
            "analysis_type": form.analysis_type,
            "limits": {
                "max_duration_s": translate.longest_clip(here.settings.ochy_max_duration_s),
                "minimum_fps": translate.lowest_rate(here.settings.ochy_minimum_fps),
            },
        },
        subject_id=None if subject is None else subject.id,
        notify="ochy" if form.notify_via_webhook else None,
        credits=PRICE if here.settings.ochy_credits else 0,
    )


def _checked(received: Form) -> StartForm:
    if received.file is None:
        raise InvalidRequest([_missing("video")])
    # a field that a form leaves blank counts as not sent, as in the vendor's framework
    form = validated(StartForm, {name: text for name, text in received.texts.items() if text != ""}, under="body")
    if form.treadmill and form.pace is None:
        raise InvalidRequest([_missing("pace")])
    return form


def _require_webhook(here: Context, tenant_id: str) -> None:
    webhook = here.services.webhooks.get(tenant_id)
    if webhook is None or not webhook.enabled:
        raise HTTPException(400, "No enabled webhook is configured; configure one or leave notify_via_webhook out.")


def _parameters(form: StartForm, subject: Subject | None, here: Context) -> BaseModel:
    wanted = translate.parameters_of(form, subject, minimum_fps=here.settings.ochy_minimum_fps)
    parameters: BaseModel = validated(here.analyses[KIND].parameters, wanted, under="body", names=translate.OUR_NAMES)
    return parameters


def _missing(field: str) -> dict[str, Any]:
    return {"type": "missing", "loc": ("body", field), "msg": "Field required", "input": None}

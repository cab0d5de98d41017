"""Routes that replace or hide the heads of analysed persons."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse

from kinesight.analyses.heads.parameters import SHORTEST_CONSENT
from kinesight.apis.akool import translate
from kinesight.apis.akool.analyses import RecordId, corrected_result
from kinesight.apis.akool.answers import birth, enveloped, job_of, links_of
from kinesight.apis.akool.calling import ROUTE, Client, JsonObject, KeyClient
from kinesight.apis.akool.identities import address_number
from kinesight.apis.akool.openapi import json_body
from kinesight.apis.akool.schemas import MODEL, AkoolCreatedAnswer, AkoolRefused, AkoolTaskAnswer, Mapping, TaskFields
from kinesight.apis.akool.sealed_message import aes_key
from kinesight.apis.akool.translate import Found
from kinesight.apis.akool.vault import Vault
from kinesight.apis.edge.accepting import accept
from kinesight.apis.edge.addresses import checked_address
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.links import origin as server_address
from kinesight.apis.edge.validation import validated
from kinesight.domain.errors import BadParameter, ConsentMissing, NotFound, SourceForbidden, SourceUnreachable
from kinesight.domain.job import Attachment, Job, NewJob, State

router = APIRouter(prefix="/api/open/v4/headswap/task", tags=["akool"], route_class=ROUTE)

MOST_MAPPINGS = 5
TOO_MANY = "Up to 5 characters can be replaced at one time."
"""Wire value of the vendor."""

UNSUPPORTED = "Your current account does not support this feature."
"""Wire value of the vendor, for models that there are not."""

NO_CONSENT = (
    "Replacing a head needs a statement of consent: send one in the field consent, or let the operator of this server make a "
    "standing one with the setting KINESIGHT_AKOOL_CONSENT."
)


@router.post(
    "/create",
    response_model=AkoolCreatedAnswer | AkoolRefused,
    summary="Replace or hide heads",
    openapi_extra=json_body(TaskFields),
)
async def create(here: Here, client: KeyClient, request: Request, body: JsonObject) -> JSONResponse:
    """Accept a task over an analysed video and answer at once; poll the detail, or wait for the webhook."""
    new = await run_in_threadpool(_new_job, here, client, request, body)
    job = await accept(here, client.tenant, new, api=translate.API)
    return enveloped(translate.created(job))


@router.get("/detail", response_model=AkoolTaskAnswer | AkoolRefused, summary="A task")
def task_detail(here: Here, client: KeyClient, request: Request, record_id: RecordId) -> JSONResponse:
    """Return a task in whatever state it is. Links are signed anew at each read."""
    job = job_of(here, client.tenant.id, translate.HEADS, record_id)
    return enveloped(translate.task(job, links_of(here, request, job) if job.state is State.SUCCEEDED else {}))


def _new_job(here: Context, client: Client, request: Request, body: dict[str, Any]) -> NewJob:
    asked = _checked(body)
    parameters = translate.heads_parameters(asked, standing_consent=here.settings.akool_consent)
    webhook = _checked_webhook(here, client, asked)
    analysis, found = _analysis_of(here, client.tenant.id, asked.video_url)
    _check_persons(asked, found)
    if asked.kinesight.mode == "replace" and len(parameters["consent"]) < SHORTEST_CONSENT:
        raise ConsentMissing(NO_CONSENT)
    duration_s = found.document.video.duration_s if found.document.video else None
    price = translate.price(duration_s) if here.settings.akool_credits else 0
    record_id, origin = birth()
    remembered = {
        **origin,
        "video_url": asked.video_url,
        "video_duration": None if duration_s is None else round(duration_s, 3),
        "resolution": asked.resolution,
        "template_id": asked.template_id,
        "credits": price,
        "limits": {"max_duration_s": here.settings.akool_max_duration_s},
    }
    if webhook is not None:
        remembered["webhook_key"] = Vault.of(here.services.secret_for).seal(client.key)
        remembered["server_address"] = server_address(request, here)
    return NewJob(
        kind=translate.HEADS,
        parameters=parameters,
        builds_on=analysis.id,
        references=_references(asked),
        origin=remembered,
        vendor_id=record_id,
        credits=price,
        callback_url=webhook,
        notify=translate.API if webhook is not None else None,
        asked_by=client.tenant.caller,
    )


def _checked(body: dict[str, Any]) -> TaskFields:
    """Return what is asked. Raises `BadParameter`, `InvalidRequest`."""
    mappings = body.get("mappings")
    if isinstance(mappings, list) and len(mappings) > MOST_MAPPINGS:
        raise BadParameter(TOO_MANY)
    asked: TaskFields = validated(TaskFields, body, under="body")
    if asked.model_name != MODEL:
        raise BadParameter(UNSUPPORTED)
    checked_address(asked.video_url, what="video_url")
    if asked.kinesight.mode == "anonymize":
        if asked.mappings:
            raise BadParameter("mappings: nobody is replaced when heads are hidden; leave it out.")
        return asked
    _check_mappings(asked.mappings or ())
    return asked


def _check_mappings(mappings: tuple[Mapping, ...]) -> None:
    if not mappings:
        raise BadParameter("mappings: map at least one obj_id to the img_url of a face.")
    if len({mapping.obj_id for mapping in mappings}) < len(mappings):
        raise BadParameter("mappings: one obj_id is mapped twice; give each person one face.")
    for number, mapping in enumerate(mappings):
        checked_address(mapping.img_url, what=f"mappings.{number}.img_url")


def _references(asked: TaskFields) -> dict[int, Attachment]:
    return {mapping.obj_id: Attachment(url=mapping.img_url) for mapping in asked.mappings or ()}


def _checked_webhook(here: Context, client: Client, asked: TaskFields) -> str | None:
    """Return where the end is told; None if nowhere. Raises `BadParameter`."""
    if not asked.webhookUrl:
        return None
    aes_key(client.key)
    try:
        here.services.post.check(asked.webhookUrl)
    except (SourceForbidden, SourceUnreachable) as error:
        raise BadParameter(f"webhookUrl: {error.message}") from error
    return asked.webhookUrl


def _analysis_of(here: Context, tenant_id: str, video_url: str) -> tuple[Job, Found]:
    """Return the newest analysis of exactly this address, and what it has found. Raises `BadParameter` unless it is done."""
    try:
        job = here.services.jobs.find(tenant_id, kind=translate.PERSONS, vendor_number=address_number(video_url))
    except NotFound:
        job = None
    if job is None or job.source_url != video_url:
        raise BadParameter("video_url: no analysis of exactly this address is known; submit it to headswap/analyze first.")
    if translate.STATUS[job.state] < translate.DONE:
        raise BadParameter(f"video_url: its analysis is not done yet (status {translate.STATUS[job.state]}); poll it until 3.")
    found = translate.found_in(corrected_result(here, job)) if job.state is State.SUCCEEDED else None
    if found is None:
        raise BadParameter(f"video_url: its analysis failed: {translate.failure(job)['error_reason']}")
    return job, found


def _check_persons(asked: TaskFields, found: Found) -> None:
    known = {person.obj_id for person in found.persons.persons}
    ours = asked.kinesight
    for obj_id in (*(mapping.obj_id for mapping in asked.mappings or ()), *ours.keep, *(ours.only or ())):
        if obj_id not in known:
            have = f"it has {', '.join(map(str, sorted(known)))}" if known else "nobody was found in it"
            raise BadParameter(f"obj_id {obj_id} is not in the analysis of this video; {have}.")

"""Routes of head tasks: heads of a finished person analysis hidden or replaced."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from kinesight.analyses.heads.parameters import MOST_MAPPINGS, HeadsParameters
from kinesight.apis.edge.accepting import accept_with_references
from kinesight.apis.edge.authentication import Caller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.upload import PictureRules, json_type, received_json, received_pictures
from kinesight.apis.edge.validation import known_id, validated
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import ERRORS, HEADS_BODY, errors
from kinesight.apis.native.requests import HEADS, checked_idempotency_key, checked_source
from kinesight.apis.native.schemas import AnalysisView, Wire
from kinesight.apis.native.views import LONGEST_WAIT_S, Asked, started
from kinesight.domain.errors import BadParameter, SourceForbidden, SourceUnreachable
from kinesight.domain.job import Attachment, Job, NewJob, Tenant

LARGEST_REFERENCE_BYTES = 50_000_000
"""A larger picture is refused while it arrives; the reader of pictures has the same limit."""

_OBJ_ID = r"0|[1-9][0-9]{0,5}"
_FIELD = re.compile(rf"reference_({_OBJ_ID})")

router = APIRouter(prefix="/v1", tags=["native"], route_class=route_class(DIALECT), responses=ERRORS)


class HeadsRequest(Wire):
    """Start a head task whose reference pictures the server fetches."""

    parameters: dict[str, Any] = Field(default_factory=dict)
    references: dict[str, str] = Field(
        default_factory=dict, examples=[{"0": "https://media.example.com/face.jpg"}], description="Addresses by obj_id."
    )
    callback_url: str | None = Field(default=None, min_length=1, max_length=2048)


@router.post(
    "/analyses/{analysis_id}/heads",
    status_code=202,
    response_model=AnalysisView,
    summary="Hide or replace heads",
    openapi_extra={"requestBody": HEADS_BODY},
    responses={200: {"model": AnalysisView, "description": "It has ended already."}, **errors(404, 409, 413, 415, 422, 429, 507)},
)
async def start_heads(  # noqa: PLR0913 - one parameter per part of the request
    here: Here,
    tenant: Caller,
    request: Request,
    response: Response,
    *,
    analysis_id: str,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for the end before answering.")] = 0.0,
    idempotency_key: Annotated[str | None, Header(description="Makes a repeated request return the first task.")] = None,
) -> AnalysisView:
    """Accept a head task on the video of a person analysis that succeeded, with the corrections made up to now.

    The task is an analysis of the kind `heads`: it is read, listed, cancelled and forgotten like any other. Its video is
    `output.mp4`. Until it has ended, the person analysis cannot be forgotten.
    """
    asked = Asked(key=checked_idempotency_key(idempotency_key), is_awaited=wait_s > 0)
    begin = _start_by_address if json_type(request) else _start_by_upload
    job = await begin(here, tenant, request, known_id(analysis_id), asked)
    return await started(here, request, response, job, wait_s=wait_s)


async def _start_by_address(here: Context, tenant: Tenant, request: Request, persons_id: str, asked: Asked) -> Job:
    values = read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")
    wanted = validated(HeadsRequest, values, under="body")
    references = {
        _obj_id(name): Attachment(url=checked_source(url, name=f"references.{name}")) for name, url in wanted.references.items()
    }
    task = _Task(parameters=wanted.parameters, replaced=tuple(references), callback_url=wanted.callback_url)
    new = await run_in_threadpool(_new_job, here, tenant, persons_id, asked, task)
    return await accept_with_references(here, tenant, replace(new, references=references), api="native", pictures={})


async def _start_by_upload(here: Context, tenant: Tenant, request: Request, persons_id: str, asked: Asked) -> Job:
    rules = PictureRules(
        pattern=_FIELD,
        shown="reference_<obj_id>",
        most=MOST_MAPPINGS,
        text_fields=frozenset({"parameters", "callback_url"}),
        max_file_bytes=min(LARGEST_REFERENCE_BYTES, int(here.settings.max_upload_mb * 1e6)),
    )
    async with received_pictures(request, here.services.uploads, rules) as form:
        given = read_json_object((form.texts.get("parameters") or "{}").encode(), what="parameters")
        pictures = {_obj_id(name.removeprefix("reference_")): picture for name, picture in form.pictures.items()}
        task = _Task(parameters=given, replaced=tuple(pictures), callback_url=form.texts.get("callback_url"))
        new = await run_in_threadpool(_new_job, here, tenant, persons_id, asked, task)
        return await accept_with_references(here, tenant, new, api="native", pictures=pictures)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """What is wanted of a task: its parameters, the persons with a reference picture, and who is told of its end."""

    parameters: Mapping[str, Any]
    replaced: tuple[int, ...]
    callback_url: str | None


def _new_job(here: Context, tenant: Tenant, persons_id: str, asked: Asked, task: _Task) -> NewJob:
    given = dict(task.parameters)
    if given.get("mode") == "replace":
        given.setdefault("replace", sorted(task.replaced))  # who has a reference picture, unless something else is said
    if task.callback_url is not None:
        _check_callback(here, task.callback_url)
    return NewJob(
        kind=HEADS,
        parameters=validated(HeadsParameters, given, under="parameters").model_dump(mode="json"),
        builds_on=persons_id,
        idempotency_key=asked.key,
        origin={"api": "native"},
        is_awaited=asked.is_awaited,
        asked_by=tenant.caller,
        callback_url=task.callback_url,
        notify=None if task.callback_url is None else "native",
    )


def _check_callback(here: Context, url: str) -> None:
    try:
        here.services.post.check(url)
    except (SourceForbidden, SourceUnreachable) as error:
        complaint = {"type": "value_error", "loc": ("body", "callback_url"), "msg": error.message, "input": url}
        raise InvalidRequest([complaint]) from error


def _obj_id(text: str) -> int:
    if not re.fullmatch(_OBJ_ID, text):
        raise BadParameter(f"references: {text[:40]!r} is no obj_id, such as 0.")
    return int(text)

"""Routes of subjects: the people whose analyses belong together."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from kinesight.apis.edge.authentication import QueryCaller
from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import route_class
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.times import timestamp
from kinesight.apis.edge.upload import received_json
from kinesight.apis.edge.validation import known_id, validated
from kinesight.apis.ochy import translate
from kinesight.apis.ochy.errors import DIALECT
from kinesight.apis.ochy.openapi import BODY_ANSWERS, KEY_ANSWERS, LIST_ANSWERS, SUBJECT_ANSWERS, json_body
from kinesight.apis.ochy.results import Cursor, Limit
from kinesight.apis.ochy.schemas import (
    AnalysisList,
    CreatedSubject,
    Message,
    SubjectFields,
    SubjectList,
    SubjectView,
)
from kinesight.domain.subjects import Subject

router = APIRouter(prefix="/subjects", tags=["ochy"], route_class=route_class(DIALECT))


async def json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object in a request's body. Raises `BadParameter`."""
    return read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")


JsonObject = Annotated[dict[str, Any], Depends(json_object)]


@router.post(
    "",
    status_code=201,
    response_model=CreatedSubject,
    summary="Create a subject",
    openapi_extra={"requestBody": json_body(SubjectFields)},
    responses={**KEY_ANSWERS, **BODY_ANSWERS},
)
def create_subject(here: Here, tenant: QueryCaller, body: JsonObject) -> CreatedSubject:
    """Keep a subject; every field is optional."""
    subject = here.services.subjects.create(tenant.id, _fields(body, here))
    return CreatedSubject(subject_id=subject.id, created_at=timestamp(subject.created_s))


@router.get("", response_model=SubjectList, summary="List subjects, newest first", responses=LIST_ANSWERS)
def list_subjects(here: Here, tenant: QueryCaller, limit: Limit = 1000, cursor: Cursor = None) -> SubjectList:
    """Return one page of your subjects, without the deleted ones."""
    page = here.services.subjects.page(tenant.id, limit=limit, cursor=cursor)
    return SubjectList(subjects=tuple(map(_view, page.subjects)), next_cursor=page.next_cursor)


@router.get("/{subject_id}", response_model=SubjectView, summary="One subject", responses=SUBJECT_ANSWERS)
def get_subject(here: Here, tenant: QueryCaller, subject_id: str) -> SubjectView:
    """Return a subject."""
    return _view(here.services.subjects.get(tenant.id, known_id(subject_id)))


@router.put(
    "/{subject_id}",
    response_model=Message,
    summary="Change a subject",
    openapi_extra={"requestBody": json_body(SubjectFields)},
    responses={**SUBJECT_ANSWERS, **BODY_ANSWERS},
)
def update_subject(here: Here, tenant: QueryCaller, subject_id: str, body: JsonObject) -> Message:
    """Change the fields that are sent; null empties one."""
    here.services.subjects.update(tenant.id, known_id(subject_id), _fields(body, here))
    return Message(message="Subject updated")


@router.post("/{subject_id}/delete", response_model=Message, summary="Delete a subject", responses=SUBJECT_ANSWERS)
def delete_subject(here: Here, tenant: QueryCaller, subject_id: str) -> Message:
    """Hide a subject for good; its analyses stay."""
    here.services.subjects.delete(tenant.id, known_id(subject_id))
    return Message(message="Subject deleted")


@router.get(
    "/{subject_id}/analyses",
    response_model=AnalysisList,
    summary="Analyses of a subject, newest first",
    responses={**LIST_ANSWERS, **SUBJECT_ANSWERS},
)
def list_subject_analyses(
    here: Here, tenant: QueryCaller, subject_id: str, limit: Limit = 100, cursor: Cursor = None
) -> AnalysisList:
    """Return one page of the analyses that were started for a subject."""
    subject = here.services.subjects.get(tenant.id, known_id(subject_id))
    page = here.services.jobs.of_subject(tenant.id, subject.id, limit=limit, cursor=cursor)
    return AnalysisList(analyses=tuple(map(translate.listed, page.jobs)), next_cursor=page.next_cursor)


def _fields(body: dict[str, Any], here: Context) -> dict[str, str | float | None]:
    given = validated(SubjectFields, body, under="body").model_dump(exclude_unset=True)
    ours = {translate.SUBJECT_FIELDS[name]: value for name, value in given.items()}
    if ours.get("height_m") is not None:
        ours["height_m"] = translate.metres(ours["height_m"])
    # what a subject may weigh is what an analysis takes, so that a start for him cannot be refused for it
    measures: dict[str, Any] = {name: ours[name] for name in ("height_m", "weight_kg") if name in ours}
    validated(here.analyses["running"].parameters, measures, under="body", names=translate.OUR_NAMES)
    return ours


def _view(subject: Subject) -> SubjectView:
    return SubjectView(
        id=subject.id,
        email=subject.email,
        name=subject.name,
        height=subject.height_m,
        weight=subject.weight_kg,
        created_at=timestamp(subject.created_s),
    )

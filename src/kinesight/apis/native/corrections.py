"""Routes of corrections: who is who in a finished person analysis, said by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import Field, TypeAdapter, ValidationError

from kinesight.analyses.persons.corrections import Change
from kinesight.apis.edge.authentication import Caller
from kinesight.apis.edge.context import Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.files import REPORT_POLICY
from kinesight.apis.edge.strict_json import MAX_JSON_BYTES, read_json_object
from kinesight.apis.edge.times import timestamp
from kinesight.apis.edge.upload import received_json
from kinesight.apis.edge.validation import known_id
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import CHANGE_BODY, ERRORS, errors
from kinesight.apis.native.schemas import Wire
from kinesight.domain.corrections import CorrectionLog, Entry
from kinesight.domain.errors import BadParameter

MEDIA_TYPES = {"json": "application/json", "txt": "text/plain", "html": "text/html", "jpg": "image/jpeg"}

router = APIRouter(
    prefix="/v1/analyses/{analysis_id}/corrections", tags=["native"], route_class=route_class(DIALECT), responses=ERRORS
)


class CorrectionView(Wire):
    """One entry: a change, or that an earlier one is taken back (`undoes` is its number)."""

    number: int
    change: dict[str, Any] | None
    undoes: int | None
    in_force: bool = Field(description="Whether it is a change that was not taken back.")
    made_by: str | None
    created_at: str


class CorrectionList(Wire):
    """Everything that was ever corrected, oldest first, and the result document after it (null where nothing was)."""

    corrections: tuple[CorrectionView, ...]
    result: dict[str, Any] | None


async def received_change(request: Request) -> dict[str, Any]:
    """Return the change in a request's body. Raises `BadParameter`, `InvalidRequest`."""
    values = read_json_object(await received_json(request, max_bytes=MAX_JSON_BYTES), what="The body")
    if "new_id" in values:
        raise BadParameter("new_id is given by the server; leave it out.")
    adapter: TypeAdapter[Any] = TypeAdapter(Change)
    try:
        document: dict[str, Any] = adapter.validate_python(values).model_dump(mode="json")
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise InvalidRequest([{**item, "loc": ("body", *item["loc"])} for item in found]) from error
    return document


ReceivedChange = Annotated[dict[str, Any], Depends(received_change)]
Number = Annotated[int, Path(ge=1, le=1_000_000)]


@router.get("", response_model=CorrectionList, summary="What was corrected", responses=errors(404, 422))
def list_corrections(here: Here, tenant: Caller, analysis_id: str) -> CorrectionList:
    """Return the corrections of a person analysis."""
    return _view(here.services.corrections.log(tenant.id, known_id(analysis_id)))


@router.post(
    "",
    status_code=201,
    response_model=CorrectionList,
    summary="Correct who is who",
    openapi_extra={"requestBody": CHANGE_BODY},
    responses=errors(404, 409, 422),
)
def add_correction(here: Here, tenant: Caller, response: Response, analysis_id: str, change: ReceivedChange) -> CorrectionList:
    """Make one more change. Ids that it does not name stay as they are; the result as it was found first is kept beside.

    Head tasks that are started from now on go by it; those that were accepted before do not.
    """
    log = here.services.corrections.add(tenant.id, known_id(analysis_id), change, made_by=tenant.caller)
    response.headers["Location"] = f"/v1/analyses/{analysis_id}/corrections"
    return _view(log)


@router.get(
    "/files/{name:path}",
    response_class=Response,
    summary="A file as it is after corrections",
    responses={200: {"description": "The file."}, **errors(404, 422)},
)
def get_corrected_file(here: Here, tenant: Caller, analysis_id: str, name: str) -> Response:
    """Make one file anew: `result.json`, `heads.json`, `tracks.txt`, `coco.json`, `report.html`, `persons/<obj_id>.jpg`."""
    content = here.services.corrections.file(tenant.id, known_id(analysis_id), name)
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer"}
    suffix = name.rpartition(".")[2]
    if suffix == "html":
        headers["Content-Security-Policy"] = REPORT_POLICY
    return Response(content, media_type=MEDIA_TYPES[suffix], headers=headers)


@router.delete("/{number}", response_model=CorrectionList, summary="Take a correction back", responses=errors(404, 409, 422))
def take_back_correction(here: Here, tenant: Caller, analysis_id: str, number: Number) -> CorrectionList:
    """Take one change back; the others stay. 409 when a later one rests on it."""
    return _view(here.services.corrections.take_back(tenant.id, known_id(analysis_id), number, made_by=tenant.caller))


def _view(log: CorrectionLog) -> CorrectionList:
    standing = {entry.number for entry in log.in_force}
    return CorrectionList(
        corrections=tuple(_entry(entry, in_force=entry.number in standing) for entry in log.entries), result=log.result
    )


def _entry(entry: Entry, *, in_force: bool) -> CorrectionView:
    return CorrectionView(
        number=entry.number,
        change=entry.change,
        undoes=entry.undoes,
        in_force=in_force,
        made_by=entry.made_by,
        created_at=timestamp(entry.created_s),
    )

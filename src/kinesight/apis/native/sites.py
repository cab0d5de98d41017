"""Routes of cameras and outputs: validate, delegate, show."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import TypeAdapter, ValidationError

from kinesight.apis.edge.authentication import Caller
from kinesight.apis.edge.context import Here
from kinesight.apis.edge.failures import InvalidRequest, route_class
from kinesight.apis.edge.strict_json import read_json_object
from kinesight.apis.edge.upload import received_json
from kinesight.apis.edge.validation import validated
from kinesight.apis.native.errors import DIALECT
from kinesight.apis.native.openapi import ERRORS, errors
from kinesight.apis.native.site_schemas import (
    CameraList,
    CameraView,
    OutputList,
    OutputView,
    StatisticsView,
    camera_view,
    output_view,
    statistics_view,
)
from kinesight.domain.errors import NotFound
from kinesight.domain.outputs import OutputSettings
from kinesight.domain.sites import CameraId, CameraSettings

router = APIRouter(prefix="/v1", tags=["native"], route_class=route_class(DIALECT), responses=ERRORS)

MAX_SETTINGS_BYTES = 64 * 1024
_CAMERA_ID = TypeAdapter(CameraId)
_IdOfCamera = Annotated[str, Path(max_length=100, description="Free text such as 134188-VI08, percent-encoded.")]
_NameOfOutput = Annotated[str, Path(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Letters, digits, . _ -")]


async def _body(request: Request) -> dict[str, Any]:
    return read_json_object(await received_json(request, max_bytes=MAX_SETTINGS_BYTES), what="The body")


_Body = Annotated[dict[str, Any], Depends(_body)]


def _document(model: type[Any]) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _known_camera(camera_id: str) -> str:
    try:
        return _CAMERA_ID.validate_python(camera_id)
    except ValidationError as error:
        complaints = [{**item, "loc": ("path", "camera_id")} for item in error.errors(include_url=False, include_context=False)]
        raise InvalidRequest(complaints) from error


@router.put(
    "/cameras/{camera_id}",
    response_model=CameraView,
    summary="Set a camera up",
    openapi_extra=_document(CameraSettings),
    responses=errors(409, 422),
)
def put_camera(here: Here, tenant: Caller, camera_id: _IdOfCamera, body: _Body) -> CameraView:
    """Set a camera up or change it as a whole: what is left out is as if it had never been said."""
    settings = validated(CameraSettings, body, under="body")
    return camera_view(here.services.cameras.put(tenant.id, _known_camera(camera_id), settings))


@router.get("/cameras", response_model=CameraList, summary="List cameras", responses=errors(422))
def list_cameras(
    here: Here,
    tenant: Caller,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> CameraList:
    """Return one page of your cameras, by id."""
    page = here.services.cameras.page(tenant.id, limit=limit, cursor=cursor)
    return CameraList(cameras=tuple(camera_view(camera) for camera in page.cameras), next_cursor=page.next_cursor)


@router.get("/cameras/{camera_id}", response_model=CameraView, summary="One camera", responses=errors(404))
def get_camera(here: Here, tenant: Caller, camera_id: _IdOfCamera) -> CameraView:
    """Return a camera as it was set up."""
    return camera_view(here.services.cameras.get(tenant.id, camera_id))


@router.delete("/cameras/{camera_id}", status_code=204, summary="Forget a camera", responses=errors(404))
def delete_camera(here: Here, tenant: Caller, camera_id: _IdOfCamera) -> None:
    """Forget how a camera was set up. Its clips and its statistics stay."""
    here.services.cameras.delete(tenant.id, camera_id)


@router.get(
    "/cameras/{camera_id}/statistics", response_model=StatisticsView, summary="What its clips came to", responses=errors(422)
)
def get_statistics(
    here: Here, tenant: Caller, camera_id: _IdOfCamera, days: Annotated[int, Query(ge=1, le=400)] = 35
) -> StatisticsView:
    """Return alarms, verdicts and labels by day, and how the nuisances go; also of a camera that was never set up."""
    cameras = here.services.cameras
    try:
        settings = cameras.get(tenant.id, camera_id).settings
    except NotFound:
        settings = CameraSettings()
    recent = cameras.recent(tenant.id, camera_id, period_s=settings.overflow.period_s)
    return statistics_view(camera_id, cameras.counts(tenant.id, camera_id, days=days), settings=settings, recent=recent)


@router.put(
    "/outputs/{name}",
    response_model=OutputView,
    summary="Set an output up",
    openapi_extra=_document(OutputSettings),
    responses=errors(409, 422),
)
def put_output(here: Here, tenant: Caller, name: _NameOfOutput, body: _Body) -> OutputView:
    """Set up where verdicts are told, or change it as a whole. A secret that is sent as `***` stays as it is."""
    settings = validated(OutputSettings, body, under="body")
    return output_view(here.services.outputs.put(tenant.id, name, settings))


@router.get("/outputs", response_model=OutputList, summary="List outputs")
def list_outputs(here: Here, tenant: Caller) -> OutputList:
    """Return your outputs, by name."""
    return OutputList(outputs=tuple(output_view(output) for output in here.services.outputs.all(tenant.id)))


@router.get("/outputs/{name}", response_model=OutputView, summary="One output", responses=errors(404))
def get_output(here: Here, tenant: Caller, name: _NameOfOutput) -> OutputView:
    """Return an output, with how many messages wait for it and what became of the last try."""
    return output_view(here.services.outputs.get(tenant.id, name))


@router.delete("/outputs/{name}", status_code=204, summary="Forget an output", responses=errors(404))
def delete_output(here: Here, tenant: Caller, name: _NameOfOutput) -> None:
    """Forget an output, with the messages that wait for it."""
    here.services.outputs.delete(tenant.id, name)

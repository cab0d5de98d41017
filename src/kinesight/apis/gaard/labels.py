"""Routes of the labels: what operators say about clips, and the words they may use."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import JSONResponse

from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.validation import validated
from kinesight.apis.gaard import translate
from kinesight.apis.gaard.calling import ROUTE, BearerCaller, JsonObject
from kinesight.apis.gaard.openapi import CUSTOM_ANSWERS, LABEL_ANSWERS, LIST_ANSWERS, json_body
from kinesight.apis.gaard.results import clip_by_file, clip_by_id
from kinesight.apis.gaard.schemas import (
    STANDARD_LABELS,
    Classification,
    CustomLabelFields,
    CustomLabels,
    FlowLabelFields,
    LabelChoice,
    LabelFields,
    Labelled,
    Success,
)
from kinesight.domain.errors import BadParameter
from kinesight.domain.job import Job
from kinesight.domain.labels import CustomLabel, OperatorLabel

router = APIRouter(prefix="/api", tags=["gaard"], route_class=ROUTE)


@router.post(
    "/label/{classify_id}",
    response_model=Labelled,
    summary="Label a clip",
    openapi_extra={"requestBody": json_body(LabelFields)},
    responses=LABEL_ANSWERS,
)
def label(here: Here, tenant: BearerCaller, classify_id: str, body: JsonObject) -> JSONResponse:
    """Keep what an operator says about a clip, in place of what was said before."""
    job = clip_by_id(here, tenant.id, classify_id)
    entry = _keep(here, job, validated(LabelFields, body, under="body"))
    return JSONResponse({"success": True, "data": translate.label_entry(job, entry)})


@router.post(
    "/flow/labels",
    response_model=Classification,
    summary="Label a clip that the body names",
    openapi_extra={"requestBody": json_body(FlowLabelFields)},
    responses=LABEL_ANSWERS,
)
def label_in_flow(here: Here, tenant: BearerCaller, body: JsonObject) -> JSONResponse:
    """Keep what an operator says about a clip and return the clip's classification."""
    wanted = validated(FlowLabelFields, body, under="body")
    if wanted.id is not None:
        job = clip_by_id(here, tenant.id, wanted.id)
    elif wanted.videoName:
        job = clip_by_file(here, tenant.id, wanted.videoName)
    else:
        raise BadParameter("The body needs the id of a classification, or the videoName of its clip.")
    _keep(here, job, wanted)
    return JSONResponse(translate.classification(job, tenant_name=tenant.name))


@router.get("/flow/labels/custom", response_model=CustomLabels, summary="Labels of your own", responses=LIST_ANSWERS)
def get_custom_labels(here: Here, tenant: BearerCaller) -> JSONResponse:
    """Return the labels that were added to the standard ones."""
    shown = [CustomLabelFields(value=one.value, label=one.label) for one in here.services.labels.custom(tenant.id)]
    return JSONResponse(CustomLabels(labels=shown).model_dump(exclude_none=True))


@router.post(
    "/flow/labels/custom",
    response_model=Success,
    summary="Add labels of your own",
    openapi_extra={"requestBody": json_body(CustomLabels)},
    responses=CUSTOM_ANSWERS,
)
def add_custom_labels(here: Here, tenant: BearerCaller, body: JsonObject) -> Success:
    """Add labels; one that is there already stays as it is, but for how it is shown."""
    wanted = validated(CustomLabels, body, under="body").labels
    here.services.labels.add_custom(tenant.id, [CustomLabel(value=one.value, label=one.label) for one in wanted])
    return Success()


@router.options("/label", response_model=LabelChoice, summary="The labels to choose from", responses=LIST_ANSWERS)
def get_labels(here: Here, tenant: BearerCaller) -> dict[str, Any]:
    """Return the standard labels, and those of your own that are none of them."""
    own = [one.value for one in here.services.labels.custom(tenant.id) if one.value not in STANDARD_LABELS]
    return {"standard": list(STANDARD_LABELS), "custom": own}


def _keep(here: Context, job: Job, wanted: LabelFields) -> OperatorLabel:
    return here.services.labels.put(job.tenant_id, translate.said_about(job, wanted.labels, wanted.comment))

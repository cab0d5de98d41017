"""What OpenAPI says about the Ochy-compatible API beyond what FastAPI finds out by itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from kinesight.apis.ochy.schemas import Failed, StartForm, Waiting


def _form_schema() -> dict[str, Any]:
    schema = StartForm.model_json_schema()
    video = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The clip."}
    return {"type": "object", "required": ["video"], "properties": {"video": video, **schema["properties"]}}


START_BODY: dict[str, Any] = {"required": True, "content": {"multipart/form-data": {"schema": _form_schema()}}}

_DETAIL = {"application/json": {"schema": {"type": "object", "required": ["detail"], "properties": {"detail": {}}}}}


def _failure(description: str) -> dict[str, Any]:
    return {"description": description, "content": _DETAIL}


KEY_ANSWERS: dict[int | str, dict[str, Any]] = {
    401: _failure('`{"detail": "API Key is missing"}`'),
    403: _failure('`{"detail": "Invalid API Key"}`'),
}

START_ANSWERS: dict[int | str, dict[str, Any]] = {
    **KEY_ANSWERS,
    400: _failure("`notify_via_webhook` without an enabled webhook."),
    402: _failure("No credit is left; only where credits are counted."),
    404: _failure("Unknown or deleted subject."),
    413: _failure("The file is over the limit of this API."),
    415: _failure("Not multipart/form-data."),
    422: _failure("Missing or wrong fields, one entry each: `type`, `loc`, `msg`, `input`."),
    429: _failure("Too much work is waiting; see Retry-After."),
    507: _failure("The server's disk is full."),
}

_UNKNOWN: dict[int | str, dict[str, Any]] = {404: _failure("Unknown id.")}
_FAILED: dict[int | str, dict[str, Any]] = {400: {"model": Failed, "description": "`failed`"}}
_WAITING = {"model": Waiting, "description": "`pending` or `analyzing`."}

RESULT_ANSWERS: dict[int | str, dict[str, Any]] = {
    **KEY_ANSWERS,
    **_UNKNOWN,
    **_FAILED,
    202: {"model": Waiting, "description": "`analyzing`; `pending` has the same body with status 200."},
}

CALCULATED_ANSWERS: dict[int | str, dict[str, Any]] = {**KEY_ANSWERS, **_UNKNOWN, **_FAILED, 202: _WAITING}

RAW_ANSWERS: dict[int | str, dict[str, Any]] = {**CALCULATED_ANSWERS, 409: _failure("The clip is too long for one answer.")}

BODY_ANSWERS: dict[int | str, dict[str, Any]] = {422: _failure("Not JSON, or wrong fields: `type`, `loc`, `msg`, `input`.")}

LIST_ANSWERS: dict[int | str, dict[str, Any]] = {**KEY_ANSWERS, 422: _failure("A limit or cursor that cannot be used.")}

SUBJECT_ANSWERS: dict[int | str, dict[str, Any]] = {**KEY_ANSWERS, 404: _failure("Unknown or deleted subject.")}

TEST_ANSWERS: dict[int | str, dict[str, Any]] = {**KEY_ANSWERS, 404: _failure("No webhook is configured.")}


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the request body of an operation that reads this model by itself."""
    return {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}

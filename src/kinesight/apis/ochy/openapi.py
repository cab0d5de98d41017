"""What OpenAPI says about the Ochy-compatible API beyond what FastAPI finds out by itself."""

from __future__ import annotations

from typing import Any

from kinesight.apis.ochy.schemas import Failed, StartForm, Waiting


def _form_schema() -> dict[str, Any]:
    schema = StartForm.model_json_schema()
    video = {"type": "string", "contentMediaType": "application/octet-stream", "description": "The clip."}
    return {"type": "object", "required": ["video"], "properties": {"video": video, **schema["properties"]}}


START_BODY: dict[str, Any] = {"required": True, "content": {"multipart/form-data": {"schema": _form_schema()}}}

_DETAIL = {"application/json": {"schema": {"type": "object", "required": ["detail"], "properties": {"detail": {}}}}}


def _failure(description: str) -> dict[str, Any]:
    return {"description": description, "content": _DETAIL}


_KEY_ANSWERS: dict[int | str, dict[str, Any]] = {
    401: _failure('`{"detail": "API Key is missing"}`'),
    403: _failure('`{"detail": "Invalid API Key"}`'),
}

START_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_KEY_ANSWERS,
    400: _failure("`notify_via_webhook` without an enabled webhook."),
    413: _failure("The file is over the limit of this API."),
    415: _failure("Not multipart/form-data."),
    422: _failure("Missing or wrong fields, one entry each: `type`, `loc`, `msg`, `input`."),
    429: _failure("Too much work is waiting; see Retry-After."),
    507: _failure("The server's disk is full."),
}

RESULT_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_KEY_ANSWERS,
    202: {"model": Waiting, "description": "`analyzing`; `pending` has the same body with status 200."},
    400: {"model": Failed, "description": "`failed`"},
    404: _failure("Unknown id."),
}

"""What OpenAPI says about the gaard-compatible API beyond what FastAPI finds out by itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from kinesight.apis.gaard.schemas import Refused, TimedOut

CLASSIFY_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["video"],
                "properties": {
                    "video": {"type": "string", "contentMediaType": "application/octet-stream", "description": "The clip."},
                    "metadata": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "description": "An object, echoed in the result; site_id and camera_id (or client_id and code_msg) "
                        "say which camera it was.",
                    },
                },
            }
        }
    },
}

_RATE_HEADERS = {
    f"X-Rate-Limit-{name}": {"description": said, "schema": {"type": "integer"}}
    for name, said in {
        "Limit": "Requests of your tenant in a minute.",
        "Remaining": "How many of them are left.",
        "Reset": "Seconds until all are allowed again.",
    }.items()
}


def _failure(description: str, model: type[BaseModel] = Refused) -> dict[str, Any]:
    return {"model": model, "description": description, "headers": _RATE_HEADERS}


_ANY: dict[int | str, dict[str, Any]] = {
    200: {"headers": _RATE_HEADERS},
    403: {"model": Refused, "description": "No key, or an unknown one."},
    429: _failure("Too many requests, or too much work is waiting; see Retry-After."),
    500: _failure("A fault of the server."),
}

CLASSIFY_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_ANY,
    408: _failure("With sync: not ready in time; read the result by the id.", TimedOut),
    412: _failure(
        "The request cannot be taken: no or an unreadable part, too large, metadata or parameters that cannot be used."
    ),
}

RESULT_ANSWERS: dict[int | str, dict[str, Any]] = {**_ANY, 404: _failure("Unknown.")}

NUMBER_ANSWERS: dict[int | str, dict[str, Any]] = {**RESULT_ANSWERS, 400: _failure("No number, or none that can be used.")}

VIDEO_ANSWERS: dict[int | str, dict[str, Any]] = {
    **_ANY,
    200: {"description": "The video.", "content": {"video/mp4": {}}, "headers": _RATE_HEADERS},
    206: {"description": "The wanted range."},
    404: _failure("Unknown, gone, or no video at all."),
}

CUSTOM_ANSWERS: dict[int | str, dict[str, Any]] = {**_ANY, 400: _failure("Not JSON, or wrong fields.")}

LABEL_ANSWERS: dict[int | str, dict[str, Any]] = {**CUSTOM_ANSWERS, 404: _failure("Unknown clip.")}

LIST_ANSWERS = _ANY


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the request body of an operation that reads this model by itself."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)  # they are among the components, since answers have them too
    return {"required": True, "content": {"application/json": {"schema": schema}}}

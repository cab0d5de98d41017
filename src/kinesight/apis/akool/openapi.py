"""What OpenAPI says about the Akool-compatible API beyond what FastAPI finds out by itself."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel


def json_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return what an operation that reads this model by itself says of its request body."""
    schema = model.model_json_schema()
    inner = schema.pop("$defs", {})
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": _whole(schema, inner)}}}}


def _whole(schema: Any, inner: dict[str, Any]) -> Any:
    """Return a schema with every reference replaced by what it means; ours have no cycles."""
    if isinstance(schema, list):
        return [_whole(item, inner) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole({**inner[schema["$ref"].rpartition("/")[2]], **{k: v for k, v in schema.items() if k != "$ref"}}, inner)
    return {name: _whole(value, inner) for name, value in schema.items()}

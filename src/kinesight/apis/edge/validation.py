"""Checks that every API makes of ids and documents from clients."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from kinesight.apis.edge.failures import InvalidRequest
from kinesight.domain.errors import NotFound

Model = TypeVar("Model", bound=BaseModel)

_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def known_id(job_id: str) -> str:
    """Return an id that can exist. Raises `NotFound` for one that cannot, so that no odd text reaches a database."""
    if not _ID.fullmatch(job_id):
        raise NotFound
    return job_id


def validated(model: type[Model], values: Mapping[str, Any], *, under: str, names: Mapping[str, str] | None = None) -> Model:
    """Return a validated model.

    Parameters
    ----------
    under
        Where the values stood in the request: "body", "query".
    names
        What the client calls a field of the model, where it differs.

    Raises
    ------
    InvalidRequest
        With every complaint.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        shown = names or {}
        complaints = [
            {**item, "loc": (under, *(shown.get(str(part), part) for part in item["loc"]))}
            for item in error.errors(include_url=False, include_context=False)
        ]
        raise InvalidRequest(complaints) from error

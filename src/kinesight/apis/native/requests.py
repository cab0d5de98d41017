"""Checks of what callers of the native API send, before anything is accepted."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel

from kinesight.apis.edge.addresses import checked_address
from kinesight.apis.edge.context import Analyses
from kinesight.apis.edge.validation import validated
from kinesight.domain.errors import BadParameter

HEADS = "heads"
"""The kind of jobs that are started from a person analysis instead of a video."""

_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def checked_parameters(kind: str, parameters: dict[str, Any], analyses: Analyses) -> dict[str, Any]:
    """Return the parameters of an analysis with every default filled in.

    Raises
    ------
    BadParameter
        There is no such analysis.
    InvalidRequest
        Unknown, missing or wrong parameters.
    """
    if kind == HEADS:
        raise BadParameter("Head tasks go on from a finished person analysis: POST /v1/analyses/{id of that analysis}/heads.")
    if kind not in analyses:
        raise BadParameter(f"There is no analysis {kind[:64]!r}; this server has {', '.join(sorted(analyses))}.")
    model: type[BaseModel] = analyses[kind].parameters
    return validated(model, parameters, under="parameters").model_dump(mode="json")


def checked_source(url: str, *, name: str = "source_url") -> str:
    """Return an address that may be fetched later. Raises `BadParameter`; where it leads is checked when it is fetched."""
    return checked_address(url, what=name)


def checked_idempotency_key(key: str | None) -> str | None:
    """Return the key. Raises `BadParameter` unless it is 1 to 255 visible ASCII characters."""
    if key is not None and not _KEY.fullmatch(key):
        raise BadParameter("Idempotency-Key must be 1 to 255 visible ASCII characters.")
    return key

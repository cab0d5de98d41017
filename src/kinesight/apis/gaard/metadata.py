"""The free-form document beside a clip: which fields mean something, and what they come to. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinesight.domain.classifications import number_of

SEPARATOR = "-"
LONGEST_ID = 200
MOST_NUMBER = 2**53


def camera_id_of(metadata: Mapping[str, Any]) -> str:
    """Return what a camera is called: its site and its own name, or whichever of the two there is; empty without both.

    The site is `site_id`, else `client_id`; the camera is `camera_id`, else `code_msg`.
    """
    site = _first(metadata, "site_id", "client_id")
    camera = _first(metadata, "camera_id", "code_msg")
    return SEPARATOR.join(part for part in (site, camera) if part)


def analyse_id_of(asked: int | None, metadata: Mapping[str, Any], classify_id: str) -> int:
    """Return the number of a classification: that of the call, else that of the metadata, else one that follows from the id."""
    if asked is not None:
        return asked
    given = metadata.get("analyse_id")
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST_NUMBER:
        return given
    return number_of(classify_id)


def _first(metadata: Mapping[str, Any], *names: str) -> str:
    return next((text for text in (_text(metadata.get(name)) for name in names) if text), "")


def _text(value: object) -> str:
    match value:
        case bool():
            return ""
        case float() if value.is_integer():
            return str(int(value))[:LONGEST_ID]
        case int() | float() | str():
            return str(value).strip()[:LONGEST_ID]
        case _:
            return ""

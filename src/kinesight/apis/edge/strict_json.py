"""JSON from strangers: bounded, no NaN, nothing that a database or another JSON reader would choke on."""

from __future__ import annotations

from typing import Any

from pydantic_core import from_json

from kinesight.domain.errors import BadParameter

MAX_JSON_BYTES = 64 * 1024
"""Largest JSON text that a request may carry; parameters are a few hundred bytes."""

MAX_DEPTH = 16
MAX_NUMBER = 2**53
"""Beyond it, JSON readers disagree about what a number is (RFC 8259 section 6); 1e999 is read as infinity."""


def read_json_object(text: bytes, *, what: str) -> dict[str, Any]:
    """Return a JSON object.

    Parameters
    ----------
    text
        UTF-8.
    what
        Name of the text in error messages.

    Raises
    ------
    BadParameter
        Too long, not JSON, not an object, too deep, or with values that cannot be stored.
    """
    if len(text) > MAX_JSON_BYTES:
        raise BadParameter(f"{what} is {len(text)} bytes long; at most {MAX_JSON_BYTES} are read.")
    try:
        value = from_json(text, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadParameter(f"{what} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadParameter(f"{what} must be a JSON object, such as {{}}.")
    _check(value, what, 0)
    return value


def _check(value: object, what: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadParameter(f"{what} is nested deeper than {MAX_DEPTH} levels.")
    match value:
        case str() if "\0" in value:  # PostgreSQL cannot store it
            raise BadParameter(f"{what} holds a NUL character.")
        case int() | float() if not abs(value) <= MAX_NUMBER:
            raise BadParameter(f"{what} holds a number beyond 2^53.")
        case dict():
            for item in (*value.keys(), *value.values()):
                _check(item, what, depth + 1)
        case list():
            for item in value:
                _check(item, what, depth + 1)

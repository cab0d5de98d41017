"""What a head task reads from the folder of a person analysis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic_core import from_json

from kinesight.domain.errors import BadResult

HEADS_FILE = "heads.json"
LARGEST_HEADS_BYTES = 512_000_000


def read_heads(result: Path) -> dict[str, Any]:
    """Return the heads.json beside a result document.

    Raises
    ------
    BadResult
        There is none, or it is no JSON object.
    """
    file = result.with_name(HEADS_FILE)
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_HEADS_BYTES + 1)
    except OSError as error:
        raise BadResult(
            f"{result} has no {HEADS_FILE} beside it; give the result.json of `kinesight analyze persons` where it was written."
        ) from error
    if len(content) > LARGEST_HEADS_BYTES:
        raise BadResult(f"{file} is larger than {LARGEST_HEADS_BYTES // 1_000_000} MB.")
    try:
        value = from_json(content, allow_inf_nan=False)
    except (ValueError, RecursionError) as error:
        raise BadResult(f"{file} is not JSON.") from error
    if not isinstance(value, dict):
        raise BadResult(f"{file} is no list of heads.")
    return value

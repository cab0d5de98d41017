"""Two folders of results read, combined and written as a third."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import from_json

from kinesight.domain.analysis import Combination, FinishedClip
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter, BadResult
from kinesight.pipeline.outputs import OutputFolder

RESULT_FILE = "result.json"
LARGEST_RESULT_BYTES = 64_000_000
LARGEST_FILE_BYTES = 256_000_000
"""A larger report or table is left out of the combined page rather than read into memory."""


def result_file(given: Path) -> Path:
    """Return the result document of what a user names: a folder of results, or the file itself.

    Raises
    ------
    BadParameter
        There is no such file or folder.
    BadResult
        The folder holds no result.
    """
    if not given.exists():
        raise BadParameter(f"There is no folder or file {given}.")
    if not given.is_dir():
        return given
    file = given / RESULT_FILE
    if not file.is_file():
        raise BadResult(f"The folder {given} holds no {RESULT_FILE}: it is no finished analysis. Give another folder.")
    return file


def read_finished(file: Path, *, wanted: tuple[str, ...]) -> FinishedClip:
    """Return a kept analysis with the wanted files that lie beside it.

    Raises
    ------
    BadResult
        The file cannot be read or is no result document.
    """
    document = checked_result(_read_json(file), what=str(file))
    beside = {name: file.with_name(name) for name in wanted} if file.name == RESULT_FILE else {}
    return FinishedClip(
        title=_title(file), document=document, files={name: _content(path) for name, path in beside.items() if _fits(path)}
    )


def checked_result(value: Any, *, what: str) -> ResultDocument:
    """Return a value as a result document. Raises `BadResult`."""
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema is None:
        raise BadResult(f"{what} is no result document; give the folder or the {RESULT_FILE} of a finished analysis.")
    try:
        return ResultDocument.model_validate(value)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise BadResult(f"{what} has the schema {str(schema)[:80]!r} but cannot be read as a result ({where}).") from error


def write_combination(combination: Combination, out: Path, *, sources: tuple[Path, Path]) -> None:
    """Write `report.html` and `combined.json` into a folder, the document last.

    Raises
    ------
    Conflict
        The folder holds other results.
    BadParameter, DiskFull
        As `OutputFolder`.
    """
    names = hashlib.sha256(b"\0".join(file.read_bytes() for file in sources)).hexdigest()
    folder = OutputFolder(out, source=names)
    folder.text("report.html", combination.page)
    folder.json("combined.json", combination.document.model_dump(mode="json", by_alias=True))


def _read_json(file: Path) -> Any:
    try:
        with file.open("rb") as stream:  # bounded by what is read: a pipe or a device has no size
            content = stream.read(LARGEST_RESULT_BYTES + 1)
        if len(content) > LARGEST_RESULT_BYTES:
            raise BadResult(f"{file} is larger than {LARGEST_RESULT_BYTES // 1_000_000} MB, which no result is.")
        value = from_json(content, allow_inf_nan=False)
        json.dumps(value, allow_nan=False)  # 1e999 is valid JSON and read as infinity
    except OSError as error:
        raise BadResult(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadResult(f"{file} is not JSON; give the folder or the {RESULT_FILE} of a finished analysis.") from error
    return value


def _title(file: Path) -> str:
    return file.resolve().parent.name or file.stem if file.name == RESULT_FILE else file.stem


def _fits(path: Path) -> bool:
    return path.is_file() and path.stat().st_size <= LARGEST_FILE_BYTES


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadResult(f"{path} cannot be read: {error.strerror}.") from error

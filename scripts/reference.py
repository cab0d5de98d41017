"""Writes the reference pages and drawings that follow from the code. A test compares them with the files."""

from __future__ import annotations

import inspect
import sys
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import CallerError, KinesightError, OperatorError, SceneError, all_errors
from kinesight.settings import Settings
from kinesight.wiring.catalogue import all_analyses

ROOT = Path(__file__).resolve().parent.parent


def settings_page() -> str:
    """Return docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        "Every setting is an environment variable `KINESIGHT_…`, or a line in the TOML file that `KINESIGHT_CONFIG` names (field",
        "name in lower case, without the prefix). The environment wins over the file. Lists are separated by commas, or JSON.",
        "",
        "| variable | default | what it sets |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = "cache folder of the user" if field.default is PydanticUndefined else field.default
        shown = "not set" if default is None else "empty" if default == () else str(default)
        lines.append(f"| `KINESIGHT_{name.upper()}` | {shown} | {field.description} |")
    return "\n".join(lines) + "\n"


def _actor(error: type[KinesightError]) -> str:
    groups = (
        (CallerError, "who sends the request or file"),
        (SceneError, "who films"),
        (OperatorError, "who runs the installation"),
    )
    return next((who for group, who in groups if issubclass(error, group)), "nobody: it was asked for")


def errors_page() -> str:
    """Return docs/reference/errors.md."""
    lines = [
        "# Errors",
        "",
        "Every failure that a user can cause or meet has a stable code. The message says what to do; this table says who can.",
        "The HTTP answers of each API are in [the native API](../apis/native.md), [the Ochy-compatible API](../apis/ochy.md),",
        "[the gaard-compatible API](../apis/gaard.md) and [the Akool-compatible API](../apis/akool.md).",
        "",
        "| code | exit status | who can act | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for error in all_errors():
        meaning = (error.__doc__ or "").strip().splitlines()[0]
        lines.append(f"| `{error.code}` | {error.exit_status} | {_actor(error)} | {meaning} |")
    return "\n".join(lines) + "\n"


def _type_name(kind: object) -> str:
    arguments = [a for a in typing.get_args(kind) if a is not type(None)]
    if typing.get_origin(kind) is typing.Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if typing.get_origin(kind) is None:
        return getattr(kind, "__name__", str(kind))
    if typing.get_origin(kind) is tuple:
        if Ellipsis in arguments:
            return f"list of {_type_name(arguments[0])}"
        return f"{len(arguments)} × {_type_name(arguments[0])}"
    if typing.get_origin(kind) is dict:
        return f"by name: {_type_name(arguments[1])}"
    return _type_name(arguments[0]) + (" or null" if len(arguments) < len(typing.get_args(kind)) else "")


def _models_in(kind: object) -> list[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return [kind]
    return [model for argument in typing.get_args(kind) for model in _models_in(argument)]


def _model_section(model: type[BaseModel], seen: list[type[BaseModel]]) -> list[str]:
    if model in seen:
        return []
    seen.append(model)
    lines = ["", f"## {model.__name__}", "", inspect.getdoc(model) or "", "", "| field | type |", "| --- | --- |"]
    below: list[str] = []
    for name, field in model.model_fields.items():
        lines.append(f"| `{field.alias or name}` | {_type_name(field.annotation)} |")
        for inner in _models_in(field.annotation):
            below += _model_section(inner, seen)
    return lines + below


def result_page() -> str:
    """Return docs/reference/result.md."""
    seen: list[type[BaseModel]] = []
    lines = [
        "# Result documents",
        "",
        "Unknown is `null`, never 0. Times are seconds of the stream's own stamps. `left` and `right` are the person's.",
        *_model_section(ResultDocument, seen),
    ]
    for analysis in all_analyses():
        lines += ["", f"# `result` of `{analysis.name}`", *_model_section(analysis.result, seen)]
        if analysis.combiner is not None:
            lines += ["", f"# Two results of `{analysis.name}` together", *_model_section(analysis.combiner.document, seen)]
    return "\n".join(lines) + "\n"


def _drawings() -> dict[str, typing.Callable[[], str]]:
    """Return every drawing of docs/images/angles, whose script lies beside this one."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from angle_drawings import DRAWINGS  # noqa: PLC0415 - found only now
    finally:
        sys.path.pop(0)
    return {f"docs/images/angles/{name}.svg": draw for name, draw in DRAWINGS.items()}


PAGES = {
    "docs/reference/result.md": result_page,
    "docs/reference/settings.md": settings_page,
    "docs/reference/errors.md": errors_page,
    **_drawings(),
}


def main() -> None:
    """Write every page."""
    for name, page in PAGES.items():
        (ROOT / name).write_text(page())
        print(name)


if __name__ == "__main__":
    main()

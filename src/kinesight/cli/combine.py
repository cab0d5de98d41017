"""`kinesight combine A B`: two finished clips of one runner as one report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from kinesight.analyses.running.combined_result import CombinedDocument
from kinesight.cli.summary import combined_summary
from kinesight.wiring.combining import combine_folders


def combine(
    results: Annotated[
        list[Path], typer.Argument(help="Two folders of results (or result.json files): side and back, or before and after.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder for report.html and combined.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the combined document and nothing else.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,  # noqa: FBT002
) -> None:
    """Put two running analyses of one runner together: side and back view, or before and after (in that order)."""
    folder = out or _default_folder(results)
    document = combine_folders(results, folder).document
    if not isinstance(document, CombinedDocument):
        raise TypeError(type(document))
    if as_json:
        text = json.dumps(document.model_dump(mode="json", by_alias=True), allow_nan=False, ensure_ascii=False)
        typer.echo(text.encode(errors="replace"))
    elif not quiet:
        typer.echo(combined_summary(document, folder))


def _default_folder(results: list[Path]) -> Path:
    names = [path.resolve().parent.name if path.name == "result.json" else path.resolve().name for path in results]
    return Path("kinesight-out") / "+".join(names)

"""`kinesight combine A B`: two finished clips of one runner as one report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from kinesight.analyses.running.combined_result import Change, CombinedDocument
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


def combined_summary(document: CombinedDocument, folder: Path) -> str:
    """Return the totals, what changed, what to work on first, and where the files are."""
    lines = [
        f"{clip.label:7} {clip.title}: total score {_score(clip.document.result.get('total_score'))}" for clip in document.clips
    ]
    if document.kind == "before_after":
        changed = [change for change in document.changes if change.verdict == "changed"]
        lines.append(f"{len(changed)} of {len(document.changes)} numbers differ by more than their noise")
        lines += [f"  {_place(change):44} {change.before.value:g} -> {change.after.value:g}" for change in changed]
    lines += [f"  work on  {todo.clip:7} {todo.score.texts.title}: {todo.score.texts.position}" for todo in document.todo[:5]]
    lines += [f"  warning: {notice.code}: {notice.message}" for notice in document.warnings]
    lines.append(f"Results: {folder}/ (open {folder / 'report.html'})")
    return "\n".join(lines)


def _place(change: Change) -> str:
    return ", ".join(part for part in (change.quantity, change.side, change.instant) if part)


def _score(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else "not measured"

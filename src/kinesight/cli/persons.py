"""`kinesight analyze persons …` and `kinesight persons correct …`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from kinesight.analyses.persons.result import PersonFound, PersonsResult
from kinesight.cli.folders import into_folder
from kinesight.cli.progress import terminal_watch
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.settings import load_settings
from kinesight.wiring.analysing import analyse_video, parse_parameters

app = typer.Typer(help="Correct who is who in the results of `analyze persons`.", no_args_is_help=True, rich_markup_mode=None)


def analyze(
    video: Annotated[Path, typer.Argument(help="A video of people.")],
    link: Annotated[bool, typer.Option("--link/--no-link", help="Join a person who was hidden or came back to one id.")] = True,  # noqa: FBT002
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result document and nothing else.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,  # noqa: FBT002
) -> None:
    """Find everybody in a video once: when, where, with a picture of each, and the heads for `kinesight heads`."""
    if not video.exists():
        raise BadParameter(f"There is no file {video}.")
    settings, parameters = load_settings(), parse_parameters("persons", {"link": link})
    with terminal_watch(quiet=quiet or as_json) as watch:
        document, folder = into_folder(
            video, out, lambda to: analyse_video("persons", video, to, parameters=parameters, watch=watch, settings=settings)
        )
    _tell(document, folder, as_json=as_json, quiet=quiet)


def _tell(document: ResultDocument, folder: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        text = json.dumps(document.model_dump(mode="json", by_alias=True), allow_nan=False, ensure_ascii=False)
        typer.echo(text.encode(errors="replace"))
    elif not quiet:
        typer.echo(persons_summary(document, folder))


def persons_summary(document: ResultDocument, folder: Path) -> str:
    """Return a line per person, and where the files are."""
    result = PersonsResult.model_validate(document.result)
    count = len(result.persons)
    lines = ["nobody was found" if not count else f"{count} person{'s' if count > 1 else ''}"]
    lines += [_line(person) for person in result.persons]
    lines += [f"  warning: {warning.code}: {warning.message}" for warning in document.warnings]
    lines.append(f"Results: {folder}/ (open {folder / 'report.html'})")
    return "\n".join(lines)


def _line(person: PersonFound) -> str:
    stretches = ", ".join(f"{one.first_s:.1f}-{one.last_s:.1f} s" for one in person.ranges[:6])
    more = f" and {len(person.ranges) - 6} more" if len(person.ranges) > 6 else ""
    name = f" {person.name}" if person.name else ""
    sure = f"confidence {person.confidence:.2f}, head visible {person.head_visible:.0%}"
    return f"  {person.obj_id:3}{name}  {stretches}{more}  {sure}"

"""`kinesight analyze persons …` and `kinesight persons correct …`."""

from __future__ import annotations

import json
import re
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
from kinesight.wiring.correcting import Exclude, Merge, Rename, Split, correct_persons

_SECONDS = r"\d+(?:\.\d+)?"

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


@app.command("correct")
def correct(  # noqa: PLR0913, PLR0917 - one parameter per option of the documented command
    result: Annotated[Path, typer.Argument(help="The folder of a persons analysis, or its result.json.")],
    exclude: Annotated[list[str] | None, typer.Option(help="1@2.0-3.5: that stretch is not person 1; 1: nobody.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="2@4.1: from 4.1 s on person 2 is somebody else.")] = None,
    merge: Annotated[list[str] | None, typer.Option(help="0,3: persons 0 and 3 are one, who keeps the first number.")] = None,
    rename: Annotated[list[str] | None, typer.Option(help="0=Anna: person 0 has a name.")] = None,
    video: Annotated[Path | None, typer.Option(help="The analysed video: annotated video and pictures are made anew.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result document and nothing else.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,  # noqa: FBT002
) -> None:
    """Say who is who. Options may be repeated; exclusions are made first, then splits, merges and names."""
    changes: tuple[Merge | Split | Rename | Exclude, ...] = (
        *(_exclusion(text) for text in exclude or ()),
        *(_cut(text) for text in split or ()),
        *(_union(text) for text in merge or ()),
        *(_name(text) for text in rename or ()),
    )
    if not changes:
        raise BadParameter("Say what is wrong: --exclude, --split, --merge or --rename.")
    with terminal_watch(quiet=quiet or as_json) as watch:
        document, folder = correct_persons(result, changes, video=video, watch=watch, settings=load_settings())
    _tell(document, folder, as_json=as_json, quiet=quiet)


def _exclusion(text: str) -> Exclude:
    match = re.fullmatch(rf"(\d+)(?:@({_SECONDS})-({_SECONDS}))?", text)
    if match is None:
        raise BadParameter(f"--exclude {text!r} is not a person and a stretch in seconds, such as 1@2.0-3.5.")
    start, end = (None if one is None else float(one) for one in match.group(2, 3))
    return Exclude(obj_id=int(match[1]), from_s=start, to_s=end)


def _cut(text: str) -> Split:
    match = re.fullmatch(rf"(\d+)@({_SECONDS})", text)
    if match is None:
        raise BadParameter(f"--split {text!r} is not a person and a moment in seconds, such as 2@4.1.")
    return Split(obj_id=int(match[1]), at_s=float(match[2]))


def _union(text: str) -> Merge:
    if not re.fullmatch(r"\d+(,\d+)+", text):
        raise BadParameter(f"--merge {text!r} is not a list of persons, such as 0,3.")
    return Merge(obj_ids=tuple(int(one) for one in text.split(",")))


def _name(text: str) -> Rename:
    match = re.fullmatch(r"(\d+)=(.{0,80})", text)
    if match is None:
        raise BadParameter(f"--rename {text!r} is not a person and a name of up to 80 characters, such as 0=Anna.")
    return Rename(obj_id=int(match[1]), name=match[2])


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

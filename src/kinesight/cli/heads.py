"""`kinesight heads …`: heads of analysed persons hidden or replaced."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kinesight.domain.errors import BadParameter
from kinesight.wiring.decoding import ready_to_decode

if TYPE_CHECKING:
    from kinesight.domain.document import ResultDocument

app = typer.Typer(help="Hide or replace the heads of analysed persons.", no_args_is_help=True, rich_markup_mode=None)

Video = Annotated[Path, typer.Argument(help="The video that was analysed.")]
Persons = Annotated[Path, typer.Option(help="result.json of `kinesight analyze persons`, or its folder.")]
StyleOption = Annotated[str, typer.Option(help="How heads are hidden: blur, pixelate, solid or drawn.")]
Resolution = Annotated[str, typer.Option(help="Shorter side of the output: 480p, 720p or source; never enlarged.")]
NoSound = Annotated[bool, typer.Option("--no-sound", help="Leave the sound out.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the results.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result document and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")]


@app.command("anonymize")
def anonymize(  # noqa: PLR0913, PLR0917 - one parameter per option of the documented command
    video: Video,
    persons: Persons,
    keep: Annotated[str | None, typer.Option(help="Persons whose heads stay, such as 0,2; everybody else is hidden.")] = None,
    only: Annotated[str | None, typer.Option(help="The only persons that are hidden, such as 1.")] = None,
    style: StyleOption = "blur",
    resolution: Resolution = "source",
    no_sound: NoSound = False,  # noqa: FBT002
    out: Out = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Hide heads for good, search the output for faces that can still be seen, and report them."""
    given = {
        "mode": "anonymize",
        "keep": _ids(keep, option="--keep") or (),
        "only": _ids(only, option="--only"),
        "style": style,
        "resolution": resolution,
        "keep_original_sound": not no_sound,
    }
    _run(video, persons, given, references={}, out=out, output=(as_json, quiet))


@app.command("replace")
def replace(  # noqa: PLR0913, PLR0917 - one parameter per option of the documented command
    video: Video,
    persons: Persons,
    mapping: Annotated[list[str] | None, typer.Option("--map", help="PERSON=FACE.jpg; up to five times.")] = None,
    consent: Annotated[str | None, typer.Option(help="Who agreed to the replacement, in words; kept in the record.")] = None,
    style: StyleOption = "blur",
    resolution: Resolution = "source",
    no_sound: NoSound = False,  # noqa: FBT002
    no_mark: Annotated[bool, typer.Option("--no-mark", help="Leave the visible mark out; the hidden ones stay.")] = False,  # noqa: FBT002
    out: Out = None,
    as_json: AsJson = False,  # noqa: FBT002
    quiet: Quiet = False,  # noqa: FBT002
) -> None:
    """Put reference faces on heads; where a head is out of reach it is hidden instead. The output says that it was changed."""
    references = _references(mapping or [])
    given = {
        "mode": "replace",
        "replace": tuple(references),
        "consent": consent,
        "style": style,
        "resolution": resolution,
        "keep_original_sound": not no_sound,
        "visible_mark": not no_mark,
    }
    _run(video, persons, given, references=references, out=out, output=(as_json, quiet))


def _run(
    video: Path,
    persons: Path,
    given: dict[str, Any],
    *,
    references: dict[int, Path],
    out: Path | None,
    output: tuple[bool, bool],
) -> None:
    if not video.exists():
        raise BadParameter(f"There is no file {video}.")
    as_json, quiet = output
    with ready_to_decode() as start:
        # the rest of the program loads beside the decoder's process
        from kinesight.cli.folders import into_folder  # noqa: PLC0415
        from kinesight.cli.progress import terminal_watch  # noqa: PLC0415
        from kinesight.settings import load_settings  # noqa: PLC0415
        from kinesight.wiring.heads import change_heads, parse_heads_parameters  # noqa: PLC0415

        parameters = parse_heads_parameters(given)
        settings = load_settings()
        with terminal_watch(quiet=quiet or as_json) as watch:
            document, folder = into_folder(
                video,
                out,
                lambda folder: change_heads(
                    video,
                    folder,
                    persons=persons,
                    parameters=parameters,
                    references=references,
                    by=getpass.getuser(),
                    watch=watch,
                    settings=settings,
                    start=start,
                ),
                is_free=_is_free,
            )
    _tell(document, folder, as_json=as_json, quiet=quiet)


def _ids(text: str | None, *, option: str) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise BadParameter(f"{option} {text!r} is no list of persons, such as 0,2.") from error


def _references(mapping: list[str]) -> dict[int, Path]:
    references: dict[int, Path] = {}
    for entry in mapping:
        number, _, path = entry.partition("=")
        if not number.isdecimal() or not path:
            raise BadParameter(f"--map {entry!r} is not PERSON=FACE.jpg, such as 0=face.jpg.")
        if int(number) in references:
            raise BadParameter(f"Person {number} is mapped twice; give each person one reference face.")
        references[int(number)] = Path(path)
    return references


def _is_free(folder: Path) -> bool:
    """Return whether a folder holds no other kind of result, such as the persons'."""
    file = folder / "result.json"
    if not file.exists():
        return not (folder / "source.json").exists()
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("analysis") == "heads"


def _tell(document: ResultDocument, folder: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        text = json.dumps(document.model_dump(mode="json", by_alias=True), allow_nan=False, ensure_ascii=False)
        typer.echo(text.encode(errors="replace"))
    elif not quiet:
        typer.echo(heads_summary(document, folder))


def heads_summary(document: ResultDocument, folder: Path) -> str:
    """Return what was done to whom, what can still be seen, and where the files are."""
    result = document.result
    lines = [f"  person {person['obj_id']}: {person['action']}" for person in result["persons"]]
    if result["unknown_heads"]:
        lines.append(f"  {result['unknown_heads']} more heads hidden that belong to nobody in the map")
    check = result["check"]
    at_risk = f"{check['faces_at_risk']} faces at risk in {check['frames_at_risk']} frames"
    lines.append(f"  searched again: {at_risk}, {check['repaired']} repaired")
    lines += [f"  warning: {warning.code}: {warning.message}" for warning in document.warnings]
    lines.append(f"Results: {folder}/ (open {folder / 'report.html'})")
    return "\n".join(lines)

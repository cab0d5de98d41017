"""`kinesight analyze running`: running form of one video, or of stored observations, into one folder."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated

import typer

from kinesight.analyses.running.parameters import RunningParameters
from kinesight.cli.folders import into_folder
from kinesight.cli.progress import terminal_watch
from kinesight.cli.summary import running_summary
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.settings import load_settings
from kinesight.wiring.analysing import analyse_observations, analyse_video, parse_parameters

PACE = re.compile(r"([0-9]{1,2}):([0-5][0-9])")


def _pace_s_per_km(pace: str | None) -> float | None:
    if pace is None:
        return None
    match = PACE.fullmatch(pace)
    if match is None:
        raise BadParameter(f"--pace {pace!r} is not minutes and seconds per kilometre, such as 5:30.")
    return 60.0 * int(match[1]) + int(match[2])


def running(  # noqa: PLR0913, PLR0917 - one parameter per option of the documented command
    video: Annotated[Path | None, typer.Argument(help="A side view of a runner.")] = None,
    poses: Annotated[Path | None, typer.Option(help="Stored observations to use instead of a video.")] = None,
    view: Annotated[str, typer.Option(help="side, back or auto.")] = "auto",
    height_m: Annotated[float | None, typer.Option(help="Height of the runner; gives results in metres.")] = None,
    weight_kg: Annotated[float | None, typer.Option(help="Weight of the runner.")] = None,
    sex: Annotated[str | None, typer.Option(help="female or male; for profiles with means by sex.")] = None,
    treadmill: Annotated[bool | None, typer.Option("--treadmill/--overground", help="Default: found from the clip.")] = None,
    pace: Annotated[str | None, typer.Option(help="Belt pace, MM:SS per kilometre.")] = None,
    instant: Annotated[str, typer.Option(help="full_contact or initial_contact.")] = "full_contact",
    language: Annotated[str, typer.Option(help="Language of texts and report: en fr de zh ko pt es it ja.")] = "en",
    profile: Annotated[str, typer.Option(help="Ranges and norms to judge by: ochy-side/1 or literature/1.")] = "ochy-side/1",
    person: Annotated[int | None, typer.Option(help="Which person, by first appearance from 0.")] = None,
    pose_model: Annotated[str | None, typer.Option(help="heavy, full or onnx.")] = None,
    incline: Annotated[
        float | None, typer.Option(metavar="PERCENT", help="How much the belt or the ground rises ahead; default: level.")
    ] = None,
    slow_motion: Annotated[
        float | None,
        typer.Option(help="How many times slower the clip plays than the runner ran; found from the clip if omitted."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result document and nothing else.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,  # noqa: FBT002
) -> None:
    """Analyse running form from the side: joint angles at foot strike, timing, scores, style, annotated video and report."""
    source = _one_source(video, poses)
    settings = load_settings()
    chosen = {
        "view": view,
        "height_m": height_m,
        "weight_kg": weight_kg,
        "sex": sex,
        "treadmill": treadmill if pace is None else treadmill is not False,
        "pace_s_per_km": _pace_s_per_km(pace),
        "instant": instant,
        "language": language,
        "profile": profile,
        "person": person,
        "pose_model": pose_model or settings.pose_model,
        "incline_percent": incline,
        "slow_motion": slow_motion,
    }
    parameters = parse_parameters("running", chosen)
    if not isinstance(parameters, RunningParameters):
        raise TypeError(type(parameters))
    analyse = analyse_video if poses is None else analyse_observations
    with terminal_watch(quiet=quiet or as_json) as watch:
        document, folder = into_folder(
            source, out, lambda to: analyse("running", source, to, parameters=parameters, watch=watch, settings=settings)
        )
    _tell(document, folder, as_json=as_json, quiet=quiet)


def _one_source(video: Path | None, poses: Path | None) -> Path:
    if (video is None) == (poses is None):
        raise BadParameter("Give either a video or --poses POSES.json.")
    source = video or poses
    if source is None or not source.exists():
        raise BadParameter(f"There is no file {source}.")
    return source


def _tell(document: ResultDocument, folder: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        text = json.dumps(document.model_dump(mode="json", by_alias=True), allow_nan=False, ensure_ascii=False)
        typer.echo(text.encode(errors="replace"))
    elif not quiet:
        typer.echo(running_summary(document, folder))

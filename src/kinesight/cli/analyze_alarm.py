"""`kinesight analyze alarm`: the verdict on one alarm clip, or on the stored evidence of one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from kinesight.analyses.alarm.result import AlarmResult
from kinesight.cli.folders import into_folder
from kinesight.cli.progress import terminal_watch
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.settings import load_settings
from kinesight.wiring.analysing import analyse_observations, analyse_video, parse_parameters

LARGEST_JSON_BYTES = 4_000_000


def alarm(  # noqa: PLR0913, PLR0917 - one parameter per option of the documented command
    video: Annotated[Path | None, typer.Argument(help="An alarm clip.")] = None,
    evidence: Annotated[Path | None, typer.Option(help="Stored evidence.json to judge again instead of a clip.")] = None,
    metadata: Annotated[Path | None, typer.Option(help="JSON object that comes with the clip; echoed in the result.")] = None,
    camera: Annotated[Path | None, typer.Option(help="JSON object: zones, masks, lines, minimum_dwell_s, is_armed.")] = None,
    threshold_low: Annotated[float, typer.Option(help="Score of intrusion from which the risk is danger.")] = 0.2,
    threshold_high: Annotated[float, typer.Option(help="Score from which the risk is intrusion, and a label is listed.")] = 0.8,
    out: Annotated[Path | None, typer.Option(help="Folder for the results.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result document and nothing else.")] = False,  # noqa: FBT002
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,  # noqa: FBT002
) -> None:
    """Judge an alarm clip: risk, 13 scores, evidence, one sentence, annotated video and report."""
    if (video is None) == (evidence is None):
        raise BadParameter("Give either a video or --evidence EVIDENCE.json.")
    source = video or evidence
    if source is None or not source.exists():
        raise BadParameter(f"There is no file {source}.")
    chosen: dict[str, Any] = {"threshold_low": threshold_low, "threshold_high": threshold_high}
    chosen |= {name: _object(path) for name, path in (("metadata", metadata), ("camera", camera)) if path is not None}
    parameters = parse_parameters("alarm", chosen)
    settings = load_settings()
    run = analyse_video if evidence is None else analyse_observations
    with terminal_watch(quiet=quiet or as_json) as watch:
        document, folder = into_folder(
            source,
            out,
            lambda folder: run("alarm", source, folder, parameters=parameters, watch=watch, settings=settings),
        )
    if as_json:
        text = json.dumps(document.model_dump(mode="json", by_alias=True), allow_nan=False, ensure_ascii=False)
        typer.echo(text.encode(errors="replace"))
    elif not quiet:
        typer.echo(alarm_summary(document, folder))


def alarm_summary(document: ResultDocument, folder: Path) -> str:
    """Return what a person reads on the terminal after a run."""
    result = AlarmResult.model_validate(document.result)
    lines = [f"{result.risk}: {result.explanation}"]
    lines += [
        f"  {name:12} {score:6.3f}" for name, score in sorted(result.scores.items(), key=lambda item: -item[1]) if score > 0
    ]
    lines += [f"  {other.risk} {other.change}" for other in result.counterfactuals]
    lines += [f"  warning: {warning.code}: {warning.message}" for warning in document.warnings]
    lines.append(f"Results: {folder}/ (open {folder / 'report.html'})")
    return "\n".join(lines)


def _object(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_JSON_BYTES + 1)
        if len(content) > LARGEST_JSON_BYTES:
            raise BadParameter(f"{path.name} is larger than {LARGEST_JSON_BYTES // 1_000_000} MB.")
        found = json.loads(content)
    except OSError as error:
        raise BadParameter(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadParameter(f"{path.name} is not JSON.") from error
    if not isinstance(found, dict):
        raise BadParameter(f"{path.name} must hold one JSON object.")
    return found

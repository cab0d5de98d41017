"""`kinesight alarm …`: what other thresholds or what was learnt from operators would change, and switching to it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from kinesight.domain.errors import BadParameter
from kinesight.domain.replay import Replay, ReplayedClip
from kinesight.settings import load_settings

app = typer.Typer(help="Judge stored alarm clips again, and switch.", no_args_is_help=True, rich_markup_mode=None)

SHOWN = 50
"""Changed clips in the table; `--json` holds them all."""

Tenant = Annotated[str, typer.Option(help="Whose clips.")]
Camera = Annotated[str | None, typer.Option(help="Only the clips of this camera; nothing can be applied then.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the replay as JSON.")]
Apply = Annotated[bool, typer.Option("--apply", help="Let new jobs of the tenant be judged so from now on.")]


@app.callback()
def _root() -> None:
    """Judge stored alarm clips again, and switch."""


@app.command("replay")
def replay(
    threshold_low: Annotated[float | None, typer.Option(help="Score of intrusion from which the risk is danger.")] = None,
    threshold_high: Annotated[float | None, typer.Option(help="Score of intrusion from which the risk is intrusion.")] = None,
    tenant: Tenant = "default",
    camera: Camera = None,
    as_json: AsJson = False,  # noqa: FBT002 - typer makes it an option
    apply: Apply = False,  # noqa: FBT002
) -> None:
    """Show what other thresholds would make of the stored clips, from what was observed in them: no video is decoded again."""
    from kinesight.wiring.replaying import apply_changes, replay_clips  # noqa: PLC0415 - the database costs a second

    changes = _thresholds(threshold_low, threshold_high, apply=apply)
    if not changes:
        raise BadParameter("Give --threshold-low, --threshold-high or both.")
    if apply and camera is not None:
        raise BadParameter("Thresholds of one camera are set with PUT /v1/cameras/ID; leave --apply out to see what they change.")
    settings = load_settings()
    found = replay_clips(settings, tenant, changes=changes, camera_id=camera, report=_progress(as_json=as_json))
    show(found, as_json=as_json)
    if apply:
        apply_changes(settings, tenant, changes)
        typer.echo(f"New clips of {tenant} are judged so from now on.", err=True)


@app.command("refit")
def refit(
    threshold_low: Annotated[float | None, typer.Option(help="Also try this score of intrusion for danger.")] = None,
    threshold_high: Annotated[float | None, typer.Option(help="Also try this score of intrusion for intrusion.")] = None,
    tenant: Tenant = "default",
    as_json: AsJson = False,  # noqa: FBT002
    apply: Apply = False,  # noqa: FBT002
) -> None:
    """Learn from what operators said about clips, and show what would change; nothing does without --apply."""
    from kinesight.wiring import replaying  # noqa: PLC0415 - the database costs a second

    changes = _thresholds(threshold_low, threshold_high, apply=apply)
    settings = load_settings()
    lesson, found = replaying.refit(settings, tenant, changes=changes, report=_progress(as_json=as_json))
    if as_json:
        document = {"learnt_from": lesson.clips, "labels": dict(lesson.told), "agreement": agreement_of(found, lesson.told)}
        typer.echo(json.dumps({**document, **found.document()}, indent=1))
    else:
        typer.echo("\n".join([*lesson_of(lesson.clips, found, lesson.told), "", *table_of(found)]))
    if apply:
        replaying.apply_changes(settings, tenant, {**changes, "nuisance": lesson.layer.model_dump(mode="json")})
        typer.echo(f"New clips of {tenant} are judged so from now on.", err=True)


def agreement_of(found: Replay, told: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return how often verdict and operator agree on each label, before and after, over the stored clips with a word."""
    agreed = found.agreement(told)
    return {label: {"clips": clips, "before": before, "after": after} for label, (clips, before, after) in agreed.items()}


def lesson_of(clips: int, found: Replay, told: Mapping[str, int]) -> list[str]:
    """Return what was learnt as lines of text."""
    lines = [
        f"learnt from {clips} labelled clips",
        "",
        f"{'label':10} {'given to':>8} {'of stored':>10} {'agree now':>10} {'then':>6}",
    ]
    for label, one in agreement_of(found, told).items():
        lines.append(f"{label:10} {told[label]:8} {one['clips']:10} {one['before']:10} {one['after']:6}")
    return lines


def _thresholds(low: float | None, high: float | None, *, apply: bool) -> dict[str, float]:
    given = {"threshold_low": low, "threshold_high": high}
    changes = {name: value for name, value in given.items() if value is not None}
    if apply and len(changes) == 1:
        raise BadParameter("Give both thresholds with --apply: they are kept together.")
    return changes


def show(found: Replay, *, as_json: bool) -> None:
    """Print a replay: the document, or tables for people."""
    if as_json:
        typer.echo(json.dumps(found.document(), indent=1))
        return
    typer.echo("\n".join(table_of(found)))


def table_of(found: Replay) -> list[str]:
    """Return a replay as lines of text."""
    lines = [
        f"{len(found.clips)} clips judged again, {found.left_out} left out (no stored observations, or thresholds that cross)"
    ]
    lines += ["", f"{'before':>10} → {'after':<10} clips"]
    lines += [f"{before:>10} → {after:<10} {count:5}" for (before, after), count in found.risks().items()]
    if found.missed:
        lines += ["", f"CAREFUL: in {len(found.missed)} of them an operator saw somebody, and they would be safe now."]
    changed = found.changed
    if changed:
        lines += ["", f"{'clip':36}  {'camera':16} {'accepted (UTC)':16}  {'before':28} {'after':28} operator"]
        lines += [_row(clip) for clip in changed[:SHOWN]]
        if len(changed) > SHOWN:
            lines.append(f"… and {len(changed) - SHOWN} more; --json lists them all")
    else:
        lines += ["", "Nothing would change."]
    return lines


def _row(clip: ReplayedClip) -> str:
    moment = dt.datetime.fromtimestamp(clip.accepted_s, dt.UTC).strftime("%Y-%m-%d %H:%M")
    before, after = (f"{one.risk} {','.join(one.labels)}"[:28] for one in (clip.before, clip.after))
    return f"{clip.job_id:36}  {(clip.camera_id or '-')[:16]:16} {moment:16}  {before:28} {after:28} {','.join(clip.said) or '-'}"


def _progress(*, as_json: bool) -> Callable[[int], Any]:
    def report(done: int) -> None:
        if not as_json and sys.stderr.isatty() and done % 20 == 0:
            sys.stderr.write(f"\r{done} clips")
            sys.stderr.flush()

    return report

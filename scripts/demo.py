"""The demonstration: real models on real videos, from nothing to a report, without a server or an account.

No clip of a runner straight from behind is known that may be passed on, so the back view is shown on the project's own made-up
runner: its keypoints are computed, spoiled by a centimetre, stored and analysed like any other poses.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from kinesight.analyses.running.observations import Observations, store
from kinesight.cli.analyze_alarm import alarm_summary
from kinesight.cli.heads import heads_summary
from kinesight.cli.persons import persons_summary
from kinesight.cli.progress import terminal_watch
from kinesight.cli.summary import running_summary
from kinesight.domain.errors import KinesightError, SceneError
from kinesight.settings import load_settings
from kinesight.testing.back_view import BackCamera, Sway, filmed_from_behind, jittery, swaying
from kinesight.testing.runner import Gait, runner
from kinesight.wiring.analysing import analyse_observations, analyse_video, fetch_models, fetch_samples, parse_parameters
from kinesight.wiring.heads import change_heads, parse_heads_parameters

OUT = Path("demo-out")
SUMMARIES = {"running": running_summary, "alarm": alarm_summary, "persons": persons_summary}


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def run(name: str, video: Path, *, analysis: str, title: str) -> None:
    """Analyse one sample and say what came out; a clip that is rightly refused is a result too."""
    folder = OUT / name
    started = time.monotonic()
    settings = load_settings()
    parameters = parse_parameters(analysis, {"pose_model": settings.pose_model} if analysis == "running" else {})
    say(f"\n{title}")
    try:
        with terminal_watch(quiet=False) as watch:
            document = analyse_video(analysis, video, folder, parameters=parameters, watch=watch, settings=settings)
    except SceneError as error:
        say(f"  refused, as it should be: {error.code}: {error.message}")
        say(f"Seen until then: {folder}/")
    else:
        say(SUMMARIES[analysis](document, folder))
    say(f"  ({time.monotonic() - started:.0f} s)")


def hide_heads(video: Path, persons: Path) -> None:
    """Hide every head but that of the first person."""
    started = time.monotonic()
    settings = load_settings()
    say("\nHeads: everybody's but that of person 0 is hidden, then the video is searched again for faces")
    with terminal_watch(quiet=False) as watch:
        document = change_heads(
            video,
            OUT / "heads-hidden",
            persons=persons,
            parameters=parse_heads_parameters({"mode": "anonymize", "keep": (0,)}),
            references={},
            by="make demo",
            watch=watch,
            settings=settings,
        )
    say(heads_summary(document, OUT / "heads-hidden"))
    say(f"  ({time.monotonic() - started:.0f} s)")


def run_from_behind() -> None:
    """Analyse the poses of a made-up runner whose right hip drops, filmed from a little to the right of straight behind."""
    started = time.monotonic()
    gait = Gait(speed_m_per_s=3.2, cadence_spm=168)
    sway = Sway(drop_left_deg=4.0, drop_right_deg=9.0, knee_in_right_m=0.02)
    body = swaying(runner(gait, seconds=12.0), sway, stride_s=gait.stride_s, contact_s=gait.contact_s)
    camera = BackCamera(yaw_deg=4.0, roll_deg=1.0)
    track = filmed_from_behind(body.at(np.arange(0.0, 12.0, 1 / 60)), camera)
    track = jittery(track, sigma_px=0.01 * camera.focal_px / camera.distance_m, seed=0)
    poses = OUT / "made-up runner from behind.json"
    poses.parent.mkdir(parents=True, exist_ok=True)
    poses.write_text(json.dumps(store(Observations(track=track))), encoding="utf-8")
    parameters = parse_parameters("running", {"height_m": body.height_m})
    say("\nRunning form, back view: a made-up runner, whose pelvis drops by 4 degrees on the left foot and by 9 on the right")
    with terminal_watch(quiet=False) as watch:
        document = analyse_observations(
            "running", poses, OUT / "running-back", parameters=parameters, watch=watch, settings=load_settings()
        )
    say(running_summary(document, OUT / "running-back"))
    say(f"  ({time.monotonic() - started:.0f} s)")


def main() -> None:
    """Fetch what is missing, analyse the samples, say where the results are."""
    settings = load_settings()
    try:
        fetch_models(settings, report=say)
        sprint, treadmill, people = fetch_samples(settings.models.parent / "samples", report=say)
        title = "Running form, side view: a man sprints off while a woman walks by"
        run("running-side", sprint, analysis="running", title=title)
        title = "Running form, a clip that is not one: a man walks on a treadmill, filmed from behind"
        run("running-refused", treadmill, analysis="running", title=title)
        run_from_behind()
        run("alarm", sprint, analysis="alarm", title="Alarm clip: the same street as an alarm camera would have filmed it")
        run("persons", people, analysis="persons", title="Persons: three people in a laboratory")
        hide_heads(people, OUT / "persons")
    except KinesightError as error:
        sys.stderr.write(f"error: {error.code}: {error.message}\n")
        sys.exit(error.exit_status)
    say(f"\nAll results are in {OUT.resolve()}; open the report.html of each folder in a browser.")


if __name__ == "__main__":
    main()

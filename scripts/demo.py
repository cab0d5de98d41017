"""The demonstration: real models on real videos, from nothing to a report, without a server or an account."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from kinesight.cli.progress import terminal_watch
from kinesight.cli.summary import running_summary
from kinesight.domain.errors import KinesightError, SceneError
from kinesight.settings import load_settings
from kinesight.wiring.analysing import analyse_video, fetch_models, fetch_samples, parse_parameters

OUT = Path("demo-out")


def say(line: str) -> None:
    """Print at once."""
    print(line, flush=True)


def run(name: str, video: Path, *, title: str) -> None:
    """Analyse one sample and say what came out; a clip that is rightly refused is a result too."""
    folder = OUT / name
    started = time.monotonic()
    settings = load_settings()
    parameters = parse_parameters("running", {"pose_model": settings.pose_model})
    say(f"\n{title}")
    try:
        with terminal_watch(quiet=False) as watch:
            document = analyse_video("running", video, folder, parameters=parameters, watch=watch, settings=settings)
    except SceneError as error:
        say(f"  refused, as it should be: {error.code}: {error.message}")
        say(f"Seen until then: {folder}/")
    else:
        say(running_summary(document, folder))
    say(f"  ({time.monotonic() - started:.0f} s)")


def main() -> None:
    """Fetch what is missing, analyse the samples, say where the results are."""
    settings = load_settings()
    try:
        fetch_models(settings, report=say)
        sprint, treadmill = fetch_samples(settings.models.parent / "samples", report=say)
        run("running-side", sprint, title="Running form, side view: a man sprints off while a woman walks by")
        run(
            "running-refused",
            treadmill,
            title="Running form, a clip that is not one: a man walks on a treadmill, filmed from behind",
        )
    except KinesightError as error:
        sys.stderr.write(f"error: {error.code}: {error.message}\n")
        sys.exit(error.exit_status)
    say(f"\nAll results are in {OUT.resolve()}; open {OUT / 'running-side' / 'report.html'} in a browser.")


if __name__ == "__main__":
    main()

"""The process that runs one job: one line of JSON in, lines of JSON out, one folder of results.

It reads one line `{"kind", "parameters", "input" | "source_url", "input_name", "out_dir", "limits"}` from standard input
and writes `{"progress": {"stage", "done", "total"}}` lines, then one `{"done": {"artefacts": [...]}}` or one
`{"error": {"code", "message", "caller"}}`.
Standard output belongs to this protocol alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from kinesight.domain.errors import BadParameter, CallerError, KinesightError, SceneError
from kinesight.settings import Settings, load_settings
from kinesight.wiring.analysing import analyse_video, fetch_source, media_limits, parse_parameters

REPORT_EVERY_S = 0.25

KEPT_OUT = frozenset({"source.json"})
"""Files of the output folder that are no artefacts."""


class PipeWatch:
    """Tells progress to the worker, at most a few times a second; a cancel arrives as the end of this process."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._last = ("", -1.0)

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Write one progress line if the stage is new or the last line is old."""
        now = time.monotonic()
        if stage == self._last[0] and now - self._last[1] < REPORT_EVERY_S and done != total:
            return
        self._last = (stage, now)
        send(self._out, {"progress": {"stage": stage, "done": done, "total": total}})


def send(out: TextIO, message: dict[str, Any]) -> None:
    """Write one line."""
    out.write(json.dumps(message) + "\n")
    out.flush()


def run_job(request: dict[str, Any], watch: PipeWatch, settings: Settings) -> list[str]:
    """Run one job and return the names of the files it made."""
    out = Path(request["out_dir"])
    limits = request.get("limits") or {}
    given = dict(request["parameters"])
    if "minimum_fps" in limits:
        given["minimum_fps"] = max(float(given.get("minimum_fps") or 0.0), float(limits["minimum_fps"]))
    parameters = parse_parameters(request["kind"], given)
    video = _input(request, out, watch, settings)
    try:
        analyse_video(
            request["kind"],
            video,
            out,
            parameters=parameters,
            watch=watch,
            settings=settings,
            title=request.get("input_name"),
            limits=media_limits(settings, max_duration_s=limits.get("max_duration_s")),
        )
    finally:
        if request.get("source_url"):
            video.unlink(missing_ok=True)
    return _artefacts(out)


def _input(request: dict[str, Any], out: Path, watch: PipeWatch, settings: Settings) -> Path:
    if request.get("input"):
        return Path(request["input"])
    if not request.get("source_url"):
        raise BadParameter("The job has neither an uploaded video nor an address to fetch it from.")
    out.mkdir(parents=True, exist_ok=True)
    target = out / ".input"
    fetch_source(request["source_url"], target, settings=settings, watch=watch)
    return target


def _artefacts(out: Path) -> list[str]:
    if not out.exists():
        return []
    names = (path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(".") and name not in KEPT_OUT)


def main() -> None:
    """Run the job on standard input; exit 0 whether it was done or refused, the last line says which."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints goes to the log
    request = json.loads(sys.stdin.readline())
    try:
        names = run_job(request, PipeWatch(out), load_settings())
    except KinesightError as error:
        send(
            out,
            {"error": {"code": error.code, "message": error.message, "caller": isinstance(error, CallerError | SceneError)}},
        )
    else:
        send(out, {"done": {"artefacts": names}})


if __name__ == "__main__":
    main()

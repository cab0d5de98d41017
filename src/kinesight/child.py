"""The process that runs jobs, one after another: a line of JSON in, lines of JSON out, a folder of results each.

It reads lines `{"kind", "parameters", "input" | "source_url", "input_name", "out_dir", "limits", "draws_from", "basis"}` from
standard input until that ends. To each it answers with `{"progress": {"stage", "done", "total"}}` lines, then one
`{"done": {"artefacts", "draws_later", "kept_input"}}` or one `{"error": {"code", "message", "caller"}}`. A line
`{"prepare": [kinds]}` is not answered: the process then loads what those kinds will ask for.
Standard output belongs to this protocol alone.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any, TextIO

from kinesight.domain.errors import BadParameter, CallerError, KinesightError, SceneError
from kinesight.settings import load_settings
from kinesight.wiring.head_jobs import FOUNDATION, do_head_task
from kinesight.wiring.workshop import Workshop, open_workshop

LOG = logging.getLogger(__name__)
REPORT_EVERY_S = 0.25
LEAST_URGENT = 15
"""Niceness of the patient: beside one that is always busy it still gets 3 % of a core (weights 36 and 1024 of Linux). A drawing
comes late then, but mostly within the seconds for which a message waits for its picture."""

AUTOGROUP = Path("/proc/self/autogroup")
AUTOGROUP_TRIES, AUTOGROUP_PAUSE_S = 10, 0.12
"""The kernel lets all processes together change one group every tenth of a second."""

KEPT_INPUT = "fetched_video"
"""Name of a fetched video that stays with the job, because others can build on it."""

KEPT_OUT = frozenset({"source.json", KEPT_INPUT})
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


def run_job(request: dict[str, Any], watch: PipeWatch, workshop: Workshop) -> dict[str, Any]:
    """Run one job and return the last word: the names of the files it made, and whether somebody has yet to draw."""
    out = Path(request["out_dir"])
    if request.get("basis"):
        do_head_task(request, out, watch=watch, settings=workshop.settings)
        return {"artefacts": _artefacts(out), "draws_later": False}
    limits = request.get("limits") or {}
    given = dict(request["parameters"])
    if "minimum_fps" in limits:
        given["minimum_fps"] = max(float(given.get("minimum_fps") or 0.0), float(limits["minimum_fps"]))
    order = workshop.order(
        request["kind"], given, watch=watch, title=request.get("input_name"), max_duration_s=limits.get("max_duration_s")
    )
    video = _input(request, out, watch, workshop)
    # a video that was fetched is gone afterwards, so it is drawn while it is there
    draws_later = order.analysis.draws_later and not request.get("source_url")
    try:
        if request.get("draws_from"):
            order.draw(video, Path(request["draws_from"]) / order.analysis.observations_file, out)
            draws_later = False
        else:
            order.analyse(video, out, draws=not draws_later)
        kept_input = _keep_input(request, video, out)
    finally:
        if request.get("source_url"):
            video.unlink(missing_ok=True)
    return {"artefacts": _artefacts(out), "draws_later": draws_later, "kept_input": kept_input}


def _keep_input(request: dict[str, Any], video: Path, out: Path) -> str | None:
    """Let a fetched video stay under the returned name, if other jobs may want it."""
    if not request.get("source_url") or request["kind"] != FOUNDATION:
        return None
    video.rename(out / KEPT_INPUT)
    return KEPT_INPUT


def _input(request: dict[str, Any], out: Path, watch: PipeWatch, workshop: Workshop) -> Path:
    if request.get("input"):
        return Path(request["input"])
    if not request.get("source_url"):
        raise BadParameter("The job has neither an uploaded video nor an address to fetch it from.")
    out.mkdir(parents=True, exist_ok=True)
    target = out / ".input"
    workshop.fetch(request["source_url"], target, watch=watch)
    return target


def _artefacts(out: Path) -> list[str]:
    if not out.exists():
        return []
    names = (path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith(".") and name not in KEPT_OUT)


def answer(request: dict[str, Any], out: TextIO, workshop: Workshop) -> None:
    """Run one job to its last word."""
    try:
        done = run_job(request, PipeWatch(out), workshop)
    except KinesightError as error:
        is_caller = isinstance(error, CallerError | SceneError)
        send(out, {"error": {"code": error.code, "message": error.message, "caller": is_caller}})
    else:
        send(out, {"done": done})


def step_back() -> None:
    """Let this process, and what it starts, have the processor only while nobody else wants it.

    Where Linux groups processes by session (sched_autogroup), niceness counts inside a session only, and this process heads one
    of its own: there the niceness of the whole group has to be said, too.
    """
    os.nice(LEAST_URGENT)
    for _ in range(AUTOGROUP_TRIES if AUTOGROUP.exists() else 0):
        try:
            AUTOGROUP.write_text(str(LEAST_URGENT), encoding="ascii")
        except BlockingIOError:
            time.sleep(AUTOGROUP_PAUSE_S)
        except OSError as error:
            LOG.warning("this process does not step back as a group: %s", error)
            return
        else:
            return


def main() -> None:
    """Run the jobs of standard input; exit 0 when it ends, whether they were done or refused.

    With the argument --patient, only while nobody else needs the processor.
    """
    if "--patient" in sys.argv:
        step_back()
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints goes to the log
    with open_workshop(load_settings()) as workshop:
        for line in sys.stdin:
            request = json.loads(line)
            if "prepare" in request:
                workshop.prepare(request["prepare"])
            else:
                answer(request, out, workshop)


if __name__ == "__main__":
    main()

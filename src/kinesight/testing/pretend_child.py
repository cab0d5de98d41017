"""A child that pretends to analyse as its parameters say, for tests of the engine. It imports nothing of ours, to start fast.

steps, step_s
    So many steps of so many seconds, each reported as progress.
marks
    A file to which one line is appended when the work is done: whoever reads it counts how often.
crash
    Dies instead of answering.
draws_later
    Says that somebody has yet to draw.
error
    Answers with this code, leaving one file; `is_final` says whether trying again is of no use.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Read tasks, pretend, answer."""
    for line in sys.stdin:
        task = json.loads(line)
        if "prepare" not in task:
            _pretend(task)


def _pretend(task: dict[str, Any]) -> None:
    asked = task["parameters"]
    out = Path(task["out_dir"])
    for step in range(asked["steps"]):
        _say({"progress": {"stage": "observe", "done": step, "total": asked["steps"]}})
        time.sleep(asked["step_s"])
    if asked["crash"]:
        os.abort()
    if asked["error"] is not None:
        (out / "poses.json").write_text("{}")
        _say({"error": {"code": asked["error"], "message": "as you asked", "caller": asked["is_final"]}})
        return
    if task["draws_from"] is not None:
        (out / "annotated.mp4").write_bytes((Path(task["draws_from"]) / "result.json").read_bytes())
        _say({"done": {"artefacts": ["annotated.mp4"]}})
        return
    (out / "result.json").write_text(json.dumps({"job": task["job_id"], "attempt": task["attempt"]}))
    if asked["marks"] is not None:
        with Path(asked["marks"]).open("a") as marks:
            marks.write(f"{task['job_id']}\n")
    _say({"done": {"artefacts": ["result.json"], "draws_later": asked["draws_later"]}})


def _say(word: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

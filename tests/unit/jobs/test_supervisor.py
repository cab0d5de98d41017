"""The supervisor keeps real processes running and takes them with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPT = """
import json, sys
from kinesight.jobs.supervisor import Role, supervise
roles = [Role(name=f"role {i}", command=tuple(command)) for i, command in enumerate(json.loads(sys.argv[1]))]
sys.exit(supervise(roles, grace_s=float(sys.argv[2])))
"""
NOTE = "import os, sys, time, signal\nopen(sys.argv[1], 'a').write(f'{os.getpid()}\\n')\n"
STAY = NOTE + "time.sleep(300)"
STUBBORN = NOTE.replace("open(", "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nopen(") + "time.sleep(300)"


class Running:
    def __init__(self, notes: Path, scripts: list[str], grace_s: float) -> None:
        self.notes = notes
        commands = [[sys.executable, "-S", "-c", script, str(notes)] for script in scripts]
        environment = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
        arguments = [sys.executable, "-c", SCRIPT, json.dumps(commands), str(grace_s)]
        self.process = subprocess.Popen(arguments, env=environment)

    def pids(self, count: int) -> list[int]:
        while True:
            found = self.notes.read_text().split() if self.notes.exists() else []
            if len(found) >= count and self.notes.read_text().endswith("\n"):
                return [int(pid) for pid in found]
            time.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    started: list[Running] = []

    def begin(*scripts: str, grace_s: float = 30.0) -> Running:
        started.append(Running(tmp_path / "notes", list(scripts), grace_s))
        return started[-1]

    yield begin
    for one in started:
        one.process.kill()
        one.process.wait()


def gone(pid: int) -> None:
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.02)


def test_a_process_that_dies_is_started_again(start) -> None:  # type: ignore[no-untyped-def]
    running = start(STAY)
    (first,) = running.pids(1)
    os.kill(first, signal.SIGKILL)
    second = running.pids(2)[1]
    assert Path(f"/proc/{second}").exists()
    gone(first)


def test_a_signal_ends_everything(start) -> None:  # type: ignore[no-untyped-def]
    running = start(STAY, STAY)
    pids = running.pids(2)
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait() == 0
    for pid in pids:
        gone(pid)


def test_who_does_not_stop_is_killed(start) -> None:  # type: ignore[no-untyped-def]
    running = start(STUBBORN, grace_s=0.3)
    (pid,) = running.pids(1)
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait() == 0
    gone(pid)


def test_children_die_with_a_killed_supervisor(start) -> None:  # type: ignore[no-untyped-def]
    running = start(STUBBORN, STAY)
    pids = running.pids(2)
    running.process.kill()
    for pid in pids:
        gone(pid)


def test_a_broken_installation_is_not_tried_for_ever(start) -> None:  # type: ignore[no-untyped-def]
    running = start(STAY, "import time, sys; time.sleep(0.5); sys.exit(4)")
    assert running.process.wait() == 4
    for pid in running.pids(1):
        gone(pid)

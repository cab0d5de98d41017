"""A process that draws leaves the processor to everybody else, also where Linux shares it out by session."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kinesight.child import AUTOGROUP, LEAST_URGENT, step_back

SAY = "import os; from kinesight.child import AUTOGROUP, step_back; step_back(); print(os.nice(0), AUTOGROUP.read_text())"


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel shares the processor out by process, not by session")
def test_the_whole_session_steps_back():
    said = subprocess.run([sys.executable, "-c", SAY], capture_output=True, text=True, check=True, start_new_session=True).stdout
    assert said.split()[0] == str(LEAST_URGENT)
    assert said.split()[-2:] == ["nice", str(LEAST_URGENT)]


def test_a_kernel_that_refuses_for_the_moment_is_asked_again(monkeypatch):
    asked = []

    class Refusing:
        def exists(self):
            return True

        def write_text(self, text, encoding):
            asked.append((text, encoding))
            if len(asked) < 3:
                raise BlockingIOError

    monkeypatch.setattr("kinesight.child.AUTOGROUP", Refusing())
    monkeypatch.setattr("kinesight.child.AUTOGROUP_PAUSE_S", 0.0)
    monkeypatch.setattr(os, "nice", lambda by: by)
    step_back()
    assert asked == [(str(LEAST_URGENT), "ascii")] * 3

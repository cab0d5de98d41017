"""Starts processes that die with us and that can be ended together with everything they started."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOOK_EVERY_S = 0.01

Process = subprocess.Popen[bytes]


def spawn(command: Sequence[str], *, talks: bool = False) -> Process:
    """Start a command as the head of a new process group; `talks`: with pipes to its three standard streams.

    On Linux the process is killed when the *thread* that started it ends, however it ends, so the thread has to stay.
    """
    pipe = subprocess.PIPE if talks else None
    return subprocess.Popen(  # noqa: S603  # the command comes from the wiring, never from a caller
        list(command),
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        start_new_session=True,
        preexec_fn=dying_with(os.getpid()),  # noqa: PLW1509
    )


def wait_for_end(process: Process, *, timeout_s: float) -> bool:
    """Wait until a process has ended, and return whether it has; call `end_group` afterwards.

    The ended process stays a zombie until then, so that its number, which names its group, is given to nobody else.
    """
    until_s = time.monotonic() + timeout_s
    while os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None:
        if time.monotonic() >= until_s:
            return False
        time.sleep(LOOK_EVERY_S)
    return True


def end_group(process: Process) -> None:
    """Kill a process and everything that is left in its group, and take its exit status; once."""
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def dying_with(parent: int) -> Callable[[], None] | None:
    """Return what a new process has to do first to die with its parent; None where there is no such thing."""
    if not sys.platform.startswith("linux"):
        return None
    # Looked up before the fork: between fork and exec only one call may be made, since other threads' locks stay locked.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def die_with_parent() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died before it was asked for
            os._exit(1)

    return die_with_parent

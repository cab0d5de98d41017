"""Progress of a run on the terminal, always on standard error, and Ctrl-C turned into a cancel between two frames."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from kinesight.domain.errors import Cancelled

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

STAGES = {"observe": "Watching", "analyse": "Measuring", "render": "Drawing", "check": "Searching", "write": "Writing"}


class TerminalWatch:
    """Shows a bar per stage where standard error is a terminal; says nothing elsewhere."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._stage: str | None = None
        self._task: TaskID | None = None
        self._interrupted = False

    def interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        """Remember that somebody pressed Ctrl-C; a second press interrupts at once."""
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Note how far a stage is. Raises `Cancelled` after Ctrl-C."""
        if self._interrupted:
            raise Cancelled
        if self._progress is None:
            return
        if stage != self._stage:
            self._finish()
            self._stage = stage
            self._task = self._progress.add_task(STAGES.get(stage, stage), total=total)
        if self._task is not None:
            self._progress.update(self._task, completed=done, total=total)

    def _finish(self) -> None:
        if self._progress is not None and self._task is not None:
            total = self._progress.tasks[self._task].total
            self._progress.update(self._task, completed=total if total is not None else 1, total=total or 1)


@contextmanager
def terminal_watch(*, quiet: bool) -> Iterator[TerminalWatch]:
    """Yield a watch for the time of one run."""
    bar = None if quiet else _bar()
    watch = TerminalWatch(bar)
    previous = signal.signal(signal.SIGINT, watch.interrupt)
    try:
        if bar is not None:
            with bar:
                yield watch
        else:
            yield watch
    finally:
        signal.signal(signal.SIGINT, previous)


def _bar() -> Progress | None:
    """Return the bar, None where standard error is no terminal."""
    from rich.console import Console  # noqa: PLC0415 - who wants no bar need not wait for what draws it
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description:9}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True) if console.is_terminal else None

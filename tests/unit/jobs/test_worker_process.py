"""The name of a worker, and that nobody else bears it."""

from __future__ import annotations

import fcntl
import socket
import threading
from pathlib import Path

import pytest

from kinesight.jobs.process import _place, executor_id
from kinesight.settings import Settings


@pytest.mark.parametrize(
    ("given", "node"),
    [
        ({}, "local"),
        ({"database_url": "postgresql://a@b/c"}, socket.gethostname()),
        ({"database_url": "postgresql://a@b/c", "node": "blue"}, "blue"),
    ],
)
def test_a_worker_keeps_its_name_over_restarts(given: dict[str, str], node: str) -> None:
    assert executor_id(Settings(**given), 2) == f"{node}/worker/2"  # type: ignore[arg-type]  # pydantic checks the values


def test_a_second_worker_waits_for_the_end_of_the_first(tmp_path: Path) -> None:
    entered: list[int | None] = []

    def second() -> None:
        with _place(Settings(data=tmp_path), 0, threading.Event()) as taken:
            entered.append(taken)

    with (tmp_path / "worker-0.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.5)
        assert entered == [], "it waits"
    thread.join()
    assert entered == [0]


def test_who_waits_for_a_name_can_be_stopped(tmp_path: Path) -> None:
    is_over = threading.Event()
    is_over.set()
    with (tmp_path / "worker-0.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with _place(Settings(data=tmp_path), 0, is_over) as taken:
            assert taken is None


def test_who_waits_for_a_name_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    is_over = threading.Event()
    with (tmp_path / "worker-0.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        threading.Timer(1.0, is_over.set).start()
        with _place(Settings(data=tmp_path), 0, is_over) as taken:
            assert taken is None
    assert [record.message.split(" (")[0] for record in caplog.records] == ["another process works under this name"]


def test_workers_without_a_number_take_free_ones_after_those_of_the_server(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, workers=2)
    with _place(settings, None, threading.Event()) as one:
        with _place(settings, None, threading.Event()) as two:
            assert (one, two) == (2, 3)
        with _place(settings, None, threading.Event()) as three:
            assert three == 3

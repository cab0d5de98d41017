"""The name of a worker, and that nobody else bears it."""

from __future__ import annotations

import fcntl
import socket
import threading
from pathlib import Path

import pytest

from kinesight.jobs.process import _only_one, executor_id
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
    path = tmp_path / "worker-0.lock"
    is_over = threading.Event()
    entered: list[bool] = []

    def second() -> None:
        with _only_one(path, is_over) as is_mine:
            entered.append(is_mine)

    with path.open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.5)
        assert entered == [], "it waits"
    thread.join()
    assert entered == [True]


def test_who_waits_for_a_name_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "worker-0.lock"
    is_over = threading.Event()
    is_over.set()
    with path.open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        with _only_one(path, is_over) as is_mine:
            assert not is_mine


def test_who_waits_for_a_name_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "worker-0.lock"
    is_over = threading.Event()
    with path.open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        threading.Timer(1.0, is_over.set).start()
        with _only_one(path, is_over) as is_mine:
            assert not is_mine
    assert [record.message.split(" (")[0] for record in caplog.records] == ["another process works under this name"]

"""How the worker's process ends decides whether the server that keeps it goes on."""

import pytest
from typer.testing import CliRunner

from kinesight.cli.main import app
from kinesight.domain.errors import DiskFull


def test_a_full_disk_does_not_end_the_server_that_keeps_the_worker(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull

    monkeypatch.setattr("kinesight.wiring.serving.work", full)
    ended = CliRunner().invoke(app, ["worker", "--data", str(tmp_path)])
    assert ended.exit_code == 1  # 2 and 4 are those with which the supervisor gives up
    assert ended.stderr.startswith("error: disk_full: ")

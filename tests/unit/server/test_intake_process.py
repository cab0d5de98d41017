"""The intake listens where it is told, says what is wrong with its settings, and ends when it is told to."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kinesight import intake
from kinesight.domain.errors import BadSetting
from kinesight.settings import Settings
from kinesight.storage.opening import open_storage
from kinesight.testing.api_server import free_port
from kinesight.wiring.receiving import drop_folder, mail_intake


@pytest.mark.parametrize(
    ("name", "value"),
    [("smtp_networks", ("10.0.0.0/99",)), ("smtp_certificate", Path("/nowhere.pem")), ("watch_folder", Path("/proc/x"))],
)
def test_a_useless_setting_is_named(tmp_path: Path, name: str, value: object) -> None:
    settings = Settings(data=tmp_path / "data", disk_reserve_mb=0, **{name: value})  # type: ignore[arg-type]
    storage = open_storage(settings)
    try:
        with pytest.raises(BadSetting, match=name):
            (drop_folder if name == "watch_folder" else mail_intake)(settings, storage)
    finally:
        storage.close()


def test_a_port_that_is_taken_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "LONGEST_START_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as other:
        settings = Settings(smtp_port=other.getsockname()[1])
        with pytest.raises(BadSetting, match="smtp_port"):
            asyncio.run(intake.receive(settings, asyncio.Protocol, asyncio.Event()))


def test_it_listens_refuses_strangers_and_ends_on_the_signal(tmp_path: Path) -> None:
    port = free_port()
    chosen = {"DATA": tmp_path / "data", "SMTP_PORT": port, "WATCH_FOLDER": tmp_path / "drop", "LOG": "warning"}
    environment = {**os.environ, **{f"KINESIGHT_{name}": str(value) for name, value in chosen.items()}}
    process = subprocess.Popen([sys.executable, "-m", "kinesight.intake"], env=environment, stderr=subprocess.PIPE)
    try:
        while process.poll() is None:
            try:
                with smtplib.SMTP("127.0.0.1", port, local_hostname="panel", timeout=20) as client:
                    client.ehlo()
                    client.mail("a@b.example")
                    assert client.rcpt("somebody@elsewhere.example")[0] == 550
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        assert (tmp_path / "drop").is_dir()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (0, b"")
    finally:
        process.kill()
        process.communicate()

"""A real server in a process group of its own, on loopback, for tests and measurements."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

KEY = "test-key-0123456789abcde"
"""24 characters, as real keys have."""

START_LIMIT_S = 60.0


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True)
class ApiServer:
    """A server that was started; `log` is what it writes to standard output and standard error."""

    data: Path
    port: int
    log: Path
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and return when it is ready. Raises `RuntimeError` with its log when it does not come up."""
        command = [sys.executable, "-m", "kinesight", "serve", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own command
                command, env={**os.environ, **self.environment}, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                if httpx2.get(f"{self.url}/readyz", timeout=2).status_code == 200:
                    return
            time.sleep(0.1)
        self.kill()
        raise RuntimeError(f"the server did not come up:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it as an operator would, with SIGTERM, and wait."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)

    def kill(self) -> None:
        """End the supervisor with SIGKILL; everything that it started has to go by itself."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(60)

    def client(self) -> httpx2.Client:
        """Return a client that carries the key."""
        return httpx2.Client(base_url=self.url, headers={"x-api-key": KEY}, timeout=30)


def finished(client: httpx2.Client, job_id: str, *, limit_s: float) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return an analysis that has ended, and all that was seen of it on the way. Raises `AssertionError` if it takes too long."""
    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        seen.append(client.get(f"/v1/analyses/{job_id}").json())
        if seen[-1]["state"] in {"succeeded", "failed", "cancelled", "dead"}:
            return seen[-1], seen
        time.sleep(0.1)
    raise AssertionError(f"not finished: {seen[-1]}")


@contextlib.contextmanager
def api_server(folder: Path, *, environment: Mapping[str, str] | None = None) -> Iterator[ApiServer]:
    """Yield a ready server with its data in `folder`; it is ended by the pid that was kept."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"KINESIGHT_DATA": str(folder / "data"), "KINESIGHT_BOOTSTRAP_KEY": KEY, "KINESIGHT_LOG": "warning"}
    server = ApiServer(
        data=folder / "data", port=free_port(), log=folder / "server.log", environment={**settings, **(environment or {})}
    )
    server.start()
    try:
        yield server
    finally:
        server.stop()

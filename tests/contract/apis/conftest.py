"""The application on stand-ins, in this process and in one of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from starlette.testclient import TestClient

from kinesight.apis.application import create_app
from kinesight.settings import Settings
from kinesight.wiring.analysing import installed_analyses

HERE = Path(__file__).parent


def _stand_ins() -> ModuleType:
    name = "kinesight_api_stand_ins"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / "stand_ins.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@dataclass
class Api:
    """An application in this process, with what stands behind it."""

    stand_ins: Any
    client: TestClient
    jobs: Any
    files: Any
    services: Any

    @property
    def key(self) -> str:
        return self.stand_ins.KEY

    @property
    def auth(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def start(self, **form: str) -> str:
        """Accept a running analysis and return its id."""
        answer = self.client.post(
            "/v1/analyses", headers=self.auth, data={"kind": "running", **form}, files={"video": ("run.mp4", b"video bytes")}
        )
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def succeed(self, job_id: str, result: dict[str, Any], texts: dict[str, str] | None = None) -> None:
        """Finish a job as a worker would, with thumbnail, video, report and further files by name."""
        self.jobs.files[job_id] = (
            *(self.files.put(job_id, name, text.encode(), "text/plain") for name, text in (texts or {}).items()),
            self.files.put(job_id, "annotated.mp4", bytes(range(200)), "video/mp4"),
            self.files.put(job_id, "report.html", b"<!doctype html><p>hello", "text/html"),
            self.files.put(job_id, "thumbnail.jpg", b"\xff\xd8jpeg", "image/jpeg"),
        )
        self.jobs.change(
            job_id, state=self.stand_ins.State.SUCCEEDED, result=result, started_s=1_800_000_002.0, finished_s=1_800_000_003.5
        )


def _make(folder: Path, *, problems: list[str] | None = None, queue_limit: int = 1000, alarm: bool = False, **given: Any) -> Api:
    stand_ins, settings = _stand_ins(), Settings(**given)
    services = stand_ins.services_in(folder, problems=problems, queue_limit=queue_limit, settings=settings)
    analyses = {**installed_analyses(settings), **({"alarm": stand_ins.ALARM} if alarm else {})}
    app = create_app(services, settings, analyses=analyses)
    client = TestClient(app, raise_server_exceptions=False)
    return Api(stand_ins=stand_ins, client=client, jobs=services.jobs, files=services.files, services=services)


@pytest.fixture
def make_api(tmp_path: Path) -> Callable[..., Api]:
    """Return a maker of applications; arguments are settings, besides `problems`, `queue_limit` and `alarm` (offered)."""
    return lambda **given: _make(tmp_path / "data", **given)


@pytest.fixture(scope="module")
def lasting_api(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Api]:
    """Return what `make_api` returns, but the same application for the same settings, without jobs."""
    made: dict[str, Api] = {}

    def make(**settings: Any) -> Api:
        name = json.dumps(settings, sort_keys=True)
        if name not in made:
            made[name] = _make(tmp_path_factory.mktemp("api"), **settings)
        for kept in (made[name].jobs.jobs, made[name].jobs.files, made[name].jobs.requests, made[name].jobs.submitted):
            kept.clear()
        return made[name]

    return make


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    return make_api()


@dataclass
class LiveServer:
    """An application in a process of its own."""

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    key: str

    def incoming(self) -> list[Path]:
        return sorted((self.folder / "incoming").glob("*"))

    def memory_peak_bytes(self) -> int:
        """Return the largest resident size so far."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise AssertionError("no VmHWM")


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveServer]:
    """Serve on loopback with a native limit of 48 MB, and end the process by its id."""
    environment = {**os.environ, "KINESIGHT_MAX_UPLOAD_MB": "48"}
    process = subprocess.Popen(
        [sys.executable, str(HERE / "stand_ins.py"), str(tmp_path)], stdout=subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield LiveServer(process=process, port=port, folder=tmp_path, key=_stand_ins().KEY)
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()

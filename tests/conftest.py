"""What more than one kind of test needs: the real models, the real sample videos, a short excerpt of one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from kinesight.settings import load_settings
from kinesight.wiring.analysing import fetch_models, fetch_samples

ROOT = Path(__file__).resolve().parents[1]

# Machines that run tests are shared and slow at times: what takes long is no fault of what is tested.
settings.register_profile("kinesight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("kinesight")


@pytest.fixture(scope="session")
def samples():
    """Return the sprint (side view) and the treadmill walk (from behind); fetched once per machine."""
    settings = load_settings()
    fetch_models(settings, report=print)
    return fetch_samples(settings.models.parent / "samples", report=print)


@pytest.fixture(scope="session")
def sprint(samples):
    return samples[0]


@pytest.fixture(scope="session")
def treadmill_walk(samples):
    return samples[1]


@pytest.fixture(scope="session")
def short_sprint(sprint, tmp_path_factory):
    """Return the last 1.1 s of the sprint video at 960 × 540: quick to analyse, and it ends with a result."""
    sys.path.insert(0, str(ROOT / "scripts"))
    try:
        from fuzz_analyses import excerpt  # noqa: PLC0415 - the script's own clip, so that both send the same
    finally:
        sys.path.pop(0)
    target = tmp_path_factory.mktemp("clips") / "short-sprint.mp4"
    excerpt(sprint, target)
    return target


def run_kinesight(*arguments, environment=None, cwd=None):
    """Run the command in a process of its own and return what came back."""
    return subprocess.run(
        [sys.executable, "-m", "kinesight", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        cwd=cwd,
        env={**os.environ, **(environment or {})},
    )


@pytest.fixture(scope="session")
def kinesight():
    return run_kinesight

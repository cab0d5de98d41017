"""Real models and samples, fetched once into the installation's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinesight.settings import Settings
from kinesight.vision.fetch import fetch
from kinesight.vision.samples import fetch_samples


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """Return the folder of the real models; the first run on a machine fetches them."""
    folder = Settings().models
    fetch(folder)
    return folder


@pytest.fixture(scope="session")
def sprint_video() -> Path:
    """Return the real side view of a sprint; the first run on a machine fetches it."""
    return fetch_samples(Settings().models / "samples")[0]

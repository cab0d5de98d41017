"""Alarm clips with known labels; needs material that is no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinesight.settings import load_settings
from kinesight.testing.alarm_exam import clips, mark, misses
from kinesight.vision.shelf import ModelShelf

FOLDER = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "alarm"
ROWS = clips(FOLDER) if os.environ.get("KINESIGHT_ACCURACY_DATA") else []

pytestmark = [
    pytest.mark.accuracy,
    pytest.mark.skipif(not ROWS, reason=f"set KINESIGHT_ACCURACY_DATA to a folder with alarm/labels.csv; looked in {FOLDER}"),
]


def test_real_clips_meet_the_targets() -> None:
    models = ModelShelf(load_settings())
    assert misses([mark(FOLDER, row, models) for row in ROWS]) == []

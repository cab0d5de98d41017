"""The back view against force plates; needs material that is no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinesight.testing.back_exam import BACK_GROUPS, BACK_TARGETS, back_exam, back_pooled
from kinesight.testing.body import read_trial

FOLDER = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "running"
TRIALS = sorted(path.stem.removeprefix("keypoints_") for path in FOLDER.glob("keypoints_*.csv"))
SEEDS = range(6)

pytestmark = [
    pytest.mark.accuracy,
    pytest.mark.skipif(not TRIALS, reason=f"no measuring material in {FOLDER}; set KINESIGHT_ACCURACY_DATA to its folder"),
]


@pytest.mark.parametrize("group", BACK_GROUPS)
@pytest.mark.parametrize("trial", TRIALS or ["none"])
def test_the_back_view_meets_its_targets(trial: str, group: str) -> None:
    body = read_trial(FOLDER, trial)
    numbers = back_pooled([back_exam(body, condition, seed=seed) for condition in BACK_GROUPS[group] for seed in SEEDS])
    missed = {key: numbers[key] for key, target in BACK_TARGETS.items() if not target.met_by(numbers[key])}
    assert missed == {}

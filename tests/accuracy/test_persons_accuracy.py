"""The persons analysis on labelled videos; needs material that is no part of the project, and TrackEval."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kinesight.testing.persons_exam import COUNTED, SEQUENCE, analysed, boxes_of, scores, truth_of

FOLDER = Path(os.environ.get("KINESIGHT_ACCURACY_DATA", Path(__file__).parents[3] / "shared" / "data")) / "persons"
VIDEO = FOLDER / SEQUENCE / f"{SEQUENCE}.mp4"

pytestmark = [
    pytest.mark.accuracy,
    pytest.mark.skipif(
        "KINESIGHT_ACCURACY_DATA" not in os.environ or not VIDEO.is_file(),
        reason=f"no measuring material in {FOLDER}; set KINESIGHT_ACCURACY_DATA to its folder",
    ),
]


@pytest.mark.slow
def test_identities_are_kept_far_better_than_by_a_stock_tracker() -> None:
    pytest.importorskip("trackeval", reason="pip install --no-deps trackeval")
    seen = analysed(VIDEO)
    truth = truth_of(VIDEO.parent / "gt" / "gt.txt", frames=len(seen.observations.time_s))
    found = scores(truth, boxes_of(seen.observations))
    assert found["HOTA"] >= 55
    assert found["IDF1"] >= 70
    assert analysed(VIDEO, threads=1).fingerprint == seen.fingerprint


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(COUNTED))
def test_everybody_is_found_once(name: str) -> None:
    assert len(analysed(FOLDER / name).observations.persons) == COUNTED[name]

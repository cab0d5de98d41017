"""The stages of head tasks: what is told never goes back, however often passes repeat."""

import pytest

from kinesight.domain.job import percentage_of
from kinesight.pipeline.heads import MOST_PASSES
from kinesight.pipeline.heads_stages import HeadStages


class Told:
    def __init__(self):
        self.lines = []

    def progress(self, stage, done, total):
        self.lines.append((stage, done, total))


@pytest.mark.parametrize("passes", range(1, MOST_PASSES + 1))
@pytest.mark.parametrize("replaces", [True, False])
def test_percentages_only_grow_from_the_fetching_to_the_end(passes, replaces):
    told, frames = Told(), 10
    told.progress("fetch", 5, 10)
    watch = HeadStages(told)
    for stage in [*(["observe"] if replaces else []), *(["render", "check"] * passes)]:
        for done in range(frames + 1):
            watch.progress(stage, done, frames)
    watch.progress("write", 0, 1)
    percentages = [percentage_of(*line) for line in told.lines]
    assert percentages == sorted(percentages)
    assert (percentages[0], percentages[-1]) == (2, 98)
    stages = list(dict.fromkeys(stage for stage, _, _ in told.lines))
    wanted = ["fetch", *(["faces"] if replaces else []), "change", "check", *(["repair"] if passes > 1 else []), "write"]
    assert stages == wanted
    assert all(done <= total for _, done, total in told.lines)

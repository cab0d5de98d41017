"""The search of the output for faces: what is bare is found in every frame, from afar and close up, and what is hidden is not."""

import json
from dataclasses import replace

import numpy as np
import pytest

from kinesight.analyses.heads.found import FoundHead
from kinesight.analyses.heads.parameters import HeadsParameters
from kinesight.analyses.heads.people_map import read_head_map
from kinesight.analyses.heads.plan import make_plan
from kinesight.pipeline.heads_check import Before, check
from kinesight.pipeline.heads_render import Rendered
from kinesight.wiring.heads import head_studio

FRAMES = 9


class Silent:
    def progress(self, stage, done, total):
        pass


@pytest.fixture(scope="module")
def heads(persons):
    return read_head_map(json.loads(persons.with_name("heads.json").read_text()))


@pytest.fixture(scope="module")
def studio(settings):
    return head_studio(settings)


@pytest.fixture(scope="module")
def bare(heads):
    """Return a plan that knows who is to be hidden, and hides nobody."""
    return replace(make_plan(heads, HeadsParameters(mode="anonymize"), {}), covers=())


def searched(path, plan, studio, *, before=None):
    rendered = Rendered(scale=1.0, width_px=640, height_px=320, frame_count=FRAMES, sound_problem=None, thumbnail_jpeg=b"")
    return check(path, plan, rendered, before=before, studio=studio, watch=Silent())


def test_heads_left_bare_are_found_in_every_frame(clip, bare, studio):
    """The output is the source, in which nothing was hidden."""
    found = searched(clip, bare, studio)
    assert found.frames == FRAMES
    assert {(risk.frame, risk.obj_id) for risk in found.risks} >= {(frame, who) for frame in range(FRAMES) for who in (0, 1)}
    assert {risk.kind for risk in found.risks} == {"uncovered"}
    assert len(found.pictures) == len(found.risks)


def found_head(path, frames, *, is_sure):
    boxes = np.full_like(path, np.nan)
    boxes[frames] = path[frames]
    return FoundHead(xyxy_px=boxes, is_sure=is_sure)


@pytest.mark.parametrize(("is_sure", "frames"), [(True, set(range(FRAMES))), (False, {3, 4, 5})])
def test_the_second_search_looks_only_where_something_was_found(clip, bare, studio, is_sure, frames):
    """Both heads are bare, but only on one of them was something covered: only that one is found again."""
    path = bare.hidden[0]
    centre, half = (path[:, :2] + path[:, 2:]) / 2, (path[:, 2:] - path[:, :2]) / 6
    repaired = replace(bare, more_covers=(np.column_stack([centre - half, centre + half]),))
    before = Before(heads=(found_head(path, [4], is_sure=is_sure),))
    found = searched(clip, repaired, studio, before=before)
    assert {(risk.frame, risk.obj_id) for risk in found.risks} == {(frame, bare.hidden_ids[0]) for frame in frames}


def test_hidden_heads_are_not_found(task):
    document, _ = task(mode="anonymize", style="blur")
    assert document.result["check"]["faces_at_risk"] == 0
    assert document.result["check"]["passes"] == 1

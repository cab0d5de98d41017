"""Corrections by hand change what they say and nothing else, tell what cannot be, and survive being stored."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.persons.analysis import analyse, ranges_of
from kinesight.analyses.persons.corrections import Exclude, Merge, Rename, Split, correct
from kinesight.analyses.persons.heads_document import restore, store
from kinesight.analyses.persons.observations import Observations, Portrait, Presence
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.tables import coco, tracks_text
from kinesight.domain.errors import BadObservations, BadParameter

FPS = 10.0


def presence(obj_id: int, first: int, last: int, *, x: float, missing: range = range(0)) -> Presence:
    frames = last - first + 1
    boxes = np.tile([x, 100.0, x + 40.0, 200.0], (frames, 1))
    heads = np.tile([x + 10.0, 100.0, x + 30.0, 120.0], (frames, 1))
    score = np.full(frames, 0.8)
    source: list[str | None] = ["body"] * frames
    for frame in missing:
        boxes[frame - first], heads[frame - first], score[frame - first], source[frame - first] = np.nan, np.nan, 0.0, None
    return Presence(
        obj_id=obj_id,
        first_frame=first,
        boxes_px=boxes,
        heads_px=heads,
        head_source=tuple(source),
        score=score,
        confidence=0.9,
        portraits=(Portrait(frame=first + 1, box_px=np.array([x, 95.0, x + 60.0, 170.0]), quality=0.5 + obj_id / 10),),
    )


@pytest.fixture
def seen() -> Observations:
    return Observations(
        video_sha256="a" * 64,
        width_px=640,
        height_px=480,
        time_s=np.arange(100) / FPS,
        persons=(
            presence(0, 0, 40, x=50.0, missing=range(20, 25)),
            presence(1, 60, 99, x=60.0),
            presence(2, 10, 90, x=400.0),
        ),
    )


def test_merged_persons_are_one_with_both_their_times_and_the_first_id(seen: Observations) -> None:
    merged = correct(seen, [Merge(obj_ids=(0, 1))])
    assert [person.obj_id for person in merged.persons] == [0, 2]
    ranges = ranges_of(merged.persons[0], merged)
    assert [(one.first_frame, one.last_frame) for one in ranges] == [(0, 19), (25, 40), (60, 99)]
    assert merged.persons[0].links[-1].why == "merged by hand: 0 and 1"
    assert [portrait.frame for portrait in merged.persons[0].portraits] == [61, 1]
    assert [one.action for one in merged.history] == ["merge"]


def test_a_split_gives_the_later_part_a_new_id_and_merging_brings_it_back(seen: Observations) -> None:
    split = correct(seen, [Split(obj_id=2, at_s=4.0)])
    assert [person.obj_id for person in split.persons] == [0, 1, 2, 3]
    assert split.persons[2].first_frame + len(split.persons[2].score) == 40
    assert split.persons[3].first_frame == 40
    assert split.persons[3].portraits  # one that was not known of before: the surest moment of that part
    again = correct(split, [Merge(obj_ids=(2, 3))])
    np.testing.assert_array_equal(again.persons[2].boxes_px, seen.persons[2].boxes_px)
    assert again.persons[2].head_source == seen.persons[2].head_source
    assert [one.action for one in again.history] == ["split", "merge"]


def test_an_excluded_stretch_is_gone_and_the_rest_stays(seen: Observations) -> None:
    left = correct(seen, [Exclude(obj_id=2, from_s=2.0, to_s=3.5)])
    assert [(one.first_frame, one.last_frame) for one in ranges_of(left.persons[2], left)] == [(10, 19), (36, 90)]
    assert np.isnan(left.persons[2].heads_px[10:26]).all()
    assert left.persons[2].head_source[10:26] == (None,) * 16
    assert [person.obj_id for person in correct(seen, [Exclude(obj_id=0)]).persons] == [1, 2]


def test_a_name_is_kept_and_can_be_taken_away(seen: Observations) -> None:
    named = correct(seen, [Rename(obj_id=0, name=" Anna ")])
    assert analyse(named, PersonsParameters()).result.persons[0].name == "Anna"
    assert correct(named, [Merge(obj_ids=(1, 0))]).persons[0].name == "Anna"
    assert correct(named, [Rename(obj_id=0, name="")]).persons[0].name is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Merge(obj_ids=(0, 2)), "different places at 1.00 s"),
        (Merge(obj_ids=(0, 7)), "no person 7"),
        (Merge(obj_ids=(0, 0)), "with themselves"),
        (Split(obj_id=0, at_s=9.0), "nothing to split"),
        (Exclude(obj_id=1, from_s=0.0, to_s=3.0), "nothing to exclude"),
        (Exclude(obj_id=1, from_s=8.0, to_s=7.0), "ends before it begins"),
        (Rename(obj_id=3, name="x"), "there are: 0, 1, 2"),
    ],
)
def test_what_cannot_be_is_refused(seen: Observations, change: Merge | Split | Exclude | Rename, words: str) -> None:
    with pytest.raises(BadParameter, match=words):
        correct(seen, [change])


def test_the_document_holds_everything(seen: Observations) -> None:
    corrected = correct(seen, [Split(obj_id=2, at_s=4.0), Rename(obj_id=0, name="Anna")])
    document = store(corrected)
    again = restore(document)
    assert store(again) == document
    assert document["schema"] == "kinesight.heads/1"
    first = document["persons"][0]
    assert len(first["box_xyxy_px"]) == len(first["head_xyxy_px"]) == len(first["head_source"]) == len(first["score"]) == 41
    assert first["box_xyxy_px"][20] is None
    assert first["head_source"][20] is None


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("schema",), "kinesight.poses/1", "schema"),
        (("time_s",), [0.0, 0.0], "does not increase"),
        (("width_px",), 0, "width_px"),
        (("persons",), {}, "persons is not a list"),
        (("persons", 0, "obj_id"), 5, "do not rise"),
        (("persons", 0, "first_frame"), 100, "first_frame"),
        (("persons", 0, "box_xyxy_px", 3), [1, 2, 3], "entry 3"),
        (("persons", 0, "box_xyxy_px", 3), [9, 2, 3, 4], "ends before it begins"),
        (("persons", 0, "head_source", 3), "guess", "head_source"),
        (("persons", 0, "score", 3), 1.5, "from 0 to 1"),
        (("persons", 0, "score"), [0.5], "differ in length"),
        (("persons", 0, "portraits"), [{"frame": 1000, "box_xyxy_px": [0, 0, 1, 1]}], "no frame"),
        (("history",), [{"action": 3}], "history"),
    ],
)
def test_a_damaged_document_is_refused_with_the_place(
    seen: Observations, path: tuple[str | int, ...], value: object, words: str
) -> None:
    document = store(seen)
    inner: object = document
    for key in path[:-1]:
        inner = inner[key]  # type: ignore[index]
    inner[path[-1]] = value  # type: ignore[index]
    with pytest.raises(BadObservations, match=words):
        restore(document)


def test_tables_count_frames_and_ids_from_one(seen: Observations) -> None:
    lines = tracks_text(seen).splitlines()
    assert lines[0] == "1,1,50.0,100.0,40.0,100.0,0.800,-1,-1,-1"
    assert len(lines) == 36 + 40 + 81
    frames = [int(line.split(",")[0]) for line in lines]
    assert frames == sorted(frames)
    assert not any(line.startswith("21,1,") for line in lines)
    document = coco(seen)
    assert len(document["images"]) == 100
    assert len(document["annotations"]) == len(lines)
    assert document["annotations"][0]["bbox"] == [50.0, 100.0, 40.0, 100.0]
    assert document["annotations"][0]["head_bbox"] == [60.0, 100.0, 20.0, 20.0]

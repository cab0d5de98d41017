"""What operators said is kept alike in memory, SQLite and PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kinesight.domain.errors import BadParameter
from kinesight.domain.labels import MOST_CUSTOM, CustomLabel, Said

from .conftest import World

CLIP = "66f0a1b2c3d4e5f607182930"


def said(classify_id: str = CLIP, *words: str, camera_id: str = "7-front", comment: str = "") -> Said:
    return Said(
        classify_id=classify_id,
        job_id="job of " + classify_id,
        labels=words,
        comment=comment,
        camera_id=camera_id,
        video_name="clip.mp4",
        risk="danger",
        scores={"intrusion": 0.55, "person": 0.8},
        features={"speed_px_per_s": 31.5, "height_px": None},
    )


def everything(world: World, **given: str) -> list[Said]:
    found, cursor = [], None
    while True:
        page = world.labels.page(world.tenant.id, limit=2, cursor=cursor, **given)
        found += [entry.said for entry in page.entries]
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_what_was_said_comes_back_with_its_features(world: World) -> None:
    wanted = said(CLIP, "person", "people:1", comment="Postmann \N{SNOWMAN}")
    entry = world.labels.put(world.tenant.id, wanted)
    assert entry.said == wanted
    assert entry.created_s == pytest.approx(entry.updated_s, abs=5)
    assert everything(world) == [wanted]


def test_the_last_word_counts_and_keeps_its_place(world: World) -> None:
    first = world.labels.put(world.tenant.id, said(CLIP, "person"))
    world.labels.put(world.tenant.id, said("0" * 24, "rain"))
    again = world.labels.put(world.tenant.id, said(CLIP, "plant", comment="a branch"))
    assert again.created_s == first.created_s
    assert again.updated_s >= first.updated_s
    assert {one.classify_id: one.labels for one in everything(world)} == {CLIP: ("plant",), "0" * 24: ("rain",)}


def test_pages_are_newest_first_and_of_one_camera_when_asked(world: World) -> None:
    ids = [f"{number:024x}" for number in range(5)]
    for number, clip in enumerate(ids):
        world.labels.put(world.tenant.id, said(clip, "person", camera_id=f"7-{number % 2}"))
    assert [one.classify_id for one in everything(world)] == ids[::-1]
    assert [one.classify_id for one in everything(world, camera_id="7-1")] == [ids[3], ids[1]]
    assert everything(world, camera_id="nobody's") == []
    with pytest.raises(BadParameter):
        world.labels.page(world.tenant.id, limit=2, cursor="strange")


def test_each_tenant_has_its_own(world: World) -> None:
    world.labels.put(world.tenant.id, said(CLIP, "person"))
    world.labels.put(world.other.id, said(CLIP, "animal"))
    world.labels.add_custom(world.tenant.id, [CustomLabel(value="thermal")])
    assert everything(world)[0].labels == ("person",)
    assert world.labels.page(world.other.id, limit=9).entries[0].said.labels == ("animal",)
    assert world.labels.custom(world.other.id) == ()


def test_two_at_once_leave_one_entry(world: World) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda n: world.labels.put(world.tenant.id, said(CLIP, f"people:{n}")), range(8)))
    assert len(everything(world)) == 1


def test_custom_labels_are_kept_once(world: World) -> None:
    one, shown = CustomLabel(value="people:1"), CustomLabel(value="p1", label="Gate 1")
    world.labels.add_custom(world.tenant.id, [one, shown, one])
    world.labels.add_custom(world.tenant.id, [CustomLabel(value="p1"), CustomLabel(value="people:1", label="One person")])
    assert world.labels.custom(world.tenant.id) == (shown, CustomLabel(value="people:1", label="One person"))


def test_custom_labels_are_bounded(world: World) -> None:
    world.labels.add_custom(world.tenant.id, [CustomLabel(value=f"w{n}") for n in range(MOST_CUSTOM)])
    world.labels.add_custom(world.tenant.id, [CustomLabel(value="w1")])
    with pytest.raises(BadParameter, match="custom labels"):
        world.labels.add_custom(world.tenant.id, [CustomLabel(value="one more")])
    assert len(world.labels.custom(world.tenant.id)) == MOST_CUSTOM

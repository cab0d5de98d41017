"""Cameras are kept, addressed and remembered alike in memory and on both databases."""

from __future__ import annotations

import pytest

from kinesight.domain.cameras import Area, SightRules
from kinesight.domain.engine import Ending
from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.job import NewJob, State
from kinesight.domain.schedules import Schedule
from kinesight.domain.sites import Cameras, CameraSettings, MemoryRule, Recipient, alarm_parameters, own_thresholds

from .conftest import World

YARD = SightRules(zones=(Area(name="yard", corners=((0.1, 0.1), (0.9, 0.1), (0.5, 0.9))),), minimum_dwell_s=1.5)


@pytest.fixture
def cameras(world: World) -> Cameras:
    return world.cameras


def test_a_camera_comes_back_as_it_was_put(world: World, cameras: Cameras) -> None:
    settings = CameraSettings(name="Gate", rules=YARD, threshold_low=0.1, threshold_high=0.6, addresses=("Gate@Alarm.example",))
    put = cameras.put(world.tenant.id, "134188-VI08", settings)
    assert cameras.get(world.tenant.id, "134188-VI08") == put
    assert put.settings.rules == YARD
    assert put.settings.addresses == ("gate@alarm.example",)
    with pytest.raises(NotFound):
        cameras.get(world.other.id, "134188-VI08")
    changed = cameras.put(world.tenant.id, "134188-VI08", CameraSettings())
    assert changed.settings == CameraSettings() != put.settings
    cameras.delete(world.tenant.id, "134188-VI08")
    for attempt in (cameras.get, cameras.delete):
        with pytest.raises(NotFound):
            attempt(world.tenant.id, "134188-VI08")


def test_cameras_are_listed_by_id_page_by_page(world: World, cameras: Cameras) -> None:
    for name in ("c", "a", "Ä 3", "b"):
        cameras.put(world.tenant.id, name, CameraSettings())
    cameras.put(world.other.id, "0", CameraSettings())
    first = cameras.page(world.tenant.id, limit=3)
    rest = cameras.page(world.tenant.id, limit=3, cursor=first.next_cursor)
    assert [one.id for one in (*first.cameras, *rest.cameras)] == ["a", "b", "c", "Ä 3"]
    assert rest.next_cursor is None


def test_an_address_belongs_to_one_camera(world: World, cameras: Cameras) -> None:
    cameras.put(world.tenant.id, "1", CameraSettings(addresses=("gate@alarm.example", "yard@alarm.example")))
    with pytest.raises(Conflict):
        cameras.put(world.other.id, "2", CameraSettings(addresses=("gate@alarm.example",)))
    with pytest.raises(NotFound):
        cameras.get(world.other.id, "2")
    assert cameras.recipient("GATE@alarm.example") == Recipient(tenant_id=world.tenant.id, camera_id="1")
    cameras.put(world.tenant.id, "1", CameraSettings(addresses=("yard@alarm.example",)))
    assert cameras.recipient("gate@alarm.example") is None
    cameras.put(world.other.id, "2", CameraSettings(addresses=("gate@alarm.example",)))
    assert cameras.recipient("gate@alarm.example") == Recipient(tenant_id=world.other.id, camera_id="2")
    cameras.delete(world.other.id, "2")
    assert cameras.recipient("gate@alarm.example") is None


def test_the_client_id_is_an_address_of_the_tenant(world: World, cameras: Cameras) -> None:
    mine = world.tenant.client_id
    assert cameras.recipient(f"{mine}@any.example") == Recipient(tenant_id=world.tenant.id, camera_id=None)
    tagged = cameras.recipient(f"{mine.upper()}+134188-VI08@any.example")
    assert tagged == Recipient(tenant_id=world.tenant.id, camera_id="134188-VI08")
    assert cameras.recipient("nobody@any.example") is None
    assert cameras.recipient("") is None
    assert cameras.tenant_named("one") == world.tenant.id
    assert cameras.tenant_named("three") is None


def test_what_a_tenant_chose_is_where_its_jobs_begin(world: World, cameras: Cameras) -> None:
    assert alarm_parameters(cameras, world.tenant.id, "1", 0.0) == {}
    cameras.put_defaults(world.tenant.id, {"threshold_low": 0.3, "threshold_high": 0.7})
    cameras.put_defaults(world.tenant.id, {"threshold_low": 0.3, "threshold_high": 0.9})
    assert cameras.defaults(world.other.id) == {}
    for camera_id in ("1", None):
        assert alarm_parameters(cameras, world.tenant.id, camera_id, 0.0) == {"threshold_low": 0.3, "threshold_high": 0.9}
    assert own_thresholds(cameras, world.tenant.id, "1") == own_thresholds(cameras, world.tenant.id, None) == {}
    cameras.put(world.tenant.id, "1", CameraSettings(threshold_low=0.5, threshold_high=0.6, rules=YARD, schedule=Schedule()))
    found = alarm_parameters(cameras, world.tenant.id, "1", 0.0)
    assert (found["threshold_low"], found["threshold_high"]) == (0.5, 0.6)
    assert own_thresholds(cameras, world.tenant.id, "1") == {"threshold_low": 0.5, "threshold_high": 0.6}
    assert found["camera"]["zones"][0]["name"] == "yard"
    assert found["camera"]["is_armed"] is False, "a schedule without hours never arms"
    assert "memory" not in found


# Memory needs finished jobs, which the memory backend of these tests does not tie to its cameras.


@pytest.fixture
def on_disk(world: World, backend: str) -> World:
    if backend == "memory":
        pytest.skip("the stand-in is told what was seen")
    return world


def judged(world: World, camera_id: str | None, scene: object, *, tenant: str | None = None, kind: str = "alarm") -> str:
    new = NewJob(kind=kind, parameters={}, source_url="https://example.com/a.mp4", camera_id=camera_id)
    job = world.jobs.submit(tenant or world.tenant.id, new)
    assert job.camera_id == camera_id
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    result = {"analysis": kind, "result": {"risk": "safe", "scene": scene}}
    world.store.finish(job.id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED, result=result))
    return job.id


def scene_of(level: str) -> dict[str, object]:
    return {"light": "day", "width": 8, "height": 8, "background": level, "parked": [], "age_s": 0.0}


def test_the_last_clips_of_the_same_camera_are_remembered_youngest_first(on_disk: World, cameras: Cameras) -> None:
    mine = on_disk.tenant.id
    cameras.put(mine, "1", CameraSettings(memory=MemoryRule(is_allowed=True, longest_age_s=3600.0, clips=2)))
    judged(on_disk, "1", scene_of("too old"))
    on_disk.age(3600.0)
    for level in ("third", "second"):
        judged(on_disk, "1", scene_of(level))
        on_disk.age(60.0)
    first = judged(on_disk, "1", scene_of("first"))
    judged(on_disk, "2", scene_of("another camera"))
    judged(on_disk, None, scene_of("no camera"))
    judged(on_disk, "1", scene_of("another analysis"), kind="walk")
    judged(on_disk, "1", scene_of("another tenant"), tenant=on_disk.other.id)
    now_s = on_disk.store.get(mine, first).created_s + 30.0
    memory = alarm_parameters(cameras, mine, "1", now_s)["memory"]
    assert [one["background"] for one in memory] == ["first", "second"]
    assert [round(one["age_s"]) for one in memory] == [30, 90]
    earlier = alarm_parameters(cameras, mine, "1", now_s - 60.0)["memory"]
    assert [one["background"] for one in earlier] == ["second", "third"], "nothing is remembered from after the clip"
    cameras.put(mine, "1", CameraSettings(memory=MemoryRule(is_allowed=True, longest_age_s=10.0)))
    assert alarm_parameters(cameras, mine, "1", now_s)["memory"] == []
    cameras.put(mine, "1", CameraSettings())
    assert "memory" not in alarm_parameters(cameras, mine, "1", now_s)


def test_a_forgotten_job_is_not_remembered(on_disk: World, cameras: Cameras) -> None:
    mine = on_disk.tenant.id
    cameras.put(mine, "1", CameraSettings(memory=MemoryRule(is_allowed=True)))
    judged(on_disk, "1", None)
    kept = judged(on_disk, "1", scene_of("x"))
    now_s = on_disk.store.get(mine, kept).created_s + 1.0
    assert len(alarm_parameters(cameras, mine, "1", now_s)["memory"]) == 1, "a clip without a scene left nothing"
    on_disk.jobs.delete(mine, kept)
    assert alarm_parameters(cameras, mine, "1", now_s)["memory"] == []
    assert cameras.recent(mine, "1", period_s=60.0) == 1
    assert cameras.recent(mine, "2", period_s=60.0) == 0

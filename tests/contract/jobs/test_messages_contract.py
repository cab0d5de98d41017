"""Counts and messages are written together with the verdict that they tell, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from kinesight.domain.engine import Ending, Setback
from kinesight.domain.job import NewJob, State
from kinesight.domain.outputs import DueMessage, MessageBox, Outputs, OutputSettings
from kinesight.domain.sites import CameraSettings, OverflowRule, PanelAccount

from .conftest import World

DC09 = {"kind": "dc09", "host": "192.0.2.1", "port": 12000, "account": "1234", "key": "0" * 32}
AWAY = Setback(error_code="worker_crashed", error_message="It died.")
REFUSED = Ending(state=State.FAILED, error_code="not_a_video", error_message="No video.")


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def outputs(world: World) -> Outputs:
    return world.outputs


@pytest.fixture
def box(world: World) -> MessageBox:
    assert world.messages is not None
    return world.messages


def settings(**given: Any) -> OutputSettings:
    return OutputSettings.model_validate({"to": DC09, **given})


def ending(risk: str, *labels: str) -> Ending:
    result = {"risk": risk, "labels": labels, "scores": {"intrusion": 0.5}, "explanation": "Why."}
    return Ending(state=State.SUCCEEDED, result={"analysis": "alarm", "result": result})


def ended(world: World, how: Ending | Setback, *, camera_id: str | None = "1", kind: str = "alarm") -> str:
    new = NewJob(kind=kind, parameters={}, source_url="https://example.com/a.mp4", camera_id=camera_id)
    job = world.jobs.submit(world.tenant.id, new)
    state: State | None = State.QUEUED
    while state is State.QUEUED:
        claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
        assert claim is not None
        if isinstance(how, Setback):
            state = world.store.retry(job.id, fence=claim.fence, setback=how)
        else:
            assert world.store.finish(job.id, fence=claim.fence, ending=how)
            state = None
    return job.id


def taken(box: MessageBox) -> list[DueMessage]:
    found: list[DueMessage] = []
    while some := box.claim(limit=10, lease_s=60):
        for due in some:
            box.settle(due, outcome="taken")
        found += some
    return found


def test_every_verdict_is_told_to_who_wants_it(world: World, outputs: Outputs, box: MessageBox) -> None:
    world.cameras.put(world.tenant.id, "1", CameraSettings(name="Gate", panel=PanelAccount(account="4711", partition=2, zone=3)))
    outputs.put(world.tenant.id, "all", settings(risks=["safe", "danger", "intrusion"]))
    outputs.put(world.tenant.id, "gate", settings(cameras=["1"]))
    outputs.put(world.tenant.id, "off", settings(is_enabled=False))
    outputs.put(world.other.id, "foreign", settings())
    gate = ended(world, ending("intrusion", "intrusion", "person"))
    ended(world, ending("safe", "web"))
    ended(world, ending("danger"), camera_id="2")
    ended(world, ending("intrusion"), camera_id=None)
    ended(world, ending("intrusion"), kind="walk")
    told = [(due.output, due.message.sequence, due.message.facts["risk"], due.message.facts["camera_id"]) for due in taken(box)]
    assert sorted(told, key=lambda one: one[:2]) == [
        ("all", 1, "intrusion", "1"),
        ("all", 2, "safe", "1"),
        ("all", 3, "danger", "2"),
        ("all", 4, "intrusion", None),
        ("gate", 1, "intrusion", "1"),
    ]
    assert taken(box) == []
    ended(world, ending("intrusion", "person"))
    due = next(one for one in taken(box) if one.output == "gate")
    assert due.message.facts["panel"] == {"account": "4711", "partition": 2, "zone": 3}
    assert (due.message.facts["camera_name"], due.message.facts["labels"], due.message.further) == ("Gate", ["person"], 0)
    assert due.message.job_id != gate


def test_what_could_not_be_judged_is_danger(world: World, outputs: Outputs, box: MessageBox) -> None:
    outputs.put(world.tenant.id, "centre", settings())
    ended(world, REFUSED)
    ended(world, AWAY)
    ended(world, Ending(state=State.SUCCEEDED, result={"result": {"risk": "green"}}))
    facts = [due.message.facts for due in taken(box)]
    assert [(one["risk"], one["error_code"]) for one in facts] == [
        ("danger", "not_a_video"),
        ("danger", "worker_crashed"),
        ("danger", "not_judged"),
    ]
    counted = {one.name: one.count for one in world.cameras.counts(world.tenant.id, "1", days=1)}
    assert counted == {"alarms": 3, "risk:danger": 3, "not judged": 3}


def test_a_cancelled_clip_tells_nothing(world: World, outputs: Outputs, box: MessageBox) -> None:
    outputs.put(world.tenant.id, "centre", settings())
    new = NewJob(kind="alarm", parameters={}, source_url="https://example.com/a.mp4", camera_id="1")
    world.jobs.cancel(world.tenant.id, world.jobs.submit(world.tenant.id, new).id)
    ended(world, Ending(state=State.CANCELLED))
    assert taken(box) == []
    assert world.cameras.counts(world.tenant.id, "1", days=1) == ()


def test_what_draws_for_a_clip_tells_nothing_more(world: World, outputs: Outputs, box: MessageBox) -> None:
    outputs.put(world.tenant.id, "centre", settings())
    first = ended(world, replace(ending("danger"), draws_later=True))
    drawing = world.drawing_of(first)
    claim = world.store.start(drawing, fence=world.entry(drawing), owner="w")
    assert claim is not None
    world.store.finish(drawing, fence=claim.fence, ending=REFUSED)
    assert [due.message.job_id for due in taken(box)] == [first]
    assert {one.name: one.count for one in world.cameras.counts(world.tenant.id, "1", days=1)} == {"alarms": 1, "risk:danger": 1}


def test_a_storm_becomes_one_message_and_the_worst_of_it_shows(world: World, outputs: Outputs, box: MessageBox) -> None:
    storm = OverflowRule(clips=2, period_s=600.0, summary_s=60.0)
    world.cameras.put(world.tenant.id, "1", CameraSettings(overflow=storm))
    outputs.put(world.tenant.id, "centre", settings())
    ids = [ended(world, ending(risk)) for risk in ("danger", "danger", "danger", "intrusion", "danger")]
    calm = ended(world, ending("danger"), camera_id="2")
    assert [due.message.job_id for due in taken(box)] == [ids[0], ids[1], calm], "the others are collected"
    assert outputs.get(world.tenant.id, "centre").waiting == 1
    world.age(61.0)
    (summary,) = taken(box)
    assert (summary.message.job_id, summary.message.further, summary.message.facts["risk"]) == (ids[3], 2, "intrusion")
    assert summary.message.facts["risks"] == {"danger": 2, "intrusion": 1}
    assert summary.message.facts["job_ids"] == ids[2:]
    ended(world, ending("danger"))
    assert outputs.get(world.tenant.id, "centre").waiting == 1, "what comes after the summary begins another"
    counted = {one.name: one.count for one in world.cameras.counts(world.tenant.id, "1", days=1)}
    assert counted == {"alarms": 6, "overflow": 4, "risk:danger": 5, "risk:intrusion": 1}, "every clip is judged and counted"
    world.age(600.0)
    ended(world, ending("danger"))
    assert len(taken(box)) == 2, "the second summary, and a message of its own now that it is calm"


def test_a_message_comes_again_until_it_is_taken(world: World, outputs: Outputs, box: MessageBox) -> None:
    outputs.put(world.tenant.id, "centre", settings())
    ended(world, ending("danger"))
    (first,) = box.claim(limit=10, lease_s=60)
    assert box.claim(limit=10, lease_s=60) == ()
    world.age(61)
    (again,) = box.claim(limit=10, lease_s=60)
    assert (first.tries, again.tries) == (1, 2)
    assert (first.message.id, first.message.sequence) == (again.message.id, again.message.sequence), "with the same number"
    box.settle(first, outcome="too late")
    box.postpone(again, delay_s=30, outcome="no answer")
    assert outputs.get(world.tenant.id, "centre").last_outcome == "no answer"
    assert box.claim(limit=10, lease_s=60) == ()
    world.age(31)
    (third,) = box.claim(limit=10, lease_s=60)
    box.settle(third, outcome="taken")
    assert (outputs.get(world.tenant.id, "centre").waiting, outputs.get(world.tenant.id, "centre").last_outcome) == (0, "taken")


def test_messages_are_given_up_forgotten_and_go_with_their_output(world: World, outputs: Outputs, box: MessageBox) -> None:
    outputs.put(world.tenant.id, "centre", settings())
    ended(world, ending("danger"))
    world.age(3600.0)
    assert box.sweep(give_up_after_s=7200.0, forget_after_s=9000.0) == 0
    world.age(3700.0)
    assert box.sweep(give_up_after_s=7200.0, forget_after_s=9000.0) == 1
    assert box.claim(limit=10, lease_s=60) == ()
    ended(world, ending("danger"))
    outputs.delete(world.tenant.id, "centre")
    assert box.claim(limit=10, lease_s=60) == ()


def test_one_output_leaves_room_for_another_and_nobody_gets_the_same(world: World, outputs: Outputs, box: MessageBox) -> None:
    outputs.put(world.tenant.id, "silent", settings(cameras=["1"]))
    outputs.put(world.tenant.id, "quick", settings(cameras=["2"]))
    for _ in range(4):
        ended(world, ending("danger"))
    ended(world, ending("danger"), camera_id="2")
    with ThreadPoolExecutor(4) as threads:
        found = [due for some in threads.map(lambda _: box.claim(limit=3, lease_s=60), range(4)) for due in some]
    assert len({due.message.id for due in found}) == len(found)
    found += [due for _ in range(4) for due in box.claim(limit=3, lease_s=60)]
    assert sorted(due.output for due in found) == ["quick", *["silent"] * 4]


def test_clips_of_one_camera_that_end_together_are_all_counted(world: World, outputs: Outputs) -> None:
    outputs.put(world.tenant.id, "centre", settings())
    new = NewJob(kind="alarm", parameters={}, source_url="https://example.com/a.mp4", camera_id="1")
    ids = [world.jobs.submit(world.tenant.id, new).id for _ in range(5)]
    fences = {job_id: world.store.start(job_id, fence=world.entry(job_id), owner="w").fence for job_id in ids}  # type: ignore[union-attr]

    def finish(job_id: str) -> bool:
        return world.store.finish(job_id, fence=fences[job_id], ending=ending("danger", "person", "web"))

    with ThreadPoolExecutor(5) as threads:
        assert all(threads.map(finish, ids))
    counted = {one.name: one.count for one in world.cameras.counts(world.tenant.id, "1", days=1)}
    assert counted == {"alarms": 5, "risk:danger": 5, "label:person": 5, "label:web": 5}
    assert outputs.get(world.tenant.id, "centre").waiting == 5

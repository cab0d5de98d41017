"""Results go to every standing receiver and to the address in the call, on both databases; names lead to their jobs on all."""

from __future__ import annotations

from typing import Any

import pytest

from kinesight.domain.engine import Claim, Ending, Progress, Setback
from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.job import Job, NewJob, State
from kinesight.domain.webhooks import MOST_RECEIVERS, Due, Outbox

from .conftest import World

WELL = Ending(state=State.SUCCEEDED, result={})
ON_DISK = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])


@pytest.fixture
def outbox(world: World) -> Outbox:
    assert world.outbox is not None
    return world.outbox


def submitted(world: World, **given: Any) -> Job:
    asked = {"kind": "walk", "parameters": {}, "source_url": "https://example.com/a.mp4", "notify": "gaard", **given}
    return world.jobs.submit(world.tenant.id, NewJob(**asked))


def started(world: World, job: Job) -> Claim:
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    return claim


def ended(world: World, **given: Any) -> Job:
    job = submitted(world, **given)
    claim = started(world, job)
    world.store.beat(job.id, fence=claim.fence, progress=Progress(stage="observe", done=90, total=100))
    world.store.finish(job.id, fence=claim.fence, ending=WELL)
    return job


def claimed(outbox: Outbox) -> list[Due]:
    found: list[Due] = []
    while some := outbox.claim(limit=10, lease_s=60):
        found += some
    return found


@ON_DISK
def test_only_the_end_is_told_to_every_receiver_and_to_the_address_of_the_call(world: World, outbox: Outbox) -> None:
    first = world.receivers.add(world.tenant.id, url="https://a.example.com/", enabled=True)
    second = world.receivers.add(world.tenant.id, url="https://b.example.com/", enabled=True)
    world.receivers.add(world.other.id, url="https://c.example.com/", enabled=True)
    world.webhooks.put(world.tenant.id, url="https://steps.example.com/", enabled=True)
    job = ended(world, callback_url="https://once.example.com/x?y=1")
    found = claimed(outbox)
    secrets = {
        "https://a.example.com/": first.secret,
        "https://b.example.com/": second.secret,
        "https://once.example.com/x?y=1": world.receivers.call_secret(world.tenant.id),
    }
    assert {due.webhook.url: due.webhook.secret for due in found} == secrets
    assert len(set(secrets.values())) == 3
    told = {(due.event.job_id, due.event.tenant_id, due.event.happening.value, due.dialect) for due in found}
    assert told == {(job.id, world.tenant.id, "succeeded", "gaard")}
    assert len({due.event.sequence for due in found}) == 3, "each message has an id of its own"


@ON_DISK
def test_the_end_of_a_head_task_is_told_to_the_address_of_the_call_alone(world: World, outbox: Outbox) -> None:
    world.receivers.add(world.tenant.id, url="https://a.example.com/", enabled=True)
    world.webhooks.put(world.tenant.id, url="https://steps.example.com/", enabled=True)
    job = ended(world, notify="akool", callback_url="https://once.example.com/")
    (due,) = claimed(outbox)
    assert (due.webhook.url, due.dialect, due.event.happening.value) == ("https://once.example.com/", "akool", "succeeded")
    assert due.event.job_id == job.id


@ON_DISK
def test_without_anybody_nothing_is_written(world: World, outbox: Outbox) -> None:
    world.webhooks.put(world.tenant.id, url="https://steps.example.com/", enabled=True)
    ended(world)
    world.receivers.add(world.tenant.id, url="https://late.example.com/", enabled=True)
    assert claimed(outbox) == []


@ON_DISK
def test_a_silent_receiver_keeps_no_other_waiting(world: World, outbox: Outbox) -> None:
    world.receivers.add(world.tenant.id, url="https://a.example.com/", enabled=True)
    ended(world, callback_url="https://once.example.com/")
    (silent, taken) = sorted(claimed(outbox), key=lambda due: due.webhook.url)
    outbox.postpone(silent, delay_s=300)
    outbox.settle(taken)
    world.age(301)
    (again,) = claimed(outbox)
    assert (again.webhook.url, again.tries) == ("https://a.example.com/", 2)


@ON_DISK
def test_a_receiver_can_pause_move_and_go(world: World, outbox: Outbox) -> None:
    one = world.receivers.add(world.tenant.id, url="https://a.example.com/", enabled=False)
    ended(world)
    assert claimed(outbox) == [], "it is disabled, so the result waits"
    world.receivers.change(world.tenant.id, one.id, url="https://b.example.com/", enabled=True)
    (due,) = claimed(outbox)
    assert (due.webhook.url, due.webhook.secret) == ("https://b.example.com/", one.secret)
    world.receivers.remove(world.tenant.id, one.id)
    world.age(61)
    assert claimed(outbox) == []


@ON_DISK
@pytest.mark.parametrize("how", ["dead", "cancelled"])
def test_a_job_without_a_result_is_told_too(world: World, outbox: Outbox, how: str) -> None:
    world.receivers.add(world.tenant.id, url="https://a.example.com/", enabled=True)
    job = submitted(world)
    if how == "cancelled":
        world.jobs.cancel(world.tenant.id, job.id)
    for _ in range(3 if how == "dead" else 0):
        again = Setback(error_code="model_missing", error_message="It is not there.")
        world.store.retry(job.id, fence=started(world, job).fence, setback=again)
    assert [due.event.happening.value for due in claimed(outbox)] == [how]


def test_receivers_belong_to_one_tenant_and_are_bounded(world: World) -> None:
    mine = [world.receivers.add(world.tenant.id, url=f"https://{n}.example.com/", enabled=True) for n in range(MOST_RECEIVERS)]
    assert world.receivers.all(world.tenant.id) == tuple(mine)
    assert world.receivers.all(world.other.id) == ()
    with pytest.raises(Conflict):
        world.receivers.add(world.tenant.id, url="https://x.example.com/", enabled=True)
    for call in (
        lambda: world.receivers.remove(world.other.id, mine[0].id),
        lambda: world.receivers.change(world.other.id, mine[0].id, url="https://x.example.com/", enabled=True),
    ):
        with pytest.raises(NotFound):
            call()
    world.receivers.remove(world.tenant.id, mine[0].id)
    assert world.receivers.all(world.tenant.id) == tuple(mine[1:])
    assert world.receivers.call_secret(world.tenant.id) == world.receivers.call_secret(world.tenant.id)
    assert world.receivers.call_secret(world.tenant.id) != world.receivers.call_secret(world.other.id)


def test_names_lead_to_the_newest_job_of_their_tenant_and_kind(world: World) -> None:
    first = submitted(world, notify=None, vendor_id="a" * 24, vendor_number=7, input_name="clip.mp4")
    second = submitted(world, notify=None, vendor_id="b" * 24, vendor_number=7, input_name="clip.mp4")
    find = world.jobs.find
    assert find(world.tenant.id, kind="walk", vendor_id="a" * 24).id == first.id
    assert find(world.tenant.id, kind="walk", vendor_id="b" * 24).vendor_number == 7
    assert find(world.tenant.id, kind="walk", vendor_number=7).id == second.id
    assert find(world.tenant.id, kind="walk", input_name="clip.mp4").id == second.id
    assert world.jobs.get(world.tenant.id, first.id).vendor_id == "a" * 24
    for names in ({"vendor_id": "c" * 24}, {"vendor_id": "a" * 24, "vendor_number": 8}, {}):
        with pytest.raises(NotFound):
            find(world.tenant.id, kind="walk", **names)
    for tenant_id, kind in ((world.other.id, "walk"), (world.tenant.id, "bark")):
        with pytest.raises(NotFound):
            find(tenant_id, kind=kind, vendor_id="a" * 24)

"""Events and credits are written together with what they belong to, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kinesight.domain.engine import Claim, Ending, Progress, Setback
from kinesight.domain.errors import InsufficientCredits, QueueFull
from kinesight.domain.job import Job, NewJob, State
from kinesight.domain.webhooks import Due, Outbox

from .conftest import LEASE_S, World

AGAIN = Setback(error_code="worker_crashed", error_message="It died.")
WELL = Ending(state=State.SUCCEEDED, result={})
REFUSED = Ending(state=State.FAILED, error_code="wrong_view", error_message="From the side, please.")
DAY_S = 86_400.0


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def outbox(world: World) -> Outbox:
    world.webhooks.put(world.tenant.id, url="https://a.example.com/", enabled=True)
    assert world.outbox is not None
    return world.outbox


def submitted(world: World, **given: object) -> Job:
    asked = {"kind": "walk", "parameters": {}, "source_url": "https://example.com/a.mp4", "notify": "ochy", **given}
    return world.jobs.submit(world.tenant.id, NewJob(**asked))  # type: ignore[arg-type]


def started(world: World, job: Job) -> Claim:
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    return claim


def taken(outbox: Outbox, *, limit: int = 10) -> list[tuple[int, str, int]]:
    """Deliver everything, one pass after the other, and return it in the order of delivery."""
    found: list[Due] = []
    while some := outbox.claim(limit=limit, lease_s=60):
        for due in some:
            outbox.settle(due)
        found += some
    return [(due.event.sequence, due.event.happening.value, due.event.percentage) for due in found]


def test_a_job_tells_its_life_in_order(world: World, outbox: Outbox) -> None:
    job = submitted(world)
    assert taken(outbox) == [], "nothing has begun"
    claim = started(world, job)
    for done in (10, 20, 70, 71):  # of 100 frames observed, which is 5 to 75 % of the whole
        world.store.beat(job.id, fence=claim.fence, progress=Progress(stage="observe", done=done, total=100))
    world.store.finish(job.id, fence=claim.fence, ending=WELL)
    assert taken(outbox) == [(1, "started", 0), (2, "progress", 25), (3, "progress", 50), (4, "succeeded", 100)]


def test_a_job_that_begins_again_tells_nothing_twice(world: World, outbox: Outbox) -> None:
    job = submitted(world)
    for _ in range(3):
        claim = started(world, job)
        world.store.beat(job.id, fence=claim.fence, progress=Progress(stage="observe", done=40, total=100))
        world.store.retry(job.id, fence=claim.fence, setback=AGAIN)
    assert taken(outbox) == [(1, "started", 0), (2, "progress", 25), (3, "dead", 33)]


def test_who_lost_the_lease_tells_nothing(world: World, outbox: Outbox) -> None:
    job = submitted(world)
    zombie = started(world, job)
    world.age(LEASE_S + 1)
    world.store.sweep(older_than_s=DAY_S)
    world.store.beat(job.id, fence=zombie.fence, progress=Progress(stage="render", done=9, total=10))
    world.store.finish(job.id, fence=zombie.fence, ending=WELL)
    assert taken(outbox) == [(1, "started", 0)]


@pytest.mark.parametrize("runs", [False, True])
def test_a_cancelled_job_tells_so(world: World, outbox: Outbox, runs: bool) -> None:
    job = submitted(world)
    claim = started(world, job) if runs else None
    world.jobs.cancel(world.tenant.id, job.id)
    world.jobs.cancel(world.tenant.id, job.id)
    if claim is not None:
        world.store.finish(job.id, fence=claim.fence, ending=WELL)
    assert taken(outbox)[-1] == (2 if runs else 1, "cancelled", 0)


def test_a_job_without_notice_tells_nothing(world: World, outbox: Outbox) -> None:
    job = submitted(world, notify=None)
    world.store.finish(job.id, fence=started(world, job).fence, ending=WELL)
    assert taken(outbox) == []


def test_the_next_event_waits_for_the_one_before_and_other_jobs_do_not(world: World, outbox: Outbox) -> None:
    slow, quick = submitted(world), submitted(world)
    for job in (slow, quick):
        world.store.finish(job.id, fence=started(world, job).fence, ending=REFUSED)
    first = outbox.claim(limit=10, lease_s=60)
    assert {(due.event.job_id, due.event.sequence) for due in first} == {(slow.id, 1), (quick.id, 1)}
    assert outbox.claim(limit=10, lease_s=60) == (), "nobody gets what somebody has"
    by_job = {due.event.job_id: due for due in first}
    outbox.settle(by_job[quick.id])
    outbox.postpone(by_job[slow.id], delay_s=30)
    (second,) = outbox.claim(limit=10, lease_s=60)
    assert (second.event.job_id, second.event.sequence) == (quick.id, 2)
    outbox.settle(second)
    assert outbox.claim(limit=10, lease_s=60) == ()
    world.age(31)
    assert taken(outbox) == [(1, "started", 0), (2, "failed", 0)]


def test_what_a_dead_deliverer_held_comes_again_and_its_word_no_longer_counts(world: World, outbox: Outbox) -> None:
    started(world, submitted(world))
    (lost,) = outbox.claim(limit=10, lease_s=60)
    world.age(61)
    (again,) = outbox.claim(limit=10, lease_s=60)
    assert (again.event.job_id, again.event.sequence) == (lost.event.job_id, lost.event.sequence)
    assert (lost.tries, again.tries) == (1, 2)
    outbox.settle(lost)
    outbox.postpone(lost, delay_s=-100)
    assert outbox.claim(limit=10, lease_s=60) == ()
    world.age(61)
    assert len(outbox.claim(limit=10, lease_s=60)) == 1, "it was not settled by the dead one"


def test_a_disabled_webhook_holds_events_back_and_gets_the_newest_address(world: World, outbox: Outbox) -> None:
    job = submitted(world)
    world.webhooks.put(world.tenant.id, url="https://a.example.com/", enabled=False)
    claim = started(world, job)
    assert outbox.claim(limit=10, lease_s=60) == ()
    world.webhooks.put(world.tenant.id, url="https://b.example.com/", enabled=True)
    (due,) = outbox.claim(limit=10, lease_s=60)
    assert (due.webhook.url, due.dialect) == ("https://b.example.com/", "ochy")
    assert due.webhook == world.webhooks.get(world.tenant.id)
    world.store.finish(job.id, fence=claim.fence, ending=WELL)


def test_an_event_outlives_its_job_and_is_given_up_after_its_time(world: World, outbox: Outbox) -> None:
    gone = submitted(world)
    world.store.finish(gone.id, fence=started(world, gone).fence, ending=WELL)
    world.jobs.delete(world.tenant.id, gone.id)
    assert taken(outbox) == [(1, "started", 0), (2, "succeeded", 100)]
    unheard = submitted(world)
    claim = started(world, unheard)
    world.age(DAY_S - 60)
    assert outbox.sweep(give_up_after_s=DAY_S, forget_after_s=7 * DAY_S) == 0
    world.age(120)
    assert outbox.sweep(give_up_after_s=DAY_S, forget_after_s=7 * DAY_S) == 1
    assert outbox.sweep(give_up_after_s=DAY_S, forget_after_s=7 * DAY_S) == 0
    assert outbox.claim(limit=10, lease_s=60) == ()
    world.store.finish(unheard.id, fence=claim.fence, ending=WELL)
    assert taken(outbox) == [(2, "succeeded", 100)], "what was given up stands in nobody's way"


def test_many_events_of_one_tenant_leave_room_for_another(world: World, outbox: Outbox) -> None:
    world.webhooks.put(world.other.id, url="https://b.example.com/", enabled=True)
    for _ in range(5):
        started(world, submitted(world))
    new = NewJob(kind="walk", parameters={}, source_url="https://example.com/a.mp4", notify="ochy")
    late = world.jobs.submit(world.other.id, new)
    started(world, late)
    found = outbox.claim(limit=4, lease_s=60)
    assert len(found) == 3
    assert late.id in {due.event.job_id for due in found}


def test_deliverers_at_the_same_time_never_get_the_same(world: World, outbox: Outbox) -> None:
    jobs = [submitted(world) for _ in range(5)]
    for job in jobs:
        started(world, job)
    with ThreadPoolExecutor(6) as threads:
        found = [due for some in threads.map(lambda _: outbox.claim(limit=1, lease_s=60), range(12)) for due in some]
    assert sorted(due.event.job_id for due in found) == sorted({due.event.job_id for due in found})
    rest = [due for _ in range(5) for due in outbox.claim(limit=1, lease_s=60)]
    assert sorted(due.event.job_id for due in (*found, *rest)) == sorted(job.id for job in jobs)


# credits


def test_the_last_credits_are_spent_once_however_many_ask(world: World) -> None:
    world.keys.credits("one", add=2)

    def ask(_: int) -> bool:
        try:
            submitted(world, credits=1)
        except InsufficientCredits:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(ask, range(4))) == 2
    assert world.keys.credits("one") == 0


def test_a_credit_is_taken_with_the_job_or_not_at_all(world: World) -> None:
    world.keys.credits("one", add=2)
    first = submitted(world, credits=1, idempotency_key="k")
    assert submitted(world, credits=1, idempotency_key="k").id == first.id
    assert world.keys.credits("one") == 1, "a repeated request costs nothing"
    submitted(world, credits=1)
    with pytest.raises(InsufficientCredits):
        submitted(world, credits=1)
    assert world.keys.credits("one") == 0
    assert len(world.jobs.page(world.tenant.id, limit=10).jobs) == 2
    world.keys.credits("one", add=1)
    for _ in range(3):
        submitted(world)
    with pytest.raises(QueueFull):
        submitted(world, credits=1)
    assert world.keys.credits("one") == 1, "a refused request costs nothing"


@pytest.mark.parametrize(("ending", "left"), [(WELL, 0), (REFUSED, 0), ("dead", 1), ("cancelled", 1), ("stopped", 0)])
def test_a_credit_comes_back_when_the_server_was_at_fault(world: World, ending: Ending | str, left: int) -> None:
    world.keys.credits("one", add=1)
    job = submitted(world, credits=1)
    if isinstance(ending, Ending):
        world.store.finish(job.id, fence=started(world, job).fence, ending=ending)
    elif ending == "dead":
        for _ in range(3):
            world.store.retry(job.id, fence=started(world, job).fence, setback=AGAIN)
    else:
        claim = started(world, job) if ending == "stopped" else None
        for _ in range(2):
            world.jobs.cancel(world.tenant.id, job.id)
        if claim is not None:
            world.store.finish(job.id, fence=claim.fence, ending=WELL)
    assert world.jobs.get(world.tenant.id, job.id).state.is_final
    assert world.keys.credits("one") == left

"""What every implementation of the port `JobStore` promises to workers and sweepers."""

from __future__ import annotations

import pytest

from kinesight.domain.engine import Claim, Ending, Progress, Setback
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job, NewJob, State

from .conftest import LEASE_S, World

AGAIN = Setback(error_code="worker_crashed", error_message="It died.")
WELL = Ending(state=State.SUCCEEDED, result={})
DAY_S = 86_400.0


def submitted(world: World) -> Job:
    return world.jobs.submit(world.tenant.id, NewJob(kind="walk", parameters={}, source_url="https://example.com/a.mp4"))


def started(world: World, job: Job, owner: str = "w") -> Claim:
    claim = world.store.start(job.id, fence=world.entry(job.id), owner=owner)
    assert claim is not None
    return claim


def now(world: World, job: Job) -> Job:
    return world.jobs.get(world.tenant.id, job.id)


def test_an_entry_starts_its_job_once(world: World) -> None:
    job = submitted(world)
    fence = world.entry(job.id)
    claim = world.store.start(job.id, fence=fence, owner="a")
    assert claim is not None
    assert (claim.job.state, claim.job.attempt) == (State.RUNNING, 1)
    assert claim.job.started_s is not None
    assert world.store.start(job.id, fence=fence, owner="b") is None
    assert world.store.start(job.id, fence=claim.fence, owner="b") is None
    assert world.store.start("no such job", fence=0, owner="b") is None


def test_tries_are_counted_and_end_in_death(world: World) -> None:
    job = submitted(world)
    for attempt in (1, 2):
        claim = started(world, job)
        assert claim.job.attempt == attempt
        assert world.store.retry(job.id, fence=claim.fence, setback=AGAIN) is State.QUEUED
        assert now(world, job).error_code is None, "no error before the end"
    claim = started(world, job)
    assert world.store.retry(job.id, fence=claim.fence, setback=AGAIN) is State.DEAD
    dead = now(world, job)
    assert (dead.state, dead.attempt, dead.error_code) == (State.DEAD, 3, "worker_crashed")
    assert dead.error_message == "It died. Tries: 3 of 3."


def test_a_job_handed_back_is_not_charged(world: World) -> None:
    job = submitted(world)
    for _ in range(5):
        claim = started(world, job)
        assert claim.job.attempt == 1
        assert world.store.hand_back(job.id, fence=claim.fence)
    assert now(world, job).attempt == 0


def test_who_lost_the_lease_changes_nothing(world: World) -> None:
    job = submitted(world)
    zombie = started(world, job, "zombie")
    world.age(LEASE_S + 1)
    assert world.store.sweep(older_than_s=DAY_S).expired == 1
    heir = started(world, job, "heir")
    assert heir.job.attempt == 2
    bad = Ending(state=State.FAILED, error_code="x", error_message="from the dead")
    for _ in range(2):
        assert not world.store.finish(job.id, fence=zombie.fence, ending=bad)
        assert world.store.retry(job.id, fence=zombie.fence, setback=AGAIN) is None
        assert not world.store.hand_back(job.id, fence=zombie.fence)
        assert not world.store.beat(job.id, fence=zombie.fence, progress=Progress(done=99)).is_held
    assert now(world, job).done == 0
    assert world.store.finish(job.id, fence=heir.fence, ending=WELL)
    assert not world.store.finish(job.id, fence=heir.fence, ending=bad), "a final state does not change"
    assert now(world, job).state is State.SUCCEEDED


def test_a_beat_keeps_the_lease(world: World) -> None:
    job = submitted(world)
    claim = started(world, job)
    for _ in range(3):
        world.age(LEASE_S * 0.7)
        assert world.store.beat(job.id, fence=claim.fence, progress=Progress()).is_held
        assert world.store.sweep(older_than_s=DAY_S).expired == 0
    assert world.store.finish(job.id, fence=claim.fence, ending=WELL)


def test_expired_leases_reach_death_too(world: World) -> None:
    job = submitted(world)
    for _ in range(3):
        started(world, job)
        world.age(LEASE_S + 1)
        assert world.store.sweep(older_than_s=DAY_S).expired == 1
        assert world.store.sweep(older_than_s=DAY_S).expired == 0, "a second pass finds nothing"
    dead = now(world, job)
    assert (dead.state, dead.error_code) == (State.DEAD, "worker_crashed")


@pytest.mark.parametrize("how", ["sweep", "retry", "hand_back", "reclaim"])
def test_a_job_that_shall_stop_is_not_begun_again(world: World, how: str) -> None:
    job = submitted(world)
    claim = started(world, job)
    world.jobs.cancel(world.tenant.id, job.id)
    if how == "sweep":
        world.age(LEASE_S + 1)
        world.store.sweep(older_than_s=DAY_S)
    elif how == "retry":
        assert world.store.retry(job.id, fence=claim.fence, setback=AGAIN) is State.CANCELLED
    elif how == "hand_back":
        assert world.store.hand_back(job.id, fence=claim.fence)
    else:
        world.store.reclaim("w")
    assert now(world, job).state is State.CANCELLED


def test_a_restarted_owner_takes_up_only_its_own(world: World) -> None:
    mine, theirs = submitted(world), submitted(world)
    lost = started(world, mine, "me")
    kept = started(world, theirs, "them")
    assert world.store.reclaim("me") == 1
    assert world.store.reclaim("me") == 0
    assert now(world, mine).state is State.QUEUED
    assert not world.store.finish(mine.id, fence=lost.fence, ending=WELL)
    assert started(world, mine, "me").job.attempt == 2
    assert world.store.finish(theirs.id, fence=kept.fence, ending=WELL)


def test_a_job_whose_entry_is_lost_gets_another(world: World) -> None:
    job = submitted(world)
    old = world.entry(job.id)
    world.lose_entries()
    world.age(LEASE_S + 1)
    assert world.store.sweep(older_than_s=DAY_S).stranded == 1
    assert world.store.sweep(older_than_s=DAY_S).stranded == 0
    assert world.store.start(job.id, fence=old, owner="w") is None, "the old entry is void should it come after all"
    assert started(world, job).job.attempt == 1


def test_what_belongs_to_a_job_is_known(world: World) -> None:
    path = world.files.create()
    path.write_bytes(b"video")
    key = world.files.keep(path)
    assert not world.store.knows(key)
    job = world.jobs.submit(world.tenant.id, NewJob(kind="walk", parameters={}, input_key=key))
    assert world.store.knows(key)
    assert world.store.knows(f"jobs/{job.id}")
    assert not world.store.knows("jobs/another")


def test_final_jobs_are_forgotten_after_their_time(world: World) -> None:
    done, waiting = submitted(world), submitted(world)
    assert world.store.finish(done.id, fence=started(world, done).fence, ending=WELL)
    assert world.store.sweep(older_than_s=DAY_S).forgotten == ()
    world.age(DAY_S + 1)
    assert [one.job_id for one in world.store.sweep(older_than_s=DAY_S).forgotten] == [done.id]
    with pytest.raises(NotFound):
        now(world, done)
    assert now(world, waiting).state is State.QUEUED

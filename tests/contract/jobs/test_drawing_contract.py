"""Numbers first, pictures later: what every store promises about jobs that draw for others, and about waiting for an end."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from kinesight.domain.engine import Claim, Ending, Lane, Setback
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Artefact, Job, NewJob, State

from .conftest import LEASE_S, World

DAY_S = 86_400.0
AGAIN = Setback(error_code="worker_crashed", error_message="It died.")


def submitted(world: World, kind: str = "bark") -> Job:
    path = world.files.create()
    path.write_bytes(b"video")
    new = NewJob(kind=kind, parameters={}, input_key=world.files.keep(path), input_name="a.mp4", origin={"api": "x"})
    return world.jobs.submit(world.tenant.id, new)


def started(world: World, job_id: str) -> Claim:
    claim = world.store.start(job_id, fence=world.entry(job_id), owner="w")
    assert claim is not None
    return claim


def artefact(claim: Claim, name: str) -> Artefact:
    return Artefact(
        name=name, key=f"jobs/{claim.job.id}/{claim.fence}/{name}", media_type="text/plain", size_bytes=1, sha256="0" * 64
    )


def judged(world: World, names: tuple[str, ...] = ("result.json", "thumbnail.jpg")) -> tuple[Job, str]:
    """Return a job whose numbers are out, and the id of the one that is to draw for it."""
    job = submitted(world)
    claim = started(world, job.id)
    kept = tuple(artefact(claim, name) for name in names)
    ending = Ending(state=State.SUCCEEDED, result={"n": 1}, artefacts=kept, draws_later=True)
    assert world.store.finish(job.id, fence=claim.fence, ending=ending)
    return now(world, job.id), world.drawing_of(job.id)


def now(world: World, job_id: str) -> Job:
    return world.jobs.get(world.tenant.id, job_id)


def test_a_drawing_begins_to_exist_with_the_result_and_shares_its_input(world: World) -> None:
    job, drawing_id = judged(world)
    assert (job.state, job.result, job.drawing) == (State.SUCCEEDED, {"n": 1}, State.QUEUED)
    claim = started(world, drawing_id)
    assert claim.lane is Lane.LATER
    drawing = claim.job
    assert (drawing.follows, drawing.kind, drawing.input_key, drawing.input_name) == (job.id, "bark", job.input_key, "a.mp4")
    assert (drawing.origin, drawing.parameters, drawing.attempt) == ({"api": "x"}, {}, 1)
    assert now(world, job.id).drawing is State.RUNNING


def test_what_was_drawn_is_found_with_the_first_job(world: World) -> None:
    job, drawing_id = judged(world, ("result.json",))
    claim = started(world, drawing_id)
    ending = Ending(state=State.SUCCEEDED, artefacts=(artefact(claim, "annotated.mp4"),))
    assert world.store.finish(drawing_id, fence=claim.fence, ending=ending)
    assert [one.name for one in world.jobs.artefacts(world.tenant.id, job.id)] == ["annotated.mp4", "result.json"]
    assert now(world, job.id).drawing is State.SUCCEEDED
    assert now(world, job.id).result == {"n": 1}
    with pytest.raises(NotFound):
        world.jobs.artefacts(world.other.id, job.id)


def test_a_job_that_drew_itself_has_no_drawing(world: World) -> None:
    job = submitted(world)
    claim = started(world, job.id)
    world.store.finish(job.id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED, result={}))
    assert now(world, job.id).drawing is None


def test_drawings_are_in_no_list_and_count_against_no_limit(world: World) -> None:
    judged_ids = [judged(world)[0].id for _ in range(5)]
    page = world.jobs.page(world.tenant.id, limit=20)
    assert {job.id for job in page.jobs} == set(judged_ids)
    assert all(job.drawing is State.QUEUED for job in page.jobs)
    submitted(world)  # the limit is five unfinished ones


def test_a_drawing_survives_the_death_of_its_worker_and_the_loss_of_its_entry(world: World) -> None:
    job, drawing_id = judged(world)
    started(world, drawing_id)
    world.age(LEASE_S + 1)
    assert world.store.sweep(older_than_s=DAY_S).expired == 1
    world.lose_entries()
    world.age(LEASE_S + 1)
    assert world.store.sweep(older_than_s=DAY_S).stranded == 1
    claim = started(world, drawing_id)
    assert (claim.lane, claim.job.attempt) == (Lane.LATER, 2)
    for _ in range(2):
        state = world.store.retry(drawing_id, fence=claim.fence, setback=AGAIN)
        if state is State.QUEUED:
            claim = started(world, drawing_id)
    assert now(world, job.id).drawing is State.DEAD
    assert now(world, job.id).state is State.SUCCEEDED


def test_a_drawing_goes_with_its_job_even_while_it_runs(world: World) -> None:
    job, drawing_id = judged(world)
    claim = started(world, drawing_id)
    folders = [world.files.attempt_folder(one, claim.fence).parent for one in (job.id, drawing_id)]
    world.jobs.delete(world.tenant.id, job.id)
    assert not any(folder.exists() for folder in folders)
    assert not world.store.knows(job.input_key or "")
    assert not world.store.finish(drawing_id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED))
    with pytest.raises(NotFound):
        now(world, drawing_id)


def test_a_drawing_is_forgotten_together_with_its_job(world: World) -> None:
    _, drawing_id = judged(world)
    claim = started(world, drawing_id)
    world.store.finish(drawing_id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED))
    world.age(2 * DAY_S)
    forgotten = world.store.sweep(older_than_s=DAY_S).forgotten
    assert [one.drawing_id for one in forgotten] == [drawing_id]
    with pytest.raises(NotFound):
        now(world, drawing_id)


def test_a_kind_that_is_urgent_waits_in_its_own_lane(world: World) -> None:
    assert started(world, submitted(world, "bark").id).lane is Lane.URGENT
    assert started(world, submitted(world, "walk").id).lane is Lane.VIDEO


def finish_soon(world: World, job_id: str, delay_s: float, **ending: Any) -> threading.Timer:
    claim = started(world, job_id)
    timer = threading.Timer(delay_s, world.store.finish, (job_id,), {"fence": claim.fence, "ending": Ending(**ending)})
    timer.start()
    return timer


def test_waiting_ends_with_the_job(world: World) -> None:
    first, second = submitted(world), submitted(world)
    timers = [
        finish_soon(world, first.id, 0.05, state=State.SUCCEEDED, result={"n": 2}),
        finish_soon(world, second.id, 0.1, state=State.FAILED, error_code="wrong_view", error_message="No."),
    ]

    async def both() -> list[Job]:
        waits = [world.jobs.wait(world.tenant.id, job.id, timeout_s=60.0) for job in (first, second, first)]
        return list(await asyncio.gather(*waits))

    one, two, again = asyncio.run(both())
    assert (one.state, one.result, two.state, two.error_code) == (State.SUCCEEDED, {"n": 2}, State.FAILED, "wrong_view")
    assert again == one
    for timer in timers:
        timer.join()


def test_waiting_gives_up_and_returns_the_job_as_it_is(world: World) -> None:
    job = submitted(world)
    started(world, job.id)
    assert asyncio.run(world.jobs.wait(world.tenant.id, job.id, timeout_s=0.05)).state is State.RUNNING
    assert asyncio.run(world.jobs.wait(world.tenant.id, job.id, timeout_s=0.0)).state is State.RUNNING


def test_only_the_own_tenant_can_wait(world: World) -> None:
    job = submitted(world)
    with pytest.raises(NotFound):
        asyncio.run(world.jobs.wait(world.other.id, job.id, timeout_s=1.0))


def test_waiting_for_a_job_that_is_removed_meanwhile_is_over(world: World) -> None:
    job, _ = judged(world)
    world.jobs.delete(world.tenant.id, job.id)
    assert world.store.ended([job.id]) == {job.id}

"""What every store promises about jobs that build on other jobs, and about what was corrected in these."""

from __future__ import annotations

import pytest

from kinesight.domain.corrections import Entry
from kinesight.domain.engine import Ending
from kinesight.domain.errors import BadParameter, Conflict, NotFound, UnknownPerson
from kinesight.domain.job import Attachment, Job, NewJob, State

from .conftest import World

DAY_S = 86_400.0


def upload(world: World, content: bytes = b"a") -> str:
    path = world.files.create()
    path.write_bytes(content)
    return world.files.keep(path)


def end(world: World, job: Job, ending: Ending) -> None:
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    assert world.store.finish(job.id, fence=claim.fence, ending=ending)


def walked(world: World, **given: object) -> Job:
    asked = {"input_key": upload(world), **given}
    job = world.jobs.submit(world.tenant.id, NewJob(kind="walk", parameters={}, **asked))  # type: ignore[arg-type]
    end(world, job, Ending(state=State.SUCCEEDED, result={"who": [0, 1]}))
    return job


def hide(world: World, builds_on: str | None, **given: object) -> Job:
    asked = {"parameters": {}, **given}
    return world.jobs.submit(world.tenant.id, NewJob(kind="hide", builds_on=builds_on, **asked))  # type: ignore[arg-type]


def test_a_job_that_builds_on_another_has_no_video_of_its_own_and_keeps_its_references(world: World) -> None:
    walk = walked(world)
    key = upload(world)
    references = {1: Attachment(key=key, name="face.jpg", sha256="5"), 0: Attachment(url="https://example.com/f.png")}
    job = hide(world, walk.id, references=references, asked_by="one/a")
    assert (job.builds_on, job.input_key, job.source_url, job.asked_by) == (walk.id, None, None, "one/a")
    assert world.jobs.page(world.tenant.id, limit=5, kind="hide").jobs[0].builds_on == walk.id
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    assert claim.references == references
    assert claim.job.corrections is None


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"], indirect=True)
def test_the_tenant_asks_where_nobody_is_named(world: World) -> None:
    assert hide(world, walked(world).id).asked_by == "one"


def test_what_does_not_fit_is_refused_and_its_uploads_are_gone(world: World) -> None:
    walk = walked(world)
    unfinished = world.jobs.submit(world.tenant.id, NewJob(kind="walk", parameters={}, input_key=upload(world)))
    bark = world.jobs.submit(world.tenant.id, NewJob(kind="bark", parameters={}, input_key=upload(world)))
    for builds_on, given, error in (
        (None, {}, BadParameter),
        (walk.id, {"source_url": "https://example.com/a.mp4"}, BadParameter),
        ("00000000-0000-4000-8000-000000000000", {}, NotFound),
        (unfinished.id, {}, Conflict),
        (bark.id, {}, BadParameter),
        (walk.id, {"parameters": {"who": 7}}, UnknownPerson),
    ):
        key = upload(world)
        with pytest.raises(error):
            hide(world, builds_on, references={0: Attachment(key=key)}, **given)
        with pytest.raises(NotFound):
            world.files.path(key)
    with pytest.raises(NotFound):
        hide(world, walk.id, references={0: Attachment(key=key)})  # an upload that is gone
    with pytest.raises(NotFound):
        world.jobs.submit(world.other.id, NewJob(kind="hide", parameters={}, builds_on=walk.id))
    with pytest.raises(BadParameter):
        world.jobs.submit(world.tenant.id, NewJob(kind="walk", parameters={}, builds_on=walk.id))
    world.files.forget_input(walk.input_key or "")
    with pytest.raises(Conflict, match="analyse it again"):
        hide(world, walk.id)


def test_the_same_key_is_the_same_task_and_its_second_pictures_go(world: World) -> None:
    walk = walked(world)
    first, second = upload(world), upload(world)
    job = hide(world, walk.id, idempotency_key="k", references={0: Attachment(key=first, sha256="5")})
    assert hide(world, walk.id, idempotency_key="k", references={0: Attachment(key=second, sha256="5")}).id == job.id
    assert world.files.path(first).exists()
    with pytest.raises(NotFound):
        world.files.path(second)
    with pytest.raises(Conflict):
        hide(world, walk.id, idempotency_key="k", references={0: Attachment(key=upload(world), sha256="6")})
    with pytest.raises(Conflict):
        hide(world, walked(world).id, idempotency_key="k", references={0: Attachment(key=upload(world), sha256="5")})


def test_what_an_unfinished_job_builds_on_is_neither_deleted_nor_forgotten(world: World) -> None:
    walk = walked(world)
    key = upload(world)
    job = hide(world, walk.id, references={0: Attachment(key=key)})
    with pytest.raises(Conflict, match="builds on"):
        world.jobs.delete(world.tenant.id, walk.id)
    world.age(8 * DAY_S)
    assert world.store.sweep(older_than_s=7 * DAY_S).forgotten == ()
    assert world.store.knows(key)
    end(world, job, Ending(state=State.SUCCEEDED, result={}))
    (gone,) = world.store.sweep(older_than_s=7 * DAY_S).forgotten
    assert (gone.job_id, gone.input_key) == (walk.id, walk.input_key)
    world.jobs.delete(world.tenant.id, job.id)
    assert not world.store.knows(key)
    with pytest.raises(NotFound):
        world.files.path(key)


def test_a_forgotten_task_takes_its_pictures_along(world: World) -> None:
    walk = walked(world)
    key = upload(world)
    job = hide(world, walk.id, references={0: Attachment(key=key)})
    world.jobs.cancel(world.tenant.id, job.id)
    world.age(8 * DAY_S)
    gone = {one.job_id: one.attachment_keys for one in world.store.sweep(older_than_s=7 * DAY_S).forgotten}
    assert gone == {walk.id: (), job.id: (key,)}


def test_a_fetched_video_is_the_input_from_the_end_of_its_job_on(world: World) -> None:
    fetched = NewJob(kind="walk", parameters={}, source_url="https://example.com/a.mp4")
    walk = world.jobs.submit(world.tenant.id, fetched)
    key = upload(world)
    end(world, walk, Ending(state=State.SUCCEEDED, result={"who": [0]}, input_key=key))
    assert world.jobs.get(world.tenant.id, walk.id).input_key == key
    assert hide(world, walk.id).builds_on == walk.id


def test_a_task_takes_along_what_was_corrected_before_it_and_nothing_later(world: World) -> None:
    walk = walked(world)
    first = Entry(number=1, change={"merge": 5}, undoes=None, made_by="one/a", created_s=0.0)
    assert world.corrections.append(walk.id, first, result={"who": [0, 5]})
    job = hide(world, walk.id, parameters={"who": 5})
    later = Entry(number=2, change=None, undoes=1, made_by=None, created_s=0.0)
    assert world.corrections.append(walk.id, later, result={"who": [0, 1]})
    assert not world.corrections.append(walk.id, later, result={"who": []}), "the number is taken"
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    assert claim.job.corrections == [{"merge": 5}]
    with pytest.raises(UnknownPerson):
        hide(world, walk.id, parameters={"who": 5})
    log = world.corrections.log(walk.id)
    assert [(entry.number, entry.change, entry.undoes) for entry in log.entries] == [(1, {"merge": 5}, None), (2, None, 1)]
    assert log.entries[0].made_by == "one/a"
    assert log.entries[0].created_s > 1e9
    assert log.in_force == ()
    assert log.result == {"who": [0, 1]}
    assert world.jobs.get(world.tenant.id, walk.id).result == {"who": [0, 1]}, "what was found first stays"

"""What every implementation of the port `Jobs` promises to the APIs."""

from __future__ import annotations

from pathlib import Path

import pytest

from kinesight.domain.engine import Ending, Progress
from kinesight.domain.errors import BadParameter, Conflict, NotFound, QueueFull
from kinesight.domain.job import NewJob, State

from .conftest import World

URL = "https://example.com/a.mp4"


def ask(world: World, **given: object) -> NewJob:
    return NewJob(**{"kind": "walk", "parameters": {}, "source_url": URL, **given})  # type: ignore[arg-type]


def finish(world: World, job_id: str, ending: Ending) -> None:
    claim = world.store.start(job_id, fence=world.entry(job_id), owner="w")
    assert claim is not None
    assert world.store.finish(job_id, fence=claim.fence, ending=ending)


def test_an_accepted_job_is_read_back_with_its_defaults_filled_in(world: World) -> None:
    job = world.jobs.submit(world.tenant.id, ask(world, input_name="ä 😀\ud800\x00.mov", origin={"subject": [1, None]}))
    assert job.state is State.QUEUED
    assert job.parameters == {"speed_mps": 1.5}
    assert job.origin == {"subject": [1, None]}
    assert world.jobs.get(world.tenant.id, job.id) == job
    assert job.id[14] == "4", "a random id, version 4"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"kind": "swim"}, "walk"),
        ({"parameters": {"speed_mps": "fast"}}, "speed_mps"),
        ({"parameters": {"speed_kmh": 1}}, "speed_kmh"),
        ({"source_url": None}, "video"),
        ({"input_key": "incoming/x"}, "either"),
        ({"idempotency_key": "k" * 256}, "255"),
    ],
)
def test_a_wrong_request_is_refused_by_name(world: World, given: dict[str, object], said: str) -> None:
    with pytest.raises(BadParameter, match=said):
        world.jobs.submit(world.tenant.id, ask(world, **given))
    assert world.jobs.page(world.tenant.id, limit=10).jobs == ()


def test_the_same_key_and_request_is_the_same_job(world: World) -> None:
    first = world.jobs.submit(world.tenant.id, ask(world, idempotency_key="k"))
    again = world.jobs.submit(world.tenant.id, ask(world, idempotency_key="k", parameters={"speed_mps": 1.5}))
    assert again.id == first.id
    with pytest.raises(Conflict):
        world.jobs.submit(world.tenant.id, ask(world, idempotency_key="k", parameters={"speed_mps": 2}))
    assert world.jobs.submit(world.other.id, ask(world, idempotency_key="k")).id != first.id
    assert len(world.jobs.page(world.tenant.id, limit=10).jobs) == 1


def stored(world: World, content: bytes) -> tuple[str, Path]:
    path = world.files.create()
    path.write_bytes(content)
    key = world.files.keep(path)
    return key, world.files.path(key)


def test_an_upload_sent_twice_is_kept_once(world: World) -> None:
    first_key, first = stored(world, b"video")
    second_key, second = stored(world, b"video")
    given = {"source_url": None, "input_sha256": "5", "idempotency_key": "k"}
    job = world.jobs.submit(world.tenant.id, ask(world, input_key=first_key, **given))
    assert world.jobs.submit(world.tenant.id, ask(world, input_key=second_key, **given)) == job
    assert first.exists()
    assert not second.exists()
    with pytest.raises(Conflict):
        world.jobs.submit(world.tenant.id, ask(world, input_key=first_key, **{**given, "input_sha256": "6"}))
    assert first.exists(), "a key in use is not removed because somebody sends it again"


def test_a_refused_upload_is_removed(world: World) -> None:
    key, path = stored(world, b"video")
    with pytest.raises(BadParameter):
        world.jobs.submit(world.tenant.id, ask(world, kind="swim", source_url=None, input_key=key))
    assert not path.exists()
    with pytest.raises(NotFound):
        world.jobs.submit(world.tenant.id, ask(world, source_url=None, input_key=key))


def test_the_queue_of_one_tenant_is_bounded(world: World) -> None:
    ids = [world.jobs.submit(world.tenant.id, ask(world)).id for _ in range(5)]
    with pytest.raises(QueueFull):
        world.jobs.submit(world.tenant.id, ask(world))
    world.jobs.submit(world.other.id, ask(world))
    world.jobs.cancel(world.tenant.id, ids[0])
    world.jobs.submit(world.tenant.id, ask(world))


def test_tenants_do_not_see_each_other(world: World) -> None:
    job = world.jobs.submit(world.tenant.id, ask(world))
    for call in (world.jobs.get, world.jobs.cancel, world.jobs.delete, world.jobs.artefacts):
        with pytest.raises(NotFound):
            call(world.other.id, job.id)
        with pytest.raises(NotFound):
            call(world.tenant.id, "nonsense\x00")
    assert world.jobs.page(world.other.id, limit=10).jobs == ()
    assert world.jobs.get(world.tenant.id, job.id).state is State.QUEUED


def test_pages_go_from_the_newest_to_the_oldest_and_miss_nothing(world: World) -> None:
    made = [world.jobs.submit(world.tenant.id, ask(world, kind=kind)) for kind in ("walk", "bark", "walk", "walk", "bark")]
    expected = [job.id for job in sorted(made, key=lambda job: (job.created_s, job.id), reverse=True)]
    seen, cursor = [], None
    while True:
        page = world.jobs.page(world.tenant.id, limit=2, cursor=cursor)
        seen += [job.id for job in page.jobs]
        cursor = page.next_cursor
        if cursor is None:
            break
        assert len(page.jobs) == 2
    assert seen == expected
    barks = world.jobs.page(world.tenant.id, limit=10, kind="bark").jobs
    assert {job.id for job in barks} == {made[1].id, made[4].id}
    world.jobs.cancel(world.tenant.id, made[2].id)
    assert [job.id for job in world.jobs.page(world.tenant.id, limit=10, state=State.CANCELLED).jobs] == [made[2].id]


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "e30", "W10", "WzEsMl0", "é", "W05hTiwieCJd", "W" * 10_000])
def test_a_strange_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(BadParameter):
        world.jobs.page(world.tenant.id, limit=10, cursor=cursor)


def test_a_waiting_job_is_cancelled_at_once_and_never_starts(world: World) -> None:
    job = world.jobs.submit(world.tenant.id, ask(world))
    fence = world.entry(job.id)
    cancelled = world.jobs.cancel(world.tenant.id, job.id)
    assert cancelled.state is State.CANCELLED
    assert cancelled.finished_s is not None
    assert world.store.start(job.id, fence=fence, owner="w") is None
    assert world.jobs.cancel(world.tenant.id, job.id) == cancelled


def test_a_running_job_hears_of_the_cancel_with_its_next_beat(world: World) -> None:
    job = world.jobs.submit(world.tenant.id, ask(world))
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    beat = world.store.beat(job.id, fence=claim.fence, progress=Progress(stage="observe", done=3, total=10))
    assert (beat.is_held, beat.cancel_requested) == (True, False)
    running = world.jobs.get(world.tenant.id, job.id)
    assert (running.state, running.stage, running.done, running.total) == (State.RUNNING, "observe", 3, 10)
    assert running.percentage == 26
    assert world.jobs.cancel(world.tenant.id, job.id).state is State.CANCELLING
    assert world.store.beat(job.id, fence=claim.fence, progress=Progress()).cancel_requested
    # The work was done before the wish was heard; a cancelled job has no result all the same.
    assert world.store.finish(job.id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED, result={"n": 1}))
    final = world.jobs.get(world.tenant.id, job.id)
    assert (final.state, final.result, final.error_code) == (State.CANCELLED, None, None)


def test_a_result_and_its_files_appear_together(world: World) -> None:
    job = world.jobs.submit(world.tenant.id, ask(world))
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    folder = world.files.attempt_folder(job.id, claim.fence)
    (folder / "persons").mkdir()
    (folder / "persons" / "0.jpg").write_bytes(b"picture")
    (folder / "result.json").write_text("{}")
    assert world.jobs.artefacts(world.tenant.id, job.id) == ()
    kept = world.files.collect(job.id, claim.fence)
    result = {"deep": {"number": 0.1, "text": "\x00 \ud800 😀", "none": None}}
    assert world.store.finish(job.id, fence=claim.fence, ending=Ending(state=State.SUCCEEDED, result=result, artefacts=kept))
    final = world.jobs.get(world.tenant.id, job.id)
    assert (final.state, final.result, final.percentage) == (State.SUCCEEDED, result, 100)
    assert [one.name for one in world.jobs.artefacts(world.tenant.id, job.id)] == ["persons/0.jpg", "result.json"]
    assert world.jobs.page(world.tenant.id, limit=1).jobs[0].result is None, "lists are light"


def test_only_a_final_job_can_be_deleted_and_then_nothing_is_left(world: World) -> None:
    key, upload = stored(world, b"video")
    job = world.jobs.submit(world.tenant.id, ask(world, source_url=None, input_key=key))
    with pytest.raises(Conflict):
        world.jobs.delete(world.tenant.id, job.id)
    claim = world.store.start(job.id, fence=world.entry(job.id), owner="w")
    assert claim is not None
    (world.files.attempt_folder(job.id, claim.fence) / "poses.json").write_text("{}")
    kept = world.files.collect(job.id, claim.fence)
    ending = Ending(state=State.FAILED, error_code="wrong_view", error_message="Film from\x00 the side.", artefacts=kept)
    assert world.store.finish(job.id, fence=claim.fence, ending=ending)
    failed = world.jobs.get(world.tenant.id, job.id)
    assert (failed.state, failed.error_code) == (State.FAILED, "wrong_view")
    artefact = world.files.path(kept[0].key)
    world.jobs.delete(world.tenant.id, job.id)
    assert not upload.exists()
    assert not artefact.exists()
    with pytest.raises(NotFound):
        world.jobs.get(world.tenant.id, job.id)

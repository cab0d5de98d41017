"""What every implementation of `Subjects` and `Webhooks` promises, and what jobs and keys promise about subjects and credits."""

from __future__ import annotations

import base64

import pytest

from kinesight.domain.errors import BadParameter, NotFound
from kinesight.domain.job import NewJob

from .conftest import World

URL = "https://example.com/a.mp4"


def test_a_subject_is_read_back_and_changed_in_part(world: World) -> None:
    fields = {"email": "a@example.com", "name": "Änne 😀", "height_m": 1.71, "weight_kg": 61.5}
    made = world.subjects.create(world.tenant.id, fields)
    assert {name: getattr(made, name) for name in fields} == fields
    assert made.id[14] == "4"
    assert world.subjects.get(world.tenant.id, made.id) == made
    changed = world.subjects.update(world.tenant.id, made.id, {"name": None, "height_m": 1.72})
    assert (changed.name, changed.height_m, changed.email, changed.created_s) == (None, 1.72, "a@example.com", made.created_s)
    assert world.subjects.update(world.tenant.id, made.id, {}) == changed
    assert world.subjects.get(world.tenant.id, made.id) == changed


def test_a_deleted_subject_is_nowhere(world: World) -> None:
    kept, gone = world.subjects.create(world.tenant.id, {}), world.subjects.create(world.tenant.id, {})
    world.subjects.delete(world.tenant.id, gone.id)
    assert world.subjects.page(world.tenant.id, limit=10).subjects == (kept,)
    with pytest.raises(NotFound):
        world.subjects.get(world.tenant.id, gone.id)
    with pytest.raises(NotFound):
        world.subjects.update(world.tenant.id, gone.id, {"name": "x"})
    with pytest.raises(NotFound):
        world.subjects.delete(world.tenant.id, gone.id)


def test_subjects_of_another_tenant_are_unknown(world: World) -> None:
    mine = world.subjects.create(world.tenant.id, {"name": "mine"})
    for attempt in (
        lambda: world.subjects.get(world.other.id, mine.id),
        lambda: world.subjects.update(world.other.id, mine.id, {"name": "theirs"}),
        lambda: world.subjects.delete(world.other.id, mine.id),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert world.subjects.page(world.other.id, limit=10).subjects == ()
    assert world.subjects.get(world.tenant.id, mine.id) == mine


def test_subjects_are_paged_newest_first(world: World) -> None:
    made = [world.subjects.create(world.tenant.id, {"name": str(n)}) for n in range(5)]
    first = world.subjects.page(world.tenant.id, limit=3)
    assert first.next_cursor is not None
    rest = world.subjects.page(world.tenant.id, limit=3, cursor=first.next_cursor)
    assert rest.next_cursor is None
    wanted = sorted(made, key=lambda one: (one.created_s, one.id), reverse=True)
    assert [*first.subjects, *rest.subjects] == wanted
    with pytest.raises(BadParameter):
        world.subjects.page(world.tenant.id, limit=3, cursor="nonsense")


def test_jobs_of_a_subject_are_listed_by_tenant(world: World) -> None:
    def submit(tenant_id: str, subject_id: str | None) -> str:
        return world.jobs.submit(tenant_id, NewJob(kind="walk", parameters={}, source_url=URL, subject_id=subject_id)).id

    mine = [submit(world.tenant.id, "s") for _ in range(3)]
    submit(world.tenant.id, "t")
    submit(world.tenant.id, None)
    submit(world.other.id, "s")
    page = world.jobs.of_subject(world.tenant.id, "s", limit=2)
    rest = world.jobs.of_subject(world.tenant.id, "s", limit=2, cursor=page.next_cursor)
    assert {job.id for job in (*page.jobs, *rest.jobs)} == set(mine)
    assert (len(page.jobs), rest.next_cursor) == (2, None)
    assert {job.subject_id for job in page.jobs} == {"s"}
    assert world.jobs.get(world.tenant.id, mine[0]).subject_id == "s"


def test_a_webhook_keeps_its_secret_when_it_moves(world: World) -> None:
    assert world.webhooks.get(world.tenant.id) is None
    first = world.webhooks.put(world.tenant.id, url="https://a.example.com/", enabled=True)
    assert len(base64.b64decode(first.secret.removeprefix("whsec_"))) == 32
    moved = world.webhooks.put(world.tenant.id, url="https://b.example.com/", enabled=False)
    assert (moved.url, moved.enabled, moved.secret) == ("https://b.example.com/", False, first.secret)
    assert moved.updated_s >= first.updated_s
    assert world.webhooks.get(world.tenant.id) == moved
    assert world.webhooks.get(world.other.id) is None
    assert world.webhooks.put(world.other.id, url="https://c.example.com/", enabled=True).secret != first.secret


def test_credits_are_given_and_never_less_than_none(world: World) -> None:
    assert world.keys.credits("one") == 0
    assert world.keys.credits("one", add=5) == 5
    assert world.keys.credits("one", add=-2) == 3
    assert world.keys.credits("one", add=-9) == 0
    assert world.keys.credits("two") == 0
    with pytest.raises(NotFound, match="nobody"):
        world.keys.credits("nobody", add=1)

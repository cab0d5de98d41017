"""Corrections when two processes make them at the same time, and when they rest on each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from kinesight.domain.corrections import CorrectionLog
from kinesight.domain.errors import BadParameter, Conflict, NotFound
from kinesight.domain.job import Job, NewJob
from kinesight.jobs.correcting import CorrectionService
from kinesight.testing.jobs import MemoryJobs
from kinesight.testing.toy import ToyParameters

TENANT = "t"


class Letters:
    """A result is a list of letters; a change adds one, some only after another one. `meanwhile` happens while it is made."""

    def __init__(self, meanwhile: Sequence[Callable[[], object]] = ()) -> None:
        self.meanwhile = list(meanwhile)

    def settled(self, change: dict[str, Any], log: CorrectionLog, result: dict[str, Any]) -> dict[str, Any]:
        return {**change, "seen": len(log.entries)}

    def applied(self, folder: Path, changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        letters = ["a"]
        for change in changes:
            if change.get("after", "a") not in letters:
                raise BadParameter(f"There is no {change['after']}.")
            letters.append(change["add"])
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return {"letters": letters}

    def file(self, folder: Path, changes: Sequence[dict[str, Any]], name: str, *, title: str) -> bytes | None:
        return b"".join(change["add"].encode() for change in changes) if name == "letters" else None


@pytest.fixture
def jobs():
    jobs = MemoryJobs({"toy": ToyParameters, "other": ToyParameters})
    yield jobs
    jobs.files.close()


def service(jobs: MemoryJobs, letters: Letters | None = None) -> CorrectionService:
    return CorrectionService(
        kind="toy", store=jobs.store, files=jobs.files, corrections=jobs.corrections, correcting=letters or Letters()
    )


def submitted(jobs: MemoryJobs, kind: str = "toy") -> Job:
    return jobs.submit(TENANT, NewJob(kind=kind, parameters={}, source_url="https://example.com/a.mp4"))


@pytest.fixture
def job(jobs):
    job = submitted(jobs)
    jobs.succeed(jobs.run_next(), {"letters": ["a"]}, artefacts={"result.json": b"{}"})
    return job


def test_who_comes_second_works_on_what_the_first_one_left(jobs, job):
    other = service(jobs)
    first = Letters([lambda: other.add(TENANT, job.id, {"add": "x"}, made_by="other")])
    log = service(jobs, first).add(TENANT, job.id, {"add": "y"}, made_by="one")
    assert [(entry.number, entry.change, entry.made_by) for entry in log.entries] == [
        (1, {"add": "x", "seen": 0}, "other"),
        (2, {"add": "y", "seen": 1}, "one"),
    ]
    assert log.result == {"letters": ["a", "x", "y"]}


def test_a_taking_back_that_comes_second_is_judged_again(jobs, job):
    mine, other = service(jobs), service(jobs)
    mine.add(TENANT, job.id, {"add": "x"}, made_by="one")
    mine.add(TENANT, job.id, {"add": "y"}, made_by="one")
    slow = Letters([lambda: other.add(TENANT, job.id, {"add": "z", "after": "y"}, made_by="other")])
    with pytest.raises(Conflict, match="rests on number 2"):
        service(jobs, slow).take_back(TENANT, job.id, 2, made_by="one")
    assert mine.log(TENANT, job.id).result == {"letters": ["a", "x", "y", "z"]}
    mine.take_back(TENANT, job.id, 3, made_by="one")
    assert mine.take_back(TENANT, job.id, 2, made_by="one").result == {"letters": ["a", "x"]}
    with pytest.raises(NotFound):
        mine.take_back(TENANT, job.id, 2, made_by="one")
    assert mine.take_back(TENANT, job.id, 1, made_by="one").result == {"letters": ["a"]}
    assert len(mine.log(TENANT, job.id).entries) == 6


def test_files_are_there_while_something_is_corrected(jobs, job):
    mine = service(jobs)
    with pytest.raises(NotFound):
        mine.file(TENANT, job.id, "letters")
    mine.add(TENANT, job.id, {"add": "x"}, made_by="one")
    assert mine.file(TENANT, job.id, "letters") == b"x"
    with pytest.raises(NotFound):
        mine.file(TENANT, job.id, "numbers")


def test_only_ones_own_finished_jobs_of_the_kind_are_corrected(jobs, job):
    mine = service(jobs)
    with pytest.raises(NotFound):
        mine.add("somebody else", job.id, {"add": "x"}, made_by="one")
    with pytest.raises(Conflict, match="queued"):
        mine.add(TENANT, submitted(jobs).id, {"add": "x"}, made_by="one")
    with pytest.raises(BadParameter, match="other"):
        mine.log(TENANT, submitted(jobs, "other").id)
    with pytest.raises(BadParameter, match="no b"):
        mine.add(TENANT, job.id, {"add": "x", "after": "b"}, made_by="one")
    assert mine.log(TENANT, job.id).entries == ()

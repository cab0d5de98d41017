"""Every alarm clip has the names by which the compatible API knows it, and receivers, whichever way it came in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kinesight.analyses.alarm.parameters import AlarmParameters
from kinesight.domain.job import NewJob
from kinesight.testing.jobs import MemoryJobs

TENANT = "t1"
ADDRESS = "https://example.com/a.mp4"


@pytest.fixture
def jobs() -> Iterator[MemoryJobs]:
    made = MemoryJobs({"alarm": AlarmParameters, "other": AlarmParameters})
    yield made
    made.files.close()


def test_a_clip_without_names_gets_some(jobs: MemoryJobs) -> None:
    new = NewJob(kind="alarm", parameters={}, source_url=ADDRESS, idempotency_key="k")
    job = jobs.submit(TENANT, new)
    assert job.vendor_id is not None
    assert abs(int(job.vendor_id[:8], 16) - job.created_s) < 5
    assert job.vendor_number == int(job.vendor_id[16:], 16)
    assert jobs.find(TENANT, kind="alarm", vendor_id=job.vendor_id) == job
    assert jobs.submit(TENANT, new) == job, "a repeated request is the same clip, with the same names"


def test_names_that_were_given_stay(jobs: MemoryJobs) -> None:
    job = jobs.submit(TENANT, NewJob(kind="alarm", parameters={}, source_url=ADDRESS, vendor_id="ab" * 12, vendor_number=0))
    assert (job.vendor_id, job.vendor_number) == ("ab" * 12, 0)


def test_other_jobs_have_no_names(jobs: MemoryJobs) -> None:
    job = jobs.submit(TENANT, NewJob(kind="other", parameters={}, source_url=ADDRESS))
    assert (job.vendor_id, job.vendor_number) == (None, None)

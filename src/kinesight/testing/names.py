"""How stand-ins find jobs by what their callers named them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job


def newest_named(jobs: Iterable[Job], names: Mapping[str, str | int]) -> Job:
    """Return the newest of the jobs that have every one of the names. Raises `NotFound`, also when there is no name."""
    found = [job for job in jobs if names and all(getattr(job, name) == value for name, value in names.items())]
    if not found:
        raise NotFound("There is no job with this name.")
    return max(found, key=lambda job: (job.created_s, job.id))

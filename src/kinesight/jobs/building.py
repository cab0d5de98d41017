"""Jobs that build on a finished one: what has to be true of both before the second is accepted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from kinesight.domain.corrections import CorrectionLog, CorrectionStore
from kinesight.domain.engine import JobFiles, JobStore
from kinesight.domain.errors import BadParameter, Conflict, NotFound
from kinesight.domain.job import Job, NewJob, State

Fits = Callable[[Mapping[str, Any], Collection[int], Mapping[str, Any]], None]
"""fits(parameters, persons with a reference, result document): raises when what is asked does not fit the result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """A kind of job that builds on a succeeded job of the kind `on`; `fits` checks what is asked against that job's result."""

    on: str
    fits: Fits


class Foundations:
    """Knows which kinds of jobs build on which, and whether one that is asked for can.

    Parameters
    ----------
    builders
        By kind of the job that builds on another one.
    """

    def __init__(
        self, *, store: JobStore, files: JobFiles, corrections: CorrectionStore, builders: Mapping[str, Builder]
    ) -> None:
        self._store = store
        self._files = files
        self._corrections = corrections
        self._builders = dict(builders)

    def wants(self, kind: str) -> bool:
        """Return whether jobs of a kind build on others, and so have no video of their own."""
        return kind in self._builders

    def check(self, tenant_id: str, new: NewJob) -> CorrectionLog:
        """Return what was corrected in the job that a new one builds on; an empty log for a job that builds on none.

        Raises
        ------
        BadParameter
            The kind needs a job to build on and has none, or the other way round; that job is of another kind; more than one
            source is given.
        NotFound
            There is no such job of this tenant, or a stored reference is gone.
        Conflict
            It has not succeeded, or its video is gone.
        KinesightError
            What `Builder.fits` raises.
        """
        builder = self._builders.get(new.kind)
        if builder is None:
            if new.builds_on is not None or new.references:
                raise BadParameter(f"A job of the kind {new.kind!r} builds on no other one and takes no references.")
            return CorrectionLog()
        if new.builds_on is None or new.input_key is not None or new.source_url is not None:
            raise BadParameter(
                f"A job of the kind {new.kind!r} has no video of its own; say which {builder.on} job it builds on."
            )
        job = self._foundation(tenant_id, new.builds_on, on=builder.on)
        log = self._corrections.log(job.id)
        builder.fits(new.parameters, tuple(new.references), log.result or job.result or {})
        for reference in new.references.values():
            if reference.key is not None:
                self._files.path(reference.key)
        return log

    def _foundation(self, tenant_id: str, job_id: str, *, on: str) -> Job:
        job = self._store.get(tenant_id, job_id)
        if job.kind != on or job.follows is not None:
            raise BadParameter(f"The job {job.id} is no {on} analysis but one of the kind {job.kind!r}.")
        if job.state is not State.SUCCEEDED:
            wait = "" if job.state.is_final else "; wait for its end"
            raise Conflict(f"The {on} analysis {job.id} is {job.state.value}{wait}.")
        try:
            self._files.path(job.input_key or "")
        except NotFound as error:
            raise Conflict(f"The video of the {on} analysis {job.id} is not kept any more; analyse it again.") from error
        return job

"""What the job engine and the storage agree on: the values of one try of one job, and the ports between the two."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from kinesight.domain.job import Artefact, Attachment, Job, NewJob, Page, State


class Lane(StrEnum):
    """Where a job waits. Each lane has slots of its own in every worker, so that none stands in the way of another."""

    URGENT = "urgent"  # seconds at most, and somebody acts on the answer
    VIDEO = "video"  # as long as it takes
    LATER = "later"  # what nobody waits for: drawings of jobs whose numbers are out


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The right to work on a job until the lease runs out. Every later write has to show the same `fence`.

    `references` are the pictures that the job needs, by the person that they are for.
    """

    job: Job
    fence: int
    lane: Lane = Lane.VIDEO
    references: Mapping[int, Attachment] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a try is: `done` of `total` frames of a stage."""

    stage: str | None = None
    done: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The answer to a heartbeat: whether the lease still holds, and whether somebody asked to stop."""

    is_held: bool
    cancel_requested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a job ends: a final state with everything that becomes visible together with it.

    `draws_later`: a job that draws its video begins to exist in the same moment. `input_key`: where a video that was fetched is
    kept from now on.
    """

    state: State
    artefacts: tuple[Artefact, ...] = ()
    result: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    log_tail: str = ""
    draws_later: bool = False
    input_key: str | None = None

    def __post_init__(self) -> None:
        if not self.state.is_final:
            raise ValueError(f"a job cannot end as {self.state}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setback:
    """Why a try came to nothing although the job may still succeed: wait `delay_s` and try again, if tries are left."""

    error_code: str
    error_message: str
    delay_s: float = 0.0
    log_tail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A job to accept: what was asked, its fingerprint, and how many unfinished ones its tenant may have.

    `corrections` is what had been corrected in the result of the job that it builds on.
    """

    new: NewJob
    request_hash: str
    queue_limit: int
    max_attempts: int
    lane: Lane = Lane.VIDEO
    corrections: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """A job whose row is gone; its files go next, among them uploads that only it needed (`attachment_keys`).

    `drawing_id` is the job that drew for it, gone as well.
    """

    job_id: str
    input_key: str | None = None
    drawing_id: str | None = None
    attachment_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one pass of the sweeper put right."""

    expired: int = 0
    stranded: int = 0
    abandoned: int = 0
    forgotten: tuple[Forgotten, ...] = field(default=())


class JobStore(Protocol):
    """Keeps jobs. Every change is one guarded transaction; a change whose guard fails changes nothing and says so.

    Raises `ConnectionError` when the database cannot be reached, `DiskFull` when it cannot write.
    """

    def insert(self, tenant_id: str, request: Request) -> Job:
        """Write a job and its queue entry, and take its credits, in one transaction.

        Raises `QueueFull`, `Conflict`, `InsufficientCredits`, `NotFound` (the job that it builds on has gone).
        """

    def get(self, tenant_id: str, job_id: str) -> Job:
        """Return a job. Raises `NotFound`."""

    def find(
        self,
        tenant_id: str,
        *,
        kind: str,
        vendor_id: str | None = None,
        vendor_number: int | None = None,
        input_name: str | None = None,
    ) -> Job:
        """Return the newest job of a kind that has every one of the given names. Raises `NotFound`."""

    def page(
        self, tenant_id: str, *, limit: int, cursor: str | None = None, kind: str | None = None, state: State | None = None
    ) -> Page:
        """Return jobs, newest first, without their results. Raises `BadParameter` for a strange cursor."""

    def of_subject(self, tenant_id: str, subject_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """Return the jobs of one subject like `page`."""

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        """Ask a job to stop. Raises `NotFound`."""

    def delete(self, tenant_id: str, job_id: str) -> Forgotten:
        """Remove a final job. Raises `NotFound`, `Conflict` (it is not final, or an unfinished one builds on it)."""

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        """Return the files of a job, by name. Raises `NotFound`."""

    def start(self, job_id: str, *, fence: int, owner: str) -> Claim | None:
        """Take the lease of a queued job and count the try; None if this entry is not the job's present one."""

    def beat(self, job_id: str, *, fence: int, progress: Progress) -> Beat:
        """Prolong the lease and note the progress."""

    def finish(self, job_id: str, *, fence: int, ending: Ending) -> bool:
        """End a job with everything it leaves behind; False if the lease was lost."""

    def retry(self, job_id: str, *, fence: int, setback: Setback) -> State | None:
        """Queue a job again, or end it as dead when its tries are used up; None if the lease was lost."""

    def hand_back(self, job_id: str, *, fence: int) -> bool:
        """Queue a job again without charging the try; False if the lease was lost."""

    def reclaim(self, owner: str) -> int:
        """Queue again what an earlier process of this owner left running; the tries stay charged."""

    def sweep(self, *, older_than_s: float) -> Swept:
        """Put right what died on the way, and forget final jobs that ended so long ago. Any number may run at once.

        A job that an unfinished one builds on is not forgotten until that one is final too.
        """

    def ended(self, job_ids: Collection[str]) -> set[str]:
        """Return which of these jobs are final or gone."""

    def knows(self, key: str) -> bool:
        """Return whether a job needs this upload ("incoming/…"), or there is the job whose folder this is ("jobs/…")."""


class JobFiles(Protocol):
    """The files of the engine's side: inputs to read, a fresh folder for each try, cleaning."""

    def path(self, key: str) -> Path:
        """Return where a stored file can be read. Raises `NotFound`."""

    def attempt_folder(self, job_id: str, fence: int) -> Path:
        """Return a new, empty folder for one try. Raises `DiskFull`."""

    def collect(self, job_id: str, fence: int, names: Sequence[str] | None = None) -> tuple[Artefact, ...]:
        """Make the named files of a try durable (all of them if None) and describe them. Raises `NotFound`, `DiskFull`."""

    def check_space(self) -> None:
        """Raise `DiskFull` when less than the reserve is free."""

    def drop_other_attempts(self, job_id: str, fence: int) -> None:
        """Remove what the other tries of a finished job left."""

    def forget(self, job: Forgotten) -> None:
        """Remove every file of a job."""

    def forget_input(self, key: str) -> None:
        """Remove one input."""

    def sweep(self, *, older_than_s: float, is_known: Callable[[str], bool]) -> int:
        """Remove inputs and job folders older than this that `is_known` does not know; return how many."""


class Engine(Protocol):
    """Dispatches queue entries: calls `run(job_id, fence)` in a thread of its own for each."""

    def serve(self, executor_id: str, run: Callable[[str, int], None], *, queues: Sequence[str] | None = None) -> None:
        """Begin to take entries; an executor id belongs to one process at a time."""

    def stop(self, *, wait_s: float) -> None:
        """Take no more entries, wait for the running ones."""

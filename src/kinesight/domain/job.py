"""A job: one accepted request, its life as a state machine, and what it left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol


class State(StrEnum):
    """Where a job is in its life.

    queued -> running -> succeeded | failed | cancelled | dead; running -> queued (retry);
    queued | running -> cancelling -> cancelled
    """

    QUEUED = "queued"  # accepted: the row is written, a worker will take it
    RUNNING = "running"  # a worker holds the lease
    CANCELLING = "cancelling"  # somebody asked to stop; the worker has not yet
    SUCCEEDED = "succeeded"  # result and artefacts are there
    FAILED = "failed"  # the video or the scene cannot be analysed; error says why
    CANCELLED = "cancelled"
    DEAD = "dead"  # every attempt died; an operator has to look

    @property
    def is_final(self) -> bool:
        """Return whether the job will never change again by itself."""
        return self in {State.SUCCEEDED, State.FAILED, State.CANCELLED, State.DEAD}


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One accepted request. Times are seconds since the epoch.

    `origin` is what the API that accepted it has to remember (for example a vendor's subject id); the core only passes
    its `limits` on to the process that analyses. `vendor_id` and `vendor_number` are what an API calls the job, where it has
    names of its own. `follows` is the job whose video this one draws; only the engine makes such
    jobs. `drawing` is the state of the job that draws this one's video; None where there is none, because the job drew it itself
    or has not succeeded. `camera_id` is the surveillance camera that the clip is from. `builds_on` is the finished job that this
    one goes on from: its video is that job's, and `corrections` is what had been corrected in that job's result when this one was
    accepted (in lists None). `asked_by` names who asked, for records.
    """

    id: str
    tenant_id: str
    kind: str
    parameters: dict[str, Any]
    state: State
    created_s: float
    subject_id: str | None = None
    camera_id: str | None = None
    input_key: str | None = None
    source_url: str | None = None
    input_name: str | None = None
    origin: dict[str, Any] = field(default_factory=dict)
    stage: str | None = None
    done: int = 0
    total: int | None = None
    attempt: int = 0
    started_s: float | None = None
    finished_s: float | None = None
    error_code: str | None = None
    error_message: str | None = None
    result: dict[str, Any] | None = None
    vendor_id: str | None = None
    vendor_number: int | None = None
    follows: str | None = None
    drawing: State | None = None
    builds_on: str | None = None
    asked_by: str | None = None
    corrections: list[dict[str, Any]] | None = None

    @property
    def percentage(self) -> int:
        """Return 0..100: frames done over the stages, 100 only when succeeded."""
        return 100 if self.state is State.SUCCEEDED else percentage_of(self.stage, self.done, self.total)


STAGES = {
    "fetch": (0, 5),
    "observe": (5, 70),
    "analyse": (75, 3),
    "render": (78, 20),
    # of head tasks, which draw the whole video and look at it again
    "faces": (5, 25),
    "change": (30, 35),
    "check": (65, 25),
    "repair": (90, 8),
    "write": (98, 1),
}
"""Where each stage begins and how long it is, in percent of the whole."""


def percentage_of(stage: str | None, done: int, total: int | None) -> int:
    """Return 0..99: how far a job is that has done so many of all frames of a stage."""
    first, span = STAGES.get(stage or "", (0, 0))
    share = done / total if total else 0.0
    return min(99, int(first + span * min(1.0, share)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that a job needs besides its video: a stored upload (`key`), or an address to fetch it from (`url`), never both."""

    key: str | None = None
    url: str | None = None
    name: str | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if (self.key is None) == (self.url is None):
            raise ValueError("an attachment has either a key or an address")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a caller asks for. Exactly one of `input_key` (a stored upload), `source_url` and `builds_on` is given.

    `builds_on` is a succeeded job of the same tenant, whose video and result this one needs. `references` are pictures by the
    `obj_id` of the person that they are for. `asked_by` names who asks, for records; the tenant's name where it is None.

    `notify` is the API in whose words the tenant's webhook is told about the job; None: nobody is. `credits` is what the tenant
    pays for it. `callback_url` is where this one job is to be told of besides (only by the APIs of `webhooks.RESULT_APIS`).
    `is_awaited`: somebody waits for the answer, so that it goes before other jobs of its kind.
    `camera_id` is the surveillance camera that the clip is from.
    """

    kind: str
    parameters: dict[str, Any]
    input_key: str | None = None
    input_sha256: str | None = None
    input_name: str | None = None
    source_url: str | None = None
    idempotency_key: str | None = None
    origin: dict[str, Any] = field(default_factory=dict)
    subject_id: str | None = None
    camera_id: str | None = None
    notify: str | None = None
    credits: int = 0
    vendor_id: str | None = None
    vendor_number: int | None = None
    callback_url: str | None = None
    is_awaited: bool = False
    builds_on: str | None = None
    references: Mapping[int, Attachment] = field(default_factory=dict)
    asked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """One file that a job left behind; `key` names it in the file store."""

    name: str
    key: str
    media_type: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a list, newest first; `next_cursor` is None on the last one."""

    jobs: tuple[Job, ...]
    next_cursor: str | None


class Jobs(Protocol):
    """What the APIs want from the job engine. Every call is confined to one tenant; another tenant's id is `NotFound`."""

    def submit(self, tenant_id: str, new: NewJob) -> Job:
        """Accept a job durably, then return it.

        The same idempotency key with the same request returns the first job; with another request raises `Conflict`.
        Raises `QueueFull`, `DiskFull`, `BadParameter` (unknown kind or parameters), `InsufficientCredits`. For a job that builds
        on another one also `NotFound` (no such job), `Conflict` (it has not succeeded, or its video is gone), `UnknownPerson`,
        `ConsentMissing`.
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
        """Return jobs, newest first. Raises `BadParameter` for a cursor that is not one of ours."""

    def of_subject(self, tenant_id: str, subject_id: str, *, limit: int, cursor: str | None = None) -> Page:
        """Return the jobs of one subject, newest first. Raises `BadParameter` for a cursor that is not one of ours."""

    async def wait(self, tenant_id: str, job_id: str, *, timeout_s: float) -> Job:
        """Return a job as soon as it is final, or as it is when the time is over. Raises `NotFound`."""

    def cancel(self, tenant_id: str, job_id: str) -> Job:
        """Ask a job to stop; a final job is returned unchanged. Raises `NotFound`."""

    def delete(self, tenant_id: str, job_id: str) -> None:
        """Forget a final job and its files, and what draws for it.

        Raises `NotFound`; `Conflict` while it is not final, or while another job that builds on it is not.
        """

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        """Return the files of a job and of what drew for it, by name. Raises `NotFound`."""


class Uploads(Protocol):
    """Where request bodies go before a job refers to them."""

    def create(self) -> Path:
        """Return a fresh path in the incoming folder to stream into. Raises `DiskFull`."""

    def keep(self, path: Path) -> str:
        """Make a finished upload durable (fsync of file and folder) and return its input key."""

    def discard(self, path: Path) -> None:
        """Remove an upload that was not accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Who owns jobs.

    `client_id` (16 characters) is for webhook schemes that need one; `key_name` is the name of the key that a caller showed.
    """

    id: str
    name: str
    client_id: str
    key_name: str | None = field(default=None, compare=False)

    @property
    def caller(self) -> str:
        """Return who asks, for records: the tenant, and the key if one was shown."""
        return self.name if self.key_name is None else f"{self.name}/{self.key_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as listed: the secret itself is stored only as a hash."""

    id: str
    tenant_id: str
    name: str
    prefix: str
    created_s: float
    revoked_s: float | None = None


class Keys(Protocol):
    """Knows tenants and their API keys."""

    def tenant_for(self, secret: str) -> Tenant:
        """Return whose key this is. Raises `Forbidden` for an unknown or revoked key."""

    def create(self, name: str, *, tenant_name: str = "default", secret: str | None = None) -> tuple[ApiKey, Tenant, str]:
        """Make a key (24 characters unless given) and return it with its tenant and, this once, the secret."""

    def page(self) -> tuple[ApiKey, ...]:
        """Return every key, oldest first."""

    def revoke(self, key_id: str) -> None:
        """Make a key useless. Raises `NotFound`."""

    def credits(self, tenant_name: str, *, add: int = 0) -> int:
        """Give a tenant credits (or take some, down to none) and return how many it has now. Raises `NotFound`."""


class Files(Protocol):
    """Keeps artefacts by key and hands out links that expire."""

    def path(self, key: str) -> Path:
        """Return where a stored file can be read. Raises `NotFound`."""

    def link(self, key: str, *, name: str, media_type: str, seconds: int = 3600) -> str:
        """Return a signed path-and-query, `/files/...`, that works for so long without an API key."""

    def resolve(self, key: str, query: dict[str, str]) -> tuple[Path, str, str]:
        """Check a signed link and return path, name and media type. Raises `Forbidden` (bad or expired), `NotFound`."""

    def derived(self, job_id: str, name: str) -> Path:
        """Return where a file is kept that is made from a job's files later, whether it is there yet or not.

        It goes with the job. Raises `NotFound` for an id that no job can have, `DiskFull`.
        """


class Originals(Protocol):
    """Shows the videos that were sent as MP4 that browsers play."""

    def as_mp4(self, job: Job) -> Path:
        """Return the job's input as H.264 in MP4: itself, or a copy that is made now and kept with the job.

        Raises `NotFound` when the input is gone, and what is wrong with it as the reader says it.
        """

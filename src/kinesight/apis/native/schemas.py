"""The documents of the native API, and how a job is shown as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from kinesight.apis.edge import times
from kinesight.domain.job import Job, State, Tenant


class Wire(BaseModel):
    """Base of what goes over the wire."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Problem(Wire):
    """Why something did not work; codes are in docs/reference/errors.md."""

    code: str = Field(examples=["bad_parameter"])
    message: str = Field(examples=["height_m: Input should be less than 2.6"])


class ProblemAnswer(Wire):
    """Body of every error answer."""

    error: Problem


class SourceRequest(Wire):
    """Start an analysis of a video that the server fetches."""

    kind: str = Field(max_length=64, examples=["running"])
    source_url: str = Field(max_length=4096, examples=["https://media.example.com/run.mp4"])
    parameters: dict[str, Any] = Field(default_factory=dict)


class Progress(Wire):
    """How far the present stage is: `done` of `total` frames (or bytes while fetching); `percentage` is of the whole."""

    done: int
    total: int | None
    percentage: int


class ArtefactLink(Wire):
    """A file that the analysis left; `url` works without a key and expires, and is new at each read."""

    name: str = Field(examples=["annotated.mp4"])
    url: str
    media_type: str
    size_bytes: int
    sha256: str


class AnalysisSummary(Wire):
    """One accepted analysis, as in lists. Times are ISO 8601 in UTC.

    `drawing` is how far its pictures and its report are, which are made after the result; null where they come with the result.
    `builds_on` is the person analysis that a head task goes on from.
    """

    id: str
    kind: str
    state: State
    stage: str | None
    progress: Progress
    parameters: dict[str, Any]
    source_url: str | None
    file_name: str | None
    attempt: int
    created_at: str
    started_at: str | None
    finished_at: str | None
    error: Problem | None
    drawing: State | None
    builds_on: str | None = None


class AnalysisView(AnalysisSummary):
    """One accepted analysis with what it left behind; `result` is the result document once it succeeded."""

    result: dict[str, Any] | None
    artefacts: tuple[ArtefactLink, ...]


class AnalysisPage(Wire):
    """One page of the list, newest first; pass `next_cursor` back for the next, null on the last."""

    analyses: tuple[AnalysisSummary, ...]
    next_cursor: str | None


class TenantView(Wire):
    """Who the key belongs to."""

    id: str
    name: str
    client_id: str


StateName = Literal["queued", "running", "cancelling", "succeeded", "failed", "cancelled", "dead"]


def timestamp(seconds: float | None) -> str | None:
    """Return seconds since the epoch as ISO 8601 in UTC with milliseconds; None stays None."""
    return None if seconds is None else times.timestamp(seconds)


def summary_fields(job: Job) -> dict[str, Any]:
    """Return the fields of a job that every view of it has."""
    problem = Problem(code=job.error_code, message=job.error_message or "") if job.error_code else None
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "stage": job.stage,
        "progress": Progress(done=job.done, total=job.total, percentage=job.percentage),
        "parameters": job.parameters,
        "source_url": job.source_url,
        "file_name": job.input_name,
        "attempt": job.attempt,
        "created_at": timestamp(job.created_s),
        "started_at": timestamp(job.started_s),
        "finished_at": timestamp(job.finished_s),
        "error": problem,
        "drawing": job.drawing,
        "builds_on": job.builds_on,
    }


def summary_of(job: Job) -> AnalysisSummary:
    """Return a job as lists show it."""
    return AnalysisSummary(**summary_fields(job))


def view_of(job: Job, artefacts: tuple[ArtefactLink, ...] = (), *, corrected: Mapping[str, Any] | None = None) -> AnalysisView:
    """Return a job with its result, the corrected one where there is one, and links."""
    result: Mapping[str, Any] | None = (corrected or job.result) if job.state is State.SUCCEEDED else None
    return AnalysisView(**summary_fields(job), result=None if result is None else dict(result), artefacts=artefacts)


def tenant_view(tenant: Tenant) -> TenantView:
    """Return a tenant as its own key may see it."""
    return TenantView(id=tenant.id, name=tenant.name, client_id=tenant.client_id)

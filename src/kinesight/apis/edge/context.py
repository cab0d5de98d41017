"""What a route can reach: the engine's ports, the settings, the analyses and the counters of this application."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request

from kinesight.apis.edge.metrics import Metrics
from kinesight.apis.edge.rates import RateLimiter
from kinesight.domain.analysis import Analysis
from kinesight.domain.corrections import Corrections
from kinesight.domain.job import Files, Jobs, Keys, Originals, Uploads
from kinesight.domain.labels import Labels
from kinesight.domain.outputs import Outputs
from kinesight.domain.sites import Cameras
from kinesight.domain.subjects import Subjects
from kinesight.domain.webhooks import Post, Receivers, Webhooks
from kinesight.settings import Settings

Analyses = Mapping[str, Analysis[Any, Any, Any]]
"""Every analysis of the installation by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the APIs need from the rest of the program.

    `ready` returns what keeps the server from working, one sentence each; nothing when it can. `secret_for` returns 32 bytes that
    only this installation knows, always the same for one purpose.
    """

    jobs: Jobs
    uploads: Uploads
    keys: Keys
    files: Files
    ready: Callable[[], list[str]]
    subjects: Subjects
    webhooks: Webhooks
    post: Post
    receivers: Receivers
    labels: Labels
    originals: Originals
    cameras: Cameras
    outputs: Outputs
    corrections: Corrections
    secret_for: Callable[[str], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything one application was made with."""

    services: Services
    settings: Settings
    analyses: Analyses
    metrics: Metrics
    rates: RateLimiter


async def context_of(request: Request) -> Context:
    """Return the context of the application that answers this request."""
    return cast(Context, request.app.state.context)


Here = Annotated[Context, Depends(context_of)]
"""Parameter type with which a route asks for its context."""

"""Counters of one application, in a registry of its own, and the middleware that counts and logs requests."""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("kinesight.requests")

SECONDS = (0.005, 0.025, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0)
"""Upper bounds of the duration classes: a read of a job, up to a large upload."""


class Metrics:
    """The counters of one application; more collectors may be registered in `registry`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "kinesight_http_requests", "Answered requests.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "kinesight_http_request_seconds",
            "Time to the end of the answer.",
            ("route",),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.accepted = Counter("kinesight_jobs_accepted", "Accepted analyses.", ("api", "kind"), registry=self.registry)
        self.received = Counter("kinesight_upload_bytes", "Bytes of received videos.", ("api",), registry=self.registry)


class CountRequests:
    """ASGI middleware that counts and logs answers.

    Counters are by route template, never by raw path, so that the number of series stays bounded. The log takes the place of the
    HTTP server's own access log, which shows whole queries.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        started_s = time.monotonic()

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, note_status)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "PUT", "DELETE"} else "other"
            self.metrics.requests.labels(method, route, str(status)).inc()
            took_s = time.monotonic() - started_s
            self.metrics.seconds.labels(route).observe(took_s)
            # the query is left out: it may hold an API key or the signature of a link
            log.info("%s %s %d in %.3f s", method, quote(scope["path"]), status, took_s)

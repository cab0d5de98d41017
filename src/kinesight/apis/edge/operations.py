"""Routes for whoever runs the server: alive, ready, counters, version."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import JSONResponse, Response

import kinesight
from kinesight import __version__
from kinesight.apis.edge.context import Here
from kinesight.apis.edge.times import timestamp

router = APIRouter(tags=["operations"])


@router.head("/healthz", include_in_schema=False)  # many load balancers ask without wanting the body
@router.get("/healthz", summary="Alive?")
async def healthz() -> dict[str, str]:
    """Answer as long as the process can; touches nothing else."""
    return {"status": "alive"}


@router.get("/readyz", summary="Ready to take work?", responses={503: {"description": "Not ready; `problems` says why."}})
def readyz(here: Here) -> JSONResponse:
    """Say whether analyses can be accepted, and what stands in the way."""
    problems = here.services.ready()
    return JSONResponse({"ready": not problems, "problems": problems}, status_code=503 if problems else 200)


@router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
def metrics(here: Here) -> Response:
    """Return every counter of this process in Prometheus' text format."""
    return Response(generate_latest(here.metrics.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


@router.get("/version", summary="What runs here")
def version(here: Here) -> dict[str, object]:
    """Return the version and the analyses that this server offers, in our words and in those of the gaard-compatible API."""
    installed = timestamp(Path(kinesight.__file__).stat().st_mtime)
    return {
        "kinesight": __version__,
        "analyses": sorted(here.analyses),
        "tag": __version__,
        "node": here.settings.node or "",
        "pod": "",
        "build_at": installed,
        "model": here.settings.detector,
        "namespace": "",
    }

"""Every route of the gaard-compatible API, those that have three addresses under each of them."""

from __future__ import annotations

import re

from fastapi import APIRouter

from kinesight.apis.edge.operations import version
from kinesight.apis.gaard import classify, labels, results

PREFIXES = ("", "/v1", "/api")

router = APIRouter()
for prefix in PREFIXES:
    for part in (classify.router, results.router):
        router.include_router(part, prefix=prefix, include_in_schema=prefix == "")
router.include_router(labels.router)
router.include_router(results.videos)
for prefix in PREFIXES[1:]:  # the bare one is among the operations
    router.add_api_route(f"{prefix}/version", version, methods=["GET"], include_in_schema=False)

_PATHS = re.compile(r"(/v1|/api)?/(classify|result)(/.*)?|/api/(label|flow|avconv)(/.*)?")


def speaks(path: str) -> bool:
    """Return whether a path belongs to this API, so that its errors are worded as here, also for a wrong method."""
    return _PATHS.fullmatch(path) is not None

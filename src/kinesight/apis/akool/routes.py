"""Every route of the Akool-compatible API."""

from __future__ import annotations

import re

from fastapi import APIRouter

from kinesight.apis.akool import analyses, get_token, tasks

router = APIRouter()
for part in (get_token.router, analyses.router, tasks.router):
    router.include_router(part)

_PATHS = re.compile(r"/api/open(/.*)?")


def speaks(path: str) -> bool:
    """Return whether a path belongs to this API, so that its errors are worded as here, also for calls that there are not."""
    return _PATHS.fullmatch(path) is not None

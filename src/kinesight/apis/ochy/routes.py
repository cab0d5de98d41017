"""Every route of the Ochy-compatible API."""

from __future__ import annotations

from fastapi import APIRouter

from kinesight.apis.ochy import results, start, subjects, webhooks

router = APIRouter()
for part in (start.router, results.router, subjects.router, webhooks.router):
    router.include_router(part)

"""Stored files over HTTP: whole or in ranges, with headers that keep a browser from being turned against its user."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import FileResponse

from kinesight.apis.edge.context import Context, Here
from kinesight.apis.edge.failures import Dialect, route_class
from kinesight.apis.edge.links import key_of
from kinesight.domain.errors import NotFound

ACTIVE_TYPES = ("text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml")
REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; media-src data: blob:; font-src data:"
)
"""A report is one self-contained page: it may run its own scripts, but in no origin, and load nothing from anywhere."""


def file_response(path: Path, *, name: str, media_type: str) -> FileResponse:
    """Return a stored file; the response itself answers Range, If-Range and HEAD. Raises `NotFound`."""
    if not path.is_file():
        raise NotFound("The file is gone; results are kept for a limited time.")
    headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600", "Referrer-Policy": "no-referrer"}
    if media_type.partition(";")[0].strip().lower() in ACTIVE_TYPES:
        headers["Content-Security-Policy"] = REPORT_POLICY
    return FileResponse(
        path, media_type=media_type, filename=name.rpartition("/")[2], content_disposition_type="inline", headers=headers
    )


def files_router(dialect: Dialect) -> APIRouter:
    """Return the routes of signed links."""
    router = APIRouter(route_class=route_class(dialect), tags=["files"])

    def get_file(here: Here, request: Request, key: str) -> FileResponse:
        """Send a file by a signed link, as handed out with results; Range requests are answered with 206."""
        return _linked(here, request, key)

    router.add_api_route(
        "/files/{key:path}",
        get_file,
        methods=["GET"],
        response_class=FileResponse,
        responses={206: {"description": "The wanted range."}, 403: {"description": "Forged or expired link."}},
        summary="Download by signed link",
    )
    router.add_api_route("/files/{key:path}", get_file, methods=["HEAD"], include_in_schema=False)
    return router


def _linked(here: Context, request: Request, key: str) -> FileResponse:
    path, name, media_type = here.services.files.resolve(key_of(key), dict(request.query_params))
    return file_response(path, name=name, media_type=media_type)

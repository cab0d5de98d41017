"""Signed links as clients get them: absolute, and ending in the name that the file should be saved under."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request

from kinesight.apis.edge.context import Context
from kinesight.domain.job import Artefact, Files

NAME_MARK = "/-/"
"""Parts a file's key from the name that a link shows after it."""


def signed_link(request: Request, here: Context, artefact: Artefact, *, name: str | None = None) -> str:
    """Return an absolute link to an artefact that works without an API key for the set time.

    Parameters
    ----------
    name
        What the link's path ends in; the artefact's own name unless given.
    """
    at = origin(request, here)
    return absolute_link(here.services.files, artefact, at=at, seconds=here.settings.link_seconds, name=name)


def absolute_link(files: Files, artefact: Artefact, *, at: str, seconds: int, name: str | None = None) -> str:
    """Return a link as `signed_link` does, where there is no request; `at` is scheme and host, `seconds` the link's life."""
    shown = name or artefact.name
    path, mark, query = files.link(artefact.key, name=shown, media_type=artefact.media_type, seconds=seconds).partition("?")
    last = quote(shown.rpartition("/")[2])
    if path.rpartition("/")[2] != last:
        path += NAME_MARK + last
    return f"{at}{path}{mark}{query}"


def origin(request: Request, here: Context) -> str:
    """Return scheme and host under which clients reach this server, without a slash at the end."""
    return (here.settings.public_url or str(request.base_url)).rstrip("/")


def key_of(path: str) -> str:
    """Return the file key of a link's path below `/files/`."""
    return path.rpartition(NAME_MARK)[0] if NAME_MARK in path else path

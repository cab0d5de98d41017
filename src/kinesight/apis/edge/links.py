"""Signed links as clients get them: absolute, and ending in the name that the file should be saved under."""

from __future__ import annotations

from urllib.parse import quote

from starlette.requests import Request

from kinesight.apis.edge.context import Context
from kinesight.domain.job import Artefact

NAME_MARK = "/-/"
"""Parts a file's key from the name that a link shows after it."""


def signed_link(request: Request, here: Context, artefact: Artefact, *, name: str | None = None) -> str:
    """Return an absolute link to an artefact that works without an API key for the set time.

    Parameters
    ----------
    name
        What the link's path ends in; the artefact's own name unless given.
    """
    shown = name or artefact.name
    link = here.services.files.link(artefact.key, name=shown, media_type=artefact.media_type, seconds=here.settings.link_seconds)
    path, mark, query = link.partition("?")
    last = quote(shown.rpartition("/")[2])
    if path.rpartition("/")[2] != last:
        path += NAME_MARK + last
    return f"{origin(request, here)}{path}{mark}{query}"


def origin(request: Request, here: Context) -> str:
    """Return scheme and host under which clients reach this server, without a slash at the end."""
    return (here.settings.public_url or str(request.base_url)).rstrip("/")


def key_of(path: str) -> str:
    """Return the file key of a link's path below `/files/`."""
    return path.rpartition(NAME_MARK)[0] if NAME_MARK in path else path

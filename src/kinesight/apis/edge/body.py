"""Request bodies as they arrive: counted, timed, and drained after an early answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

BODY_READ = "kinesight_body_read"
"""Name in the request's state of the mark that its body was read to the end."""

IDLE_LIMIT_S = 60.0
"""How long a client may send nothing in the middle of a body."""

DRAIN_LIMIT_S = 10.0
DRAIN_LIMIT_BYTES = 256 * 1024 * 1024


async def body_chunks(request: Request) -> AsyncIterator[bytes]:
    """Yield the body as it arrives.

    Raises
    ------
    ClientDisconnect
        The client went away.
    HTTPException
        408, the client fell silent.
    """
    while True:
        try:
            async with asyncio.timeout(IDLE_LIMIT_S):
                message = await request.receive()
        except TimeoutError as error:
            raise HTTPException(408, f"Nothing arrived for {IDLE_LIMIT_S:.0f} s; send the request again.") from error
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        more = message.get("more_body", False)
        if not more:
            request.scope.setdefault("state", {})[BODY_READ] = True
        yield message.get("body", b"")
        if not more:
            return


async def drain(receive: Receive) -> None:
    """Read and forget what a client still sends, for a bounded while."""
    seen_bytes = 0
    try:
        async with asyncio.timeout(DRAIN_LIMIT_S):
            while seen_bytes < DRAIN_LIMIT_BYTES:
                message = await receive()
                seen_bytes += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return

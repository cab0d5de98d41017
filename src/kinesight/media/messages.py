"""How the reader and its decoder process talk: length-prefixed JSON upwards, single bytes downwards. Imports nothing of ours."""

from __future__ import annotations

import json
import os
import struct
from typing import Any

MAX_MESSAGE_BYTES = 64 * 1024

SLOT_FREE = b"\x01"
"""Downwards: one more slot of the ring may be filled."""

PICTURE_READY = b"\x02"
"""Downwards: the picture that was asked for lies in the inbox; its size follows, 8 bytes, big endian."""


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as it goes over the pipe."""
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


def decode(buffer: bytearray) -> dict[str, Any] | None:
    """Take one message off the front of the buffer; None while it is incomplete.

    Raises
    ------
    ValueError
        What arrived is no message: the other side is broken or was taken over.
    """
    if len(buffer) < 4:
        return None
    (length,) = struct.unpack_from(">I", buffer)
    if length > MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes")
    if len(buffer) < 4 + length:
        return None
    message = json.loads(bytes(buffer[4 : 4 + length]))
    del buffer[: 4 + length]
    if isinstance(message, dict) and isinstance(message.get("kind"), str):
        return message
    raise ValueError("a message without a kind")


def write_all(descriptor: int, data: bytes) -> None:
    """Write everything to a blocking pipe."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

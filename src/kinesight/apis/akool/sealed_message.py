"""The one body that webhooks of this API have: encrypted with the API key, signed over four strings."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from kinesight.domain.errors import BadParameter

KEY_LENGTHS = (16, 24, 32)
"""Bytes of a key that AES can use: AES-128, 192, 256."""

BLOCK_BYTES = 16


def sealed_message(facts: Mapping[str, Any], *, key: str, client_id: str, timestamp_ms: int, nonce: str) -> dict[str, Any]:
    """Return the body of a message.

    Parameters
    ----------
    facts
        What is told.
    key
        The client's API key, which is the vendor's `clientSecret`.
    client_id
        The tenant's client id.
    timestamp_ms
        The moment of sending, milliseconds since the epoch.
    nonce
        Other text in every message.

    Raises
    ------
    BadParameter
        The key has a length that AES has not.
    """
    data = encrypted(json.dumps(facts, separators=(",", ":")).encode(), key=key, client_id=client_id)
    signature = signature_of(client_id, str(timestamp_ms), nonce, data)
    return {"signature": signature, "dataEncrypt": data, "timestamp": timestamp_ms, "nonce": nonce}


def encrypted(plain: bytes, *, key: str, client_id: str) -> str:
    """Return base64 of AES-CBC with PKCS#7 padding to 16 bytes; the first 16 bytes of the client id are the vector.

    Raises `BadParameter` for a key of another length than AES has.
    """
    padder = PKCS7(8 * BLOCK_BYTES).padder()
    padded = padder.update(plain) + padder.finalize()
    vector = client_id.encode()[:BLOCK_BYTES].ljust(BLOCK_BYTES, b"\0")
    encryptor = Cipher(AES(aes_key(key)), CBC(vector)).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def aes_key(key: str) -> bytes:
    """Return an API key as a key of AES. Raises `BadParameter` when it has another length than those have."""
    content = key.encode("utf-8", "surrogatepass")
    if len(content) not in KEY_LENGTHS:
        raise BadParameter(
            f"webhookUrl: messages are encrypted with the API key, and this one has {len(content)} bytes; one of 16, 24 or 32 is "
            "needed, such as `kinesight keys create` makes."
        )
    return content


def signature_of(*parts: str) -> str:
    """Return the hexadecimal SHA-1 of the strings, sorted and joined without anything between them."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()

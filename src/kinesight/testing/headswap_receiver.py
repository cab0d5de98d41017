"""What a client of the Akool contract does with a webhook, written from the contract alone and without any of the server's code.

AES is the one of FIPS 197, spelled out, so that no library is on both sides.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

BLOCK = 16


class BadMessage(Exception):
    """The message is not what the contract says."""


def opened(body: Any, *, client_id: str, client_secret: str) -> Any:
    """Return the document in a message. Raises `BadMessage` where its form, signature or padding is wrong."""
    if sorted(body) != ["dataEncrypt", "nonce", "signature", "timestamp"]:
        raise BadMessage(f"fields {sorted(body)}")
    parts = sorted([client_id, str(body["timestamp"]), str(body["nonce"]), body["dataEncrypt"]])
    if hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest() != body["signature"]:
        raise BadMessage("signature")
    cipher = base64.b64decode(body["dataEncrypt"], validate=True)
    vector = client_id.encode()[:BLOCK].ljust(BLOCK, b"\0")
    return json.loads(without_padding(decrypt_cbc(cipher, key=client_secret.encode(), vector=vector)))


def without_padding(plain: bytes) -> bytes:
    """Return what PKCS#7 (RFC 5652 section 6.3) padded to 16 bytes. Raises `BadMessage`."""
    count = plain[-1] if plain else 0
    if not 1 <= count <= BLOCK or plain[-count:] != bytes([count]) * count:
        raise BadMessage("padding")
    return plain[:-count]


def decrypt_cbc(cipher: bytes, *, key: bytes, vector: bytes) -> bytes:
    """Return the plain bytes of AES-CBC (NIST SP 800-38A section 6.2). Raises `BadMessage` for an odd length."""
    if len(cipher) % BLOCK:
        raise BadMessage("length")
    rounds = _round_keys(key)
    blocks = [cipher[start : start + BLOCK] for start in range(0, len(cipher), BLOCK)]
    before = [vector, *blocks]
    return b"".join(_xor(_decrypted(block, rounds), last) for block, last in zip(blocks, before, strict=False))


def _xor(one: Sequence[int], other: Sequence[int]) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def _times(a: int, b: int) -> int:
    """Multiply in GF(2^8) (FIPS 197 section 4.2)."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _substituted(byte: int) -> int:
    """Return a byte's substitution: the inverse in GF(2^8), then the affine map (FIPS 197 section 5.1.1)."""
    inverse = next((one for one in range(256) if _times(byte, one) == 1), 0)
    turned = [((inverse << count) | (inverse >> (8 - count))) & 0xFF for count in range(5)]
    return turned[0] ^ turned[1] ^ turned[2] ^ turned[3] ^ turned[4] ^ 0x63


SBOX = bytes(_substituted(byte) for byte in range(256))
INVERSE = bytes(SBOX.index(byte) for byte in range(256))


def _round_keys(key: bytes) -> list[bytes]:
    """Return the keys of all rounds (FIPS 197 section 5.2)."""
    count = len(key) // 4
    words = [key[start : start + 4] for start in range(0, len(key), 4)]
    constant = 1
    while len(words) < 4 * (count + 7):
        last = words[-1]
        if len(words) % count == 0:
            last = bytes(SBOX[byte] for byte in last[1:] + last[:1])
            last = bytes([last[0] ^ constant]) + last[1:]
            constant = _times(constant, 2)
        elif count > 6 and len(words) % count == 4:
            last = bytes(SBOX[byte] for byte in last)
        words.append(_xor(words[-count], last))
    return [b"".join(words[start : start + 4]) for start in range(0, len(words), 4)]


def _decrypted(block: bytes, rounds: list[bytes]) -> bytes:
    """Return one block deciphered (FIPS 197 section 5.3)."""
    state = _xor(block, rounds[-1])
    for number in range(len(rounds) - 2, -1, -1):
        moved = bytes(state[(position - 4 * (position % 4)) % BLOCK] for position in range(BLOCK))
        state = _xor(bytes(INVERSE[byte] for byte in moved), rounds[number])
        if number:
            state = bytes(
                _times(state[start + row], 14)
                ^ _times(state[start + (row + 1) % 4], 11)
                ^ _times(state[start + (row + 2) % 4], 13)
                ^ _times(state[start + (row + 3) % 4], 9)
                for start in range(0, BLOCK, 4)
                for row in range(4)
            )
    return state

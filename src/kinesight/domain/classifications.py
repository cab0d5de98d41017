"""Names of accepted alarm clips as clients of the compatible API know them, however a clip came in."""

from __future__ import annotations

import secrets

KIND = "alarm"
"""The analysis behind every classification."""

TOLD_AS = "gaard"
"""The API in whose words the receivers of a tenant are told about a clip, whichever way it came in."""

NO_PARENT = "0" * 24

_RANDOM_BYTES = 8


def new_classify_id(now_s: float) -> str:
    """Return a fresh id in the form of an ObjectId: 24 hexadecimal digits, the first eight of them the second of its making.

    Parameters
    ----------
    now_s
        Seconds since the epoch, below 2^32.

    Notes
    -----
    The form is that of the BSON specification. The eight bytes after the second are random here instead of a random value and
    a counter, so that any number of processes make ids without knowing of each other.
    """
    return int(now_s).to_bytes(4, "big").hex() + secrets.token_hex(_RANDOM_BYTES)


def number_of(classify_id: str) -> int:
    """Return the number of a classification whose client chose none: the last four bytes of its id."""
    return int(classify_id[-8:], 16)

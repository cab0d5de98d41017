"""Names and numbers that follow from others, so that nothing has to keep them. Pure functions."""

from __future__ import annotations

import hashlib

_UID_BITS = 31
_ADDRESS_BITS = 62  # fits a signed column of 64 bits


def uid_of(tenant_id: str) -> int:
    """Return the number of a tenant's user, always the same, below 2^31."""
    return _number("uid", tenant_id, bits=_UID_BITS)


def team_id_of(tenant_id: str) -> str:
    """Return the team of a tenant, always the same: 24 hexadecimal digits."""
    return hashlib.sha256(f"team {tenant_id}".encode()).hexdigest()[:24]


def address_number(url: str) -> int:
    """Return a number by which jobs over one address are found again, below 2^62.

    Two addresses may have the same one, so who finds a job by it has to compare the address as well.
    """
    return _number("address", url, bits=_ADDRESS_BITS)


def _number(purpose: str, text: str, *, bits: int) -> int:
    digest = hashlib.sha256(f"{purpose} {text}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - bits)

"""Addresses of files that callers want fetched, checked as far as their form goes."""

from __future__ import annotations

from urllib.parse import urlsplit

from kinesight.domain.errors import BadParameter


def checked_address(url: str, *, what: str) -> str:
    """Return an address that may be fetched later; where it leads is checked when it is fetched.

    Parameters
    ----------
    what
        What the caller calls it, for the message.

    Raises
    ------
    BadParameter
        It is no http or https address, holds a user name or password, or characters that have to be percent-encoded.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise BadParameter(f"{what} is not a valid address.") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise BadParameter(f"{what} must be an http or https address.")
    if parts.username is not None or parts.password is not None:
        raise BadParameter(f"{what} must not hold a user name or password; use a signed address.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise BadParameter(f"{what} must be percent-encoded ASCII without spaces.")
    return url

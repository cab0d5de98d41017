"""Send a message to an address from a stranger, with the checks of `fetch`: no private networks, no redirects, a time limit."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore2

from kinesight.domain.errors import SourceForbidden, SourceUnreachable
from kinesight.domain.webhooks import Answer
from kinesight.media.fetch import Download, PinnedBackend, Resolve, Target, host_header, request_target, resolve_name

TIME_LIMIT_S = 15.0
"""For one message, from the first packet to the status; Standard Webhooks advises 15 to 30 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpPost:
    """Implements the port `Post`. `resolve` and `tls` can be replaced in tests.

    Parameters
    ----------
    allow
        Hosts and networks that may be sent to although they are not public, on any port.
    allow_http
        Whether addresses without encryption are sent to.
    """

    allow: tuple[str, ...] = ()
    allow_http: bool = False
    time_limit_s: float = TIME_LIMIT_S
    resolve: Resolve = resolve_name
    tls: ssl.SSLContext | None = None

    def check(self, url: str) -> None:
        """Raise `SourceForbidden` or `SourceUnreachable` if no message may or can go there."""
        self._target(url)

    def send(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST a body and return the answer, whatever its status; redirects are not followed.

        Raises `SourceForbidden`, `SourceUnreachable`.
        """
        started_s = time.monotonic()
        target = self._target(url)
        try:
            status = self._post(target, body, headers, deadline_s=started_s + self.time_limit_s)
        except httpcore2.TimeoutException as error:
            raise SourceUnreachable(f"{target.host} did not answer within {self.time_limit_s:g} s.") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError) as error:
            raise SourceUnreachable(f"The message could not be sent to {target.host}: the connection failed.") from error
        return Answer(status=status, took_s=time.monotonic() - started_s)

    def _target(self, url: str) -> Target:
        checker = Download(allow=self.allow, max_bytes=0, time_limit_s=self.time_limit_s, resolve=self.resolve)
        try:
            scheme = urlsplit(url).scheme
        except ValueError as error:
            raise SourceForbidden("The address is malformed.") from error
        if scheme == "http" and not self.allow_http:
            raise SourceForbidden("Messages go to https addresses only.")
        return checker.check(url)

    def _post(self, target: Target, body: bytes, headers: Mapping[str, str], *, deadline_s: float) -> int:
        address = httpcore2.URL(
            scheme=target.parts.scheme.encode(), host=target.host.encode(), port=target.port, target=request_target(target.parts)
        )
        sent = {"Host": host_header(target), "User-Agent": "kinesight", "Content-Length": str(len(body)), **headers}
        wire = [(name.encode("ascii"), value.encode("ascii")) for name, value in sent.items()]
        limits = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), self.time_limit_s)}
        backend = PinnedBackend(target.addresses, deadline_s)
        # the answer's body is nobody's business, so it is not read
        with (
            httpcore2.ConnectionPool(ssl_context=self.tls, network_backend=backend, max_connections=1) as pool,
            pool.stream("POST", address, headers=wire, content=body, extensions=limits) as response,
        ):
            return int(response.status)

"""Fetch a video by an address from a stranger, without letting the address reach into private networks.

Order of checks: form of the address, every address that its name resolves to, then the connection goes to exactly the checked
address (a second answer of the name server cannot change it), and all of it again for each redirect. Proxy settings of the
environment are not looked at.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore2

from kinesight.domain.errors import DiskFull, SourceForbidden, SourceUnreachable, VideoTooLarge

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
Report = Callable[[int, int | None], None]

MAX_REDIRECTS = 3
MAX_URL_LENGTH = 4096
PUBLIC_PORTS = frozenset({80, 443})
SILENCE_LIMIT_S = 20.0
"""How long one read may take; the time limit of the whole counts as well."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})

REFUSED = tuple(
    map(
        ipaddress.ip_network,
        (
            *("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4"),
            *("::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "3fff::/20", "5f00::/16"),
            *("fc00::/7", "fe80::/10", "fec0::/10"),
        ),
    )
)
"""Networks of the IANA special-purpose registries (RFC 6890 and its updates) that Python versions disagree about."""

NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: the last 32 bits are the IPv4 address that is really reached."""


def fetch_video(
    url: str, to: Path, *, allow: Iterable[str], max_bytes: int, time_limit_s: float, report: Report | None = None
) -> int:
    """Download a video to a file and return its size in bytes.

    Parameters
    ----------
    url
        An http or https address without user name or password.
    to
        Where it goes; the file is gone again if anything fails.
    allow
        Host names and networks ("media.example.lan", "10.2.0.0/16") that may be fetched from although they are not public,
        on any port. Public hosts are fetched from ports 80 and 443.
    max_bytes, time_limit_s
        Limits of the whole, redirects included.
    report
        Is told (bytes so far, bytes in all or None) between two reads, and may raise to stop.

    Raises
    ------
    SourceForbidden
        The address leads to a network that is not fetched from.
    SourceUnreachable
        It cannot be downloaded: unknown name, refused, too slow, an answer other than 200, broken off.
    VideoTooLarge
        More than `max_bytes`.
    DiskFull
        There is no room for it.
    """
    download = Download(allow=tuple(allow), max_bytes=max_bytes, time_limit_s=time_limit_s, report=report or _silent)
    return download.run(url, to)


def _silent(_done: int, _total: int | None) -> None:
    return None


def resolve_name(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host name, in the system's order. Raises `OSError` for an unknown one."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def reached(address: Address) -> Address:
    """Return the address that packets really go to, where one is packed into another (RFC 4291, 6052, 3056)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def is_public(address: Address) -> bool:
    """Return whether an address is an ordinary one of the public internet."""
    real = reached(address)
    special = real.is_multicast or real.is_reserved or real.is_unspecified or real.is_loopback or real.is_link_local
    return real.is_global and not special and not any(real in network for network in REFUSED if network.version == real.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A checked place to fetch from: `addresses` are the only ones that will be connected to."""

    parts: SplitResult
    host: str
    port: int
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """The rules of one download; see `fetch_video`. `what` is fetched; `resolve` and `tls` can be replaced in tests."""

    allow: tuple[str, ...]
    max_bytes: int
    time_limit_s: float
    report: Report = _silent
    resolve: Resolve = resolve_name
    tls: ssl.SSLContext | None = None
    what: str = "video"

    def run(self, url: str, to: Path) -> int:
        """Fetch, following redirects; see `fetch_video`."""
        deadline_s = time.monotonic() + self.time_limit_s
        for _ in range(MAX_REDIRECTS + 1):
            target = self.check(url)
            try:
                outcome = self._get(target, to, deadline_s)
            except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
                raise SourceUnreachable(f"The {self.what} could not be fetched from {target.host}: {_why(error)}.") from error
            except OSError as error:
                if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                    raise DiskFull from error
                raise
            if isinstance(outcome, int):
                return outcome
            url = urljoin(url, outcome)
        raise SourceUnreachable(f"The address redirects more than {MAX_REDIRECTS} times.")

    def check(self, url: str) -> Target:
        """Return where an address leads. Raises `SourceForbidden`, `SourceUnreachable`."""
        parts, host, port = _taken_apart(url)
        try:
            addresses = tuple(self.resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise SourceUnreachable(f"The host {host} is not known.") from error
        if not addresses:
            raise SourceUnreachable(f"The host {host} has no address.")
        for address in addresses:
            self._check_address(host, port, ipaddress.ip_address(address.partition("%")[0]))
        return Target(parts=parts, host=host, port=port, addresses=addresses)

    def _names_host(self, host: str) -> bool:
        return host in {entry.lower().rstrip(".") for entry in self.allow}

    def _check_address(self, host: str, port: int, address: Address) -> None:
        real = reached(address)
        networks = [network for entry in self.allow if (network := _network(entry)) is not None]
        listed = self._names_host(host) or any(real in network for network in networks if network.version == real.version)
        if listed:
            return
        if not is_public(address):
            raise SourceForbidden(f"{host} is in a network that this server does not fetch from.")
        if port not in PUBLIC_PORTS:
            raise SourceForbidden(f"Port {port} of {host} is not fetched from; only 80 and 443 are.")

    def _get(self, target: Target, to: Path, deadline_s: float) -> int | str:
        """Return the size of what was downloaded, or the address that the answer redirects to."""
        request = httpcore2.URL(
            scheme=target.parts.scheme.encode(), host=target.host.encode(), port=target.port, target=request_target(target.parts)
        )
        headers = [
            (b"Host", host_header(target).encode()),
            (b"User-Agent", b"kinesight"),
            (b"Accept", b"*/*"),
            (b"Accept-Encoding", b"identity"),
        ]
        silence_s = min(SILENCE_LIMIT_S, self.time_limit_s)
        extensions = {"timeout": dict.fromkeys(("connect", "read", "write", "pool"), silence_s)}
        backend = PinnedBackend(target.addresses, deadline_s)
        with (
            httpcore2.ConnectionPool(ssl_context=self.tls, network_backend=backend, max_connections=1) as pool,
            pool.stream("GET", request, headers=headers, extensions=extensions) as response,
        ):
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status in REDIRECTS and "location" in answered:
                return answered["location"]
            total = self._announced(target, response.status, answered)
            return self._save(response.iter_stream(), to, total)

    def _announced(self, target: Target, status: int, headers: dict[str, str]) -> int | None:
        """Return the announced size. Raises for an answer that is not the video."""
        if status != 200:
            raise SourceUnreachable(f"{target.host} answered with status {status} instead of the {self.what}.")
        if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise SourceUnreachable(f"{target.host} sent a compressed answer although none was asked for.")
        length = headers.get("content-length", "")
        total = int(length) if length.isascii() and length.isdigit() else None
        if total is not None and total > self.max_bytes:
            raise self._too_large()
        return total

    def _save(self, chunks: Iterable[bytes], to: Path, total: int | None) -> int:
        try:
            with to.open("wb") as file:
                done = sum(file.write(chunk) for chunk in self._counted(chunks, total))
        except BaseException:
            to.unlink(missing_ok=True)
            raise
        return done

    def _counted(self, chunks: Iterable[bytes], total: int | None) -> Iterator[bytes]:
        """Yield the chunks while they stay within the limit, and report each once the caller has taken it."""
        done = 0
        for chunk in chunks:
            done += len(chunk)
            if done > self.max_bytes:
                raise self._too_large()
            yield chunk
            self.report(done, total)
        if done == 0:
            raise SourceUnreachable("The answer was empty.")

    def _too_large(self) -> VideoTooLarge:
        return VideoTooLarge(f"The {self.what} is larger than {self.max_bytes / 1e6:g} MB; send a smaller one.")


class PinnedBackend(httpcore2.NetworkBackend):
    """Connects to checked addresses only, whatever host is asked for, and gives up at a fixed moment.

    Reads get the time that is left, so a server that sends a byte now and then cannot hold the connection beyond the limit.
    """

    def __init__(self, addresses: Sequence[str], deadline_s: float) -> None:
        self._addresses = addresses
        self._deadline_s = deadline_s
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first checked address that answers."""
        last: Exception | None = None
        for address in self._addresses:
            try:
                stream = self._inner.connect_tcp(address, port, _left_s(self._deadline_s, timeout), local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                last = error
            else:
                return DeadlineStream(stream, self._deadline_s)
        raise last or httpcore2.ConnectError(f"{host} has no address")


class DeadlineStream(httpcore2.NetworkStream):
    """A connection that ends at a fixed moment."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline_s: float) -> None:
        self._inner = inner
        self._deadline_s = deadline_s

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read within the time that is left."""
        return self._inner.read(max_bytes, _left_s(self._deadline_s, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write within the time that is left."""
        self._inner.write(buffer, _left_s(self._deadline_s, timeout))

    def close(self) -> None:
        """Close the connection."""
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        """Start TLS; the name that is verified is the host's, not the address."""
        inner = self._inner.start_tls(ssl_context, server_hostname, _left_s(self._deadline_s, timeout))
        return DeadlineStream(inner, self._deadline_s)

    def get_extra_info(self, info: str) -> Any:
        """Return facts about the connection."""
        return self._inner.get_extra_info(info)


def _left_s(deadline_s: float, timeout_s: float | None) -> float:
    left_s = deadline_s - time.monotonic()
    if left_s <= 0:
        raise httpcore2.ReadTimeout("the time limit is over")
    return left_s if timeout_s is None else min(left_s, timeout_s)


def _taken_apart(url: str) -> tuple[SplitResult, str, int]:
    if len(url) > MAX_URL_LENGTH or not url.isascii() or any(c <= " " or c in "\x7f\\" for c in url):
        raise SourceForbidden("The address must be percent-encoded ASCII without spaces, and not longer than 4096 characters.")
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise SourceForbidden("The address is malformed.") from error
    if parts.scheme not in {"http", "https"} or not host:
        raise SourceForbidden("Only http and https addresses are fetched.")
    if parts.username is not None or parts.password is not None:
        raise SourceForbidden("Addresses with a user name or password are not fetched; use a signed address.")
    return parts, host.rstrip("."), port if port is not None else {"http": 80, "https": 443}[parts.scheme]


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None


def request_target(parts: SplitResult) -> bytes:
    """Return what the request line of HTTP/1.1 names: path and query."""
    path = parts.path or "/"
    return f"{path}?{parts.query}".encode() if parts.query else path.encode()


def host_header(target: Target) -> str:
    """Return the value of the Host header."""
    host = f"[{target.host}]" if ":" in target.host else target.host
    return host if target.port == {"http": 80, "https": 443}[target.parts.scheme] else f"{host}:{target.port}"


def _why(error: Exception) -> str:
    if isinstance(error, httpcore2.TimeoutException):
        return "it took too long"
    if isinstance(error, httpcore2.ProtocolError):
        return "the answer broke off or is not HTTP"
    return "the connection failed"

"""Connections to monitoring software whose address a stranger gave, with the checks of `fetch`: no private networks."""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass

from kinesight.domain.errors import SourceForbidden, SourceUnreachable
from kinesight.media.fetch import Resolve, is_public, reached, resolve_name

WELL_KNOWN = frozenset({25, 465, 587})
"""Ports below 1024 that are connected to on public hosts: those of mail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedDial:
    """Implements the port `Dial`. `resolve` can be replaced in tests.

    Parameters
    ----------
    allow
        Hosts and networks that may be connected to although they are not public, on any port.
    """

    allow: tuple[str, ...] = ()
    resolve: Resolve = resolve_name

    def connect(self, host: str, port: int, *, timeout_s: float) -> socket.socket:
        """Return a TCP connection whose every operation has this time limit. Raises `SourceForbidden`, `SourceUnreachable`."""
        until_s = time.monotonic() + timeout_s
        problem: OSError | None = None
        for address in self._addresses(host, port):
            try:
                connection = socket.create_connection((address, port), timeout=max(0.1, until_s - time.monotonic()))
            except OSError as error:
                problem = error
            else:
                connection.settimeout(timeout_s)
                return connection
        raise SourceUnreachable(f"{host} port {port} does not answer: {problem}.") from problem

    def datagrams(self, host: str, port: int, *, timeout_s: float) -> socket.socket:
        """Return a UDP socket that talks to this host alone. Raises `SourceForbidden`, `SourceUnreachable`."""
        address = self._addresses(host, port)[0]
        link = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
        link.settimeout(timeout_s)
        try:
            link.connect((address, port))
        except OSError as error:
            link.close()
            raise SourceUnreachable(f"{host} port {port} cannot be reached: {error.strerror}.") from error
        return link

    def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            addresses = tuple(self.resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise SourceUnreachable(f"The host {host} is not known.") from error
        if not addresses:
            raise SourceUnreachable(f"The host {host} has no address.")
        for address in addresses:
            self._check(host, port, address)
        return addresses

    def _check(self, host: str, port: int, address: str) -> None:
        real = reached(ipaddress.ip_address(address.partition("%")[0]))
        if host.lower().rstrip(".") in {entry.lower().rstrip(".") for entry in self.allow}:
            return
        networks = [network for entry in self.allow if (network := _network(entry)) is not None]
        if any(real in network for network in networks if network.version == real.version):
            return
        if not is_public(real):
            raise SourceForbidden(f"{host} is in a network that this server does not send to; KINESIGHT_FETCH_ALLOW can list it.")
        if port < 1024 and port not in WELL_KNOWN:
            raise SourceForbidden(f"Port {port} of {host} is not sent to; below 1024 only 25, 465 and 587 are.")


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None

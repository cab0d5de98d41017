"""The process that serves HTTP; `kinesight serve` runs it beside the workers."""

from __future__ import annotations

import socket
import sys
import time

import uvicorn

from kinesight.domain.errors import BadSetting
from kinesight.logs import start_logging
from kinesight.settings import load_settings
from kinesight.wiring.serving import application, carrying_messages, delivering_events, opened_storage

HEADER_LIMIT_S = 10

PORT_WAIT_S = 5.0
"""Time that the process which served here before has to let go of the port: the kernel may still be ending it."""


def check_address(host: str, port: int, *, wait_s: float = PORT_WAIT_S) -> None:
    """Raise `BadSetting` if nobody can listen there; starting again would not help, so the whole server ends with it."""
    until_s = time.monotonic() + wait_s
    while (problem := _why_not(host, port)) is not None:
        if time.monotonic() >= until_s:
            raise BadSetting(f"Nothing can listen on {host} port {port}: {problem}. Choose another with --host or --port.")
        time.sleep(0.1)


def _why_not(host: str, port: int) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return None


def main() -> None:
    """Serve until told to stop; exit 4 if the address cannot be listened on."""
    settings = load_settings()
    start_logging(settings.log)
    try:
        check_address(settings.host, settings.port)
    except BadSetting as error:
        sys.stderr.write(f"error: {error.code}: {error.message}\n")
        sys.exit(error.exit_status)
    with opened_storage(settings) as storage, delivering_events(settings, storage), carrying_messages(settings, storage):
        uvicorn.run(
            application(settings, storage),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,  # it would write keys and signatures in queries; the application logs requests without them
            timeout_keep_alive=HEADER_LIMIT_S,
            timeout_graceful_shutdown=HEADER_LIMIT_S,
            server_header=False,
        )


if __name__ == "__main__":
    main()

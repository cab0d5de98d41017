"""The process that takes clips by e-mail and from the watched folder; `kinesight serve` runs it where either is set."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import threading
from collections.abc import Callable

from kinesight.domain.errors import BadSetting
from kinesight.logs import start_logging
from kinesight.settings import Settings, load_settings
from kinesight.wiring.receiving import drop_folder, mail_intake
from kinesight.wiring.serving import opened_storage

LOG = logging.getLogger(__name__)
LONGEST_START_S = 5.0
"""Time that the process which listened here before has to let go of the port."""


async def receive(settings: Settings, protocol: Callable[[], asyncio.Protocol], is_over: asyncio.Event) -> None:
    """Take e-mail until it is over. Raises `BadSetting` if nobody can listen there."""
    if settings.smtp_port is None:
        await is_over.wait()
        return
    loop = asyncio.get_running_loop()
    until_s = loop.time() + LONGEST_START_S
    while True:
        try:
            server = await loop.create_server(protocol, settings.smtp_host, settings.smtp_port)
            break
        except OSError as error:
            if loop.time() > until_s:
                where = f"{settings.smtp_host} port {settings.smtp_port}"
                raise BadSetting(f"Setting smtp_port: nothing can listen on {where}: {error.strerror or error}.") from error
            await asyncio.sleep(0.2)
    LOG.info("takes e-mail on %s port %d", settings.smtp_host, settings.smtp_port)
    async with server:
        await is_over.wait()


async def _run(settings: Settings, protocol: Callable[[], asyncio.Protocol]) -> None:
    is_over = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, is_over.set)
    await receive(settings, protocol, is_over)


def main() -> None:
    """Receive until told to stop; exit 4 if a setting cannot be used."""
    settings = load_settings()
    start_logging(settings.log)
    is_over = threading.Event()
    try:
        with opened_storage(settings) as storage:
            folder = drop_folder(settings, storage)
            mail = mail_intake(settings, storage)
            thread = threading.Thread(target=folder.run if folder else is_over.wait, args=(is_over,) if folder else ())
            thread.start()
            try:
                asyncio.run(_run(settings, mail.protocol))
            finally:
                is_over.set()
                thread.join()
    except BadSetting as error:
        sys.stderr.write(f"error: {error.code}: {error.message}\n")
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()

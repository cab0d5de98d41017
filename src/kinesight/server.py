"""The process that serves HTTP; `kinesight serve` runs it beside the workers."""

from __future__ import annotations

import uvicorn

from kinesight.logs import start_logging
from kinesight.settings import load_settings
from kinesight.wiring.serving import application, opened_storage

HEADER_LIMIT_S = 10


def main() -> None:
    """Serve until told to stop."""
    settings = load_settings()
    start_logging(settings.log)
    with opened_storage(settings) as storage:
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

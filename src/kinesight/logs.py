"""Log lines of the long-running processes: one JSON object per line, on standard error."""

from __future__ import annotations

import logging
import sys

import structlog


def start_logging(level: str) -> None:
    """Send everything that is logged, ours and the libraries', to standard error as JSON lines."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    # the engine writes a line per poll at this level
    logging.getLogger("dbos").setLevel(max(root.level, logging.WARNING))

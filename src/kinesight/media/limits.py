"""How much one untrusted video may cost: the limits of the decoder process."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from kinesight.settings import Settings

_MEBIBYTE = 1024 * 1024


def _available_cores() -> int:
    return len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaLimits:
    """Limits of one video and of one pass over it.

    `memory_bytes` is what the decoder may allocate beyond its own program; `cpu_s` its processor time in one pass; `wait_s` how
    long the reader waits for the decoder in one pass, not counting the time in which the decoder waits for the reader;
    `threads` the decoder's threads.
    """

    max_bytes: int = 2048 * 1000 * 1000
    max_duration_s: float = 3600.0
    max_side_px: int = 8192
    memory_bytes: int = 2048 * _MEBIBYTE
    cpu_s: float = 900.0
    wait_s: float = 900.0
    threads: int = 2

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, not {getattr(self, name)}")

    @classmethod
    def from_settings(cls, settings: Settings) -> MediaLimits:
        """Return the limits of an installation."""
        return cls(
            max_bytes=int(settings.max_upload_mb * 1_000_000),
            max_duration_s=settings.max_duration_s,
            max_side_px=settings.max_side_px,
            memory_bytes=settings.decode_memory_mb * _MEBIBYTE,
            cpu_s=settings.decode_time_limit_s,
            wait_s=settings.decode_time_limit_s,
            threads=min(2, _available_cores()),
        )

    def as_document(self) -> dict[str, Any]:
        """Return the limits as the decoder process reads them."""
        return {name: getattr(self, name) for name in self.__slots__}

"""How many requests a tenant may make: counted in windows of one minute, by each process that serves HTTP."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What is left after a request was counted; `reset_s` is how long until everything is allowed again, in whole seconds."""

    limit: int
    remaining: int
    reset_s: int
    is_allowed: bool

    @property
    def headers(self) -> dict[str, str]:
        """Return what a client is told, in the spelling of the compatible API."""
        return {
            "X-Rate-Limit-Limit": str(self.limit),
            "X-Rate-Limit-Remaining": str(self.remaining),
            "X-Rate-Limit-Reset": str(self.reset_s),
        }


class RateLimiter:
    """Counts the requests of each tenant; a window begins with the first request after the one before has ended."""

    def __init__(self, limit: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._now_s = now_s
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[float, int]] = {}  # by tenant: when it began, requests in it

    def count(self, tenant_id: str) -> Allowance:
        """Count one request and say whether it is allowed; one that is not takes nothing from the next window."""
        with self._lock:
            now_s = self._now_s()
            began_s, used = self._windows.get(tenant_id, (now_s, 0))
            if now_s >= began_s + WINDOW_S:
                began_s, used = now_s, 0
            is_allowed = used < self._limit
            used = min(used + 1, self._limit)
            self._windows[tenant_id] = began_s, used
        return Allowance(
            limit=self._limit,
            remaining=self._limit - used,
            reset_s=math.ceil(began_s + WINDOW_S - now_s),
            is_allowed=is_allowed,
        )

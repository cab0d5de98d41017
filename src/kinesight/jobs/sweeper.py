"""Puts right what died on the way, again and again. Any number of sweepers may run; each pass can be repeated."""

from __future__ import annotations

import logging
import threading
import time

from kinesight.domain.engine import JobFiles, JobStore
from kinesight.domain.errors import DiskFull

LOG = logging.getLogger(__name__)
DAY_S = 86_400.0
ORPHAN_S = DAY_S  # an upload that no job refers to: its request broke off, or is still streaming
ORPHANS_EVERY_S = 600.0


class Sweeper:
    """Expired leases, lost queue entries, old jobs and uploads without a job."""

    def __init__(self, *, store: JobStore, files: JobFiles, lease_s: float, retention_days: float) -> None:
        self._store = store
        self._files = files
        self._every_s = lease_s / 6
        self._retention_s = retention_days * DAY_S
        self._orphans_at_s = 0.0

    def sweep(self) -> None:
        """Do one pass. Raises `ConnectionError`, `DiskFull`."""
        swept = self._store.sweep(older_than_s=self._retention_s)
        if swept.expired or swept.stranded or swept.abandoned:
            LOG.warning("swept: %d expired, %d stranded, %d abandoned", swept.expired, swept.stranded, swept.abandoned)
        for job in swept.forgotten:
            self._files.forget(job)
        if time.monotonic() >= self._orphans_at_s:
            self._files.sweep(older_than_s=ORPHAN_S, is_known=self._store.knows)
            self._orphans_at_s = time.monotonic() + ORPHANS_EVERY_S

    def run(self, is_over: threading.Event) -> None:
        """Do a pass now and every sixth of a lease until it is over."""
        while True:
            try:
                self.sweep()
            except (ConnectionError, DiskFull) as error:
                LOG.warning("this pass failed, the next one may not: %s", error)
            if is_over.wait(self._every_s):
                return

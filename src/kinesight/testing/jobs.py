"""Stand-ins for jobs, keys and files that need no database; they pass the contract tests of the real ones."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from kinesight.domain.engine import Claim, Ending, Progress
from kinesight.domain.job import Artefact, State
from kinesight.jobs.building import Builder, Foundations
from kinesight.jobs.service import JobService
from kinesight.storage.files import LocalFiles
from kinesight.testing.corrections import MemoryCorrections
from kinesight.testing.job_store import MemoryJobStore
from kinesight.testing.keys import MemoryKeys

__all__ = ["MemoryFiles", "MemoryJobStore", "MemoryJobs", "MemoryKeys", "MemoryUploads"]


class MemoryFiles(LocalFiles):
    """Implements `Files`, `Uploads` and `JobFiles` in a temporary folder that goes with the object."""

    def __init__(self, *, now_s: Callable[[], float] = time.time) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="kinesight-", ignore_cleanup_errors=True)
        super().__init__(Path(self._temporary.name), secret=b"a secret for tests", now_s=now_s)

    def close(self) -> None:
        """Remove the folder."""
        self._temporary.cleanup()


MemoryUploads = MemoryFiles
"""The same object takes uploads and serves files, as the real one does."""


class MemoryJobs(JobService):
    """Implements the port `Jobs` without an engine: a test plays the worker with `run_next`."""

    def __init__(
        self,
        kinds: Mapping[str, type[BaseModel]],
        *,
        files: MemoryFiles | None = None,
        queue_limit: int = 1000,
        max_attempts: int = 3,
        urgent: Collection[str] = (),
        builders: Mapping[str, Builder] = MappingProxyType({}),
    ) -> None:
        self.store = MemoryJobStore()
        self.files = files or MemoryFiles()
        self.corrections = MemoryCorrections()
        super().__init__(
            store=self.store,
            files=self.files,
            kinds=kinds,
            queue_limit=queue_limit,
            max_attempts=max_attempts,
            urgent=urgent,
            foundations=Foundations(store=self.store, files=self.files, corrections=self.corrections, builders=builders),
        )

    def run_next(self, *, progress: Progress | None = None) -> Claim:
        """Start the oldest queued job as a worker would, and report progress. Raises IndexError when none waits."""
        while True:
            job_id, fence = self.store.entries.popleft()
            claim = self.store.start(job_id, fence=fence, owner="test")
            if claim is not None:
                if progress is not None:
                    self.store.beat(job_id, fence=claim.fence, progress=progress)
                return claim

    def succeed(
        self,
        claim: Claim,
        result: Mapping[str, Any] | None,
        *,
        artefacts: Mapping[str, bytes] | None = None,
        draws_later: bool = False,
    ) -> None:
        """End a running job well, with files; `draws_later`: a job that draws is queued."""
        kept = self._write(claim, artefacts or {})
        found = None if result is None else dict(result)
        ending = Ending(state=State.SUCCEEDED, result=found, artefacts=kept, draws_later=draws_later)
        self.store.finish(claim.job.id, fence=claim.fence, ending=ending)

    def fail(self, claim: Claim, code: str, message: str, *, artefacts: Mapping[str, bytes] | None = None) -> None:
        """End a running job as refused, with what was observed up to then."""
        kept = self._write(claim, artefacts or {})
        ending = Ending(state=State.FAILED, error_code=code, error_message=message, artefacts=kept)
        self.store.finish(claim.job.id, fence=claim.fence, ending=ending)

    def _write(self, claim: Claim, contents: Mapping[str, bytes]) -> tuple[Artefact, ...]:
        folder = self.files.attempt_folder(claim.job.id, claim.fence)
        for name, content in contents.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return self.files.collect(claim.job.id, claim.fence)

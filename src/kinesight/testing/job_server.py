"""A server without API and analyses, for tests that kill it: `python -m kinesight.testing.job_server ROLE [INDEX]`.

Settings come from the environment as usual. The child is `pretend_child`.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from kinesight.jobs.process import run_worker
from kinesight.jobs.service import JobService
from kinesight.jobs.supervisor import Role, supervise
from kinesight.settings import Settings, load_settings
from kinesight.storage.opening import Storage, open_storage

KIND = "pretend"
URGENT_KIND = "hurry"
ME = (sys.executable, "-m", "kinesight.testing.job_server")
# by its file, so that it starts without importing the package
CHILD = (sys.executable, "-S", str(Path(__file__).with_name("pretend_child.py")))


class Pretend(BaseModel):
    """Parameters of a pretended analysis."""

    model_config = ConfigDict(extra="forbid")

    steps: int = 5
    step_s: float = 0.02
    marks: str | None = None
    crash: bool = False
    draws_later: bool = False
    error: str | None = None
    is_final: bool = True


def service(settings: Settings, storage: Storage) -> JobService:
    """Return the jobs of such a server."""
    return JobService(
        store=storage.jobs,
        files=storage.files,
        kinds={KIND: Pretend, URGENT_KIND: Pretend},
        urgent=[URGENT_KIND],
        queue_limit=settings.queue_limit,
        max_attempts=settings.max_attempts,
    )


def main(role: str, index: int = 0) -> int:
    """Play one role: supervisor or worker."""
    settings = load_settings()
    logging.basicConfig(level=settings.log.upper(), format=f"%(asctime)s {role} {index} %(message)s")
    if role == "supervisor":
        workers = [Role(name=f"worker {i}", command=(*ME, "worker", str(i))) for i in range(settings.workers)]
        return supervise(workers, grace_s=settings.drain_s + 15)
    storage = open_storage(settings)
    run_worker(settings, storage, command=CHILD, index=index)
    storage.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], *map(int, sys.argv[2:])))

"""The seam to DBOS Transact, and the only module that knows it: entries in, calls out, leftovers found."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer

from kinesight.domain.engine import Lane

if TYPE_CHECKING:
    from dbos import EnqueueOptions

WORKFLOW = "kinesight.run"
APPLICATION = "kinesight"
WIRE_VERSION = "1"  # only entries of the same version are taken; a new value strands what older servers accepted
# How many jobs of a lane one process runs. DBOS keeps this number per queue, so machines of different size add processes.
SLOTS = {Lane.URGENT: 3, Lane.VIDEO: 1, Lane.LATER: 1}
QUEUES = tuple(lane.value for lane in Lane)
AWAITED_FIRST, OTHERS_THEN = 1, 2  # priorities of DBOS: the lowest number goes first
URGENT_POLL_S = 0.03
LATER_POLLS = 5  # what comes later is looked for so many times less often
LIVE = {"ENQUEUED", "DELAYED", "PENDING"}
PRUNE_AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One place in the queue: valid for one fence of one job."""

    job_id: str
    fence: int
    made_us: int

    @property
    def id(self) -> str:
        """Return the workflow id; it begins with the time because DBOS orders entries of the same second by id."""
        return f"{self.made_us:016x}:{self.job_id}:{self.fence}"

    @classmethod
    def parse(cls, entry_id: str) -> Entry:
        """Return the entry of an id. Raises ValueError."""
        made, job_id, fence = entry_id.split(":")
        return cls(job_id=job_id, fence=int(fence), made_us=int(made, 16))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry waits: whose it is, in which lane, before or behind the others, and not before how many seconds."""

    tenant_id: str
    lane: Lane
    is_awaited: bool = False
    delay_s: float = 0.0


def new_entry(job_id: str, fence: int) -> Entry:
    """Return an entry to enqueue now."""
    return Entry(job_id=job_id, fence=fence, made_us=time.time_ns() // 1000)


class DbosEngine:
    """DBOS on the database of the jobs, so that a job and its queue entry are written in one transaction."""

    def __init__(self, url: sa.URL, *, tenant_concurrency: int, poll_s: float) -> None:
        self._url = url.render_as_string(hide_password=False)
        self._tenant_concurrency = tenant_concurrency
        self._poll_s = poll_s
        self._client: DBOSClient | None = None
        # It tells of every step at the level of information, the address of the database included.
        logging.getLogger("dbos").setLevel(logging.WARNING)

    def prepare(self) -> None:
        """Make or update the queue's tables and settings; call it under the schema lock."""
        DBOS.migrate(self._url)
        for lane, slots in SLOTS.items():
            self._queue().register_queue(
                lane.value,
                worker_concurrency=slots,
                partition_concurrency=self._tenant_concurrency,
                polling_interval_sec=self._look_every_s(lane),
                on_conflict="always_update",
            )

    def _look_every_s(self, lane: Lane) -> float:
        """Return how often a process looks for jobs of a lane; a look takes some 2 ms of the processor, found or not."""
        match lane:
            case Lane.URGENT:
                return min(self._poll_s, URGENT_POLL_S)
            case Lane.LATER:
                return LATER_POLLS * self._poll_s
        return self._poll_s

    def enqueue(self, connection: sa.Connection, entry: Entry, place: Place) -> None:
        """Put an entry into the queue as part of the caller's transaction."""
        options: EnqueueOptions = {
            "workflow_name": WORKFLOW,
            "queue_name": place.lane.value,
            "workflow_id": entry.id,
            "app_version": WIRE_VERSION,
            "queue_partition_key": place.tenant_id,
            "priority": AWAITED_FIRST if place.is_awaited else OTHERS_THEN,
        }
        if place.delay_s > 0:
            options["delay_seconds"] = place.delay_s
        self._queue().enqueue_in_transaction(connection, options, entry.id)

    def live(self, entry_ids: Sequence[str], *, claim_s: float) -> set[str]:
        """Return which of the entries will still be run.

        An entry that was claimed more than `claim_s` ago and whose job has not started since belongs to a dead process.
        """
        if not entry_ids:
            return set()
        oldest_ms = (time.time() - claim_s) * 1000
        found = self._queue().list_workflows(workflow_ids=list(entry_ids), load_input=False, load_output=False)
        return {
            one.workflow_id
            for one in found
            if one.status in LIVE and not (one.status == "PENDING" and (one.dequeued_at or 0) < oldest_ms)
        }

    def claimed_before(self, age_s: float) -> tuple[str, ...]:
        """Return the entries that some process took more than this long ago and has not finished."""
        found = self._queue().list_workflows(
            status="PENDING", dequeued_before=_moment(age_s), load_input=False, load_output=False, name=WORKFLOW
        )
        return tuple(one.workflow_id for one in found)

    def abandon(self, entry_ids: Iterable[str]) -> None:
        """Take entries out of the count of what a tenant has running."""
        ids = list(entry_ids)
        if ids:
            self._queue().cancel_workflows(ids)

    def prune(self, *, older_than_s: float) -> None:
        """Forget entries that ended so long ago."""
        found = self._queue().list_workflows(
            completed_before=_moment(older_than_s), limit=PRUNE_AT_ONCE, load_input=False, load_output=False, name=WORKFLOW
        )
        if found:
            self._queue().delete_workflows([one.workflow_id for one in found])

    def serve(self, executor_id: str, run: Callable[[str, int], None], *, queues: Sequence[str] | None = None) -> None:
        """Begin to take entries and call `run(job_id, fence)` for each in a thread of its own.

        DBOS is one per process. `executor_id` must belong to no other living process, and should be the same after a
        restart, so that entries claimed by the dead process are offered again at once.
        """
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_url": self._url,
            "application_version": WIRE_VERSION,
            "executor_id": executor_id,
            "serializer": DBOSPortableJSONSerializer(),
            "run_migrations": False,
            "sys_db_pool_size": 5,
            "log_level": "WARNING",
        }
        DBOS(config=config)

        def take(entry_id: str) -> None:
            entry = Entry.parse(entry_id)
            run(entry.job_id, entry.fence)

        DBOS.workflow(name=WORKFLOW)(take)
        DBOS.listen_queues(list(queues or QUEUES))
        DBOS.launch()

    def stop(self, *, wait_s: float) -> None:
        """Take no more entries, wait for the running ones at most so long, and let go of the database."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=int(wait_s) + 1)

    def close(self) -> None:
        """Close the connections for enqueueing."""
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def _queue(self) -> DBOSClient:
        if self._client is None:
            self._client = DBOSClient(
                system_database_url=self._url,
                system_database_pool_size=2,
                application_name=APPLICATION,
                serializer=DBOSPortableJSONSerializer(),
                lazy=True,
            )
        return self._client


def _moment(age_s: float) -> str:
    return datetime.fromtimestamp(time.time() - age_s, tz=UTC).isoformat()


def new_id() -> str:
    """Return a random id."""
    return str(uuid.uuid4())

"""Runs one try of one job: take the lease, let a child work, keep the lease, commit once."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from kinesight.domain.engine import Claim, Ending, JobFiles, JobStore, Lane, Progress, Setback
from kinesight.domain.errors import DeadlineExceeded, DiskFull, KinesightError, NotFound, OperatorError, WorkerCrashed
from kinesight.domain.job import Artefact, State
from kinesight.jobs.analysing_process import AnalysingProcess
from kinesight.jobs.conversation import Basis, Conversation, Crashed, Done, Outcome, Refused, Stop, Task
from kinesight.jobs.warm import WarmProcesses

LOG = logging.getLogger(__name__)
RESULT = "result.json"
JITTER = 0.25  # so that jobs that failed together do not come back together

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Times of one try, in seconds, and what is passed on to the child."""

    time_limit_s: float
    lease_s: float
    beat_s: float
    retry_s: float
    drain_s: float
    for_child: Mapping[str, Any] = field(default_factory=dict)


class Worker:
    """Works on jobs in children of its own. `run` is called by the engine, each time in a thread that stays.

    Jobs of the lanes in `warm` are done by processes that live on; all others have one of their own, started with `command`.
    """

    def __init__(
        self,
        *,
        store: JobStore,
        files: JobFiles,
        command: Sequence[str],
        owner: str,
        limits: Limits,
        warm: Mapping[Lane, WarmProcesses] = MappingProxyType({}),
    ) -> None:
        self._warm = warm
        self._store = store
        self._files = files
        self._command = tuple(command)
        self._owner = owner
        self._limits = limits
        self._drained_at_s: float | None = None

    def drain(self) -> None:
        """Give running jobs the grace time, then hand them back. Processes without a job end now."""
        self._drained_at_s = time.monotonic() + self._limits.drain_s
        for processes in self._warm.values():
            processes.close()

    def run(self, job_id: str, fence: int) -> None:
        """Work on a job if this entry is still the valid one, and leave it in a state from which it goes on."""
        claim = self._store.start(job_id, fence=fence, owner=self._owner)
        if claim is None:
            LOG.info("job %s has changed hands since this entry (fence %d) was made", job_id, fence)
            return
        LOG.info("job %s: try %d begins (fence %d)", job_id, claim.job.attempt, claim.fence)
        try:
            self._try(claim)
        except ConnectionError:
            # Nothing can be written down; the lease runs out and a sweeper queues the job again.
            LOG.exception("job %s: the database went away", job_id)
        except KinesightError as error:
            if isinstance(error, OperatorError):
                self._set_back(claim, error.code, error.message)
            else:
                self._finish(claim, Ending(state=State.FAILED, error_code=error.code, error_message=error.message))
        except Exception:  # the one place that must survive any mistake of ours
            LOG.exception("job %s: the worker made a mistake", job_id)
            self._set_back(claim, WorkerCrashed.code, "The worker failed on this job; see the server log.")

    def _try(self, claim: Claim) -> None:
        task = self._task(claim)
        watch = _Watch(self._store, claim, limits=self._limits, drained_at_s=lambda: self._drained_at_s)
        with watch:
            outcome, log_tail = self._outcome(claim, task, watch)
            LOG.info("job %s: try %d came to %s", task.job_id, task.attempt, outcome)
            self._conclude(claim, outcome, log_tail, out_dir=task.out_dir)

    def _task(self, claim: Claim) -> Task:
        """Return what the child is told. Raises `NotFound` when a file or the job to build on is gone."""
        job = claim.job
        # a job that builds on another one has no video of its own
        first = job if job.builds_on is None else self._store.get(job.tenant_id, job.builds_on)
        return Task(
            job_id=job.id,
            attempt=job.attempt,
            kind=job.kind,
            parameters=job.parameters,
            out_dir=self._files.attempt_folder(job.id, claim.fence),
            input_path=None if first.input_key is None else self._files.path(first.input_key),
            input_name=job.input_name or first.input_name,
            source_url=job.source_url,
            limits={**self._limits.for_child, **first.origin.get("limits", {}), **job.origin.get("limits", {})},
            draws_from=None if job.follows is None else self._folder_of(job.tenant_id, job.follows),
            basis=None if job.builds_on is None else self._basis(claim, job.builds_on),
        )

    def _basis(self, claim: Claim, job_id: str) -> Basis:
        return Basis(
            folder=self._folder_of(claim.job.tenant_id, job_id),
            corrections=claim.job.corrections or (),
            references={
                obj_id: self._files.path(one.key) if one.key is not None else str(one.url)
                for obj_id, one in claim.references.items()
            },
            asked_by=claim.job.asked_by,
        )

    def _outcome(self, claim: Claim, task: Task, watch: _Watch) -> tuple[Outcome, str]:
        """Let a process do a task; return what came of it, and the last lines of its log."""
        warm = self._warm.get(claim.lane)
        if warm is None:
            conversation = Conversation(AnalysingProcess(self._command), task)
            watch.follow(conversation)
            return conversation.outcome(), conversation.log_tail
        process = warm.take()
        was_used = process.jobs_done > 0
        outcome, log_tail = self._warm_outcome(warm, process, task, watch)
        if was_used and isinstance(outcome, Crashed):
            # An earlier job may have done this to the process, so this one gets another chance at once.
            LOG.warning("job %s: a process that had done other jobs died; once more in a fresh one", task.job_id)
            outcome, log_tail = self._warm_outcome(warm, warm.take(is_fresh=True), task, watch)
        return outcome, log_tail

    @staticmethod
    def _warm_outcome(warm: WarmProcesses, process: AnalysingProcess, task: Task, watch: _Watch) -> tuple[Outcome, str]:
        conversation = Conversation(process, task, is_last=False)
        try:
            watch.follow(conversation)
            return conversation.outcome(), conversation.log_tail
        finally:
            if conversation.is_kept:
                warm.give_back(process)
            else:
                warm.drop(process)

    def _folder_of(self, tenant_id: str, job_id: str) -> Path:
        """Return the folder that a succeeded job's try left. Raises `NotFound`."""
        for artefact in self._store.artefacts(tenant_id, job_id):
            if artefact.name == RESULT:
                return self._files.path(artefact.key).parent
        raise NotFound("The result that this job goes on from is gone.")

    def _conclude(self, claim: Claim, outcome: Outcome, log_tail: str, *, out_dir: Path) -> None:
        match outcome:
            case Done():
                self._succeed(claim, outcome, log_tail, out_dir=out_dir)
            case Refused(is_final=True):
                self._fail(claim, outcome.code, outcome.message, log_tail)
            case Refused():
                self._set_back(claim, outcome.code, outcome.message, log_tail)
            case Crashed():
                died = f"signal {-outcome.exit_status}" if outcome.exit_status < 0 else f"status {outcome.exit_status}"
                message = f"The analysis process died ({died}) without an answer; see the server log."
                self._set_back(claim, WorkerCrashed.code, message, log_tail)
            case Stop.DEADLINE:
                # Not tried again: it would take as long once more.
                self._fail(claim, DeadlineExceeded.code, DeadlineExceeded().message, log_tail)
            case Stop.CANCELLED:
                self._finish(claim, Ending(state=State.CANCELLED, log_tail=log_tail))
            case Stop.DRAINED:
                self._persist(lambda: self._store.hand_back(claim.job.id, fence=claim.fence))
            case Stop.LOST:
                LOG.warning("job %s: the lease was lost; somebody else goes on", claim.job.id)

    def _succeed(self, claim: Claim, done: Done, log_tail: str, *, out_dir: Path) -> None:
        try:
            result = None if claim.job.follows is not None else _read_result(out_dir / RESULT)
        except (OSError, ValueError) as error:
            LOG.warning("job %s: %s cannot be read: %s", claim.job.id, RESULT, error)
            self._set_back(claim, WorkerCrashed.code, "The analysis process left no readable result.", log_tail)
            return
        kept = () if done.kept_input is None else (done.kept_input,)
        found = self._files.collect(claim.job.id, claim.fence, (*done.artefacts, *kept))
        ending = Ending(
            state=State.SUCCEEDED,
            artefacts=tuple(one for one in found if one.name not in kept),
            result=result,
            log_tail=log_tail,
            draws_later=done.draws_later,
            input_key=next((one.key for one in found if one.name in kept), None),
        )
        self._finish(claim, ending)

    def _fail(self, claim: Claim, code: str, message: str, log_tail: str) -> None:
        artefacts: tuple[Artefact, ...] = ()
        try:
            artefacts = self._files.collect(claim.job.id, claim.fence)
        except DiskFull:
            LOG.warning("job %s: what was observed is not kept, the disk is full", claim.job.id)
        ending = Ending(state=State.FAILED, artefacts=artefacts, error_code=code, error_message=message, log_tail=log_tail)
        self._finish(claim, ending)

    def _finish(self, claim: Claim, ending: Ending) -> None:
        if not self._persist(lambda: self._store.finish(claim.job.id, fence=claim.fence, ending=ending)):
            LOG.warning("job %s: the commit of fence %d was refused, the lease was lost", claim.job.id, claim.fence)
            return
        self._files.drop_other_attempts(claim.job.id, claim.fence)

    def _set_back(self, claim: Claim, code: str, message: str, log_tail: str = "") -> None:
        delay_s = self._limits.retry_s * 4.0 ** (claim.job.attempt - 1) * (1 + JITTER * random.random())  # noqa: S311
        setback = Setback(error_code=code, error_message=message, delay_s=delay_s, log_tail=log_tail)
        state = self._persist(lambda: self._store.retry(claim.job.id, fence=claim.fence, setback=setback))
        LOG.warning("job %s: %s: %s -> %s", claim.job.id, code, message, state or "nothing, the lease was lost")

    def _persist(self, write: Callable[[], Answer]) -> Answer:
        """Write, and while the database is away try again for as long as a lease lasts. Raises `ConnectionError`."""
        until_s = time.monotonic() + self._limits.lease_s
        while True:
            try:
                return write()
            except (ConnectionError, DiskFull):
                if time.monotonic() > until_s:
                    raise
                time.sleep(self._limits.beat_s)


class _Watch:
    """Beats while a job runs, its commit included, and interrupts it when it must not go on."""

    def __init__(
        self,
        store: JobStore,
        claim: Claim,
        *,
        limits: Limits,
        drained_at_s: Callable[[], float | None],
    ) -> None:
        self._store = store
        self._claim = claim
        self._lock = threading.Lock()
        self._conversation: Conversation | None = None
        self._why: Stop | None = None
        self._limits = limits
        self._drained_at_s = drained_at_s
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{claim.job.id}", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exception: object) -> None:
        self._is_over.set()
        self._thread.join()

    def follow(self, conversation: Conversation) -> None:
        """Interrupt this conversation from now on, at once if there is a reason already."""
        with self._lock:
            self._conversation = conversation
            if self._why is not None:
                conversation.interrupt(self._why)

    def _run(self) -> None:
        why = Stop.LOST  # also when this thread dies of a mistake: without beats nobody may go on
        try:
            why = self._reason_to_stop()
        finally:
            with self._lock:
                self._why = why
                if self._conversation is not None:
                    self._conversation.interrupt(why)

    def _reason_to_stop(self) -> Stop:
        ends_at_s = time.monotonic() + self._limits.time_limit_s
        held_until_s = time.monotonic() + self._limits.lease_s
        while not self._is_over.wait(self._limits.beat_s):
            now_s = time.monotonic()
            progress = Progress() if self._conversation is None else self._conversation.progress
            try:
                beat = self._store.beat(self._claim.job.id, fence=self._claim.fence, progress=progress)
            except (ConnectionError, DiskFull):
                if now_s > held_until_s:
                    return Stop.LOST
                continue
            held_until_s = now_s + self._limits.lease_s
            drained_at_s = self._drained_at_s()
            reasons = {
                Stop.LOST: not beat.is_held,
                Stop.CANCELLED: beat.cancel_requested,
                Stop.DEADLINE: now_s > ends_at_s,
                Stop.DRAINED: drained_at_s is not None and now_s > drained_at_s,
            }
            for reason, is_given in reasons.items():
                if is_given:
                    return reason
        return Stop.LOST  # nobody listens any more


def _read_result(path: Path) -> dict[str, Any]:
    # NaN and infinity are no JSON and no database keeps them; unknown is null
    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda _: None)
    if not isinstance(document, dict):
        raise ValueError(f"{path.name} is not an object")  # noqa: TRY004  # a bad document, not a bad call
    return document

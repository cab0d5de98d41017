"""What the webhook of a task gets: the sealed message, made anew for each delivery."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from kinesight.apis.akool import translate
from kinesight.apis.akool.sealed_message import sealed_message
from kinesight.apis.akool.vault import Vault
from kinesight.apis.edge.links import absolute_link
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Artefact, Files, Job, State, Tenant
from kinesight.domain.webhooks import Event, Wording

LOG = logging.getLogger(__name__)
NONCE_BYTES = 8


class FinishedJobs(Protocol):
    """Where jobs and their files are read. Both raise `NotFound`."""

    def get(self, tenant_id: str, job_id: str) -> Job:
        """Return a job."""

    def artefacts(self, tenant_id: str, job_id: str) -> tuple[Artefact, ...]:
        """Return the files of a job."""


def sealed_wording(
    jobs: FinishedJobs, files: Files, *, get_tenant: Callable[[str], Tenant], vault: Vault, link_s: int
) -> Wording:
    """Return how ends of head tasks are worded; of a task that was deleted meanwhile nobody is told.

    `link_s` is the life of the link to the output, from the delivery on.
    """

    def output_url(job: Job) -> str:
        for artefact in jobs.artefacts(job.tenant_id, job.id):
            if artefact.name == translate.OUTPUT:
                at = str(job.origin.get("server_address") or "")
                return absolute_link(files, artefact, at=at, seconds=link_s, name=translate.file_name(job))
        raise NotFound

    def word(event: Event) -> Mapping[str, object] | None:
        try:
            job = jobs.get(event.tenant_id, event.job_id)
            facts = translate.told(job, output_url(job) if job.state is State.SUCCEEDED else "")
            client_id = get_tenant(event.tenant_id).client_id
        except NotFound:
            return None
        key = vault.unseal(str(job.origin.get("webhook_key") or ""))
        if key is None:
            LOG.warning("job %s: the key for its webhook cannot be read; the installation's secret is another one now", job.id)
            return None
        now_ms, nonce = int(time.time() * 1000), secrets.token_hex(NONCE_BYTES)
        return sealed_message(facts, key=key, client_id=client_id, timestamp_ms=now_ms, nonce=nonce)

    return word

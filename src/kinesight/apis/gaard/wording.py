"""What receivers of results get: the classification as the result call returns it, at the moment of the delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kinesight.apis.gaard import translate
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job, Tenant
from kinesight.domain.webhooks import Event, Wording

GetJob = Callable[[str, str], Job]
"""Returns a job by tenant and id. Raises `NotFound`."""


def result_wording(get_job: GetJob, get_tenant: Callable[[str], Tenant]) -> Wording:
    """Return how ends of alarm clips are worded; a clip that was deleted meanwhile is told to nobody."""

    def word(event: Event) -> Mapping[str, object] | None:
        try:
            job = get_job(event.tenant_id, event.job_id)
            return translate.classification(job, tenant_name=get_tenant(event.tenant_id).name)
        except NotFound:
            return None

    return word

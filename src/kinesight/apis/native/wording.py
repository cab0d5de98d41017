"""What the address in a call is told: that the job has ended, and how it is listed at the moment of the delivery."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kinesight.apis.native.schemas import summary_of, timestamp
from kinesight.domain.errors import NotFound
from kinesight.domain.job import Job
from kinesight.domain.webhooks import Event, Wording


def end_wording(get_job: Callable[[str, str], Job]) -> Wording:
    """Return how ends of jobs are worded; `get_job` finds one by tenant and id. One that was forgotten is told to nobody."""

    def word(event: Event) -> Mapping[str, object] | None:
        try:
            job = get_job(event.tenant_id, event.job_id)
        except NotFound:
            return None
        return {
            "event": f"analysis.{event.happening}",
            "timestamp": timestamp(event.created_s),
            "analysis": summary_of(job).model_dump(mode="json"),
        }

    return word

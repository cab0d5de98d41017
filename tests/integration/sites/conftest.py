"""An intake on the memory stand-ins of jobs and cameras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from kinesight.domain.job import Tenant
from kinesight.domain.sites import CameraSettings
from kinesight.panels.intake import ClipIntake
from kinesight.testing.jobs import MemoryJobs, MemoryKeys
from kinesight.testing.sites import MemoryCameras


class AnyAlarm(BaseModel):
    """Parameters of an alarm job, taken as they are."""

    model_config = ConfigDict(extra="allow")


@dataclass
class Site:
    jobs: MemoryJobs
    keys: MemoryKeys
    cameras: MemoryCameras
    tenant: Tenant
    secret: str
    other_secret: str
    intake: ClipIntake

    def camera(self, camera_id: str, **settings: Any) -> None:
        self.cameras.put(self.tenant.id, camera_id, CameraSettings.model_validate(settings))

    def accepted(self) -> list[Any]:
        """Every job, oldest first."""
        return list(reversed(self.jobs.page(self.tenant.id, limit=100).jobs))

    def content(self, job: Any) -> bytes:
        return self.jobs.files.path(job.input_key).read_bytes()


@pytest.fixture
def site() -> Iterator[Site]:
    jobs, keys = MemoryJobs({"alarm": AnyAlarm}, queue_limit=20), MemoryKeys()
    _, tenant, secret = keys.create("a", tenant_name="one")
    _, other, other_secret = keys.create("b", tenant_name="two")
    owners = (tenant, other)
    cameras = MemoryCameras(tenants={one.client_id: one.id for one in owners}, names={one.name: one.id for one in owners})
    intake = ClipIntake(jobs=jobs, uploads=jobs.files, cameras=cameras)
    yield Site(jobs=jobs, keys=keys, cameras=cameras, tenant=tenant, secret=secret, other_secret=other_secret, intake=intake)
    jobs.files.close()

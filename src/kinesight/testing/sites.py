"""Stand-ins for cameras and outputs that need no database; they pass the contract tests of the real ones."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kinesight.domain.errors import Conflict, NotFound
from kinesight.domain.outputs import Output, OutputSettings, with_secrets
from kinesight.domain.sites import Camera, CameraPage, CameraSettings, DayCount, Recipient, SeenScene


@dataclass(slots=True, kw_only=True)
class MemoryCameras:
    """Implements the port `Cameras`. What clips came to is put into `seen`, `counted` and `accepted_s` by the test."""

    tenants: Mapping[str, str] = field(default_factory=dict)
    """Tenant ids by client id."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Tenant ids by name."""
    now_s: Callable[[], float] = time.time
    seen: dict[tuple[str, str], list[SeenScene]] = field(default_factory=dict)
    counted: dict[tuple[str, str], list[DayCount]] = field(default_factory=dict)
    accepted_s: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    _cameras: dict[tuple[str, str], Camera] = field(default_factory=dict)
    _defaults: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get(self, tenant_id: str, camera_id: str) -> Camera:
        """Return a camera that was set up. Raises `NotFound`."""
        try:
            return self._cameras[tenant_id, camera_id]
        except KeyError as error:
            raise NotFound("There is no camera with this id.") from error

    def put(self, tenant_id: str, camera_id: str, settings: CameraSettings) -> Camera:
        """Set a camera up, or change it. Raises `Conflict` if another camera has one of its addresses."""
        for key, other in self._cameras.items():
            if key != (tenant_id, camera_id) and set(other.settings.addresses) & set(settings.addresses):
                raise Conflict("Another camera has one of these addresses, or was set up at the same moment.")
        self._cameras[tenant_id, camera_id] = Camera(id=camera_id, settings=settings, updated_s=self.now_s())
        return self._cameras[tenant_id, camera_id]

    def delete(self, tenant_id: str, camera_id: str) -> None:
        """Forget how a camera was set up; what its clips came to stays. Raises `NotFound`."""
        self.get(tenant_id, camera_id)
        del self._cameras[tenant_id, camera_id]

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None) -> CameraPage:
        """Return cameras by id; the cursor is the last id of the page before."""
        mine = sorted((one for (tenant, _), one in self._cameras.items() if tenant == tenant_id), key=lambda one: one.id)
        mine = [one for one in mine if cursor is None or one.id > cursor]
        return CameraPage(cameras=tuple(mine[:limit]), next_cursor=mine[limit - 1].id if len(mine) > limit else None)

    def recipient(self, address: str) -> Recipient | None:
        """Return whose mail this address receives: that of a camera, or `client id[+camera id]@anything`."""
        for (tenant_id, camera_id), camera in self._cameras.items():
            if address.strip().lower() in camera.settings.addresses:
                return Recipient(tenant_id=tenant_id, camera_id=camera_id)
        client_id, _, tag = address.strip().rpartition("@")[0].partition("+")
        found = [tenant for name, tenant in self.tenants.items() if name.lower() == client_id.lower()]
        return Recipient(tenant_id=found[0], camera_id=tag or None) if len(found) == 1 else None

    def tenant_named(self, name: str) -> str | None:
        """Return the id of the tenant with this name."""
        return self.names.get(name)

    def scenes(self, tenant_id: str, camera_id: str, *, after_s: float, before_s: float, limit: int) -> tuple[SeenScene, ...]:
        """Return what the camera's clips of that time left behind, youngest first."""
        found = [one for one in self.seen.get((tenant_id, camera_id), ()) if after_s <= one.seen_s <= before_s]
        return tuple(sorted(found, key=lambda one: -one.seen_s)[:limit])

    def counts(self, tenant_id: str, camera_id: str, *, days: int) -> tuple[DayCount, ...]:
        """Return what was counted on the last so many days, today included, oldest first."""
        today = dt.datetime.fromtimestamp(self.now_s(), dt.UTC).date()
        first = (today - dt.timedelta(days=days - 1)).isoformat()
        found = [one for one in self.counted.get((tenant_id, camera_id), ()) if one.day >= first]
        return tuple(sorted(found, key=lambda one: (one.day, one.name)))

    def recent(self, tenant_id: str, camera_id: str, *, period_s: float) -> int:
        """Return how many clips of a camera were accepted in the last so many seconds."""
        return sum(at_s > self.now_s() - period_s for at_s in self.accepted_s.get((tenant_id, camera_id), ()))

    def defaults(self, tenant_id: str) -> dict[str, Any]:
        """Return the parameters that the alarm jobs of a tenant begin with; empty where nothing was chosen."""
        return dict(self._defaults.get(tenant_id, {}))

    def put_defaults(self, tenant_id: str, parameters: dict[str, Any]) -> None:
        """Choose the parameters that new alarm jobs of a tenant begin with."""
        self._defaults[tenant_id] = dict(parameters)


@dataclass(slots=True, kw_only=True)
class MemoryOutputs:
    """Implements the port `Outputs`; nothing ever waits."""

    now_s: Callable[[], float] = time.time
    _outputs: dict[tuple[str, str], Output] = field(default_factory=dict)

    def get(self, tenant_id: str, name: str) -> Output:
        """Return an output. Raises `NotFound`."""
        try:
            return self._outputs[tenant_id, name]
        except KeyError as error:
            raise NotFound("There is no output with this name.") from error

    def put(self, tenant_id: str, name: str, settings: OutputSettings) -> Output:
        """Set an output up, or change it; hidden secrets stay as they are."""
        earlier = self._outputs.get((tenant_id, name))
        kept = with_secrets(settings, None if earlier is None else earlier.settings)
        self._outputs[tenant_id, name] = Output(name=name, settings=kept, updated_s=self.now_s())
        return self._outputs[tenant_id, name]

    def delete(self, tenant_id: str, name: str) -> None:
        """Forget an output. Raises `NotFound`."""
        self.get(tenant_id, name)
        del self._outputs[tenant_id, name]

    def all(self, tenant_id: str) -> tuple[Output, ...]:
        """Return the outputs of a tenant by name."""
        return tuple(output for (tenant, _), output in sorted(self._outputs.items()) if tenant == tenant_id)

"""The cameras of a tenant as they were set up, what they showed before, and what both mean for the next clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Protocol, Self

from pydantic import Field, field_validator, model_validator

from kinesight.domain.cameras import CameraRules, SightRules
from kinesight.domain.document import Document
from kinesight.domain.errors import NotFound
from kinesight.domain.schedules import Schedule, is_armed

HOUR_S = 3600.0
DAY_S = 86_400.0
MOST_SCENES = 16

CameraId = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^/\\\x00-\x20\x7f.][^/\\\x00-\x1f\x7f]*$")]
"""Free text such as `134188-VI08`, without slashes and control characters; it does not begin with a dot or a blank."""

Threshold = Annotated[float, Field(gt=0.0, lt=1.0)]


class MemoryRule(Document):
    """Whether the next clip may be compared with earlier ones of the same camera.

    `longest_age_s` is how old an earlier clip may be, `clips` how many of them are looked at, youngest first.
    """

    is_allowed: bool = False
    longest_age_s: float = Field(default=6 * HOUR_S, gt=0.0, le=7 * DAY_S)
    clips: int = Field(default=3, ge=1, le=MOST_SCENES)


class OverflowRule(Document):
    """How many clips a camera may send in a period before its messages are summarised.

    Every clip is still judged. `summary_s` is how long further alarms are collected into one message.
    """

    clips: int = Field(default=30, ge=1, le=10_000)
    period_s: float = Field(default=HOUR_S, gt=0.0, le=DAY_S)
    summary_s: float = Field(default=60.0, ge=0.0, le=HOUR_S)


class PanelAccount(Document):
    """How a monitoring centre knows the camera: account, partition and zone of SIA DC-09 with Contact ID."""

    account: str = Field(pattern=r"^[0-9A-Fa-f]{3,16}$")
    partition: int = Field(default=0, ge=0, le=99)
    zone: int = Field(default=0, ge=0, le=999)


class CameraSettings(Document):
    """One camera as its tenant wants it judged, heard and reported.

    `addresses` are the recipients under which its e-mails come in; `stills_per_s` is how far apart its pictures are when it sends
    pictures instead of a clip. Without a schedule it is always armed. Without thresholds those of the tenant count.
    """

    name: str = Field(default="", max_length=200)
    rules: SightRules = Field(default_factory=SightRules)
    threshold_low: Threshold | None = None
    threshold_high: Threshold | None = None
    schedule: Schedule | None = None
    memory: MemoryRule = Field(default_factory=MemoryRule)
    overflow: OverflowRule = Field(default_factory=OverflowRule)
    addresses: tuple[str, ...] = Field(default=(), max_length=8)
    panel: PanelAccount | None = None
    stills_per_s: float = Field(default=1.0, gt=0.0, le=60.0)

    @field_validator("addresses")
    @classmethod
    def _are_addresses(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(address.strip().lower() for address in given))
        for address in found:
            local, _, domain = address.rpartition("@")
            if not local or not domain or len(address) > 254 or any(c <= " " or c in '<>,;"' for c in address):
                raise ValueError(f"{address[:100]!r} is not an e-mail address")
        return found

    @model_validator(mode="after")
    def _thresholds_in_order(self) -> Self:
        low, high = self.threshold_low, self.threshold_high
        if (low is None) != (high is None):
            raise ValueError("threshold_low and threshold_high belong together; give both or none")
        if low is not None and high is not None and low > high:
            raise ValueError("threshold_low must not be above threshold_high")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera that was set up. `updated_s` is since the epoch."""

    id: str
    settings: CameraSettings
    updated_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraPage:
    """One page of a list, by id; `next_cursor` is None on the last one."""

    cameras: tuple[Camera, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenScene:
    """What a clip left behind of its camera's view (a `Scene` as JSON), and when that clip was accepted."""

    seen_s: float
    scene: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCount:
    """How often something came on one day (UTC, ISO date): `name` is alarms, overflow, risk:safe and such, label:web and such."""

    day: str
    name: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whose mail an address receives: a tenant, and its camera where the address says which."""

    tenant_id: str
    camera_id: str | None


class Cameras(Protocol):
    """Keeps the cameras of every tenant, and knows what their clips came to.

    Raises `ConnectionError` when the database cannot be reached, `DiskFull` when it cannot write.
    """

    def get(self, tenant_id: str, camera_id: str) -> Camera:
        """Return a camera that was set up. Raises `NotFound`."""

    def put(self, tenant_id: str, camera_id: str, settings: CameraSettings) -> Camera:
        """Set a camera up, or change it. Raises `Conflict` if another camera has one of its addresses."""

    def delete(self, tenant_id: str, camera_id: str) -> None:
        """Forget how a camera was set up; what its clips came to stays. Raises `NotFound`."""

    def page(self, tenant_id: str, *, limit: int, cursor: str | None = None) -> CameraPage:
        """Return cameras by id."""

    def recipient(self, address: str) -> Recipient | None:
        """Return whose mail this address receives: that of a camera, or `client id[+camera id]@anything`."""

    def tenant_named(self, name: str) -> str | None:
        """Return the id of the tenant with this name."""

    def scenes(self, tenant_id: str, camera_id: str, *, after_s: float, before_s: float, limit: int) -> tuple[SeenScene, ...]:
        """Return what the camera's clips of that time left behind, youngest first."""

    def counts(self, tenant_id: str, camera_id: str, *, days: int) -> tuple[DayCount, ...]:
        """Return what was counted on the last so many days, today included, oldest first."""

    def recent(self, tenant_id: str, camera_id: str, *, period_s: float) -> int:
        """Return how many clips of a camera were accepted in the last so many seconds."""

    def defaults(self, tenant_id: str) -> dict[str, Any]:
        """Return the parameters that the alarm jobs of a tenant begin with; empty where nothing was chosen."""

    def put_defaults(self, tenant_id: str, parameters: dict[str, Any]) -> None:
        """Choose the parameters that new alarm jobs of a tenant begin with."""


def alarm_parameters(cameras: Cameras, tenant_id: str, camera_id: str | None, at_s: float) -> dict[str, Any]:
    """Return the parameters of the alarm analysis for a clip of a camera.

    Parameters
    ----------
    camera_id
        As the sender names it; one that was never set up, or none, is judged with what the tenant chose for all.
    at_s
        When the clip was recorded, in seconds since the epoch: the schedule is asked for this moment, and only what was seen
        before it is remembered.

    Returns
    -------
    dict
        For the parameters model of the analysis; empty where nothing was chosen. `memory` is youngest first.
    """
    found = cameras.defaults(tenant_id)
    if camera_id is None:
        return found
    try:
        settings = cameras.get(tenant_id, camera_id).settings
    except NotFound:
        return found
    found |= _own_thresholds(settings)
    armed = settings.schedule is None or is_armed(settings.schedule, at_s)
    found["camera"] = CameraRules(**dict(settings.rules), is_armed=armed).model_dump(mode="json")
    if settings.memory.is_allowed:
        found["memory"] = _memory(cameras, tenant_id, camera_id, at_s, settings.memory)
    return found


def own_thresholds(cameras: Cameras, tenant_id: str, camera_id: str | None) -> dict[str, float]:
    """Return the thresholds that a camera has of its own, by parameter; they outrank what the tenant chose for all."""
    if camera_id is None:
        return {}
    try:
        return _own_thresholds(cameras.get(tenant_id, camera_id).settings)
    except NotFound:
        return {}


def _own_thresholds(settings: CameraSettings) -> dict[str, float]:
    chosen = {"threshold_low": settings.threshold_low, "threshold_high": settings.threshold_high}
    return {name: value for name, value in chosen.items() if value is not None}


def _memory(cameras: Cameras, tenant_id: str, camera_id: str, at_s: float, rule: MemoryRule) -> list[dict[str, Any]]:
    seen = cameras.scenes(tenant_id, camera_id, after_s=at_s - rule.longest_age_s, before_s=at_s, limit=rule.clips)
    return [{**one.scene, "age_s": max(0.0, at_s - one.seen_s)} for one in seen]

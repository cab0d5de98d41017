"""The documents of cameras and outputs in the native API."""

from __future__ import annotations

import datetime as dt
from typing import Any

from kinesight.apis.native.schemas import Wire, timestamp
from kinesight.domain.camera_statistics import statistics_of
from kinesight.domain.outputs import Output, OutputSettings, hidden
from kinesight.domain.sites import Camera, CameraSettings, DayCount


class CameraView(CameraSettings):
    """A camera as it was set up."""

    id: str
    updated_at: str


class CameraList(Wire):
    """One page of cameras by id; pass `next_cursor` back for the next, null on the last."""

    cameras: tuple[CameraView, ...]
    next_cursor: str | None


class DayView(Wire):
    """One day (UTC) of a camera; days without a clip are left out."""

    date: str
    alarms: int
    verdicts: dict[str, int]
    labels: dict[str, int]
    not_judged: int
    is_overflow: bool


class TrendView(Wire):
    """How a nuisance went: its share of the clips of the last seven days and of the days before; `hint` says what to do."""

    label: str
    recent_share: float | None
    earlier_share: float | None
    recent_clips: int
    is_growing: bool
    hint: str | None


class OverflowView(Wire):
    """How many clips came in the camera's period, and how many may come before messages are summarised."""

    is_now: bool
    clips: int
    limit: int
    period_s: float


class StatisticsView(Wire):
    """What the clips of a camera came to."""

    camera_id: str
    days: tuple[DayView, ...]
    trends: tuple[TrendView, ...]
    overflow: OverflowView


class OutputView(OutputSettings):
    """An output as it was set up, its secrets hidden; `waiting` messages have not been taken yet."""

    name: str
    updated_at: str
    waiting: int
    last_outcome: str | None


class OutputList(Wire):
    """The outputs of a tenant by name."""

    outputs: tuple[OutputView, ...]


def camera_view(camera: Camera) -> CameraView:
    """Return a camera as the API shows it."""
    return CameraView(id=camera.id, updated_at=timestamp(camera.updated_s) or "", **dict(camera.settings))


def output_view(output: Output) -> OutputView:
    """Return an output as the API shows it."""
    return OutputView(
        name=output.name,
        updated_at=timestamp(output.updated_s) or "",
        waiting=output.waiting,
        last_outcome=output.last_outcome,
        **dict(hidden(output.settings)),
    )


def statistics_view(camera_id: str, counts: tuple[DayCount, ...], *, settings: CameraSettings, recent: int) -> StatisticsView:
    """Return the statistics of a camera as the API shows them; `recent` clips came in its overflow period."""
    found = statistics_of(camera_id, counts, today=dt.datetime.now(dt.UTC).date().isoformat())
    rule = settings.overflow
    return StatisticsView(
        camera_id=camera_id,
        days=tuple(DayView(**_fields(day)) for day in found.days),
        trends=tuple(TrendView(**_fields(trend)) for trend in found.trends),
        overflow=OverflowView(is_now=recent > rule.clips, clips=recent, limit=rule.clips, period_s=rule.period_s),
    )


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}

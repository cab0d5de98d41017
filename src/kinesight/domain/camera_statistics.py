"""What the counts of a camera say: days, shares, whether a nuisance grows, and what to do about it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from kinesight.domain.sites import DayCount

RECENT_DAYS = 7
FEWEST_CLIPS = 5
"""Clips with a label in the recent days below which nothing is said."""

LOUD_SHARE = 0.2
GROWTH = 2.0
"""A nuisance grows if its share of the recent clips is so many times that of the days before."""

HINTS = {
    "web": "Cobwebs: clean the lens and the housing of camera {camera}, and spray it against spiders.",
    "spider": "Insects in front of the lens: clean the housing of camera {camera}, move its infrared light off the lens.",
    "plant": "Plants move in the picture: cut them back, or mask them in the rules of camera {camera}.",
    "flag": "A flag moves in the picture: mask it in the rules of camera {camera}.",
    "wind": "The picture shakes: fasten the mount of camera {camera}.",
    "rain": "Rain on or before the lens: fit a hood to camera {camera} and clean its window.",
    "text": "The clock in the picture sets the alarm off: mask it in the detector of camera {camera}, or switch it off.",
}
"""Nuisances that somebody can do something about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayStatistics:
    """One day (UTC): clips judged, how often each risk and each label came; `is_overflow`: more clips than the camera's rule."""

    date: str
    alarms: int
    verdicts: dict[str, int]
    labels: dict[str, int]
    not_judged: int
    is_overflow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How the share of the clips that a label has went; None where there were no clips."""

    label: str
    recent_share: float | None
    earlier_share: float | None
    recent_clips: int
    is_growing: bool
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraStatistics:
    """A camera over its last days; `days` are oldest first and leave out those without a clip."""

    days: tuple[DayStatistics, ...]
    trends: tuple[Trend, ...]


def statistics_of(camera_id: str, counts: Sequence[DayCount], *, today: str) -> CameraStatistics:
    """Return the statistics of a camera.

    Parameters
    ----------
    counts
        As `Cameras.counts` returns them.
    today
        ISO date; the last `RECENT_DAYS` days up to it are compared with all days before.
    """
    names = sorted({one.day for one in counts})
    days = tuple(_day(date, {one.name: one.count for one in counts if one.day == date}) for date in names)
    first_recent = (dt.date.fromisoformat(today) - dt.timedelta(days=RECENT_DAYS - 1)).isoformat()
    recent = [day for day in days if day.date >= first_recent]
    earlier = [day for day in days if day.date < first_recent]
    trends = tuple(_trend(label, camera_id, recent, earlier) for label in HINTS if any(label in day.labels for day in days))
    return CameraStatistics(days=days, trends=trends)


def _day(date: str, found: dict[str, int]) -> DayStatistics:
    def under(prefix: str) -> dict[str, int]:
        return {name.removeprefix(prefix): count for name, count in sorted(found.items()) if name.startswith(prefix)}

    return DayStatistics(
        date=date,
        alarms=found.get("alarms", 0),
        verdicts=under("risk:"),
        labels=under("label:"),
        not_judged=found.get("not judged", 0),
        is_overflow="overflow" in found,
    )


def _trend(label: str, camera_id: str, recent: Sequence[DayStatistics], earlier: Sequence[DayStatistics]) -> Trend:
    now, before = _share(label, recent), _share(label, earlier)
    clips = sum(day.labels.get(label, 0) for day in recent)
    is_loud = clips >= FEWEST_CLIPS and now is not None and now >= LOUD_SHARE
    is_growing = is_loud and (before is None or (now or 0.0) >= GROWTH * before)
    return Trend(
        label=label,
        recent_share=now,
        earlier_share=before,
        recent_clips=clips,
        is_growing=is_growing,
        hint=HINTS[label].format(camera=camera_id) if is_growing else None,
    )


def _share(label: str, days: Sequence[DayStatistics]) -> float | None:
    alarms = sum(day.alarms for day in days)
    return sum(day.labels.get(label, 0) for day in days) / alarms if alarms else None

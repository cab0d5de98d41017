"""When a camera guards: a weekly schedule in the site's own time, with exceptions."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from kinesight.domain.document import Document

Clock = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]
"""Hours and minutes of the site's own clock, "00:00" to "24:00"."""

MINUTES_A_DAY = 24 * 60


class Weekday(StrEnum):
    """In the order of `datetime.date.weekday`."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


WEEK = tuple(Weekday)


class Hours(Document):
    """A span of one day, `start` included, `end` not; one that ends before it starts goes on into the next day."""

    start: Clock
    end: Clock

    @model_validator(mode="after")
    def _has_length(self) -> Self:
        if self.start in {self.end, "24:00"}:
            raise ValueError("start and end must differ, and start must be before 24:00; the whole day is 00:00 to 24:00")
        return self

    def holds(self, minute: int) -> bool:
        """Return whether a minute is inside, counted from the midnight before `start`."""
        start, end = _minutes(self.start), _minutes(self.end)
        return start <= minute < (end if end > start else end + MINUTES_A_DAY)


class Window(Hours):
    """Hours in which the camera is armed, on the weekdays on which they begin."""

    days: tuple[Weekday, ...] = Field(default=WEEK, min_length=1, max_length=7)


class DayException(Document):
    """One date with its own armed hours instead of those of its weekday; without any, unarmed all day."""

    date: dt.date
    hours: tuple[Hours, ...] = Field(default=(), max_length=16)


class Schedule(Document):
    """When a camera is armed, in the time of `time_zone` (IANA name).

    A window that goes on past midnight belongs to the day on which it begins, also where the next day is an exception.
    """

    time_zone: str = Field(default="UTC", max_length=64)
    armed: tuple[Window, ...] = Field(default=(), max_length=64)
    exceptions: tuple[DayException, ...] = Field(default=(), max_length=366)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError) as error:  # a folder of the zone data, a path, an unknown name
            raise ValueError("not the name of a time zone, such as Europe/Zurich") from error
        return name

    @model_validator(mode="after")
    def _one_exception_a_day(self) -> Self:
        dates = [one.date for one in self.exceptions]
        if len(set(dates)) != len(dates):
            raise ValueError("a date has more than one exception")
        return self


def is_armed(schedule: Schedule, at_s: float) -> bool:
    """Return whether a camera was armed at a moment.

    Parameters
    ----------
    at_s
        Seconds since the epoch.

    Notes
    -----
    The wall clock decides: in the hour that comes twice a year both passes count, the hour that is left out never comes.
    """
    local = dt.datetime.fromtimestamp(at_s, ZoneInfo(schedule.time_zone))
    minute, today = 60 * local.hour + local.minute, local.date()
    yesterday = today - dt.timedelta(days=1)
    return any(hours.holds(minute) for hours in _hours_of(schedule, today)) or any(
        hours.holds(minute + MINUTES_A_DAY) for hours in _hours_of(schedule, yesterday)
    )


def _hours_of(schedule: Schedule, day: dt.date) -> tuple[Hours, ...]:
    for exception in schedule.exceptions:
        if exception.date == day:
            return exception.hours
    return tuple(window for window in schedule.armed if WEEK[day.weekday()] in window.days)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)

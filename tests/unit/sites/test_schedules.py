"""A schedule is asked in the site's own time; moments are given in UTC."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from kinesight.domain.schedules import Schedule, is_armed
from kinesight.domain.sites import CameraSettings


def schedule(**given: Any) -> Schedule:
    return Schedule.model_validate({"time_zone": "Europe/Zurich", **given})


def at(text: str) -> float:
    return dt.datetime.fromisoformat(text).timestamp()


NIGHTS = {
    "armed": [
        {"days": ["monday", "friday"], "start": "22:00", "end": "06:00"},
        {"days": ["sunday"], "start": "00:00", "end": "24:00"},
    ]
}


@pytest.mark.parametrize(
    ("moment", "armed"),
    [
        ("2026-01-05T20:59:59Z", False),  # a Monday, 21:59:59 in Zurich
        ("2026-01-05T21:00:00Z", True),
        ("2026-01-06T04:59:59Z", True),  # Tuesday, still Monday's window
        ("2026-01-06T05:00:00Z", False),
        ("2026-01-06T22:00:00Z", False),  # no window begins on a Tuesday
        ("2026-01-04T22:59:00Z", True),  # Sunday, 23:59
        ("2026-01-04T23:00:00Z", False),  # Monday, 0:00
        ("2026-07-06T20:00:00Z", True),  # summer time: Monday, 22:00
        ("2026-07-06T19:59:00Z", False),
        ("2026-07-10T21:00:00Z", True),  # Friday, 23:00
        ("2026-07-11T03:59:00Z", True),
    ],
)
def test_the_wall_clock_of_the_site_decides(moment: str, armed: bool) -> None:
    assert is_armed(schedule(**NIGHTS), at(moment)) is armed


def test_the_hour_that_comes_twice_counts_twice() -> None:
    early = schedule(armed=[{"start": "02:00", "end": "03:00"}])
    # 25 October 2026 in Zurich: 2:30 comes at 0:30 and at 1:30 UTC
    moments = ("2026-10-24T23:59:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z")
    assert [is_armed(early, at(moment)) for moment in moments] == [False, True, True, False]


def test_an_exception_takes_the_place_of_its_weekday() -> None:
    found = schedule(
        **NIGHTS, exceptions=[{"date": "2026-01-04"}, {"date": "2026-01-07", "hours": [{"start": "12:00", "end": "13:00"}]}]
    )
    assert not is_armed(found, at("2026-01-04T12:00:00Z")), "a Sunday off"
    assert is_armed(found, at("2026-01-11T12:00:00Z")), "the next Sunday is as always"
    assert is_armed(found, at("2026-01-07T11:30:00Z")), "a Wednesday on, 12:30"
    assert not is_armed(found, at("2026-01-07T12:30:00Z"))
    off = schedule(**NIGHTS, exceptions=[{"date": "2026-01-06"}])
    assert is_armed(off, at("2026-01-06T03:00:00Z")), "Monday's night goes on"


@pytest.mark.parametrize(
    "wrong",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": "../../etc/passwd"},
        {"time_zone": "Europe"},
        {"time_zone": ""},
        {"armed": [{"start": "8:00", "end": "09:00"}]},
        {"armed": [{"start": "08:00", "end": "08:00"}]},
        {"armed": [{"start": "24:00", "end": "08:00"}]},
        {"armed": [{"start": "08:00", "end": "25:00"}]},
        {"armed": [{"days": [], "start": "08:00", "end": "09:00"}]},
        {"exceptions": [{"date": "2026-02-30"}]},
        {"exceptions": [{"date": "2026-02-03"}, {"date": "2026-02-03"}]},
    ],
)
def test_nonsense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        schedule(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold_low": 0.2},
        {"threshold_high": 0.5},
        {"threshold_low": 0.9, "threshold_high": 0.5},
        {"addresses": ["nobody"]},
        {"addresses": ["two words@a.example"]},
        {"rules": {"is_armed": False}},
        {"panel": {"account": "12"}},
        {"panel": {"account": "12XY"}},
        {"panel": {"account": "1234", "zone": 1000}},
        {"colour": "red"},
    ],
)
def test_a_camera_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CameraSettings.model_validate(wrong)

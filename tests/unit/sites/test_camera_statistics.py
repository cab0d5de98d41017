"""What the counts of a camera say, worked out by hand."""

from __future__ import annotations

from kinesight.domain.camera_statistics import HINTS, statistics_of
from kinesight.domain.sites import DayCount


def counts(day: str, **found: int) -> list[DayCount]:
    return [DayCount(day=day, name=name.replace("__", ":").replace("_", " "), count=count) for name, count in found.items()]


def test_days_are_taken_apart() -> None:
    found = statistics_of(
        "7",
        [*counts("2026-03-01", alarms=4, risk__safe=3, risk__danger=1, label__web=2, not_judged=1, overflow=1)],
        today="2026-03-02",
    )
    (day,) = found.days
    assert (day.date, day.alarms, day.verdicts, day.labels) == ("2026-03-01", 4, {"danger": 1, "safe": 3}, {"web": 2})
    assert (day.not_judged, day.is_overflow) == (1, True)


def test_a_web_that_grows_asks_for_a_cloth() -> None:
    # 2 of 40 clips before, 6 of 20 in the last seven days: 5 % and 30 %
    before = [one for day in ("2026-02-01", "2026-02-20") for one in counts(day, alarms=20, label__web=1, label__person=3)]
    after = [one for day in ("2026-02-24", "2026-03-02") for one in counts(day, alarms=10, label__web=3)]
    (web,) = statistics_of("134188-VI08", [*before, *after], today="2026-03-02").trends
    assert (web.label, web.earlier_share, web.recent_share, web.recent_clips, web.is_growing) == ("web", 0.05, 0.3, 6, True)
    assert web.hint is not None
    assert "clean the lens" in web.hint
    assert "134188-VI08" in web.hint


def test_a_day_belongs_to_one_side_only() -> None:
    edge = [*counts("2026-02-23", alarms=10, label__rain=1), *counts("2026-02-24", alarms=10, label__rain=5)]
    (rain,) = statistics_of("7", edge, today="2026-03-02").trends
    assert (rain.earlier_share, rain.recent_share) == (0.1, 0.5)


def test_few_clips_or_a_steady_share_say_nothing() -> None:
    few = counts("2026-03-01", alarms=4, label__spider=4)
    steady = [*counts("2026-02-01", alarms=100, label__spider=30), *counts("2026-03-01", alarms=20, label__spider=8)]
    quiet = counts("2026-03-01", alarms=100, label__spider=10)
    for given in (few, steady, quiet):
        (spider,) = statistics_of("7", given, today="2026-03-01").trends
        assert (spider.is_growing, spider.hint) == (False, None)
    first_week = counts("2026-03-01", alarms=10, label__spider=8)
    assert statistics_of("7", first_week, today="2026-03-01").trends[0].is_growing, "no days before to compare with"


def test_a_camera_without_clips_has_neither() -> None:
    found = statistics_of("7", [], today="2026-03-01")
    assert (found.days, found.trends) == ((), ())
    assert all("{camera}" in hint for hint in HINTS.values())

"""The comparison of a report: a run's numbers beside the means of published groups."""

from __future__ import annotations

from dataclasses import dataclass

from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.report_numbers import METRICS
from kinesight.analyses.running.result import RunningResult


@dataclass(frozen=True, slots=True, kw_only=True)
class NormRow:
    """One line of the comparison, in words; `group` says whom the mean is of and at which speeds it holds."""

    name: str
    value: str
    mean: str
    difference: str
    group: str
    source: str
    doi: str


def norm_rows(result: RunningResult) -> tuple[NormRow, ...]:
    """Return every metric that has a published mean, in the order of the report."""
    say = load_page_texts(result.language)
    rows = []
    for name, unit, factor, digits in METRICS:
        norm = result.norms.get(name)
        if norm is None:
            continue
        low, high = (say.number(speed, 1) for speed in norm.speed_m_per_s)
        percent = say.number(norm.difference_percent)
        rows.append(
            NormRow(
                name=say(f"metric.{name}"),
                value=say.with_unit(say.number(factor * norm.value, digits), unit),
                mean=say.with_unit(say.number(factor * norm.mean, digits), unit),
                difference=say.with_unit(("+" if round(norm.difference_percent) > 0 else "") + percent, "%"),
                group=f"{say('norm.' + (norm.sex or 'anyone'))}, {say('norm.speed', low=low, high=high)}",
                source=norm.source,
                doi=norm.doi,
            )
        )
    return tuple(rows)

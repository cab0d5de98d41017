"""Every number of a result under its name, with how it is shown where two results stand next to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinesight.analyses.running.report_numbers import MEASURES, METRICS
from kinesight.analyses.running.result import BothSides, Instant, Landing, RunningResult, Side
from kinesight.domain.document import Estimate

SIDES: tuple[Side, Side] = ("left", "right")
INSTANTS: tuple[Instant, Instant] = ("initial_contact", "full_contact")

SHOWN: Mapping[str, tuple[str, float, int]] = {
    **{name: (unit, factor, digits) for name, unit, factor, digits in METRICS},
    **dict.fromkeys(MEASURES, ("°", 1.0, 1)),
}
"""Unit, what a value is multiplied by for that unit, and digits after the point, in the order of the tables; the unit of the
cadence is a word and empty here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One number of a result: `name` is its field; `side` and `instant` are None where it has none."""

    name: str
    side: Side | None
    instant: Instant | None
    estimate: Estimate


def quantities(result: RunningResult) -> tuple[Quantity, ...]:
    """Return every number of a result in the order of the tables, known or not; asymmetries are left out."""
    found: list[Quantity] = []
    for name in SHOWN:
        value = getattr(result.metrics, name, None) or getattr(result.measures, name, None)
        if isinstance(value, Estimate):
            found.append(Quantity(name=name, side=None, instant=None, estimate=value))
        elif isinstance(value, BothSides):
            found += [Quantity(name=name, side=side, instant=None, estimate=getattr(value, side)) for side in SIDES]
        elif isinstance(value, Landing):
            found += [
                Quantity(name=name, side=side, instant=instant, estimate=getattr(getattr(value, side), instant))
                for side in SIDES
                for instant in INSTANTS
            ]
    return tuple(found)

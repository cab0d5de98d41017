"""The few words that charts and gauges say by themselves; a page in another language brings its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Words of charts and gauges; braces hold what they put in. `decimal` is the decimal mark."""

    decimal: str = "."
    not_measured: str = "not measured in this clip"
    described: str = "{name} from {low} to {high}"
    in_unit: str = "{title} in {unit}"
    contacts: str = "Ground contacts over time, seconds"
    timeline: str = "Timeline"
    of_100: str = "of 100"
    score_of_100: str = "{number} of 100"
    good_range: str = "good from {low} to {high}"
    okay_range: str = "okay from {low} to {high}"
    unknown: str = "not measured"

    def number(self, value: float) -> str:
        """Return a number as short as it can be written, with the decimal mark and a true minus sign."""
        return f"{value:g}".replace(".", self.decimal).replace("-", "\u2212")


ENGLISH = Words()

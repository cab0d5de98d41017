"""Every number of a result under its name, with how it is shown where two results stand next to each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kinesight.analyses.running.result import BothSides, Instant, Landing, RunningResult, Side
from kinesight.domain.document import Estimate

SIDES: tuple[Side, Side] = ("left", "right")
INSTANTS: tuple[Instant, Instant] = ("initial_contact", "full_contact")

SHOWN: Mapping[str, tuple[str, str, float, int]] = {
    "cadence_spm": ("Cadence", "steps/min", 1, 0),
    "contact_time_s": ("Ground contact", "ms", 1000, 0),
    "flight_time_s": ("Flight", "ms", 1000, 0),
    "duty_factor": ("Duty factor", "%", 100, 1),
    "step_length_m": ("Step length", "m", 1, 2),
    "speed_m_per_s": ("Speed", "m/s", 1, 2),
    "pace_s_per_km": ("Pace", "s/km", 1, 0),
    "vertical_oscillation_m": ("Vertical oscillation", "cm", 100, 1),
    "elbow_deg": ("Elbow angle", "°", 1, 1),
    "front_knee_deg": ("Front knee", "°", 1, 1),
    "back_knee_deg": ("Back knee", "°", 1, 1),
    "foot_strike_deg": ("Foot against ground", "°", 1, 1),
    "overstride_deg": ("Overstride: shank against the vertical", "°", 1, 1),
    "trunk_lean_deg": ("Trunk lean", "°", 1, 1),
    "head_deg": ("Head pitch", "°", 1, 1),
    "pelvic_drop_deg": ("Pelvic drop", "°", 1, 1),
    "knee_adduction_deg": ("Knee adduction", "°", 1, 1),
    "hip_adduction_deg": ("Hip adduction", "°", 1, 1),
    "pronation_deg": ("Pronation", "°", 1, 1),
}
"""Title, unit, what a value is multiplied by for that unit, and digits after the point, in the order of the tables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """One number of a result: `name` is its field; `side` and `instant` are None where it has none."""

    name: str
    side: Side | None
    instant: Instant | None
    estimate: Estimate

    @property
    def where(self) -> str:
        """Return side and instant in words."""
        words = (self.side, self.instant)
        return ", ".join(word.replace("_", " ") for word in words if word is not None).capitalize()


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

"""How often the published errors hold: on noise, ways of filming and runners that they were not set on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kinesight.testing import truth
from kinesight.testing.body import Body
from kinesight.testing.exam import Condition, Reading, exam
from kinesight.testing.runner import Gait, runner

_PLAIN = Condition(facing="right", fps=60.0)
HELD_OUT: tuple[Condition, ...] = (
    replace(_PLAIN, rough=True),
    replace(_PLAIN, fps=30.0),
    replace(_PLAIN, gaps=True),
    replace(_PLAIN, fps=30.0, noise_m=0.02, facing="left"),
    replace(_PLAIN, yaw_deg=5.0, roll_deg=1.0),
    replace(_PLAIN, fps=120.0, slow_motion=4.0),
)
"""Conditions on which nothing was set; one more, over ground, is added for every body at its own speed."""

GAITS: Mapping[str, Gait] = {
    "slow jog": Gait(speed_m_per_s=2.3, cadence_spm=156, duty_factor=0.41, lift_m=0.2, foot_at_strike_deg=18.0),
    "steady run": Gait(speed_m_per_s=3.3, cadence_spm=174, duty_factor=0.35),
    "midfoot": Gait(speed_m_per_s=3.8, cadence_spm=180, duty_factor=0.33, foot_at_strike_deg=4.0, landing_speed=0.45),
    "forefoot": Gait(
        speed_m_per_s=5.0, cadence_spm=186, duty_factor=0.29, foot_at_strike_deg=-7.0, landing_speed=0.3, lift_m=0.45
    ),
}
"""Runners made of formulas, others than those that the errors were set on."""

LEAST_HELD = 0.9

PUBLISHED: Mapping[str, tuple[str, float, str]] = {
    "cadence_spm": ("cadence", 1.0, "spm"),
    "near_contact_ms": ("near leg: contact time", 1.0, "ms"),
    "far_contact_ms": ("far leg: contact time", 1.0, "ms"),
    "flight_ms": ("flight", 1.0, "ms"),
    "duty_factor": ("duty factor", 100.0, "%"),
    "speed_m_per_s": ("speed", 1.0, "m/s"),
    "step_length_m": ("step length", 100.0, "cm"),
    "oscillation_mm": ("vertical oscillation", 1.0, "mm"),
    "near_elbow_deg": ("near arm: elbow", 1.0, "°"),
    "near_head_deg": ("head", 1.0, "°"),
    "trunk_lean_deg": ("trunk lean", 1.0, "°"),
    **{
        f"{leg}_{instant}{measure}_deg": (f"{leg} leg lands: {words}{', full contact' if instant else ''}", 1.0, "°")
        for measure, words in (
            ("front_knee", "front knee"),
            ("back_knee", "back knee"),
            ("foot_strike", "foot"),
            ("overstride", "overstride"),
        )
        for leg in ("near", "far")
        for instant in ("", "full_")
    },
}
"""What each reading is called, and how it is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How often a quantity's published error held, out of so many; medians of that error and of how far off the value was."""

    key: str
    held: int
    of: int
    error: float
    off: float

    @property
    def part(self) -> float:
        """Return in which part of the cases the truth lay within the published error."""
        return self.held / self.of if self.of else float("nan")


def error_readings(body: Body, seed: int, *, conditions: Sequence[Condition] = HELD_OUT) -> list[Mapping[str, Reading]]:
    """Return the readings of a body in every held-out condition, and over ground at its own speed."""
    over_ground = replace(_PLAIN, travelling_m_per_s=truth.true_speed_m_per_s(body))
    return [exam(body, condition, seed=seed).readings for condition in (*conditions, over_ground)]


def made_up_bodies() -> Mapping[str, Body]:
    """Return runners of every strike type whose truth is known by construction."""
    return {name: runner(gait, seconds=5.0) for name, gait in GAITS.items()}


def coverage(readings: Sequence[Mapping[str, Reading]], *, keys: Iterable[str] = PUBLISHED) -> tuple[Coverage, ...]:
    """Return how often the published error of each quantity held; values that were not published count for nothing."""
    found = []
    for key in keys:
        known = [reading[key] for reading in readings if np.isfinite(reading[key].off) and np.isfinite(reading[key].error)]
        errors, offs = np.array([one.error for one in known]), np.array([abs(one.off) for one in known])
        found.append(
            Coverage(
                key=key,
                held=int(np.count_nonzero(offs <= errors)),
                of=len(known),
                error=float(np.median(errors)) if known else float("nan"),
                off=float(np.median(offs)) if known else float("nan"),
            )
        )
    return tuple(found)


def coverage_lines(
    readings: Sequence[Mapping[str, Reading]], published: Mapping[str, tuple[str, float, str]], *, least: float = LEAST_HELD
) -> list[str]:
    """Return a Markdown table of how often the published errors held; `published` says how each quantity is called and shown."""
    lines = [
        "**published errors: how often the truth lay within them**",
        "",
        "| what | held | target | usual published error | usual true error | met |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for found in coverage(readings, keys=published):
        label, factor, unit = published[found.key]
        digits = 2 if unit == "m/s" else 1
        cells = [
            label,
            f"{100 * found.part:.0f} % of {found.of}",
            f"≥ {100 * least:.0f} %",
            f"± {factor * found.error:.{digits}f} {unit}",
            f"{factor * found.off:.{digits}f} {unit}",
            "yes" if found.part >= least else "**no**",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines

"""How close somebody's run is to each of the five running styles."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.ground import GRAVITY_M_PER_S2
from kinesight.analyses.running.motion import LEG_PER_HEIGHT
from kinesight.analyses.running.profile import Styles
from kinesight.analyses.running.result import StyleName, StylePlace


def style_place(
    styles: Styles, *, cadence_spm: float, duty_factor: float, speed_heights_per_s: float, height_m: float
) -> StylePlace | None:
    """Return step frequency and duty factor against what is usual at the speed; None if a number is missing.

    Both are normalised by leg length and gravity (dual-axis framework, van Oeveren et al. 2021).
    """
    leg_m = LEG_PER_HEIGHT * height_m
    speed = speed_heights_per_s * height_m / np.sqrt(GRAVITY_M_PER_S2 * leg_m)
    if not np.isfinite(speed) or speed <= 0 or not np.isfinite(cadence_spm) or not np.isfinite(duty_factor):
        return None
    frequency = cadence_spm / 60 * np.sqrt(leg_m / GRAVITY_M_PER_S2)
    usual_frequency = float(np.polynomial.polynomial.polyval(speed - 1, styles.expected.frequency))
    usual_duty = styles.expected.duty_factor / np.sqrt(speed)
    return StylePlace(
        frequency_percent=round(float(100 * (frequency / usual_frequency - 1)), 2),
        duty_factor_percent=round(float(100 * (duty_factor / usual_duty - 1)), 2),
    )


def axes_place(styles: Styles, place: StylePlace) -> tuple[float, float]:
    """Return a place on the axes frequency and duty factor in units of the style centres, as they stand in a profile."""
    return place.frequency_percent / 100 / styles.unit.frequency, place.duty_factor_percent / 100 / styles.unit.duty_factor


def style_percentages(styles: Styles, place: StylePlace) -> tuple[tuple[StyleName, int], ...]:
    """Return every style with its closeness 0..100, the closest first; they do not add up to 100.

    Beyond the centre of a corner a runner is wholly of that style. Closeness falls with the distance like a normal curve of unit
    width.
    """
    here = np.clip(axes_place(styles, place), -1, 1)
    far = {name: float(np.sum((here - centre) ** 2)) for name, centre in styles.centres.items()}
    return tuple((name, round(100 * float(np.exp(-far[name] / 2)))) for name in sorted(far, key=lambda name: far[name]))

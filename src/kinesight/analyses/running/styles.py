"""Which of the five running styles somebody is closest to."""

from __future__ import annotations

import numpy as np

from kinesight.analyses.running.ground import GRAVITY_M_PER_S2
from kinesight.analyses.running.motion import LEG_PER_HEIGHT
from kinesight.analyses.running.profile import StyleName, Styles


def closest_style(
    styles: Styles, *, cadence_spm: float, duty_factor: float, speed_heights_per_s: float, height_m: float
) -> tuple[StyleName, int] | None:
    """Return the style and its closeness, 0..100; None if a number is missing.

    Step frequency and duty factor are held against what is usual at the speed (dual-axis framework, van Oeveren et al. 2021);
    beyond the centre of a corner a runner is wholly of that style. Closeness falls with the distance like a normal curve of unit
    width.
    """
    leg_m = LEG_PER_HEIGHT * height_m
    speed = speed_heights_per_s * height_m / np.sqrt(GRAVITY_M_PER_S2 * leg_m)
    if not np.isfinite(speed) or speed <= 0 or not np.isfinite(cadence_spm) or not np.isfinite(duty_factor):
        return None
    frequency = cadence_spm / 60 * np.sqrt(leg_m / GRAVITY_M_PER_S2)
    usual_frequency = float(np.polynomial.polynomial.polyval(speed - 1, styles.expected.frequency))
    usual_duty = styles.expected.duty_factor / np.sqrt(speed)
    place = np.array(
        [
            (frequency / usual_frequency - 1) / styles.unit.frequency,
            (duty_factor / usual_duty - 1) / styles.unit.duty_factor,
        ]
    ).clip(-1, 1)
    far = {name: float(np.sum((place - centre) ** 2)) for name, centre in styles.centres.items()}
    best = min(far, key=lambda name: far[name])
    return best, round(100 * float(np.exp(-far[best] / 2)))

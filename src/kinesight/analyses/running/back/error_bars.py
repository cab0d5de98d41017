"""How far each number of a back view may be off in all strides alike; the side view's are in `running.error_bars`.

The published half-width holds the true value in at least nine of ten cases; docs/accuracy.md shows how often it did.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

# What nine of ten runs stay within, measured on mocap with force plates and on runners made of formulas, filmed at 30 to 120
# frames a second with points 1 cm off. From behind no forward speed shows a landing, so the rules fit some strike types better.
CONTACT_S = 0.035
OSCILLATION_M = 0.008
OFF_DEG: Mapping[str, float] = {
    "pelvic_drop_deg": 1.8,
    "knee_adduction_deg": 3.0,
    "hip_adduction_deg": 2.4,
    "pronation_deg": 26.0,
}
"""Heel and ankle lie three or four centimetres apart: a centimetre between them is 15 degrees of pronation."""
PER_YAW: Mapping[str, float] = {
    "pelvic_drop_deg": 0.05,
    "knee_adduction_deg": 0.45,
    "hip_adduction_deg": 0.35,
    "pronation_deg": 0.5,
}
"""Degrees off for each degree that the camera is turned, after what is known of the turn was taken out."""
PER_ROLL: Mapping[str, float] = {
    "pelvic_drop_deg": 0.0,
    "knee_adduction_deg": 0.15,
    "hip_adduction_deg": 0.1,
    "pronation_deg": 0.1,
}
UNKNOWN_YAW_DEG = 10.0
COURSE_PART = 0.9
"""What the fit over both legs' strides leaves of the error of one leg's single peaks."""


def frontal_bias_deg(name: str, *, yaw_deg: float, roll_deg: float) -> float:
    """Return what all readings of an angle may be off alike, degrees; NaN angles of the camera count as badly known ones."""
    yaw = abs(yaw_deg) if np.isfinite(yaw_deg) else UNKNOWN_YAW_DEG
    roll = abs(roll_deg) if np.isfinite(roll_deg) else 0.0
    return float(np.sqrt(OFF_DEG[name] ** 2 + (PER_YAW[name] * yaw) ** 2 + (PER_ROLL[name] * roll) ** 2))

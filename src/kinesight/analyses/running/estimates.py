"""From one number per stride to one number with its error."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy.special import stdtrit

from kinesight.domain.document import Estimate
from kinesight.domain.video import Floats
from kinesight.signals.robust import centre, spread


def estimate(values: Iterable[float], *, trust: float = 1.0, bias: float = float("nan")) -> Estimate:
    """Return the middle of the known values with their spread.

    One value alone has no spread: null, because nothing is known of its error. The confidence is `trust` (0..1, how well the
    points behind the values are seen) times n / (n + 1); nothing known gives null, 0. The error joins what the values differ by
    with `bias`, what they may all be off alike; without either it is unknown.
    """
    known = np.array([value for value in values if np.isfinite(value)])
    if len(known) == 0:
        return Estimate()
    return Estimate(
        value=round(centre(known), 4),
        spread=round(spread(known), 4) if len(known) > 1 else None,
        n=len(known),
        confidence=round(float(np.clip(trust, 0.0, 1.0)) * len(known) / (len(known) + 1), 3),
        error=rounded(float(np.hypot(random_error(known), bias))),
    )


def rounded(error: float) -> float | None:
    """Return an error as it is published: null for NaN."""
    return round(error, 4) if np.isfinite(error) else None


def random_error(values: Floats) -> float:
    """Return the half-width of the 90 % interval of the mean of the known values (Student); NaN for fewer than two."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return float("nan")
    return float(stdtrit(len(known) - 1, 0.95) * np.std(known, ddof=1) / np.sqrt(len(known)))

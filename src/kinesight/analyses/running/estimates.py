"""From one number per stride to one number with its error."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from kinesight.domain.document import Estimate
from kinesight.signals.robust import centre, spread


def estimate(values: Iterable[float], *, trust: float = 1.0) -> Estimate:
    """Return the middle of the known values with their spread.

    One value alone has no spread: null, because nothing is known of its error. The confidence is `trust` (0..1, how well the
    points behind the values are seen) times n / (n + 1); nothing known gives null, 0.
    """
    known = np.array([value for value in values if np.isfinite(value)])
    if len(known) == 0:
        return Estimate()
    return Estimate(
        value=round(centre(known), 4),
        spread=round(spread(known), 4) if len(known) > 1 else None,
        n=len(known),
        confidence=round(float(np.clip(trust, 0.0, 1.0)) * len(known) / (len(known) + 1), 3),
    )

"""How good a reading is, by the one-third rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from kinesight.analyses.running.profile import Profile, Range
from kinesight.analyses.running.result import Band

Direction = Literal["low", "high"]
GOOD_BORDER, OKAY_BORDER = 2 / 3, 1 / 3


def score_reading(value: float, limits: Range) -> tuple[float, Band, Direction]:
    """Return score 0..1, band, and on which side of the best value the reading lies.

    1 at the best value, 2/3 at the border of good, 1/3 at the far border of okay, 0 one okay-band width further, straight lines
    between. The best value is the centre of a two-sided or centred good range, or anything at least one okay-band width inside a
    one-sided one, however far. A centred range with okay on one side only has the same band mirrored on the other.
    """
    low, high = limits.good
    below = low - limits.okay[0] if limits.okay[0] < low else limits.okay[1] - high
    above = limits.okay[1] - high if limits.okay[1] > high else below
    middle = (low + high) / 2
    centred = limits.two_sided or limits.centred
    if centred:
        direction: Direction = "low" if value < middle else "high"
    else:
        direction = "high" if limits.okay[1] > high else "low"
    band_width = below if direction == "low" else above
    beyond = low - value if direction == "low" else value - high
    if beyond <= 0:
        inside = (high - low) / 2 if centred else band_width
        return float(1 - (1 - GOOD_BORDER) * np.clip(1 + beyond / inside, 0, 1)), "good", direction
    score = float(np.clip(GOOD_BORDER - (GOOD_BORDER - OKAY_BORDER) * beyond / band_width, 0, 1))
    return score, "okay" if beyond <= band_width else "bad", direction


def total_score(scores: Mapping[str, float], profile: Profile) -> float | None:
    """Return the weighted mean of the scores there are; None if none of them counts."""
    weights = [profile.measures[key].weight for key in scores]
    return float(np.average(list(scores.values()), weights=weights)) if any(weights) else None

"""Moments between samples: where a signal crosses a level or turns."""

from __future__ import annotations

import numpy as np

from kinesight.domain.video import Floats


def first_fall(time_s: Floats, values: Floats, *, level: float) -> float:
    """Return when the signal first falls from above the level to it or below, linear between samples; NaN if it never does."""
    falls = np.flatnonzero((values[:-1] > level) & (values[1:] <= level))
    if len(falls) == 0:
        return float("nan")
    index = int(falls[0])
    share = (values[index] - level) / (values[index] - values[index + 1])
    return float(time_s[index] + share * (time_s[index + 1] - time_s[index]))


def peak_time(time_s: Floats, values: Floats) -> float:
    """Return when the signal is highest, by a parabola through the highest sample and its neighbours; NaN if none is known."""
    if not np.isfinite(values).any():
        return float("nan")
    top = int(np.nanargmax(values))
    if top in (0, len(values) - 1) or not np.isfinite(values[top - 1 : top + 2]).all():
        return float(time_s[top])
    before, here, after = values[top - 1 : top + 2]
    bend = before - 2 * here + after
    shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
    return float(time_s[top] + shift * (time_s[top + 1] - time_s[top]))

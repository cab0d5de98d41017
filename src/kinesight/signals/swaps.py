"""Two paths whose labels were exchanged now and then: which samples to exchange back."""

from __future__ import annotations

import numpy as np

from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask

SWITCH_COST = 6.0
"""Cost of one exchange beginning or ending; a jump of about 20 times the usual prediction error pays it alone."""
SWAPPED_COST = 0.02
"""Cost of one exchanged sample: among equal explanations the one that trusts the labels more wins."""


def exchanged(time_s: Floats, first: Floats, second: Floats) -> Mask:
    """Return in which samples the two labels are most likely exchanged.

    Parameters
    ----------
    time_s
        (samples,) strictly increasing.
    first, second
        (samples, points, 2) the two sides' points, NaN where unknown.

    Returns
    -------
    Mask
        (samples,) True where first and second have to be exchanged to make both paths smooth.

    Notes
    -----
    Shortest path over (previous label, label) states; a sample costs the logarithm of its squared distance from where
    the two samples before it point at constant speed, in units of the usual such distance. Samples in which no pair is
    known are skipped over.
    """
    swapped = np.zeros(len(time_s), dtype=bool)
    seen = np.flatnonzero(np.any(np.all(np.isfinite(first) & np.isfinite(second), axis=2), axis=1))
    if len(seen) < 4:
        return swapped
    costs = _prediction_costs(time_s[seen], np.stack([first[seen], second[seen]]))
    swapped[seen] = _cheapest(costs)
    return swapped


def _prediction_costs(time_s: Floats, sides: Floats) -> Floats:
    """Return (samples - 2, 2, 2, 2): cost by labels two samples ago, one sample ago and now."""
    steps = np.diff(time_s)
    ratio = (steps[1:] / steps[:-1])[:, None, None]
    miss = np.empty((len(time_s) - 2, 2, 2, 2, sides.shape[2]))
    for before in (0, 1):
        for last in (0, 1):
            for now in (0, 1):
                total = np.zeros((len(time_s) - 2, sides.shape[2]))
                for side in (0, 1):
                    older, newer, here = sides[side ^ before, :-2], sides[side ^ last, 1:-1], sides[side ^ now, 2:]
                    total += np.sum((here - newer - (newer - older) * ratio) ** 2, axis=-1)
                miss[:, before, last, now] = total
    known = np.isfinite(miss[:, 0, 0, 0]).any(axis=0)
    miss = miss[..., known]
    usual = np.nanmedian(miss[:, 0, 0, 0], axis=0)
    return np.asarray(np.nansum(np.log1p(miss / np.where(usual > 0, usual, 1.0)), axis=-1))


def _cheapest(costs: Floats) -> Mask:
    """Return the labels of the cheapest path through (samples - 2, 2, 2, 2) costs."""
    samples = len(costs) + 2
    change = SWITCH_COST * np.array([[0.0, 1.0], [1.0, 0.0]])
    own = np.array([0.0, SWAPPED_COST])
    best = change + own[:, None] + own[None, :]
    came_from = np.zeros((samples, 2, 2), dtype=np.int8)
    for index, step in enumerate(costs):
        reach = best[:, :, None] + step + change[None, :, :] + own[None, None, :]
        came_from[index + 2] = np.argmin(reach, axis=0)
        best = np.min(reach, axis=0)
    last, now = divmod(int(np.argmin(best)), 2)
    labels = np.zeros(samples, dtype=bool)
    for index in range(samples - 1, 1, -1):
        labels[index] = bool(now)
        last, now = int(came_from[index, last, now]), last
    labels[1], labels[0] = bool(now), bool(last)
    return labels

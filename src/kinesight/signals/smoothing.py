"""Low-pass filters and resampling of sampled paths with holes."""

from __future__ import annotations

import numpy as np
import scipy

from kinesight.domain.video import Floats
from kinesight.signals.runs import true_runs

BUTTERWORTH_ORDER = 2
# Two passes lower the -3 dB point; this widens each pass so that the nominal cut-off holds for both together
# (Winter, Biomechanics and Motor Control of Human Movement, section 3.4.4.2).
TWO_PASS = (2.0 ** (1.0 / 2.0) - 1.0) ** (1.0 / (2 * BUTTERWORTH_ORDER))


def low_pass(values: Floats, *, rate_hz: float, cutoff_hz: float) -> Floats:
    """Return the values without what changes faster than the cut-off, not delayed.

    Parameters
    ----------
    values
        (samples, ...) evenly sampled; NaN where unknown.
    rate_hz
        Samples per second.
    cutoff_hz
        Frequency at which the two passes together halve the power; must lie under half the rate.

    Returns
    -------
    Floats
        Same shape. Every stretch without NaN is filtered on its own; NaN stays, and so does a stretch too short to filter.

    Notes
    -----
    Second-order Butterworth, forwards and backwards.
    """
    sections = scipy.signal.butter(BUTTERWORTH_ORDER, min(cutoff_hz / TWO_PASS, 0.49 * rate_hz), fs=rate_hz, output="sos")
    columns = values.reshape(len(values), -1)
    smooth = columns.copy()
    known = np.isfinite(columns)
    whole = known.all(axis=0)
    pad = round(rate_hz / cutoff_hz)
    if whole.any() and len(values) > pad + 1:
        smooth[:, whole] = scipy.signal.sosfiltfilt(sections, columns[:, whole], axis=0, padlen=pad)
    for column in np.flatnonzero(~whole):
        for start, stop in true_runs(known[:, column]):
            if stop - start > pad + 1:
                smooth[start:stop, column] = scipy.signal.sosfiltfilt(sections, columns[start:stop, column], padlen=pad)
    return smooth.reshape(values.shape)


def uniform_times(time_s: Floats, *, rate_hz: float) -> Floats:
    """Return evenly spaced times from the first to the last stamp, at least at the given rate."""
    steps = max(1, int(np.ceil((time_s[-1] - time_s[0]) * rate_hz - 1e-6)))
    return np.linspace(time_s[0], time_s[-1], steps + 1)


def resample(time_s: Floats, values: Floats, at_s: Floats, *, longest_gap_s: float) -> Floats:
    """Return the values at other times by cubic splines through the known samples.

    Parameters
    ----------
    time_s
        (samples,) strictly increasing, any spacing.
    values
        (samples, ...) with NaN where unknown.
    at_s
        (wanted,) times to read.
    longest_gap_s
        Holes up to this long are bridged; inside longer ones, and outside the known stretch, the result is NaN.
    """
    columns = values.reshape(len(values), -1)
    out = np.full((len(at_s), columns.shape[1]), np.nan)
    known = np.isfinite(columns)
    patterns, member = np.unique(known, axis=1, return_inverse=True)
    for index in range(patterns.shape[1]):
        chosen = np.flatnonzero(member.ravel() == index)
        out[:, chosen] = _spline(time_s, columns[:, chosen], at_s, longest_gap_s=longest_gap_s, known=patterns[:, index])
    return out.reshape(len(at_s), *values.shape[1:])


def _spline(time_s: Floats, columns: Floats, at_s: Floats, *, longest_gap_s: float, known: np.ndarray) -> Floats:
    out = np.full((len(at_s), columns.shape[1]), np.nan)
    index = np.flatnonzero(known)
    if len(index) == 0:
        return out
    breaks = np.flatnonzero(np.diff(time_s[index]) > longest_gap_s)
    for piece in np.split(index, breaks + 1):
        first, last = time_s[piece[0]], time_s[piece[-1]]
        inside = (at_s >= first - 1e-9) & (at_s <= last + 1e-9)
        if not inside.any():
            continue
        if len(piece) < 4:
            for column in range(columns.shape[1]):
                out[inside, column] = np.interp(at_s[inside], time_s[piece], columns[piece, column])
        else:
            out[inside] = scipy.interpolate.CubicSpline(time_s[piece], columns[piece])(np.clip(at_s[inside], first, last))
    return out

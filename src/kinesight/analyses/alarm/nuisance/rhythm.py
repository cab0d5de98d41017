"""Features of how active places change over time: in step or each on its own, with a period or without."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.nuisance.places import CELLS, coarse
from kinesight.domain.video import Floats

BANDS_HZ = ((0.0, 0.5), (0.5, 1.2), (1.2, 2.5), (2.5, 12.0))
"""Drift; slow sway; flags and leaves; flicker."""

SHORTEST_S, LONGEST_S = 0.3, 2.5
"""Periods that are looked for."""

STEP_S = 0.08
"""Series are put on an even grid of this step; a clip of 12 frames a second has one frame in each."""

BUSY_CELLS = 24


def cells_over_time(evidence: ClipEvidence) -> Floats:
    """Return the mean brightness of every cell of the coarse grid in every frame, (n, cells)."""
    _, height, width = evidence.grey.shape
    rows, columns = (np.linspace(0, side, count + 1).astype(int) for side, count in zip((height, width), CELLS, strict=True))
    bands = [np.add.reduce(evidence.grey[:, top:bottom], axis=1, dtype=np.uint32) for top, bottom in pairwise(rows)]
    summed = np.add.reduceat(np.stack(bands, axis=1), columns[:-1], axis=2).astype(np.float64)
    return np.asarray(summed / np.outer(np.diff(rows), np.diff(columns))).reshape(len(evidence.grey), -1)


def rhythm_features(evidence: ClipEvidence, heat: NDArray[np.floating], cells: Floats) -> dict[str, float]:
    """Return named numbers of the brightness of the busiest cells over time; NaN where nothing varies or the clip is short.

    Parameters
    ----------
    evidence
        The clip.
    heat
        (h, w) how busy each pixel is, in any unit, 0 for not at all.
    cells
        (n, cells) as `cells_over_time` gives them.
    """
    series = _busy_series(evidence, heat, cells)
    names = ("in_step", "in_step_two", "period_s", "period_strength", "period_share", "alternates")
    bands = [f"band_{number}" for number in range(len(BANDS_HZ))]
    if series is None:
        return dict.fromkeys((*names, *bands), float("nan"))
    weights = np.linalg.svd(series, compute_uv=False) ** 2
    total = float(weights.sum()) + 1e-9
    period_s, strength, share = _period(series)
    turns = np.diff(np.sign(np.diff(series, axis=1)), axis=1) != 0
    return {
        "in_step": float(weights[0]) / total,
        "in_step_two": float(weights[:2].sum()) / total,
        "period_s": period_s,
        "period_strength": strength,
        "period_share": share,
        "alternates": float(turns.mean()) / STEP_S,
        **dict(zip(bands, _bands(series), strict=True)),
    }


def _busy_series(evidence: ClipEvidence, heat: NDArray[np.floating], brightness: Floats) -> Floats | None:
    """Return brightness over time of the busiest cells on an even grid, (cells, k), each without its mean and trend."""
    cells = coarse(heat)
    duration_s = float(evidence.time_s[-1] - evidence.time_s[0])
    if cells.max() <= 0 or duration_s < 1.0 or len(evidence.grey) < 6:
        return None
    order = np.argsort(-cells.ravel(), kind="stable")[:BUSY_CELLS]
    order = order[cells.ravel()[order] > 0.1 * cells.max()]
    values = brightness[:, order]
    grid_s = np.arange(0.0, duration_s, STEP_S) + evidence.time_s[0]
    even = np.stack([np.interp(grid_s, evidence.time_s, values[:, cell]) for cell in range(len(order))])
    time = np.linspace(-1, 1, even.shape[1])
    even = even - even.mean(axis=1, keepdims=True)
    return np.asarray(even - (even @ time / (time @ time))[:, None] * time)


def _period(series: Floats) -> tuple[float, float, float]:
    """Return the period on which the cells agree most, how strong it is, and the share of cells that have one of their own."""
    count = series.shape[1]
    spectrum = np.fft.rfft(series, n=2 * count, axis=1)
    lagged = np.fft.irfft(np.abs(spectrum) ** 2, axis=1)[:, :count]
    # the overlap shrinks with the lag
    lagged = lagged / np.maximum(lagged[:, :1], 1e-6) * count / np.maximum(np.arange(count, 0, -1), count / 3)
    low, high = round(SHORTEST_S / STEP_S), min(round(LONGEST_S / STEP_S), count - 3)
    if high <= low + 2:
        return float("nan"), float("nan"), float("nan")
    weight = np.sqrt((series**2).sum(axis=1, keepdims=True))
    mean = np.sum(lagged * weight, axis=0) / (weight.sum() + 1e-9)
    lags = np.arange(low, high)
    is_peak = (mean[lags] > mean[lags - 1]) & (mean[lags] >= mean[lags + 1])
    own = lagged[:, low:high].max(axis=1) - lagged[:, :high].min(axis=1) * 0.5
    if not is_peak.any():
        return float("nan"), 0.0, float(np.mean(own > 0.5))
    best = lags[is_peak][int(np.argmax(mean[lags[is_peak]]))]
    return float(best * STEP_S), float(mean[best] - mean[:best].min()), float(np.mean(own > 0.5))


def _bands(series: Floats) -> list[float]:
    power = (np.abs(np.fft.rfft(series * np.hanning(series.shape[1]), axis=1)) ** 2).sum(axis=0)
    hz = np.fft.rfftfreq(series.shape[1], STEP_S)
    total = float(power.sum()) + 1e-9
    return [float(power[(hz >= low) & (hz < high)].sum()) / total for low, high in BANDS_HZ]

"""How good scores are: area under the curve per label, and how far they are from the frequencies they promise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.families import LABELS


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One label: area under the curve with its counts, expected calibration error, and recall and false alarms at one half."""

    label: str
    auc: float
    auc_low: float
    auc_high: float
    yes: int
    no: int
    calibration_error: float
    recall: float
    false_share: float


def area_under_curve(score: Floats, truth: Floats) -> float:
    """Return the probability that a clip with the label scores above one without it, ties counting half; NaN without either."""
    known = np.isfinite(truth)
    ranks, yes = rankdata(score[known]), truth[known] > 0.5
    count, others = int(yes.sum()), int((~yes).sum())
    if not count or not others:
        return float("nan")
    return float((ranks[yes].sum() - count * (count + 1) / 2) / (count * others))


def area_interval(area: float, yes: int, no: int) -> tuple[float, float]:
    """Return the 95 % interval of an area by the standard error of Hanley and McNeil (Radiology 1982), cut at 0 and 1."""
    if not np.isfinite(area):
        return float("nan"), float("nan")
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (yes - 1) * (q1 - area**2) + (no - 1) * (q2 - area**2)) / (yes * no)
    half = 1.96 * float(np.sqrt(max(variance, 0.0)))
    return max(0.0, area - half), min(1.0, area + half)


def calibration_error(score: Floats, truth: Floats, *, bins: int = 10) -> float:
    """Return the expected calibration error: the mean over clips of |mean score - share of true clips| of their tenth."""
    known = np.isfinite(truth)
    s, t = score[known], truth[known]
    place = np.minimum((s * bins).astype(int), bins - 1)
    counts = np.bincount(place, minlength=bins)
    gaps = np.abs(np.bincount(place, weights=s, minlength=bins) - np.bincount(place, weights=t, minlength=bins))
    return float(gaps.sum() / max(1, counts.sum()))


def marks(score: Floats, truth: Floats) -> tuple[Mark, ...]:
    """Return the marks of scores (n, labels) against truth 1, 0 or NaN."""
    found = []
    for number, label in enumerate(LABELS):
        s, t = score[:, number], truth[:, number]
        area, yes, no = area_under_curve(s, t), int(np.nansum(t == 1)), int(np.nansum(t == 0))
        low, high = area_interval(area, yes, no)
        found.append(
            Mark(
                label=label,
                auc=area,
                auc_low=low,
                auc_high=high,
                yes=yes,
                no=no,
                calibration_error=calibration_error(s, t),
                recall=float(np.mean(s[t == 1] > 0.5)) if yes else float("nan"),
                false_share=float(np.mean(s[t == 0] > 0.5)) if no else float("nan"),
            )
        )
    return tuple(found)

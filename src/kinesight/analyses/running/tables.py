"""The numbers of a run as CSV: angles per frame, and one row per landing."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields

import numpy as np

from kinesight.analyses.running.back.angles import FRONTAL_SERIES
from kinesight.analyses.running.back.details import BackDetails, BackStride
from kinesight.analyses.running.details import SERIES, LandingAngles, RunningDetails
from kinesight.analyses.running.observations import Observations
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Findings


def tables(observations: Observations, findings: Findings[RunningResult]) -> dict[str, str]:
    """Return series.csv and strides.csv; unknown values are empty cells."""
    details = findings.details
    if isinstance(details, BackDetails):
        return {"series.csv": _back_series(details), "strides.csv": _back_strides(details)}
    if not isinstance(details, RunningDetails):
        raise TypeError(f"details of a running analysis expected, not {type(details).__name__}")
    return {"series.csv": _series(details, frames=len(observations.track.time_s)), "strides.csv": _strides(details)}


def _series(details: RunningDetails, *, frames: int) -> str:
    rows = ([details.time_s[frame], *(details.series[name][frame] for name in SERIES)] for frame in range(frames))
    return _csv(["time_s", *SERIES], rows)


def _back_series(details: BackDetails) -> str:
    rows = ([time_s, *(details.series[name][frame] for name in FRONTAL_SERIES)] for frame, time_s in enumerate(details.time_s))
    return _csv(["time_s", *FRONTAL_SERIES], rows)


def _back_strides(details: BackDetails) -> str:
    names = [field.name for field in fields(BackStride)]
    return _csv(names, ([getattr(stride, name) for name in names] for stride in details.strides))


def _strides(details: RunningDetails) -> str:
    times = ["strike_s", "full_contact_s", "toe_off_s", "contact_s", "step_s", "flight_s"]
    angles = [field.name for field in fields(LandingAngles)]
    instants = ["initial_contact", "full_contact"]
    header = [
        "foot",
        "pattern",
        *times,
        *(f"{name}_at_{instant}" for instant in instants for name in angles),
        "strike_confidence",
        "is_regular",
    ]
    rows = (
        [
            stride.foot,
            stride.pattern or "",
            *(getattr(stride, name) for name in times),
            *(getattr(getattr(stride, instant), name) for instant in instants for name in angles),
            stride.strike_confidence,
            str(stride.is_regular).lower(),
        ]
        for stride in details.strides
    )
    return _csv(header, rows)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str | float]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([cell if isinstance(cell, str) else _cell(cell) for cell in row] for row in rows)
    return stream.getvalue()


def _cell(value: float) -> str:
    return f"{value:.4f}" if np.isfinite(value) else ""

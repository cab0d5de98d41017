"""What a person reads on the terminal after a run."""

from __future__ import annotations

from pathlib import Path

from kinesight.analyses.running.result import RunningResult, Score
from kinesight.domain.document import Estimate, ResultDocument


def running_summary(document: ResultDocument, folder: Path) -> str:
    """Return a short table of the main readings and where the files are."""
    result = RunningResult.model_validate(document.result)
    way = f", running to the {result.direction}" if result.direction else ""
    lines = [f"{result.view} view{way}, {result.running_from_s:.1f}-{result.running_to_s:.1f} s"]
    lines += [f"  {name:34} {_number(estimate, digits)} {unit}" for name, estimate, digits, unit in _rows(result)]
    lines += [
        f"  {score.texts.title + _of(score):34} {score.value_deg:7.1f} deg      score {score.score:.2f}  {score.band:5} "
        f"{score.texts.position}"
        for score in result.scores.values()
    ]
    if result.total_score is not None:
        lines.append(f"  {'Total score':34} {result.total_score:7.2f}")
    lines += [f"  warning: {warning.code}: {warning.message}" for warning in document.warnings]
    lines.append(f"Results: {folder}/ (open {folder / 'report.html'})")
    return "\n".join(lines)


def _of(score: Score) -> str:
    return f", {score.foot}" if score.range_bad else ""


def _rows(result: RunningResult) -> list[tuple[str, Estimate, int, str]]:
    metrics = result.metrics
    return [
        ("Cadence", metrics.cadence_spm, 1, "steps/min"),
        ("Contact time, left", metrics.contact_time_s.left, 3, "s"),
        ("Contact time, right", metrics.contact_time_s.right, 3, "s"),
        ("Flight time", metrics.flight_time_s, 3, "s"),
        ("Duty factor", metrics.duty_factor, 3, ""),
        ("Speed", metrics.speed_m_per_s, 2, "m/s"),
    ]


def _number(estimate: Estimate, digits: int) -> str:
    if estimate.value is None:
        return "not measured"
    error = "" if estimate.error is None else f" ± {estimate.error:.{digits}f}"
    return f"{estimate.value:7.{digits}f}{error} (n={estimate.n}, confidence {estimate.confidence:.2f})"

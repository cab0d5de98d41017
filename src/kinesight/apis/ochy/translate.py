"""Between Ochy's fields and ours, both ways, without touching the outside world."""

from __future__ import annotations

from typing import Any

from kinesight.analyses.running.result import RunningResult, Score
from kinesight.apis.ochy.schemas import StartForm
from kinesight.domain.job import State

OUR_NAMES = {"height_m": "height", "weight_kg": "weight", "pace_s_per_km": "pace"}
"""What a client of this API calls our parameters, for complaints about them."""

VIEWS = {"side_view": "side", "back_view": "back"}

STATUS_OF = {
    State.QUEUED: "pending",
    State.RUNNING: "analyzing",
    State.CANCELLING: "analyzing",
    State.SUCCEEDED: "success",
    State.FAILED: "failed",
    State.CANCELLED: "failed",
    State.DEAD: "failed",
}

HTTP_OF = {"pending": 200, "analyzing": 202, "success": 200, "failed": 400}

CENTIMETRES_OVER = 3.0
"""Nobody is 3 m tall: larger heights come from clients of the older contract, which had centimetres."""

NOMINAL_RATE_TOLERANCE = 0.98
"""Cameras that say 30 frames a second deliver 29.97 (NTSC) or a little less; a clip within 2 % has the nominal rate."""

NOMINAL_LENGTH_TOLERANCE = 1.02
"""A recording that is stopped at 10 s lasts a few frames more."""


def parameters_of(form: StartForm, *, minimum_fps: float) -> dict[str, Any]:
    """Return our running parameters for a start form, not yet validated.

    Parameters
    ----------
    minimum_fps
        Nominal lowest frame rate of this API.
    """
    height_m = form.height / 100.0 if form.height > CENTIMETRES_OVER else form.height
    return {
        "view": VIEWS[form.analysis_type],
        "height_m": height_m,
        "weight_kg": form.weight,
        "treadmill": form.treadmill,
        # overground the pace is found from the clip, whatever the client says
        "pace_s_per_km": seconds_of(form.pace) if form.treadmill and form.pace else None,
        "language": form.language,
        "minimum_fps": lowest_rate(minimum_fps),
    }


def lowest_rate(nominal_fps: float) -> float:
    """Return the measured frame rate from which a clip counts as having the nominal one."""
    return round(nominal_fps * NOMINAL_RATE_TOLERANCE, 3)


def longest_clip(nominal_s: float) -> float:
    """Return the length up to which a clip counts as having the nominal one: phones stop a little late."""
    return round(nominal_s * NOMINAL_LENGTH_TOLERANCE, 3)


def seconds_of(pace: str) -> float:
    """Return seconds per kilometre for MM:SS."""
    minutes, seconds = pace.split(":")
    return int(minutes) * 60.0 + int(seconds)


def biomechanical_analysis(result: RunningResult) -> dict[str, Any]:
    """Return `biomechanical_analysis` of a success answer. A measure that could not be read is left out."""
    content = {name: _measure(score) for name, score in result.scores.items()}
    if "foot" in content:
        content["foot"] = {"foot_strike_pattern": _pattern(result), **content["foot"]}
    best = sorted(result.styles, key=lambda style: -style.percentage)[:1]
    return {
        "analysis_content": dict(sorted(content.items())),
        "running_styles": [
            {"title": style.title, "animal": style.animal, "percentage": style.percentage, "summary": style.summary}
            for style in best
        ],
        "total_score": _rounded(result.total_score),
    }


def _measure(score: Score) -> dict[str, Any]:
    texts: dict[str, Any] = {"title": score.texts.title, "position": score.texts.position}
    if score.band == "bad":
        texts["exercice"] = list(score.texts.exercises)
        texts["recap"] = list(score.texts.recap)
    if score.texts.overstride_title is not None:
        texts["overstride_title"] = score.texts.overstride_title
    return {
        "range_good": [_short(bound) for bound in score.range_good],
        "range_okay": [_short(bound) for bound in score.range_okay],
        "score_number": _rounded(score.score),
        "texts": texts,
    }


def _pattern(result: RunningResult) -> str | None:
    """Return the pattern of the foot that was scored, else of the near one, else of whichever is known."""
    patterns = {"left": result.foot_strike_pattern.left, "right": result.foot_strike_pattern.right}
    for side in (result.scores["foot"].foot, result.near_side, "left", "right"):
        if side is not None and patterns[side] is not None:
            return patterns[side]
    return None


def _short(number: float) -> float | int:
    return int(number) if number == int(number) else number


def _rounded(number: float | None) -> float | None:
    return None if number is None else round(number, 3)

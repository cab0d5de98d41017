"""The scored result in Ochy's shapes: `biomechanical_analysis` of a side view and of a back view."""

from __future__ import annotations

from typing import Any

from kinesight.analyses.running.result import RunningResult, Score

BACK_MEASURES = ("knee_adduction", "pelvic_drop", "pronation")
SIDES = ("left", "right")


def biomechanical_analysis(result: RunningResult) -> dict[str, Any]:
    """Return `biomechanical_analysis` of a success answer. A measure that could not be read is left out."""
    if result.view == "back":
        return {"analysis_content": _back_content(result), "total_score": rounded(result.total_score)}
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
        "total_score": rounded(result.total_score),
    }


def rounded(number: float | None, places: int = 3) -> float | None:
    """Return a number with so many decimals; None stays None."""
    return None if number is None else round(number, places)


def _measure(score: Score) -> dict[str, Any]:
    texts: dict[str, Any] = {"title": score.texts.title, "position": score.texts.position}
    if score.band == "bad":
        texts["exercice"] = list(score.texts.exercises)
        texts["recap"] = list(score.texts.recap)
    if score.texts.overstride_title is not None:
        texts["overstride_title"] = score.texts.overstride_title
    return {**_numbers(score), "texts": texts}


def _back_content(result: RunningResult) -> dict[str, Any]:
    found = {
        measure: {side: _side(result.scores[f"{measure}_{side}"], side) for side in SIDES if f"{measure}_{side}" in result.scores}
        for measure in BACK_MEASURES
    }
    return {measure: sides for measure, sides in found.items() if sides}


def _side(score: Score, side: str) -> dict[str, Any]:
    texts: dict[str, Any] = {
        "title": score.texts.title,
        "side": side,
        "position": score.texts.position,
        "explanation": score.texts.explanation,
        "recap": list(score.texts.recap),
    }
    if score.band == "bad":
        texts["exercice"] = list(score.texts.exercises)
    range_bad = None if score.range_bad is None else [_short(bound) for bound in score.range_bad]
    return {"range_bad": range_bad, **_numbers(score), "texts": texts}


def _numbers(score: Score) -> dict[str, Any]:
    return {
        "range_good": [_short(bound) for bound in score.range_good],
        "range_okay": [_short(bound) for bound in score.range_okay],
        "score_number": rounded(score.score),
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

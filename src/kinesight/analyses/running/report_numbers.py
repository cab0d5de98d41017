"""The numbers of a report as a reader wants them: with unit, spread and count, or with the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kinesight.analyses.running.result import AtInstants, Band, BothSides, Landing, RunningResult, Score
from kinesight.domain.document import Estimate
from kinesight.pages.gauges import Mark, ruler

BAND_WORDS: Mapping[str, str] = {"good": "Good", "okay": "Slightly off", "bad": "Needs work"}

_SCORE_NAMES: Mapping[str, tuple[str, str]] = {
    "arm": ("Arm", "Elbow angle, mean of the cycle"),
    "back_cycle": ("Back knee", "Knee of the trailing leg when the other foot is down"),
    "foot": ("Foot", "Sole against the ground at landing, toes up positive"),
    "forward_cycle": ("Front knee", "Knee of the landing leg"),
    "head": ("Head", "Ear to nose against the horizontal, up positive"),
    "trunk": ("Trunk", "Forward lean, mean of the cycle"),
    "pelvic_drop": ("Pelvis", "Drop of the swinging leg's hip, peak over the stance"),
    "knee_adduction": ("Knee", "Knee against the line from hip to ankle, inward positive"),
    "pronation": ("Ankle", "Heel against shank from behind"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number in a report; `text` is None where it is unknown, and then `reason` says why."""

    text: str | None
    spread: str = ""
    n: int = 0
    confidence: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a table: a quantity, of which side, and its reading."""

    name: str
    side: str
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One quantity of the overview, with one reading or one per side."""

    name: str
    unit: str
    readings: tuple[tuple[str, Reading], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One scored measure with everything that the report says about it; `picture` is its ruler."""

    key: str
    name: str
    definition: str
    score: Score
    value: str
    of_side: str
    points: str
    band: Band
    band_word: str
    exercises: tuple[str, ...]
    sides: tuple[tuple[str, Reading], ...]
    picture: str


_METRICS: tuple[tuple[str, str, str, float, int], ...] = (
    ("cadence_spm", "Cadence", "steps/min", 1, 0),
    ("contact_time_s", "Ground contact", "ms", 1000, 0),
    ("flight_time_s", "Flight", "ms", 1000, 0),
    ("duty_factor", "Duty factor", "%", 100, 1),
    ("step_length_m", "Step length", "m", 1, 2),
    ("speed_m_per_s", "Speed", "m/s", 1, 2),
    ("pace_s_per_km", "Pace", "s/km", 1, 0),
    ("vertical_oscillation_m", "Vertical oscillation", "cm", 100, 1),
)
_PER_SIDE: tuple[tuple[str, str, str, float, int], ...] = (
    ("step_time_s", "Step time", "ms", 1000, 0),
    ("step_length_m", "Step length", "m", 1, 2),
    ("flight_time_s", "Flight", "ms", 1000, 0),
    ("duty_factor", "Duty factor", "%", 100, 1),
)
_MEASURES: tuple[tuple[str, str, str], ...] = (
    ("elbow_deg", "Elbow angle", "°"),
    ("front_knee_deg", "Front knee", "°"),
    ("back_knee_deg", "Back knee", "°"),
    ("foot_strike_deg", "Foot against ground", "°"),
    ("overstride_deg", "Overstride: shank against the vertical", "°"),
    ("trunk_lean_deg", "Trunk lean", "°"),
    ("head_deg", "Head pitch", "°"),
    ("pelvic_drop_deg", "Pelvic drop", "°"),
    ("knee_adduction_deg", "Knee adduction", "°"),
    ("pronation_deg", "Pronation", "°"),
)
_EXERCISES: Mapping[str, str] = {
    "a_skip": "A-skips: high knees in a light skip",
    "bi_reinforcement": "Biceps strengthening",
    "tri_reinforcement": "Triceps strengthening",
    "butt_kicks": "Butt kicks: heels up to the seat",
}
"""Exercises whose code alone does not say what to do; the others are their code in words."""
_FROM_BEHIND = {"pelvic_drop_deg", "knee_adduction_deg", "pronation_deg"}
_NEEDS_HEIGHT = {"step_length_m", "speed_m_per_s", "pace_s_per_km", "vertical_oscillation_m"}


def is_known(value: float | None) -> bool:
    """Return whether there is a finite number."""
    return value is not None and math.isfinite(value)


def reading(estimate: Estimate, *, factor: float = 1.0, digits: int = 0, unit: str = "", reason: str = "") -> Reading:
    """Return an estimate in words: value times factor with its unit, spread, count and confidence, or the reason why not."""
    if estimate.value is None or not math.isfinite(estimate.value):
        return Reading(text=None, reason=reason)
    space = "" if unit in {"", "°", "%"} else "\u202f"
    spread = ""
    # a single reading has no spread: "± 0" would claim certainty
    if estimate.n != 1 and estimate.spread is not None and math.isfinite(estimate.spread):
        spread = f"± {factor * estimate.spread:.{max(digits, 1) if unit == '°' else digits}f}"
    value = f"{factor * estimate.value:.{digits}f}"
    value = value.lstrip("-") if not float(value) else value.replace("-", "\u2212")
    confidence = f"{100 * estimate.confidence:.0f}%" if math.isfinite(estimate.confidence) else ""
    return Reading(text=value + space + unit, spread=spread, n=estimate.n, confidence=confidence)


def why_unknown(name: str, result: RunningResult) -> str:
    """Return why a quantity has no number, in plain words."""
    if name in _FROM_BEHIND and result.view == "side":
        return "needs a view from behind"
    if result.view == "back" and name not in _FROM_BEHIND and name.endswith("_deg"):
        return "needs a view from the side"
    if name == "speed_m_per_s" and result.treadmill:
        return "needs the belt's pace, or the runner's height"
    if name in _NEEDS_HEIGHT:
        return "needs the runner's height"
    return "not seen clearly or often enough in this clip"


def tiles(result: RunningResult) -> tuple[Tile, ...]:
    """Return the timing and distance numbers for the overview."""
    found = []
    for name, title, unit, factor, digits in _METRICS:
        estimate: Estimate | BothSides = getattr(result.metrics, name)
        reason = why_unknown(name, result)

        def read(one: Estimate, reason: str = reason, factor: float = factor, digits: int = digits) -> Reading:
            return reading(one, factor=factor, digits=digits, reason=reason)

        if isinstance(estimate, BothSides):
            found.append(Tile(name=title, unit=unit, readings=(("left", read(estimate.left)), ("right", read(estimate.right)))))
        else:
            found.append(Tile(name=title, unit=unit, readings=(("", read(estimate)),)))
    return tuple(found)


def metric_rows(result: RunningResult) -> tuple[Row, ...]:
    """Return every timing and distance number, those per side, then the asymmetries, for the table."""
    rows = []
    for source, metrics in ((result.metrics, _METRICS), (result.per_side, _PER_SIDE)):
        for name, title, unit, factor, digits in metrics:
            for side, estimate in _by_side(getattr(source, name)):
                found = reading(estimate, factor=factor, digits=digits, unit=unit, reason=why_unknown(name, result))
                rows.append(Row(name=title, side=side, reading=found))
    for name, estimate in sorted(result.metrics.asymmetry.items()):
        title, unit, factor = _asymmetry(name)
        reason = "not above what the measurement itself mistakes"
        found = reading(estimate, factor=factor, digits=1 if unit == "°" else 0, unit=unit, reason=reason)
        rows.append(Row(name=f"Asymmetry: {title}", side="Left − right", reading=found))
    return tuple(rows)


def _asymmetry(name: str) -> tuple[str, str, float]:
    """Return title, unit and factor of an asymmetry, which is named like its quantity with the unit at the end."""
    for suffix, unit, factor in (("_s", "ms", 1000.0), ("_deg", "°", 1.0), ("_m", "cm", 100.0)):
        if name.endswith(suffix):
            return name.removesuffix(suffix).replace("_", " "), unit, factor
    return name.replace("_", " "), "", 1.0


def measure_rows(result: RunningResult) -> tuple[Row, ...]:
    """Return every angle for the table, at both instants where it has two."""
    rows = []
    for name, title, unit in _MEASURES:
        for side, estimate in _by_side(getattr(result.measures, name)):
            rows.append(
                Row(name=title, side=side, reading=reading(estimate, unit=unit, digits=1, reason=why_unknown(name, result)))
            )
    return tuple(rows)


def _by_side(value: Estimate | BothSides | Landing) -> list[tuple[str, Estimate]]:
    if isinstance(value, Estimate):
        return [("", value)]
    if isinstance(value, BothSides):
        return [("Left", value.left), ("Right", value.right)]
    return [
        (f"{side}, {what}", estimate)
        for side, at in (("Left", value.left), ("Right", value.right))
        for what, estimate in (("initial contact", at.initial_contact), ("full contact", at.full_contact))
    ]


def cards(result: RunningResult) -> tuple[Card, ...]:
    """Return the scored measures, those that need most work first."""
    order = {"bad": 0, "okay": 1, "good": 2}
    ranked = sorted(result.scores.items(), key=lambda item: (order[item[1].band], item[1].score))
    return tuple(_card(key, score, result) for key, score in ranked)


def score_name(key: str) -> tuple[str, str]:
    """Return the short name and the definition of a score; a key that is not listed is spelled out."""
    known = next((names for prefix, names in _SCORE_NAMES.items() if key.startswith(prefix)), None)
    side = next((f", {word} leg" for word in ("left", "right") if key.endswith(f"_{word}")), "")
    return (known[0] + side, known[1]) if known else (key.replace("_", " ").capitalize(), "")


def _card(key: str, score: Score, result: RunningResult) -> Card:
    name, definition = score_name(key)
    sides = _scored_sides(key, result)
    marks = [
        Mark(value=estimate.value, spread=estimate.spread if estimate.n > 1 else None, letter=side[:1].upper(), kind=side)
        for side, estimate in sides
        if estimate.value is not None and math.isfinite(estimate.value)
    ] or [Mark(value=score.value_deg, spread=None, letter="", kind="single")]
    reason = "not seen clearly or often enough"
    return Card(
        key=key,
        name=name,
        definition=definition,
        score=score,
        value=degrees(score.value_deg),
        of_side=f"{score.foot} side" if score.foot else "",
        points=f"{100 * score.score:.0f}",
        band=score.band,
        band_word=BAND_WORDS[score.band],
        exercises=tuple(_EXERCISES.get(code, code.replace("_", " ").capitalize()) for code in score.texts.exercises),
        sides=tuple((side, reading(estimate, unit="°", digits=1, reason=reason)) for side, estimate in sides),
        picture=ruler(marks, good=score.range_good, okay=score.range_okay, unit="°"),
    )


def degrees(value: float) -> str:
    """Return a finite angle in whole degrees with a true minus sign and no negative zero."""
    return f"{round(value) + 0.0:.0f}°".replace("-", "\u2212")


def _scored_sides(key: str, result: RunningResult) -> list[tuple[str, Estimate]]:
    """Return the estimates that a score was made from, per side, at the instant that the scores use."""
    measures = result.measures

    def landing(value: Landing) -> list[tuple[str, Estimate]]:
        def at(side: AtInstants) -> Estimate:
            return side.initial_contact if result.instant == "initial_contact" else side.full_contact

        return [("left", at(value.left)), ("right", at(value.right))]

    def both(value: BothSides) -> list[tuple[str, Estimate]]:
        return [("left", value.left), ("right", value.right)]

    sources: Mapping[str, Callable[[], list[tuple[str, Estimate]]]] = {
        "arm": lambda: both(measures.elbow_deg),
        "back_cycle": lambda: landing(measures.back_knee_deg),
        "foot": lambda: landing(measures.foot_strike_deg),
        "forward_cycle": lambda: landing(measures.front_knee_deg),
        "head": lambda: both(measures.head_deg),
        "trunk": lambda: [("", measures.trunk_lean_deg)],
        "pelvic_drop": lambda: both(measures.pelvic_drop_deg),
        "knee_adduction": lambda: both(measures.knee_adduction_deg),
        "pronation": lambda: both(measures.pronation_deg),
    }
    found = next((source() for prefix, source in sources.items() if key.startswith(prefix)), [])
    only = next((side for side in ("left", "right") if key.endswith(f"_{side}")), None)
    return [item for item in found if only is None or item[0] == only]

"""The numbers of a report as a reader wants them: with unit, error, spread and count, or with the reason why there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kinesight.analyses.running.page_texts import PageTexts, load_page_texts
from kinesight.analyses.running.result import AtInstants, Band, BothSides, Landing, RunningResult, Score
from kinesight.domain.document import Estimate
from kinesight.pages.gauges import Mark, ruler
from kinesight.pages.words import Words

_SCORES = (
    "arm", "back_cycle", "foot", "forward_cycle", "head", "trunk", "pelvic_drop", "knee_adduction", "pronation"
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One number in a report; `text` is None where it is unknown, and then `reason` says why.

    `error` stands behind a "±", which belongs to it alone; `spread` is bare; both are empty where they are unknown. `margin` is
    what stands beside a number outside of tables: the error, or where that is unknown the spread under its name.
    """

    text: str | None
    error: str = ""
    spread: str = ""
    margin: str = ""
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
    exercises: tuple[tuple[str, str], ...]
    sides: tuple[tuple[str, Reading], ...]
    picture: str


METRICS: tuple[tuple[str, str, float, int], ...] = (
    ("cadence_spm", "", 1, 0),
    ("contact_time_s", "ms", 1000, 0),
    ("flight_time_s", "ms", 1000, 0),
    ("duty_factor", "%", 100, 1),
    ("step_length_m", "m", 1, 2),
    ("speed_m_per_s", "m/s", 1, 2),
    ("pace_s_per_km", "s/km", 1, 0),
    ("vertical_oscillation_m", "cm", 100, 1),
)
PER_SIDE: tuple[tuple[str, str, float, int], ...] = (
    ("step_time_s", "ms", 1000, 0),
    ("step_length_m", "m", 1, 2),
    ("flight_time_s", "ms", 1000, 0),
    ("duty_factor", "%", 100, 1),
)
MEASURES = (
    "elbow_deg", "front_knee_deg", "back_knee_deg", "foot_strike_deg", "overstride_deg", "trunk_lean_deg", "head_deg",
    "pelvic_drop_deg", "knee_adduction_deg", "pronation_deg", "hip_adduction_deg",
)  # fmt: skip
_FROM_BEHIND = {"pelvic_drop_deg", "knee_adduction_deg", "pronation_deg", "hip_adduction_deg"}
_NEEDS_BELT = {"step_length_m", "speed_m_per_s", "pace_s_per_km"}
_NEEDS_HEIGHT = {"step_length_m", "speed_m_per_s", "pace_s_per_km", "vertical_oscillation_m"}


def is_known(value: float | None) -> bool:
    """Return whether there is a finite number."""
    return value is not None and math.isfinite(value)


def words_of(say: PageTexts) -> Words:
    """Return what charts and gauges say in a language."""
    chart = {
        name: say.entries[f"chart.{name}"]
        for name in (
            "not_measured",
            "described",
            "in_unit",
            "contacts",
            "timeline",
            "of_100",
            "score_of_100",
            "good_range",
            "okay_range",
        )
    }
    return Words(decimal=say("format.decimal"), unknown=say("report.not_measured"), **chart)


def reading(
    estimate: Estimate, *, factor: float = 1.0, digits: int = 0, unit: str = "", reason: str = "", say: PageTexts | None = None
) -> Reading:
    """Return an estimate in words: value times factor with its unit, error, spread, count, confidence, or the reason why not.

    The error is rounded up, so that what is shown still holds the true value as often as was measured. `say` gives the decimal
    mark; English if omitted.
    """
    if estimate.value is None or not math.isfinite(estimate.value):
        return Reading(text=None, reason=reason)
    say = say or load_page_texts("en")
    error = spread = ""
    if estimate.error is not None and math.isfinite(estimate.error):
        error = f"± {say.number(_up(factor * estimate.error, digits), digits)}"
    # a single reading has no spread: 0 would claim certainty
    if estimate.n != 1 and estimate.spread is not None and math.isfinite(estimate.spread):
        spread = say.number(factor * estimate.spread, digits)
    margin = error or (say("report.spread_of", spread=spread) if spread else "")
    confidence = say.with_unit(f"{100 * estimate.confidence:.0f}", "%") if math.isfinite(estimate.confidence) else ""
    text = say.with_unit(say.number(factor * estimate.value, digits), unit)
    return Reading(text=text, error=error, spread=spread, margin=margin, n=estimate.n, confidence=confidence)


def _up(error: float, digits: int) -> float:
    """Return an error rounded up at its last digit, which is never 0: nothing is measured without error."""
    steps = 10.0**digits
    return max(math.ceil(error * steps - 1e-6), 1) / steps


def why_unknown(name: str, result: RunningResult) -> str:
    """Return why a quantity has no number, in plain words."""
    say = load_page_texts(result.language)
    if name in _FROM_BEHIND and result.view == "side":
        return say("reason.from_behind")
    if result.view == "back" and name not in _FROM_BEHIND and name.endswith("_deg"):
        return say("reason.from_side")
    if name in _NEEDS_BELT and result.view == "back":
        return say("reason.belt")
    if name == "speed_m_per_s" and result.treadmill:
        return say("reason.pace")
    if name in _NEEDS_HEIGHT:
        return say("reason.height")
    return say("reason.unclear")


def metric_unit(name: str, unit: str, say: PageTexts) -> str:
    """Return the unit of a metric, which is a word for the cadence alone."""
    return say("unit.steps_per_min") if name == "cadence_spm" else unit


def tiles(result: RunningResult) -> tuple[Tile, ...]:
    """Return the timing and distance numbers for the overview."""
    say = load_page_texts(result.language)
    found = []
    for name, unit, factor, digits in METRICS:
        estimate: Estimate | BothSides = getattr(result.metrics, name)
        reason = why_unknown(name, result)

        def read(one: Estimate, reason: str = reason, factor: float = factor, digits: int = digits) -> Reading:
            return reading(one, factor=factor, digits=digits, reason=reason, say=say)

        if isinstance(estimate, BothSides):
            readings: tuple[tuple[str, Reading], ...] = (("left", read(estimate.left)), ("right", read(estimate.right)))
        else:
            readings = (("", read(estimate)),)
        found.append(Tile(name=say(f"metric.{name}"), unit=metric_unit(name, unit, say), readings=readings))
    return tuple(found)


def metric_rows(result: RunningResult) -> tuple[Row, ...]:
    """Return every timing and distance number, those per side, then the asymmetries, for the table."""
    say = load_page_texts(result.language)
    rows = []
    for source, metrics in ((result.metrics, METRICS), (result.per_side, PER_SIDE)):
        for name, unit, factor, digits in metrics:
            shown = metric_unit(name, unit, say)
            for side, estimate in _by_side(getattr(source, name), say):
                found = reading(estimate, factor=factor, digits=digits, unit=shown, reason=why_unknown(name, result), say=say)
                rows.append(Row(name=say(f"metric.{name}"), side=side, reading=found))
    for name, estimate in sorted(result.metrics.asymmetry.items()):
        title, unit, factor = _asymmetry(name, say)
        digits = 1 if unit == "°" else 0
        found = reading(estimate, factor=factor, digits=digits, unit=unit, reason=say("reason.noise"), say=say)
        rows.append(Row(name=say("report.asymmetry", quantity=title), side=say("side.difference"), reading=found))
    return tuple(rows)


def _asymmetry(name: str, say: PageTexts) -> tuple[str, str, float]:
    """Return title, unit and factor of an asymmetry, which is named like its quantity with the unit at the end."""
    key = next((key for key in (f"metric.{name}", f"measure.{name}") if key in say), None)
    for suffix, unit, factor in (("_s", "ms", 1000.0), ("_deg", "°", 1.0), ("_m", "cm", 100.0)):
        if name.endswith(suffix):
            return say(key) if key else name.removesuffix(suffix).replace("_", " "), unit, factor
    return say(key) if key else name.replace("_", " "), "", 1.0


def measure_rows(result: RunningResult) -> tuple[Row, ...]:
    """Return every angle for the table, of a back view only its own, at both instants where it has two."""
    say = load_page_texts(result.language)
    rows = []
    for name in MEASURES:
        if result.view == "back" and name not in _FROM_BEHIND:
            continue
        for side, estimate in _by_side(getattr(result.measures, name), say):
            found = reading(estimate, unit="°", digits=1, reason=why_unknown(name, result), say=say)
            rows.append(Row(name=say(f"measure.{name}"), side=side, reading=found))
    return tuple(rows)


def _by_side(value: Estimate | BothSides | Landing, say: PageTexts) -> list[tuple[str, Estimate]]:
    if isinstance(value, Estimate):
        return [("", value)]
    if isinstance(value, BothSides):
        return [(say("side.left"), value.left), (say("side.right"), value.right)]
    return [
        (f"{side}, {what}", estimate)
        for side, at in ((say("side.left"), value.left), (say("side.right"), value.right))
        for what, estimate in (
            (say("instant.initial_contact"), at.initial_contact),
            (say("instant.full_contact"), at.full_contact),
        )
    ]


def cards(result: RunningResult) -> tuple[Card, ...]:
    """Return the scored measures, those that need most work first."""
    order = {"bad": 0, "okay": 1, "good": 2}
    ranked = sorted(result.scores.items(), key=lambda item: (order[item[1].band], item[1].score))
    return tuple(_card(key, score, result) for key, score in ranked)


def score_name(key: str, say: PageTexts) -> tuple[str, str]:
    """Return the short name and the definition of a score; a key that is not listed is spelled out."""
    known = next((name for name in _SCORES if key.startswith(name)), None)
    side = next((f", {say(f'side.{word}_leg')}" for word in ("left", "right") if key.endswith(f"_{word}")), "")
    if known is None:
        return key.replace("_", " ").capitalize(), ""
    return say(f"score.{known}") + side, say(f"definition.{known}")


def _card(key: str, score: Score, result: RunningResult) -> Card:
    say = load_page_texts(result.language)
    name, definition = score_name(key, say)
    sides = _scored_sides(key, result)
    marks = [
        Mark(
            value=estimate.value,
            spread=estimate.spread if estimate.n > 1 else None,
            letter=say(f"side.{side}_letter") if side else "",
            kind=side,
        )
        for side, estimate in sides
        if estimate.value is not None and math.isfinite(estimate.value)
    ] or [Mark(value=score.value_deg, spread=None, letter="", kind="single")]
    reason = say("reason.unclear")
    return Card(
        key=key,
        name=name,
        definition=definition,
        score=score,
        value=degrees(score.value_deg),
        of_side=say(f"side.{score.foot}_side") if score.foot else "",
        points=say("chart.score_of_100", number=f"{100 * score.score:.0f}"),
        band=score.band,
        band_word=say(f"band.{score.band}"),
        exercises=_exercises(score),
        sides=tuple((side, reading(estimate, unit="°", digits=1, reason=reason, say=say)) for side, estimate in sides),
        picture=ruler(marks, good=score.range_good, okay=score.range_okay, unit="°", words=words_of(say)),
    )


def _exercises(score: Score) -> tuple[tuple[str, str], ...]:
    """Return name and instruction of the exercises; results of older versions have codes alone, shown as they are."""
    if score.texts.what_to_do:
        return tuple((exercise.name, exercise.how) for exercise in score.texts.what_to_do)
    return tuple((code, "") for code in score.texts.exercises)


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

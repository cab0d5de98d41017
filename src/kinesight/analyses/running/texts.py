"""What readings mean in words: data, one TOML file for each language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

from pydantic import BaseModel, ConfigDict

from kinesight.analyses.running.result import Band, Exercise, Pattern, StyleName, Texts
from kinesight.analyses.running.scoring import Direction


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Position(_Frozen):
    """Words for one band and direction."""

    position: str
    recap: tuple[str, ...] = ()
    exercises: tuple[str, ...] = ()


class Sides(_Frozen):
    """Words for a reading that is too low, and for one that is too high."""

    low: Position
    high: Position


class MeasureWords(_Frozen):
    """Words for one measure; `explanation` says what is measured, where the title does not."""

    title: str
    explanation: str | None = None
    good: Position
    okay: Sides
    bad: Sides


class FootWords(MeasureWords):
    """Words for the foot, which has a name for its strike pattern and a sentence about where it lands."""

    patterns: dict[Pattern, str]
    overstride: dict[Band, str]


class StyleWords(_Frozen):
    """Words for one running style."""

    title: str
    animal: str
    summary: str


class ExerciseWords(_Frozen):
    """What an exercise is called and how it is done, in one sentence."""

    name: str
    how: str


class Language(_Frozen):
    """What readings mean, in one language. Exercise codes are the same in every language."""

    arm: MeasureWords
    back_cycle: MeasureWords
    foot: FootWords
    forward_cycle: MeasureWords
    head: MeasureWords
    trunk: MeasureWords
    pelvic_drop: MeasureWords
    knee_adduction: MeasureWords
    pronation: MeasureWords
    styles: dict[StyleName, StyleWords]
    exercises: dict[str, ExerciseWords]


@cache
def load_language(code: str) -> Language:
    """Return the words of a language such as "fr". Raises `FileNotFoundError` if there are none."""
    file = resources.files("kinesight.analyses.running").joinpath("texts", f"{code}.toml")
    return Language.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))


def words_for(language: Language, key: str, *, band: Band, direction: Direction) -> Texts:
    """Return what a reading of a measure means and what to do about it."""
    words: MeasureWords = getattr(language, key)
    chosen = words.good if band == "good" else getattr(words.okay if band == "okay" else words.bad, direction)
    named = [(code, language.exercises[code]) for code in chosen.exercises]
    return Texts(
        title=words.title,
        position=chosen.position,
        recap=chosen.recap,
        exercises=chosen.exercises,
        what_to_do=tuple(Exercise(code=code, name=exercise.name, how=exercise.how) for code, exercise in named),
        explanation=words.explanation,
    )


def foot_words(language: Language, texts: Texts, *, pattern: Pattern | None, overstride: Band | None) -> Texts:
    """Return the texts of the foot with its strike pattern as position, and where it lands."""
    if pattern is None:
        return texts
    name = language.foot.patterns[pattern]
    title = language.foot.overstride[overstride].format(pattern=name) if overstride is not None else None
    return texts.model_copy(update={"position": name, "overstride_title": title})

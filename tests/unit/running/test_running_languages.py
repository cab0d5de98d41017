"""Nine languages without a gap: the same keys, the same placeholders, nothing left in English, nothing too long to show."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from itertools import product
from typing import Any, get_args

import pytest

from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.result import Band, Pattern, StyleName
from kinesight.analyses.running.scoring import Direction
from kinesight.analyses.running.texts import load_language, words_for
from kinesight.drawing.canvas import blank_canvas

LANGUAGES = get_args(RunningParameters.model_fields["language"].annotation)
OTHERS = [code for code in LANGUAGES if code != "en"]
KINDS = ("texts", "page_texts")
MEASURES = ("arm", "back_cycle", "foot", "forward_cycle", "head", "trunk", "pelvic_drop", "knee_adduction", "pronation")

SAME = {
    # letters, marks, symbols and words that are spelt alike in a language
    *"LRDSG.,",
    "{number}%", "/min", "Video", "Arm", "Pelvis", "Cadence", "Contact", "Skip A", "Pronation", "Gazelle", "Angles",
    "Parameter", "Profil", "Error",
    "{low}–{high} m/s", "{title} in {unit}",
}  # fmt: skip
LONGEST = {"position": 60, "title": 60, "animal": 20, "name": 45, "recap": 95, "how": 130, "summary": 95, "explanation": 150}
LONGEST_LABEL, LONGEST_SENTENCE = 60, 260
LABELS = ("side", "band", "score", "metric", "joint", "unit", "frame", "panel", "instant")
ON_THE_VIDEO = {"frame": 22, "panel": 18, "side": 28, "band": 20}


def document(kind: str, code: str) -> dict[str, Any]:
    file = resources.files("kinesight.analyses.running").joinpath(kind, f"{code}.toml")
    return tomllib.loads(file.read_text(encoding="utf-8"))


def flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from flat(inner, f"{key}.{name}" if key else name)
    elif isinstance(value, list):
        for count, inner in enumerate(value):
            yield from flat(inner, f"{key}.{count}")
    else:
        yield key, value


def is_code(key: str) -> bool:
    return re.search(r"\.exercises\.\d+$", key) is not None


def wide(text: str) -> int:
    """Return the length in Latin letters: those of Chinese, Japanese and Korean take twice the room."""
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)


def test_the_nine_languages_of_the_contract_are_there() -> None:
    assert set(LANGUAGES) == {"en", "fr", "de", "zh", "ko", "pt", "es", "it", "ja"}
    for kind in KINDS:
        folder = resources.files("kinesight.analyses.running").joinpath(kind)
        assert {file.name for file in folder.iterdir()} == {f"{code}.toml" for code in LANGUAGES}


@pytest.mark.parametrize(("kind", "code"), list(product(KINDS, OTHERS)))
def test_no_key_is_missing_or_left_over(kind: str, code: str) -> None:
    english, other = dict(flat(document(kind, "en"))), dict(flat(document(kind, code)))
    assert other.keys() == english.keys()
    for key, words in other.items():
        assert words.strip() == words
        assert words, key
        assert set(re.findall(r"{\w*}", words)) == set(re.findall(r"{\w*}", english[key])), key
        assert not is_code(key) or words == english[key], key


@pytest.mark.parametrize(("kind", "code"), list(product(KINDS, OTHERS)))
def test_nothing_is_left_in_english(kind: str, code: str) -> None:
    english, other = dict(flat(document(kind, "en"))), dict(flat(document(kind, code)))
    same = {words for key, words in other.items() if words == english[key] and not is_code(key)}
    assert same <= SAME, sorted(same - SAME)
    assert len(same) <= 12


@pytest.mark.parametrize("code", LANGUAGES)
def test_scores_texts_fit_where_they_are_shown(code: str) -> None:
    for key, words in flat(document("texts", code)):
        if not is_code(key):
            kind = next((part for part in reversed(key.split(".")) if part in LONGEST), "position")
            assert wide(words) <= LONGEST[kind], (key, wide(words))


@pytest.mark.parametrize("code", LANGUAGES)
def test_page_texts_fit_where_they_are_shown(code: str) -> None:
    for key, words in flat(document("page_texts", code)):
        section = key.partition(".")[0]
        most = ON_THE_VIDEO.get(section, LONGEST_LABEL if section in LABELS else LONGEST_SENTENCE)
        most = LONGEST_LABEL if key == "frame.caption" else most
        assert wide(words) <= most, (key, wide(words))


@pytest.mark.parametrize("code", LANGUAGES)
def test_verdicts_and_letters_of_two_clips_fit_where_they_are_shown(code: str) -> None:
    words = document("page_texts", code)["combined"]
    verdicts = ("higher", "lower", "within_noise", "unknown_before", "unknown_after", "few_strides", "low_confidence")
    for key, text in words.items():
        if key.startswith(verdicts):
            assert wide(text) <= 30, (key, wide(text))
    assert all(wide(words[f"{clip}_letter"]) <= 2 for clip in ("before", "after"))
    assert max(wide(words[key]) for key in ("before", "after", "both_clips", "needed", "verdict", "made_by")) <= 20
    assert wide(document("page_texts", code)["report"]["error"]) <= 12


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_reading_has_words_and_every_exercise_an_instruction(code: str) -> None:
    language = load_language(code)
    for key in MEASURES:
        for band, direction in product(get_args(Band), get_args(Direction)):
            texts = words_for(language, key, band=band, direction=direction)
            assert texts.title
            assert texts.position
            assert (band == "bad") == bool(texts.recap) == bool(texts.exercises)
            assert tuple(exercise.code for exercise in texts.what_to_do) == texts.exercises
            assert all(exercise.name and exercise.how for exercise in texts.what_to_do)
        positions = {words_for(language, key, band=b, direction=d).position for b in get_args(Band) for d in get_args(Direction)}
        assert len(positions) == 5
    used = {code for _, code in flat(document("texts", code)) if code in language.exercises}
    assert used == set(language.exercises)
    assert set(language.foot.patterns) == set(get_args(Pattern))
    assert set(language.foot.overstride) == set(get_args(Band))
    assert set(language.styles) == set(get_args(StyleName))
    assert len({style.title for style in language.styles.values()}) == 5


def test_words_of_the_far_east_are_in_their_scripts() -> None:
    scripts = {"zh": r"[\u4e00-\u9fff]", "ja": r"[\u3040-\u30ff\u4e00-\u9fff]", "ko": r"[\uac00-\ud7a3]"}
    for code, script in scripts.items():
        for kind in KINDS:
            words = [text for key, text in flat(document(kind, code)) if not is_code(key) and len(text) > 2]
            foreign = [text for text in words if not re.search(script, text)]
            assert len(foreign) <= 3, foreign


def test_numbers_have_the_mark_of_the_language() -> None:
    assert load_page_texts("de").number(1234.5, 1) == "1234,5"
    assert load_page_texts("ja").number(-0.26, 1) == "\u22120.3"
    assert load_page_texts("fr").number(-0.04, 1) == "0,0"
    assert load_page_texts("en")("report.asymmetry", quantity="Knee") == "Asymmetry: Knee"
    assert load_page_texts("de").with_unit("53", "%") == "53\u202f%"
    assert load_page_texts("it").with_unit("53", "%") == "53%"
    assert load_page_texts("ko").with_unit("12", "ms") == "12\u202fms"
    assert load_page_texts("ko").with_unit("12", "°") == "12°"
    with pytest.raises(KeyError):
        load_page_texts("en")("no.such.words")
    with pytest.raises(FileNotFoundError):
        load_page_texts("xx")


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_video_can_write_every_letter_of_its_labels(code: str) -> None:
    """A letter that the font lacks is drawn as a question mark: none of the labels may look like one."""
    say = load_page_texts(code)
    canvas = blank_canvas(60, 60)
    canvas.text((30.0, 30.0), "?", size_px=40, colour=(255, 255, 255), anchor="centre")
    missing = canvas.picture().copy()
    keys = [key for key in say.entries if key.split(".")[0] in {"frame", "panel"} or key in {"side.left", "side.right"}]
    letters = {letter for key in keys if key != "frame.caption" for letter in say.entries[key] if not letter.isspace()}
    assert letters
    for letter in letters:
        drawn = blank_canvas(60, 60)
        drawn.text((30.0, 30.0), letter, size_px=40, colour=(255, 255, 255), anchor="centre")
        assert (drawn.picture() != blank_canvas(60, 60).picture()).any(), letter
        assert (drawn.picture() != missing).any(), letter

"""The page of two clips in every language: no word of another one, numbers with its decimal mark, and what two languages mean."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from importlib import resources
from typing import Any, get_args

import pytest

from kinesight.analyses.running.back.angles import FRONTAL_SERIES
from kinesight.analyses.running.combined import combine
from kinesight.analyses.running.combined_curves import charts_of_view, kept_series
from kinesight.analyses.running.combined_result import CombinedDocument, Reason, Verdict
from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.parameters import Language
from kinesight.analyses.running.result import RunningResult
from kinesight.analyses.running.texts import load_language, words_for
from kinesight.domain.analysis import FinishedClip
from kinesight.domain.errors import BadResult

Finished = Callable[[str], FinishedClip]
LANGUAGES = get_args(Language)
FAR_EAST = ("zh", "ja", "ko")
KINDS = ("before_after", "two_views")
TEMPLATES = ("combined.html", "report.html")
LATIN = {"Kinesight", "source", "ochy", "side", "back", "ms", "cm", "km"}
"""What may be Latin on a page of the Far East: names, and units as the world writes them."""


class Shown(HTMLParser):
    """Collects what a reader sees, hovers over or has read to him."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._inside = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name in {"aria-label", "title", "alt"}:
                self.said.append(value or "")
            if name == "data-chart":
                data = json.loads(value or "{}")
                self.said += [data["unit"], *(line for line, _ in data["lines"])]

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside not in {"style", "script"}:
            self.said.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.said).split())


def spoken(clip: FinishedClip, language: str, *, title: str = "1") -> FinishedClip:
    """Return a clip as if it had been analysed in a language: its own words too, without the pictures of its report."""
    result = RunningResult.model_validate(clip.document.result)
    words = load_language(language)
    scores = {}
    for key, score in result.scores.items():
        name = key.removesuffix("_left").removesuffix("_right")
        scores[key] = score.model_copy(update={"texts": words_for(words, name, band=score.band, direction="high")})
    styles = [
        style.model_copy(update={"title": words.styles[style.code].title, "animal": words.styles[style.code].animal})
        for style in result.styles
        if style.code is not None
    ]
    told = result.model_copy(update={"language": language, "scores": scores, "styles": tuple(styles)})
    document = clip.document.model_copy(update={"result": told.model_dump(mode="json"), "warnings": ()})
    files = {name: content for name, content in clip.files.items() if name == "series.csv"}
    return FinishedClip(title=title, document=document, files=files)


@pytest.fixture
def pair(finished: Finished, back: FinishedClip) -> Callable[..., tuple[FinishedClip, FinishedClip]]:
    """Return two clips of a kind in one language or, with two, each in its own; with every notice that two clips can cause."""

    def make(kind: str, first: str, second: str | None = None) -> tuple[FinishedClip, FinishedClip]:
        later = finished("after") if kind == "before_after" else back
        return spoken(finished("before"), first), spoken(later, second or first, title="2")

    return make


def different(clip: FinishedClip) -> FinishedClip:
    """Return the clip with everything else changed too that a notice is about."""
    result = RunningResult.model_validate(clip.document.result)
    speed = result.metrics.speed_m_per_s.model_copy(update={"value": 5.21})
    changed = result.model_copy(
        update={
            "instant": "initial_contact",
            "profile": "ochy-back/2",
            "near_side": "left",
            "treadmill": not result.treadmill,
            "metrics": result.metrics.model_copy(update={"speed_m_per_s": speed}),
        }
    )
    parameters = {**clip.document.made_by.parameters, "height_m": 1.52}
    made = clip.document.made_by.model_copy(update={"parameters": parameters})
    document = clip.document.model_copy(update={"result": changed.model_dump(mode="json"), "made_by": made})
    return FinishedClip(title=clip.title, document=document, files=clip.files)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_combined_page_speaks_one_language(pair: Any, language: str, kind: str) -> None:
    first, second = pair(kind, language)
    combined = combine(first, different(second))
    assert combined.page.count(f'<html lang="{language}">') == 1
    text = Shown(combined.page).text
    say, english = load_page_texts(language), load_page_texts("en").entries
    expected = {"report.total", "report.todo", "report.error_lead", "report.numbers", "metric.cadence_spm", "notice.other_ground"}
    expected |= {"combined.verdict", "combined.needed", "combined.after_line"} if kind == "before_after" else {"report.error"}
    for key in expected:
        assert say(key) in text, key
    if language == "en":
        return
    plain = {words for key, words in english.items() if "{" not in words and len(words) > 9 and words != say.entries[key]}
    assert len(plain) > 90
    assert [words for words in plain if words in text] == []
    # beginnings of sentences with something put in, such as "The runner was said to be"
    begun = {words.partition("{")[0] for key, words in english.items() if "{" in words and words != say.entries[key]}
    assert [words for words in begun if len(words) > 9 and words in text] == []
    if language in FAR_EAST:
        assert set(re.findall(r"[A-Za-z]{2,}", text)) <= LATIN


@pytest.mark.parametrize("language", ["de", "ja"])
def test_pages_from_whole_folders_are_in_one_language_down_to_their_pictures(spoken_folders: Any, language: str) -> None:
    first, second = spoken_folders(language)
    page = combine(first, second).page
    text = Shown(page).text
    say = load_page_texts(language)
    assert say("frame.trunk") in text
    assert say("instant.full_contact") in text
    assert page.count('class="pairing"') >= 2
    if language in FAR_EAST:
        assert set(re.findall(r"[A-Za-z]{2,}", text)) <= LATIN
    else:
        english = load_page_texts("en").entries
        plain = [words for key, words in english.items() if len(words) > 7 and words != say.entries[key]]
        assert [words for words in plain if re.search(rf"\b{re.escape(words)}\b", text)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_of_a_combined_page_have_the_decimal_mark_of_its_language(pair: Any, kind: str) -> None:
    german = Shown(combine(*pair(kind, "de")).page).text
    assert re.search(r"\d,\d° ± \d+,\d", german)
    assert not re.search(r"\d\.\d+ ?(°|m|cm|%|s|Schritte)", german)
    assert re.search(r"\d\.\d° ± \d+\.\d", Shown(combine(*pair(kind, "ja")).page).text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_hold_no_words_of_their_own(template: str) -> None:
    source = resources.files("kinesight.analyses.running").joinpath("templates", template).read_text("utf-8")
    rest = re.sub(r"{{.*?}}|{%.*?%}", "", source, flags=re.S)
    assert set(re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", " ", rest))) <= {"Kinesight", "doi"}
    labels = re.findall(r'(?:aria-label|title|alt)="([^"]*)"', rest)
    assert labels
    assert [label for label in labels if re.search("[A-Za-z]", label)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_reason_and_curve_has_words(language: str) -> None:
    say = load_page_texts(language)
    for reason in get_args(Reason):
        assert f"combined.{reason}" in say
    assert set(get_args(Verdict)) == {"changed", "within_noise", "not_comparable"}
    for rise in ("higher", "lower"):
        assert len({say(f"combined.{rise}{what}") for what in ("", "_better", "_worse")}) == 3
    assert say("combined.before_letter") != say("combined.after_letter")


def test_every_curve_from_behind_has_a_title(back: FinishedClip) -> None:
    """A series without words is left out, so none of ours may be; the pelvis is drawn as each leg sees it."""
    rows = [",".join(["time_s", *FRONTAL_SERIES])]
    rows += [",".join([f"{frame / 30:.3f}", *["1.5"] * len(FRONTAL_SERIES)]) for frame in range(150)]
    series = kept_series("\n".join(rows).encode())
    assert (series["left_pelvis_deg"][0], series["right_pelvis_deg"][0]) == (1.5, -1.5)
    charts = charts_of_view(series, RunningResult.model_validate(back.document.result), load_page_texts("en"))
    assert len(charts) == 5
    assert "Pelvis: own hip against the other" in charts[0]
    foreign = {**series, "left_wing_deg": series["left_pelvis_deg"]}
    assert len(charts_of_view(foreign, RunningResult.model_validate(back.document.result), load_page_texts("en"))) == 5


def test_two_languages_give_the_later_ones_page_and_a_notice(pair: Any) -> None:
    first, second = pair("before_after", "fr", "ja")
    combined = combine(first, second)
    assert isinstance(combined.document, CombinedDocument)
    assert combined.document.language == "ja"
    assert [notice.code for notice in combined.document.warnings] == ["other_language"]
    assert load_page_texts("ja")("notice.other_language") in combined.page
    assert '<html lang="ja">' in combined.page
    assert "Fiabilité" not in combined.page  # what the page says of the French clip is Japanese, too
    assert load_page_texts("ja")("combined.before") in combined.page


def test_the_language_of_two_views_is_that_of_the_back_view_in_either_order(pair: Any) -> None:
    side, behind = pair("two_views", "it", "ko")
    pages = {combine(side, behind).page, combine(behind, side).page}
    assert len(pages) == 1
    assert '<html lang="ko">' in pages.pop()


@pytest.mark.parametrize("language", ["xx", "../page_texts/de", ""])
def test_a_result_in_a_language_that_is_not_known_is_refused(finished: Finished, language: str) -> None:
    clip = finished("after")
    document = clip.document.model_copy(update={"result": {**clip.document.result, "language": language}})
    with pytest.raises(BadResult, match=r"language.*Analyse it again"):
        combine(finished("before"), FinishedClip(title="other", document=document))


def test_plus_minus_is_the_error_alone_on_the_combined_page(finished: Finished, back: FinishedClip) -> None:
    text = Shown(combine(finished("before"), finished("after")).page).text
    assert re.search(r"[0-9.]+° ± [0-9.]+ n=[0-9]+", text)
    behind = Shown(combine(finished("before"), back).page).text
    assert re.search(r"Left 9\.0° spread 0\.5 · n=8, 90% sure", behind)  # its error is not known
    assert re.search(r"Pelvic drop Left 9\.0° 0\.5 8 90%", behind)

"""The page of two clips: complete, self-contained, well-formed, and never trusting what it reads back from kept files."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html.parser import HTMLParser

import numpy as np
import pytest

from kinesight.analyses.running.combined import combine
from kinesight.analyses.running.combined_curves import charts_of_change, kept_series
from kinesight.analyses.running.combined_pictures import kept_frames
from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.result import Event, RunningResult
from kinesight.domain.analysis import FinishedClip
from kinesight.domain.document import Notice

Finished = Callable[[str], FinishedClip]
VOID = {"meta", "link", "br", "img", "hr", "input", "source"}
JPEG = base64.b64encode(b"\xff\xd8 a picture \xff\xd9").decode()
STRIKES = [
    Event(foot=foot, kind="foot_strike", time_s=time_s, confidence=1.0) for foot, time_s in (("left", 7.05), ("right", 7.40))
]


class Page(HTMLParser):
    """Reads a page: whether tags balance, what it refers to, and the words it shows."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.names: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names += [name for name, _ in attrs]
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def alone(clip: FinishedClip, **changes: object) -> FinishedClip:
    document = clip.document.model_copy(update=changes)
    return FinishedClip(title=str(changes.pop("title", clip.title)), document=document)


def test_every_page_is_well_formed_and_needs_nothing_from_outside(finished: Finished, back: FinishedClip) -> None:
    for second in (finished("after"), back, alone(finished("after"))):
        html = combine(finished("before"), second).page
        page = Page(html)
        assert all(address.startswith(("data:", "#")) for address in page.addresses)
        assert not [name for name in page.names if name.startswith("on")]
        assert html.count("<script>") == 1
        assert "nan" not in page.text.lower().split()
        assert "None" not in page.text


def test_a_change_is_told_with_its_size_and_what_is_left_to_do(finished: Finished) -> None:
    text = Page(combine(finished("before"), finished("after")).page).text
    for words in ("What changed", "Trunk lean", "higher, better", "within the noise", "Key frames", "Over the stride", "Needed"):
        assert words in text
    told = re.search(r"\+([0-9.]+)° [0-9.]+° → [0-9.]+° higher, better", text)
    assert told is not None
    assert float(told[1]) == pytest.approx(7.0, abs=1.5)  # trunk: 3 to 10 degrees
    assert text.count("full contact at") >= 4
    turned = Page(combine(finished("after"), finished("before")).page).text
    assert "lower, worse" in turned


def test_two_views_stand_next_to_each_other(finished: Finished, back: FinishedClip) -> None:
    text = Page(combine(back, finished("before")).page).text
    for words in (
        "Side view",
        "Back view",
        "from behind.mp4",
        "The hip of the swinging leg sinks.",
        "Side view · Angles",
        "Back view · Angles",
    ):
        assert words in text
    assert text.index("Side view") < text.index("Back view")
    assert "What changed" not in text
    assert text.count("of 100") >= 2
    assert "of 100 of 100" not in text
    assert "Read with little confidence" not in text  # the unsure reading is only slightly off
    assert "needs a view from" not in text


def test_when_nothing_can_be_judged_the_page_says_so(finished: Finished, back: FinishedClip) -> None:
    before = RunningResult.model_validate(back.document.result)
    once = before.metrics.cadence_spm.model_copy(update={"n": 1, "spread": None, "value": 150.0})
    bare = {"measures": {}, "scores": {}, "metrics": {"cadence_spm": once.model_dump()}}
    other = back.document.model_copy(update={"result": {**back.document.result, **bare}})
    text = Page(combine(back, FinishedClip(title="short", document=other)).page).text
    assert "Whether anything changed cannot be told" in text
    assert "too few strides to tell" in text
    assert "Nothing could be scored." in text


def test_a_warning_of_both_clips_is_said_once(finished: Finished) -> None:
    notice = Notice(code="low_frame_rate", message="At 30 frames a second a foot strike is timed less exactly.")
    own = Notice(code="sides_repaired", message="Put right.")
    first = alone(finished("before"), warnings=(notice,))
    second = alone(finished("after"), warnings=(notice, own))
    text = Page(combine(first, second).page).text
    assert text.count(notice.message) == 1
    assert f"Both clips · {notice.message}" in text
    assert f"After · {own.message}" in text


def test_titles_are_shown_as_text(finished: Finished, back: FinishedClip) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    html = combine(finished("before"), FinishedClip(title=hostile, document=back.document)).page
    assert "<script>alert" not in html
    assert hostile in Page(html).text


# key frames


def frame(inside: str, *, caption: str = "Left foot, full contact at 7.08 s", readings: str = "") -> bytes:
    svg = f'<svg viewBox="0.0 0.0 100.0 100.0" role="img" aria-label="{caption}">{inside}</svg>'
    return f'<figure class="card frame">{svg}<figcaption>{readings}</figcaption></figure>'.encode()


def test_key_frames_come_back_with_picture_foot_and_angles() -> None:
    picture = f'<image href="data:image/jpeg;base64,{JPEG}" width="1920" height="1080" preserveAspectRatio="none"/>'
    readings = '<span class="band good" title="Good">Front knee 149°</span><span class="band unknown">Foot 2°</span>'
    page = frame(picture, readings=readings) + frame(picture, caption="Rechter Fuß bei 7,43 s")
    left, right = kept_frames(page, STRIKES)
    assert f'<image href="data:image/jpeg;base64,{JPEG}" width="1920" height="1080" preserveAspectRatio="none">' in left.picture
    assert 'viewBox="0.0 0.0 100.0 100.0"' in left.picture
    assert left.readings == (("Front knee 149°", "good"), ("Foot 2°", "unknown"))
    assert (left.foot, right.foot) == ("left", "right")  # by the time, whatever the language
    assert kept_frames(frame(picture, caption="at 9.99 s"), STRIKES)[0].foot is None


@pytest.mark.parametrize(
    "inside",
    [
        "<script>alert(1)</script>",
        "<foreignObject><b onclick='x()'>b</b></foreignObject>",
        '<image href="https://example.com/a.jpg" width="1" height="1"/>',
        '<image href="javascript:alert(1)" onload="alert(1)" width="1" height="1"/>',
        '<path class="left" d="M0 0" onmouseover="alert(1)" style="background:url(x)"/>',
        '<path class="x&quot; onload=&quot;alert(1)" d="M0 0"/>',
        "<text>&lt;script&gt;alert(1)&lt;/script&gt;</text>",
        "<style>*{display:none}</style>",
        "<use href='#a'/><a href='https://example.com'>a</a>",
        "</svg></figure><script>alert(1)</script>",
        "<g><g><text>left open",
    ],
)
def test_nothing_but_plain_drawing_is_taken_from_a_kept_page(inside: str) -> None:
    for kept in kept_frames(frame(inside), STRIKES):
        page = Page(str(kept.picture))  # every tag is closed
        assert not [name for name in page.names if name.startswith("on") or name == "style"]
        assert page.addresses == []
        assert not re.search(r"<(script|style|use|a|foreignobject)\b", kept.picture, re.I)


def test_a_page_without_frames_or_no_page_gives_none() -> None:
    assert kept_frames(None, STRIKES) == ()
    assert kept_frames(b"", STRIKES) == ()
    assert kept_frames(b"\xff\xfe not html <<<", STRIKES) == ()
    assert len(kept_frames(frame("<path d='M0 0'/>") * 40, STRIKES)) == 12


# curves


@pytest.mark.parametrize(
    "text", ["", "time_s", "a,b\n1,2\n3,4\n", "time_s,left_knee_deg\n0,1\n1\n", "time_s,left_knee_deg\n0,x\n1,2\n"]
)
def test_what_is_no_series_gives_no_curves(text: str) -> None:
    assert kept_series(text.encode()) == {}


def test_a_series_keeps_its_holes() -> None:
    series = kept_series(b"time_s,left_knee_deg\n0.0,150\n0.1,\n0.2,152\n")
    assert np.isnan(series["left_knee_deg"][1])
    assert series["time_s"].tolist() == [0.0, 0.1, 0.2]


def test_curves_stand_over_each_other_only_where_both_clips_have_them(finished: Finished) -> None:
    clips = [finished("before"), finished("after")]
    results = [RunningResult.model_validate(clip.document.result) for clip in clips]
    series = [kept_series(clip.files["series.csv"]) for clip in clips]
    say = load_page_texts("en")
    charts = charts_of_change(series, results, say)
    assert len(charts) == len([name for name in series[0] if name.endswith("_deg")])
    assert all("Before (n=" in chart and "After (n=" in chart for chart in charts)
    less = {name: values for name, values in series[1].items() if name != "trunk_lean_deg"}
    assert len(charts_of_change([series[0], less], results, say)) == len(charts) - 1
    assert charts_of_change([series[0], {}], results, say) == ()

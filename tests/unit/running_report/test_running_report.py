"""The report page: self-contained, complete, escaped, well-formed, and honest about what is unknown."""

import base64
import dataclasses
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import BaseModel

from kinesight.analyses.running.overlay import RunningOverlay
from kinesight.analyses.running.report import report_page, total_band
from kinesight.analyses.running.report_curves import over_the_cycle, strides
from kinesight.analyses.running.report_frames import cut_out, key_frames
from kinesight.analyses.running.report_numbers import degrees, measure_rows, metric_rows, reading
from kinesight.analyses.running.result import Measures, Metrics, RunningResult
from kinesight.analyses.running.scene import Scene
from kinesight.domain.analysis import ReportInput
from kinesight.domain.document import Estimate, Notice, UsedModel
from kinesight.domain.video import VideoInfo
from kinesight.drawing.canvas import blank_canvas

MakeScene = Callable[..., Scene]
VOID = {"meta", "link", "br", "img", "hr", "input", "source"}
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>'


class Page(HTMLParser):
    """Reads a page: whether tags balance, what it refers to, and the words it shows."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.addresses: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []
        self.words: list[str] = []
        self.counts: dict[str, int] = {}
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name in {"src", "href", "xlink:href", "action", "poster", "data", "srcset"}:
                self.addresses.append(value or "")
            if name == "id":
                self.ids.append(value or "")
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


def jpeg() -> bytes:
    stream = io.BytesIO()
    Image.fromarray(blank_canvas(64, 36).picture()).save(stream, "JPEG")
    return stream.getvalue()


def given(**changes: Any) -> ReportInput:
    video = VideoInfo(sha256="ab" * 32, width_px=1280, height_px=720, fps=59.94, frame_count=180, duration_s=3.0)
    values: dict[str, Any] = {
        "title": "morning run.mp4", "video": video, "models": (UsedModel(task="pose", name="blazepose-heavy", sha256="cd" * 32),),
        "parameters": {"view": "auto", "height_m": None, "treadmill": True},
    }  # fmt: skip
    return ReportInput(**(values | changes))


def without_numbers(scene: Scene) -> Scene:
    assert scene.result is not None
    nothing = scene.result.model_copy(
        update={
            "metrics": Metrics(), "measures": Measures(), "scores": {}, "styles": (), "total_score": None, "events": (),
            "direction": None, "near_side": None,
        }
    )  # fmt: skip
    series = {name: np.full_like(values, np.nan) for name, values in scene.series_deg.items()}
    return dataclasses.replace(scene, result=nothing, steps=(), series_deg=series)


def all_nan(model: Any) -> Any:
    """Return a document with NaN in place of every value of an estimate."""
    if isinstance(model, Estimate):
        return Estimate(value=float("nan"), spread=float("nan"), n=0, confidence=float("nan"))
    if isinstance(model, BaseModel):
        return model.model_copy(update={name: all_nan(getattr(model, name)) for name in type(model).model_fields})
    return {key: all_nan(value) for key, value in model.items()} if isinstance(model, dict) else model


def without_errors(model: Any) -> Any:
    """Return a document in which no estimate knows its error."""
    if isinstance(model, Estimate):
        return model.model_copy(update={"error": None})
    if isinstance(model, BaseModel):
        return model.model_copy(update={name: without_errors(getattr(model, name)) for name in type(model).model_fields})
    return {key: without_errors(value) for key, value in model.items()} if isinstance(model, dict) else model


def test_the_page_is_well_formed_and_needs_nothing_from_outside(make_scene: MakeScene) -> None:
    scene = make_scene()
    stills = {moment.name: jpeg() for moment in RunningOverlay(scene).moments}
    html = report_page(scene, (), given(stills_jpeg=stills, video_mp4=b"\x00\x00\x00\x18ftypmp42"))
    page = Page(html)
    assert page.addresses
    assert all(address.startswith(("data:", "#")) for address in page.addresses)
    assert not re.search(r"(https?:)?//[a-z0-9]", re.sub(r"data:[^\"']*", "", html), re.I)
    assert "@import" not in html
    assert not re.search(r"url\(", html)
    assert len(page.ids) == len(set(page.ids))
    assert {address[1:] for address in page.addresses if address.startswith("#")} <= set(page.ids)
    assert html.startswith("<!doctype html>")


def test_only_the_pages_own_script_may_run(make_scene: MakeScene) -> None:
    html = report_page(make_scene(), (), given())
    page = Page(html)
    assert page.counts["script"] == 1
    policy = next(value for tag, name, value in page.attributes if tag == "meta" and name == "content" and "default-src" in value)
    assert "default-src 'none'" in policy
    import hashlib  # noqa: PLC0415

    script = re.search(r"<script>(.*)</script>", html, re.S).group(1)  # type: ignore[union-attr]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]


def test_every_measure_metric_and_score_is_named(make_scene: MakeScene) -> None:
    scene = make_scene()
    page = Page(report_page(scene, (), given()))
    assert scene.result is not None
    for row in (*metric_rows(scene.result), *measure_rows(scene.result)):
        assert row.name in page.text
    assert len({row.name for row in metric_rows(scene.result)}) >= len(Metrics.model_fields)
    assert len({row.name for row in measure_rows(scene.result)}) == len(Measures.model_fields)
    assert set(scene.result.scores) <= set(page.ids)
    for words in (
        "Hop",
        "Kangaroo",
        "63",
        "Your elbows open too far.",
        "Run 4 × 30 s with a band.",
        "92.8°",
        "± 3.2",
        "2.0",
        "spread 4",
        "86%",
    ):
        assert words in page.text


def test_measures_only_seen_from_behind_say_so(make_scene: MakeScene) -> None:
    page = Page(report_page(make_scene(), (), given()))
    assert page.text.count("not measured: needs a view from behind") == 8
    assert "not measured: needs the runner's height" in page.text


@pytest.mark.parametrize("field", ["title", "warning", "model", "parameter", "texts", "style"])
def test_strings_from_outside_are_escaped(make_scene: MakeScene, field: str) -> None:
    scene = make_scene()
    assert scene.result is not None
    scores = dict(scene.result.scores)
    texts = scores["arm"].texts.model_copy(
        update={"title": HOSTILE, "position": HOSTILE, "recap": (HOSTILE,), "exercises": (HOSTILE,)}
    )
    if field == "texts":
        scores["arm"] = scores["arm"].model_copy(update={"texts": texts})
    style = scene.result.styles[0].model_copy(update={"title": HOSTILE, "summary": HOSTILE, "animal": HOSTILE})
    result = scene.result.model_copy(update={"scores": scores, "styles": (style,) if field == "style" else scene.result.styles})
    warnings = (Notice(code="x", message=HOSTILE),) if field == "warning" else ()
    inputs = given(
        title=HOSTILE if field == "title" else "run",
        models=(UsedModel(task=HOSTILE, name=HOSTILE, sha256=HOSTILE),) if field == "model" else (),
        parameters={HOSTILE: HOSTILE} if field == "parameter" else {},
    )
    html = report_page(dataclasses.replace(scene, result=result), warnings, inputs)
    page = Page(html)
    assert page.counts["script"] == 1
    assert "img" not in page.counts
    assert "alert(1)</script>" in page.text.replace("</ ", "</")


@pytest.mark.parametrize("make", [without_numbers, lambda scene: dataclasses.replace(scene, result=all_nan(scene.result))])
def test_a_page_of_unknowns_is_valid_and_never_shows_zero_for_unknown(
    make_scene: MakeScene, make: Callable[[Scene], Scene]
) -> None:
    scene = make(make_scene())
    assert scene.result is not None
    page = Page(report_page(scene, (), given(video=None)))
    assert "nan" not in page.text.lower().split()
    assert "NaN" not in page.text
    assert "None" not in page.text
    for row in (*metric_rows(scene.result), *measure_rows(scene.result)):
        assert row.reading.text is None
        assert row.reading.reason
    assert page.text.count("not measured") >= len(measure_rows(scene.result))


def test_without_numbers_the_score_is_a_dash(make_scene: MakeScene) -> None:
    html = report_page(without_numbers(make_scene()), (), given())
    assert "Total score: not measured" in html
    assert "Nothing could be scored" in html


def test_warnings_come_before_the_numbers(make_scene: MakeScene) -> None:
    text = Page(report_page(make_scene(), (Notice(code="far_leg", message="The far leg is hidden."),), given())).text
    assert text.index("The far leg is hidden.") < text.index("Total score")


def test_the_video_is_embedded_and_frames_seek_in_it(make_scene: MakeScene) -> None:
    content = bytes(range(256)) * 4
    scene = make_scene()
    page = Page(report_page(scene, (), given(video_mp4=content)))
    video = next(value for tag, name, value in page.attributes if tag == "video" and name == "src")
    assert base64.b64decode(video.removeprefix("data:video/mp4;base64,")) == content
    seeks = [float(value) for _, name, value in page.attributes if name == "data-seek"]
    assert seeks == pytest.approx([moment.time_s for moment in RunningOverlay(scene).moments], abs=1e-3)
    assert "video" not in Page(report_page(scene, (), given())).counts


def test_key_frames_show_the_still_or_a_figure_from_the_poses(make_scene: MakeScene) -> None:
    scene = make_scene()
    moments = RunningOverlay(scene).moments
    content = jpeg()
    frames = key_frames(scene, moments, {moments[0].name: content})
    assert base64.b64encode(content).decode() in frames[0].picture
    assert all("<image" not in frame.picture and 'class="left"' in frame.picture for frame in frames[1:])
    assert [angle[:2] for angle in frames[0].angles] == [
        ("Front knee", "152°"),
        ("Back knee", "102°"),
        ("Foot", "12°"),
        ("Trunk", "9°"),
    ]
    assert [angle[2] for angle in frames[0].angles] == ["good", "okay", "bad", "good"]
    for frame in frames[1:]:
        assert all(value in frame.picture for _, value, _, _ in frame.angles)


@pytest.mark.parametrize("size", [(1280, 720), (1080, 1920)])
def test_the_cut_holds_the_whole_runner_and_stays_in_the_picture(make_scene: MakeScene, size: tuple[int, int]) -> None:
    scene = make_scene(size=size, treadmill=False)
    for step in scene.steps:
        left, top, width, height = cut_out(scene, step)
        assert width == height
        for x, y in scene.pose_at(step.instant_s).values():
            assert left <= x <= left + width
            assert top <= y <= top + height
        if width <= min(size):
            assert left >= 0
            assert left + width <= size[0] + 1e-6


def test_every_picture_has_words_and_every_table_headers(make_scene: MakeScene) -> None:
    html = report_page(make_scene(), (), given())
    for svg in re.findall(r"<svg[^>]*>", html):
        assert 'role="img"' in svg
        assert re.search(r'aria-label="[^"]+"', svg)
    page = Page(html)
    assert page.counts["caption"] == page.counts["table"] == 2
    assert ("th", "scope", "col") in page.attributes
    assert ("th", "scope", "row") in page.attributes


def test_colours_of_words_have_enough_contrast() -> None:
    """WCAG 2.2 asks 4.5:1 for text; checked for the ink colours of both themes on their cards and pages."""
    from importlib.resources import files  # noqa: PLC0415

    style = files("kinesight.pages").joinpath("templates/style.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.S)
    assert len(blocks) == 3

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for block in blocks:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", block))
        colours = {k: v if len(v) == 7 else "#" + "".join(2 * c for c in v[1:]) for k, v in colours.items()}
        for ink in ("ink", "soft", "accent", "left", "right", "good", "okay", "bad", "then", "now"):
            for ground in ("card", "page"):
                bright, dark = sorted((luminance(colours[ink]), luminance(colours[ground])), reverse=True)
                assert (bright + 0.05) / (dark + 0.05) >= 4.5, (ink, ground, colours)


def test_a_mean_over_the_cycle_of_equal_waves_is_the_wave_itself() -> None:
    times = np.arange(300) / 100
    wave = 120 + 40 * np.cos(2 * np.pi * times / 0.7)
    spans = [(0.1 + 0.7 * i, 0.8 + 0.7 * i) for i in range(3)]
    mean, deviation, count = over_the_cycle(times, wave, spans)
    phase = np.linspace(0, 1, 101)
    assert count == 3
    assert mean == pytest.approx(120 + 40 * np.cos(2 * np.pi * (0.1 / 0.7 + phase)), abs=0.2)
    assert np.nanmax(deviation) < 0.2


def test_the_deviation_over_the_cycle_is_that_of_the_strides() -> None:
    times = np.arange(400) / 100
    values = np.where(times < 1, 10.0, np.where(times < 2, 14.0, 18.0))
    mean, deviation, count = over_the_cycle(times, values, [(0.0, 0.98), (1.0, 1.98), (2.0, 2.98)])
    assert (count, mean[50], deviation[50]) == pytest.approx((3, 14.0, 4.0))
    single = over_the_cycle(times, values, [(0.0, 0.98)])
    assert np.isnan(single[1]).all()


def test_gaps_are_not_bridged_over_the_cycle() -> None:
    times = np.arange(200) / 100
    values = np.full(200, 5.0)
    values[40:60] = np.nan
    mean, _, count = over_the_cycle(times, values, [(0.0, 1.0)])
    assert count == 1
    assert np.isnan(mean[50])
    assert mean[20] == 5.0
    empty = over_the_cycle(times, np.full(200, np.nan), [(0.0, 1.0)])
    assert empty[2] == 0
    assert np.isnan(empty[0]).all()


def test_a_missed_strike_makes_no_stride(make_scene: MakeScene) -> None:
    scene = make_scene(seconds=6.0)
    left = [step for step in scene.steps if step.foot == "left"]
    missed = dataclasses.replace(scene, steps=tuple(step for step in scene.steps if step is not left[2]))
    assert len(strides(missed, "left")) == len(strides(scene, "left")) - 2


@pytest.mark.parametrize(
    ("estimate", "text", "error", "spread", "margin"),
    [
        (Estimate(value=0.2214, spread=0.0061, n=3, confidence=0.5), "221\u202fms", "", "6", "spread 6"),
        (Estimate(value=0.2214, spread=0.0061, n=3, confidence=0.5, error=0.0121), "221\u202fms", "± 13", "6", "± 13"),
        (Estimate(value=0.2214, n=1, spread=0.0, error=0.02), "221\u202fms", "± 20", "", "± 20"),
        (Estimate(value=-0.00001, spread=None, error=0.0001), "0\u202fms", "± 1", "", "± 1"),
        (Estimate(value=-0.05, spread=float("nan"), error=float("nan")), "\u221250\u202fms", "", "", ""),
        (Estimate(value=None, error=0.1), None, "", "", ""),
        (Estimate(value=float("nan")), None, "", "", ""),
    ],
)
def test_readings_in_words(estimate: Estimate, text: str | None, error: str, spread: str, margin: str) -> None:
    found = reading(estimate, factor=1000, unit="ms", reason="because")
    assert (found.text, found.error, found.spread, found.margin) == (text, error, spread, margin)
    assert found.reason == ("because" if text is None else "")


@pytest.mark.parametrize("digits", [0, 1, 2])
def test_an_error_is_never_shown_smaller_than_it_is_nor_as_nothing(digits: int) -> None:
    """What is shown holds the true value in nine of ten cases only if it is not rounded down."""
    for error in np.geomspace(1e-6, 300, 200):
        shown = float(reading(Estimate(value=1.0, error=float(error)), digits=digits).error.removeprefix("± "))
        assert shown >= error - 1e-6
        assert shown > 0
        assert shown < error + 10.0**-digits + 1e-6


def test_plus_minus_is_the_error_alone(make_scene: MakeScene) -> None:
    scene = make_scene()
    assert scene.result is not None
    for row in (*metric_rows(scene.result), *measure_rows(scene.result)):
        assert "±" not in row.reading.spread
    page = Page(report_page(scene, (), given()))
    assert re.search(r"Left 92\.8° ± 3\.2 · n=7, 86% sure", page.text)
    assert re.search(r"Flight 128 ms spread 4 \(n=7\)", page.text)  # its error is not known
    assert re.search(r"Trunk lean 9\.0° ± 1\.3 2\.0 7 86%", page.text)  # value, error, spread, n, confidence
    bare = Page(report_page(dataclasses.replace(scene, result=without_errors(scene.result)), (), given()))
    lead = "± is the error"
    assert bare.text.count("±") == bare.text.count(lead) == 2


def test_angles_in_words() -> None:
    assert [degrees(value) for value in (152.4, -0.4, -12.6, 0.0)] == ["152°", "0°", "\u221213°", "0°"]


@pytest.mark.parametrize(("score", "band"), [(0.9, "good"), (0.627, "okay"), (0.1, "bad"), (None, None), (float("nan"), None)])
def test_the_total_is_banded_by_thirds(score: float | None, band: str | None) -> None:
    assert total_band(score) == band


def test_a_refused_analysis_has_no_report(make_scene: MakeScene) -> None:
    with pytest.raises(ValueError, match="result"):
        report_page(make_scene(refused=True), (), given())


def test_back_view_measures_get_cards_of_their_own(make_scene: MakeScene) -> None:
    scene = make_scene()
    assert scene.result is not None
    score = scene.result.scores["arm"].model_copy(update={"range_good": (0.0, 5.0), "range_okay": (5.0, 8.0), "value_deg": 6.0})
    number = Estimate(value=6.0, spread=1.0, n=4, confidence=0.7)
    measures = Measures(pelvic_drop_deg={"left": number, "right": number})  # type: ignore[arg-type]
    result: RunningResult = scene.result.model_copy(
        update={"view": "back", "scores": {"pelvic_drop_left": score}, "measures": measures}
    )
    page = Page(report_page(dataclasses.replace(scene, result=result), (), given()))
    assert "pelvic_drop_left" in page.ids
    assert "Pelvis, left leg" in page.text
    assert "needs a view from the side" not in page.text
    assert "Elbow angle" not in page.text

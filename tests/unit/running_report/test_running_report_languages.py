"""The report and the labels of the video in every language, with the styles' drawing and the comparison with published means."""

import dataclasses
import re
from collections.abc import Callable
from typing import get_args

import pytest

from kinesight.analyses.running.overlay import RunningOverlay
from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.parameters import RunningParameters
from kinesight.analyses.running.report import report_page
from kinesight.analyses.running.report_norms import norm_rows
from kinesight.analyses.running.report_styles import style_map
from kinesight.analyses.running.result import Norm, Style, StylePlace
from kinesight.analyses.running.scene import Scene
from kinesight.analyses.running.texts import load_language
from kinesight.domain.analysis import ReportInput
from kinesight.domain.video import VideoInfo
from kinesight.drawing.canvas import PictureCanvas, blank_canvas

MakeScene = Callable[..., Scene]
LANGUAGES = get_args(RunningParameters.model_fields["language"].annotation)
CONTACT = Norm(
    value=0.25,
    mean=0.299,
    difference_percent=-16.4,
    sex="female",
    speed_m_per_s=(1.89, 3.11),
    group="g",
    source="S",
    doi="10.1/2",
)


def spoken(scene: Scene, language: str, **changes: object) -> Scene:
    assert scene.result is not None
    words = load_language(language)
    styles = tuple(
        Style(code=code, title=style.title, animal=style.animal, percentage=70 - 10 * count, summary=style.summary)
        for count, (code, style) in enumerate(words.styles.items())
    )
    update = {
        "language": language, "styles": styles, "norms": {"contact_time_s": CONTACT},
        "style_place": StylePlace(frequency_percent=6.0, duty_factor_percent=-5.0), **changes,
    }  # fmt: skip
    return dataclasses.replace(scene, result=scene.result.model_copy(update=update))


def page(scene: Scene) -> str:
    video = VideoInfo(sha256="ab" * 32, width_px=1280, height_px=720, fps=59.94, frame_count=180, duration_s=3.0)
    return report_page(scene, (), ReportInput(title="run", video=video, models=(), parameters={}, video_mp4=b"x"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_speaks_one_language(make_scene: MakeScene, language: str) -> None:
    html = page(spoken(make_scene(), language))
    assert f'<html lang="{language}">' in html
    shown = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", html, flags=re.S)
    shown = shown.replace("&#39;", "'")
    say = load_page_texts(language)
    for key in ("report.total", "report.todo", "report.measures", "style.usual", "norm.title", "metric.cadence_spm"):
        assert say(key) in shown
    if language != "en":
        english = load_page_texts("en").entries
        plain = {words for key, words in english.items() if "{" not in words and len(words) > 9 and words != say(key)}
        assert len(plain) > 60
        assert [words for words in plain if words in shown] == []


def test_numbers_of_a_report_have_the_decimal_mark_of_its_language(make_scene: MakeScene) -> None:
    german = page(spoken(make_scene(), "de"))
    assert "92,8°" in german
    assert "92.8°" not in german
    assert "59,94 Bilder/s" in german
    assert "92.8°" in page(spoken(make_scene(), "ja"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_video_is_labelled_in_the_language(make_scene: MakeScene, language: str) -> None:
    scene = spoken(make_scene(), language)
    written: list[str] = []

    class Noted(PictureCanvas):
        def text(self, position: tuple[float, float], text: str, **how: object) -> None:
            written.append(text)

    step = scene.steps[0]
    overlay = RunningOverlay(scene)
    overlay.draw(Noted(blank_canvas(1280, 720).picture()), time_s=step.instant_s + 0.02)
    say = load_page_texts(language)
    wanted = {say(f"frame.{angle}") for angle in step.angles_deg}
    wanted |= {say(key) for key in ("panel.cadence", "panel.contact", "side.left", "side.right", "side.left_letter")}
    assert wanted <= set(written)
    assert overlay.moments[0].caption.startswith(say("side.left"))


def test_the_styles_are_drawn_with_the_run_among_them(make_scene: MakeScene) -> None:
    scene = spoken(make_scene(), "en")
    assert scene.result is not None
    drawn = str(style_map(scene.result))
    for style in scene.result.styles:
        assert f">{style.title}</text>" in drawn
    assert 'aria-label="Step frequency +6%, duty factor \u22125% against what is usual at this speed"' in drawn
    # 6 % of frequency is one unit to the right, 5 % less duty factor half a unit down
    assert re.search(r'class="style-you" cx="252.0" cy="152.0"', drawn)
    assert drawn.count("style-centre closest") == 1
    assert style_map(scene.result.model_copy(update={"style_place": None})) is None


@pytest.mark.parametrize(("frequency", "duty"), [(900.0, 900.0), (-100.0, -100.0), (0.0, 0.0)])
def test_a_run_far_out_stands_at_the_edge_of_the_drawing(make_scene: MakeScene, frequency: float, duty: float) -> None:
    place = StylePlace(frequency_percent=frequency, duty_factor_percent=duty)
    scene = spoken(make_scene(), "en", style_place=place)
    assert scene.result is not None
    found = re.search(r'class="style-you" cx="([\d.]+)" cy="([\d.]+)"', str(style_map(scene.result)))
    assert found is not None
    assert 6 <= float(found[1]) <= 314
    assert 6 <= float(found[2]) <= 234


def test_means_of_others_are_shown_with_their_source(make_scene: MakeScene) -> None:
    scene = spoken(make_scene(), "fr")
    assert scene.result is not None
    (row,) = norm_rows(scene.result)
    assert (row.name, row.value, row.mean, row.difference) == ("Contact au sol", "250\u202fms", "299\u202fms", "\u221216\u202f%")
    assert row.group == "femmes, 1,9 à 3,1 m/s"
    html = page(scene)
    assert "10.1/2" in html
    assert load_page_texts("fr")("norm.title") not in page(spoken(make_scene(), "fr", norms={}))


def test_a_profile_without_a_total_says_so(make_scene: MakeScene) -> None:
    html = page(spoken(make_scene(), "en", total_score=None))
    assert "gives no total" in html
    assert "too little could be scored" not in html
    assert "too little could be scored" in page(spoken(make_scene(), "en", total_score=None, scores={}))

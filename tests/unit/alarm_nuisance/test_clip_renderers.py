"""Rendered clips show what they say: rain lives for one frame, a flag is held along its pole, a clock ticks, and so on."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from kinesight.testing.alarm_clips import clocks, crawlers, flags, lighting, motion, plants, rain, shake, webs
from kinesight.testing.alarm_clips.backdrops import drawn
from kinesight.testing.alarm_clips.clips import Studio, render
from kinesight.testing.alarm_clips.families import CAUSES, LABELS
from kinesight.testing.alarm_clips.stage import Layer, Picture, Renderer, Stage

STAGE = Stage(width_px=320, height_px=240, duration_s=4.0, exposure_s=1 / 30, is_infrared=False)
NIGHT = Stage(width_px=320, height_px=240, duration_s=4.0, exposure_s=1 / 30, is_infrared=True)
TIMES = np.arange(0, 4, 0.2)
ALL_MAKERS = [maker for cause in CAUSES.values() for maker in dict.fromkeys(cause.shown + cause.held_out)]


def grey_scene(level: float = 90.0) -> Picture:
    return np.full((240, 320, 3), level, np.float32)


@cache
def _yard() -> Picture:
    return drawn(3)[2].view(np.random.default_rng(0), width_px=320, height_px=240)


def textured_scene() -> Picture:
    return _yard().copy()


def seen(renderer: Renderer, scene: Picture, times: np.ndarray = TIMES) -> np.ndarray:
    """Return how much each frame differs from the scene, (n, h, w)."""
    return np.stack([np.abs(renderer.draw(scene.copy(), float(t)) - scene).max(axis=2) for t in times])


@pytest.mark.parametrize("maker", [rain.StreakRain, rain.VeilRain, rain.NearRain])
def test_drops_live_for_one_frame(maker: type) -> None:
    wet = seen(maker(STAGE, np.random.default_rng(4)), grey_scene()) > 6
    share = wet.mean()
    assert 0.0005 < share < 0.4
    again = np.mean(wet[1:] & wet[:-1]) / share
    assert again == pytest.approx(share, abs=0.03), "a wet pixel is wet in the next frame as often as by chance"


def test_a_longer_exposure_draws_longer_streaks() -> None:
    wetness = []
    for exposure_s in (1 / 200, 1 / 25):
        stage = Stage(width_px=320, height_px=240, duration_s=4.0, exposure_s=exposure_s, is_infrared=False)
        wetness.append(float((seen(rain.StreakRain(stage, np.random.default_rng(4)), grey_scene(), TIMES[:3]) > 6).mean()))
    assert wetness[1] > 2 * wetness[0], "as many drops, each over more of the picture"


def test_a_flag_keeps_still_along_its_pole() -> None:
    flag = flags.WavingFlag(STAGE, np.random.default_rng(8))
    drawn_frames = np.stack([flag.draw(textured_scene(), float(t)) for t in TIMES])
    moving = np.ptp(drawn_frames.mean(axis=3), axis=0) > 12
    columns = moving.mean(axis=0)
    assert columns.sum() > 3
    busy = np.flatnonzero(columns > 0)
    weighted = float(np.sum(columns * np.arange(320)) / columns.sum())
    near, far = sorted((busy[0], busy[-1]), key=lambda x: abs(x - flag.fixed_x_px))
    assert abs(near - flag.fixed_x_px) < abs(far - flag.fixed_x_px)
    assert columns[near : near + 4].max() < columns.max() or abs(weighted - near) > abs(weighted - far)
    assert columns[round(flag.fixed_x_px)] < 0.5 * columns.max()


def test_a_banner_keeps_still_along_its_upper_side() -> None:
    banner = flags.HangingBanner(STAGE, np.random.default_rng(3))
    frames = np.stack([banner.draw(textured_scene(), float(t)) for t in TIMES])
    rows = np.flatnonzero((np.ptp(frames.mean(axis=3), axis=0) > 12).any(axis=1))
    swing = np.ptp(frames.mean(axis=3), axis=0).sum(axis=1)
    third = max(1, len(rows) // 3)
    assert swing[rows[:third]].mean() < swing[rows[-third:]].mean()


def test_a_spider_walks_and_stops() -> None:
    path = motion.walk_and_stop(np.random.default_rng(1), 20.0, speed=30.0, start=(100.0, 80.0))
    np.testing.assert_allclose(path.at(0.0), [100.0, 80.0], atol=1e-9)
    steps = np.linalg.norm(np.diff([path.at(t) for t in np.arange(0, 20, 0.1)], axis=0), axis=1)
    assert 0.15 < np.mean(steps < 1e-9) < 0.85
    assert steps.max() <= 30.0 * 1.3 * 0.1 + 1e-6


def test_under_the_lamp_a_near_spider_is_bright_and_soft() -> None:
    glow = crawlers.GlowingSpider(NIGHT, np.random.default_rng(5))
    frame = glow.draw(grey_scene(20.0), 0.0).mean(axis=2)
    assert frame.max() > 90
    slopes = np.hypot(*np.gradient(frame))
    assert slopes.max() < 0.35 * (frame.max() - 20.0), "no sharp edge anywhere"


@pytest.mark.parametrize("maker", [webs.FanWeb, webs.TangledWeb, webs.LooseStrands])
def test_a_web_returns_to_where_it_was(maker: type) -> None:
    web = maker(NIGHT, np.random.default_rng(2))
    frames = seen(web, grey_scene(30.0), np.arange(0, 4, 0.1))
    half = len(frames) // 2
    first, second = frames[:half].mean(axis=0), frames[half:].mean(axis=0)
    assert np.corrcoef(first.ravel(), second.ravel())[0, 1] > 0.7
    assert np.ptp(frames, axis=0).max() > 30, "but it does sway"


@pytest.mark.parametrize("maker", [shake.SwayingMast, shake.JoltedCamera, shake.TremblingCamera])
def test_shake_moves_the_whole_picture_by_one_shift(maker: type) -> None:
    scene = textured_scene()
    shaken = maker(STAGE, np.random.default_rng(6))
    frame = max((shaken.draw(scene, float(t)) for t in TIMES), key=lambda each: float(np.abs(each - scene).mean()))
    assert np.abs(frame - scene)[20:-20, 20:-20].mean() > 1.0
    spectra = [np.fft.fft2((picture.mean(axis=2) - picture.mean())[20:-20, 20:-20]) for picture in (scene, frame)]
    cross = spectra[1] * np.conj(spectra[0])
    surface = np.fft.ifft2(cross / np.maximum(np.abs(cross), 1e-6)).real
    assert surface.max() > 8 * np.percentile(np.abs(surface), 99), "one shift explains the picture"


def test_exposure_scales_every_pixel_alike() -> None:
    change = lighting.ExposureChange(STAGE, np.random.default_rng(11))
    before, after = change.draw(textured_scene(), 0.0), change.draw(textured_scene(), 3.9)
    order = np.argsort(before.mean(axis=2).ravel(), kind="stable")
    sorted_after = after.mean(axis=2).ravel()[order]
    assert np.mean(np.diff(sorted_after) >= -1.5) > 0.99, "one rising curve"
    assert abs(float(after.mean() - before.mean())) > 5


def test_plants_answer_one_gust_each_in_its_own_way() -> None:
    force = motion.gust(np.random.default_rng(1), 30.0)
    slow, quick = (motion.spring(force, own_hz=hz, damping=0.15).values for hz in (0.4, 2.0))
    turns = [np.mean(np.diff(np.sign(np.diff(values))) != 0) for values in (slow, quick)]
    assert turns[1] > 1.5 * turns[0]
    moving = seen(plants.WarpedFoliage(STAGE, np.random.default_rng(3)), textured_scene())
    still = np.ptp(moving, axis=0) < 2
    assert 0.1 < still.mean() < 0.99, "only a part of the picture is a plant"


@pytest.mark.parametrize("maker", [clocks.StrokeClock, clocks.TypeClock, clocks.DotClock])
def test_a_clock_ticks_and_touches_nothing_else(maker: type) -> None:
    clock = maker(STAGE, np.random.default_rng(12))
    frames = np.stack([clock.draw(textured_scene(), float(t)) for t in (0.0, 0.9, 1.8, 2.7)])
    moving = np.ptp(frames.mean(axis=3), axis=0) > 20
    rows = np.nonzero(moving)[0]
    assert len(rows) > 5
    assert np.ptp(rows) < 0.12 * 240
    assert moving.mean() < 0.05
    stopped = maker(STAGE, np.random.default_rng(12), ticks=False)
    assert stopped.text_at(0.0) == stopped.text_at(3.0)
    assert clock.text_at(0.0) != clock.text_at(3.0)


@pytest.mark.parametrize("maker", ALL_MAKERS, ids=lambda maker: maker.__name__)
def test_every_renderer_keeps_the_picture_whole(maker: type) -> None:
    for stage in (STAGE, NIGHT):
        renderer = maker(stage, np.random.default_rng(1))
        for moment in (0.0, 1.3, 3.9):
            picture = renderer.draw(textured_scene(), moment)
            assert picture.shape == (240, 320, 3)
            assert picture.dtype == np.float32
            assert np.isfinite(picture).all()
        assert renderer.layer in Layer
        assert "/" in renderer.family


def test_no_family_is_both_shown_and_held_out() -> None:
    for name, cause in CAUSES.items():
        if name not in {"insects", "turn", "vehicle", "animal"}:
            assert not set(cause.shown) & set(cause.held_out), name
    assert {cause.label for cause in CAUSES.values()} - {None} | {"NOTHING"} == set(LABELS)


@pytest.fixture(scope="module")
def studio() -> Studio:
    return Studio(backdrops=drawn(4), causes=CAUSES, is_held_out=False)


def test_the_same_seed_is_the_same_clip(studio: Studio) -> None:
    first, again, other = (render(studio, "rain", seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.rgb, again.rgb)
    assert first.labels == again.labels
    assert first.rgb.shape != other.rgb.shape or not np.array_equal(first.rgb, other.rgb)


@pytest.mark.parametrize("cause", [None, *sorted(CAUSES)])
def test_a_clip_says_what_is_true_of_it(studio: Studio, cause: str | None) -> None:
    clip = render(studio, cause, seed=21)
    assert clip.rgb.dtype == np.uint8
    assert len(clip.rgb) == len(clip.time_s) >= 7
    assert (np.diff(clip.time_s) > 0).all()
    assert not clip.labels & clip.unknown
    label = None if cause is None else CAUSES[cause].label
    if label is not None:
        assert label in clip.labels | clip.unknown
    assert ("NOTHING" in clip.labels) == all(family.startswith("text/") for family in clip.families)
    if clip.is_infrared:
        assert np.ptp(clip.rgb[0].astype(int), axis=2).mean() < 6


def test_what_nobody_could_see_is_neither_true_nor_false() -> None:
    dark = Studio(backdrops=drawn(2), causes=CAUSES, is_held_out=False)
    faint = [render(dark, "light", seed=seed) for seed in range(60, 66)]
    for clip in faint:
        if "other" in clip.unknown and len(clip.families) == 1:
            assert np.isnan(clip.truth("other"))
            assert "NOTHING" not in clip.labels
    assert any("other" in clip.labels for clip in faint)

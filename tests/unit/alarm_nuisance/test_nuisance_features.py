"""Features answer to what they are named after; expected directions come from how each clip is made."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from kinesight.analyses.alarm.evidence import ClipEvidence
from kinesight.analyses.alarm.gathering import Gathered
from kinesight.analyses.alarm.nuisance import motion_features, pictures_to_embed
from kinesight.analyses.alarm.nuisance.whole import entropy
from kinesight.analyses.alarm.seeing import evidence_of
from kinesight.domain.video import Frame
from kinesight.testing.alarm_clips import clocks, crawlers, flags, lighting, movers, plants, rain, shake
from kinesight.testing.alarm_clips.backdrops import drawn
from kinesight.testing.alarm_clips.stage import Layer, Picture, Renderer, Stage, blend, ellipse, soften

FPS = 8.0
STAGE = Stage(width_px=320, height_px=240, duration_s=4.0, exposure_s=1 / 25, is_infrared=False)


@cache
def still() -> np.ndarray:
    return drawn(6)[5].view(np.random.default_rng(0), width_px=320, height_px=240) * np.float32(0.8)


def evidence_with(*renderers: Renderer, seconds: float = 4.0) -> ClipEvidence:
    rng = np.random.default_rng(1)
    times = np.arange(0, seconds, 1 / FPS)
    pictures = []
    for moment in times:
        scene = still().copy()
        for renderer in renderers:
            scene = renderer.draw(scene, float(moment))
        pictures.append(np.clip(scene + rng.normal(0, 1.2, (240, 320, 1)), 0, 255).astype(np.uint8))
    return evidence_of_pictures(np.stack(pictures), times)


def evidence_of_pictures(pictures: np.ndarray, times: np.ndarray) -> ClipEvidence:
    frames = tuple(Frame(index=k, time_s=float(t), rgb=rgb) for k, (t, rgb) in enumerate(zip(times, pictures, strict=True)))
    grey = ((pictures[..., 0].astype(int) + 2 * pictures[..., 1] + pictures[..., 2]) // 4).astype(np.uint8)
    return evidence_of(
        Gathered(time_s=times, grey=grey, scale=1.0, colour=frames, decoded=len(times), last_s=float(times[-1]), problem=None)
    )


@cache
def numbers(name: str) -> dict[str, float]:
    rng = np.random.default_rng(7)
    makers = {
        "quiet": lambda: (),
        "rain": lambda: (rain.StreakRain(STAGE, rng),),
        "flag": lambda: (flags.WavingFlag(STAGE, rng),),
        "plant": lambda: (plants.LeafyPatches(STAGE, rng),),
        "spider": lambda: (crawlers.GlowingSpider(STAGE, rng),),
        "person": lambda: (movers.DrawnPerson(STAGE, rng),),
        "wind": lambda: (shake.JoltedCamera(STAGE, rng),),
        "light": lambda: (lighting.ExposureChange(STAGE, np.random.default_rng(11)),),
        "clock": lambda: (clocks.TypeClock(STAGE, np.random.default_rng(12)),),
    }
    return motion_features(evidence_with(*makers[name]()))


def test_a_quiet_clip_is_quiet() -> None:
    quiet = numbers("quiet")
    assert quiet["active_mean"] < -3.5
    assert quiet["shake"] < -3.5
    assert quiet["overlay_changes"] == 0
    assert all(quiet["active_most"] < numbers(name)["active_most"] for name in ("flag", "plant", "spider", "person"))


def test_rain_flashes_everywhere_and_in_one_direction() -> None:
    wet = numbers("rain")
    assert wet["flashes"] > numbers("quiet")["flashes"] + 0.3
    assert wet["streaks"] > 0.8
    assert wet["streak_agree"] > 0.9
    assert wet["streak_share"] > 0.6
    for other in ("flag", "plant", "person", "spider"):
        assert wet["flash_entropy"] > numbers(other)["flash_entropy"], other


def test_a_shaken_camera_shakes_and_nothing_else_does() -> None:
    assert numbers("wind")["shake"] > -2.8
    for other in ("quiet", "rain", "flag", "spider"):
        assert numbers(other)["shake"] < numbers("wind")["shake"] - 0.5, other


def test_light_is_smooth_and_brings_nothing_new() -> None:
    lit = numbers("light")
    assert lit["light_smooth"] > 0.5
    assert lit["brightness_range"] > numbers("quiet")["brightness_range"] + 0.8
    assert numbers("person")["light_smooth"] < lit["light_smooth"]


def test_what_waves_comes_back_and_who_walks_does_not() -> None:
    for waving in ("flag", "plant"):
        assert numbers(waving)["place_again"] > numbers("person")["place_again"]
    assert numbers("person")["farthest"] > max(numbers("flag")["farthest"], numbers("plant")["farthest"])


class Blot:
    """A bright disc of 40 px that goes to and fro, with an edge of a given softness."""

    family = "test/blot"
    layer = Layer.LENS

    def __init__(self, blur_px: float) -> None:
        self._blur_px = blur_px

    def draw(self, scene: Picture, time_s: float) -> Picture:
        mask = STAGE.empty_mask()
        ellipse(mask, np.array([160 + 60 * np.sin(1.5 * time_s), 110.0]), (20.0, 20.0), 0.0)
        return blend(scene, soften(mask, self._blur_px), 230.0)


def test_what_is_out_of_focus_has_a_wide_edge() -> None:
    sharp, soft = (motion_features(evidence_with(Blot(blur_px), seconds=3.0)) for blur_px in (0.0, 6.0))
    assert soft["thing_edge"] > sharp["thing_edge"] + 0.8
    assert soft["thing_soft"] > sharp["thing_soft"]


def test_a_held_side_varies_least_and_waving_keeps_the_brightness() -> None:
    assert numbers("flag")["lively_lopsided"] > numbers("plant")["lively_lopsided"]
    assert numbers("flag")["lively_constant"] < numbers("light")["lively_constant"]
    assert numbers("flag")["lively_first"] > 0.8, "one region"


def test_digits_jump_along_one_line_near_the_border() -> None:
    assert numbers("clock")["jump_repeat"] > 0.9
    assert numbers("clock")["jump_line_height"] > 0.3
    assert numbers("clock")["jump_line"] > max(numbers(name)["jump_line"] for name in ("rain", "flag", "plant", "wind"))


def test_a_ticking_clock_is_writing() -> None:
    assert numbers("clock")["overlay_changes"] > 0.1
    assert numbers("clock")["active_most"] < -2


@pytest.mark.parametrize("name", ["rain", "flag", "quiet", "light", "wind"])
def test_names_are_always_the_same_and_numbers_are_finite_or_unknown(name: str) -> None:
    assert list(numbers(name)) == list(numbers("person"))
    assert all(np.isfinite(value) or np.isnan(value) for value in numbers(name).values())


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_very_short_clips_give_every_number(count: int) -> None:
    rng = np.random.default_rng(3)
    pictures = rng.integers(0, 255, (count, 48, 64, 3), dtype=np.uint8)
    found = motion_features(evidence_of_pictures(pictures, np.arange(count) / 5.0))
    assert list(found) == list(numbers("person"))
    assert not any(np.isinf(value) for value in found.values())


def test_a_mirrored_clip_has_the_same_numbers_where_sides_do_not_matter() -> None:
    times = np.arange(0, 3, 1 / FPS)
    flag = flags.WavingFlag(STAGE, np.random.default_rng(5))
    pictures = np.stack([np.clip(flag.draw(still().copy(), float(t)), 0, 255).astype(np.uint8) for t in times])
    one = motion_features(evidence_of_pictures(pictures, times))
    other = motion_features(evidence_of_pictures(np.ascontiguousarray(pictures[:, :, ::-1]), times))
    for name in ("active_mean", "place_height", "region_lopsided", "period_s", "flash_upright", "light_smooth", "persistence"):
        assert one[name] == pytest.approx(other[name], abs=0.08, nan_ok=True), name


def test_the_busiest_crop_holds_what_moves() -> None:
    evidence = evidence_with(flags.WavingFlag(STAGE, np.random.default_rng(5)))
    scene, crop = pictures_to_embed(evidence)
    assert scene.shape == (240, 320, 3)
    assert crop.shape == (96, 96, 3)
    assert crop.dtype == scene.dtype == np.uint8
    heat = evidence.change.mean(axis=0)
    places = [(top, left) for top in range(0, 145, 8) for left in range(0, 225, 8)]
    best = max(places, key=lambda place: heat[place[0] : place[0] + 96, place[1] : place[1] + 96].sum())
    window = evidence.grey[:, best[0] : best[0] + 96, best[1] : best[1] + 96].astype(float)
    apart = np.abs(window - crop[..., 0]).mean(axis=(1, 2)).min()
    assert apart < 40


def test_entropy_is_between_one_place_and_all() -> None:
    assert entropy(np.ones((4, 4))) == pytest.approx(1.0)
    assert entropy(np.eye(1, 16)) == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(entropy(np.zeros(16)))

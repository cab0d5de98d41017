"""Movers in company, shadows and turned cameras look like what they are called; what a thing is made of is told from light."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from kinesight.analyses.alarm.evidence import ClipEvidence, Track
from kinesight.analyses.alarm.nuisance.bodies import body_features, lit_share
from kinesight.analyses.alarm.nuisance.lively import jump_features
from kinesight.domain.cameras import Light
from kinesight.testing.alarm_clips import crawlers, lighting, shake, traffic
from kinesight.testing.alarm_clips.backdrops import drawn
from kinesight.testing.alarm_clips.stage import Picture, Stage

STAGE = Stage(width_px=160, height_px=120, duration_s=4.0, exposure_s=1 / 30, is_infrared=False)
HEIGHT, WIDTH = 120, 160


@pytest.fixture(scope="module")
def scene() -> Picture:
    return drawn(3)[2].view(np.random.default_rng(0), width_px=WIDTH, height_px=HEIGHT)


def evidence_of_change(background: np.ndarray, pictures: np.ndarray, track: Track | None = None) -> ClipEvidence:
    """Return evidence of pictures (n, h, w) that are one grey level noisy, seen five times a second."""
    count = len(pictures)
    return ClipEvidence(
        time_s=np.arange(count) / 5,
        grey=np.clip(pictures, 0, 255).astype(np.uint8),
        scale=1.0,
        background=background.astype(np.float32),
        colour=np.repeat(background[..., None], 3, axis=2).astype(np.uint8),
        noise=np.ones(background.shape, np.float32),
        shift_px=np.zeros((count, 2)),
        gain=np.ones(count),
        offset=np.zeros(count),
        change=np.clip(np.abs(pictures - background), 0, 255).astype(np.uint8),
        overlay=np.zeros(background.shape, bool),
        overlay_changes=0.0,
        light=Light.DAY,
        tracks=() if track is None else (track,),
    )


def followed(boxes: np.ndarray) -> Track:
    count = len(boxes)
    return Track(
        frame=np.arange(count),
        time_s=np.arange(count) / 5,
        box_px=boxes.astype(float),
        area_px=np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).astype(float),
        strength=np.full(count, 20.0),
    )


def textured(seed: int = 0) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(HEIGHT, WIDTH)), 1.5)
    return 110 + 60 * noise / np.abs(noise).max()


BOXES = np.array([[20 + 8 * k, 40, 40 + 8 * k, 80] for k in range(8)])


def with_boxes(fill: object) -> ClipEvidence:
    """Return evidence of a box that goes to the right; `fill(part)` says what it makes of the background there."""
    ground = textured()
    pictures = np.repeat(ground[None], len(BOXES), axis=0)
    for picture, (left, top, right, bottom) in zip(pictures, BOXES, strict=True):
        picture[top:bottom, left:right] = fill(picture[top:bottom, left:right])  # type: ignore[operator]
    return evidence_of_change(ground, pictures, followed(BOXES))


def test_a_body_brings_its_own_structure_and_a_shadow_keeps_that_of_the_ground() -> None:
    body = with_boxes(lambda part: np.random.default_rng(1).uniform(20, 230, part.shape))
    shadow = with_boxes(lambda part: 0.6 * part)
    assert body_features(body)["body_new"] > 0.7
    assert body_features(shadow)["body_new"] < 0.4
    assert lit_share(body) < 0.3


def test_light_keeps_every_edge_in_its_place() -> None:
    ground = textured()
    lit = np.stack([ground, 0.6 * ground, ground])
    # a factor g leaves 2 g / (1 + g^2) of the structure
    assert lit_share(evidence_of_change(ground, lit)) == pytest.approx(1.2 / 1.36, abs=0.03)
    other = np.stack([ground, textured(5), ground])
    assert lit_share(evidence_of_change(ground, other)) == pytest.approx(0.0, abs=0.15)


def test_one_tone_is_plain() -> None:
    plain = body_features(with_boxes(lambda part: np.full_like(part, 240.0)))
    checked = body_features(with_boxes(lambda part: np.where(np.indices(part.shape)[1] % 10 < 5, 20.0, 240.0)))
    assert plain["body_plain"] < 0.05
    assert checked["body_plain"] > 0.5


def test_thin_parts_and_ragged_outlines_are_told() -> None:
    def legs(part: np.ndarray) -> np.ndarray:
        rows, columns = np.indices(part.shape)
        return np.where((columns % 6 == 0) | (np.abs(rows - 20) < 5), 250.0, part)

    solid, legged = body_features(with_boxes(lambda part: np.full_like(part, 250.0))), body_features(with_boxes(legs))
    assert solid["body_thin"] == pytest.approx(0.0, abs=0.01)
    assert legged["body_thin"] > 0.25
    assert legged["body_ragged"] > solid["body_ragged"] + 0.5


def test_who_walks_on_turns_less_than_who_goes_to_and_fro() -> None:
    straight = with_boxes(lambda part: np.full_like(part, 250.0))
    boxes = np.repeat(BOXES[:1], 8, axis=0) + np.array([0, 8, 0, 8, 8, 8, 0, 8])[:, None] * np.array([1, 0, 1, 0])
    restless = evidence_of_change(straight.background, straight.grey.astype(float), followed(boxes))
    assert body_features(straight)["body_turns"] == pytest.approx(1.0)
    assert body_features(straight)["body_stops"] == 0.0
    assert body_features(restless)["body_turns"] < -0.5
    assert body_features(restless)["body_stops"] > 1.0


def test_where_nothing_moves_nothing_is_known() -> None:
    ground = textured()
    assert all(np.isnan(value) for value in body_features(evidence_of_change(ground, np.stack([ground, ground]))).values())


@pytest.mark.parametrize(("every_s", "beats"), [(1.0, True), (0.6, False)])
def test_a_clock_beats_once_a_second(every_s: float, beats: bool) -> None:
    ground = textured()
    pictures = np.repeat(ground[None], 40, axis=0)
    for number, picture in enumerate(pictures):
        picture[4:12, 100:106] = 250.0 if int(number / 5 / every_s + 1e-9) % 2 else 10.0
    beat = jump_features(evidence_of_change(ground, pictures))["jump_beat"]
    assert beat > 0.95 if beats else beat < 0.5


@pytest.mark.parametrize("maker", [lighting.PassingShadow, lighting.FlickeringLamp])
def test_light_scales_the_scene_and_draws_nothing(maker: type, scene: Picture) -> None:
    renderer = maker(STAGE, np.random.default_rng(4))
    factors = np.stack([renderer.draw(scene.copy(), moment) / (scene + 1e-3) for moment in np.arange(0, 4, 0.5)])
    assert np.ptp(factors.mean(axis=(1, 2, 3))) > 1e-3
    # one factor for all three colours, and no jump from a pixel to the next
    assert np.ptp(factors, axis=3).max() < 1e-3
    assert np.abs(np.diff(factors, axis=2)).max() < 0.35


def test_a_turned_camera_sees_the_old_view_first_and_another_later(scene: Picture) -> None:
    for seed in range(4):
        camera = shake.TurnedCamera(STAGE, np.random.default_rng(seed))
        apart = [float(np.abs(camera.draw(scene.copy(), moment) - scene).mean()) for moment in np.arange(0, 4, 0.1)]
        assert apart[0] == 0.0
        assert max(apart) > 5.0


@pytest.mark.parametrize("maker", [traffic.Traffic, traffic.Company, traffic.RoamingAnimals])
def test_movers_leave_the_scene_as_it_was_and_pass_through_it(maker: type, scene: Picture) -> None:
    for seed in range(2):
        movers = maker(STAGE, np.random.default_rng(seed))
        changed = np.stack([np.abs(movers.draw(scene.copy(), moment) - scene).max(axis=2) for moment in np.arange(0, 4, 0.25)])
        covered = changed > 25
        assert covered.any(axis=0).sum() > 1.3 * covered.sum(axis=(1, 2)).max()
        assert covered.mean() < 0.6


def test_a_banded_spider_walks_and_stops_and_has_legs() -> None:
    ground = np.full((HEIGHT, WIDTH, 3), 110.0, np.float32)
    rests = []
    for seed in range(6):
        spider = crawlers.BandedSpider(STAGE, np.random.default_rng(seed))
        moments = np.arange(0, 4, 0.2)
        seen = np.stack([np.abs(spider.draw(ground.copy(), float(moment)) - ground).max(axis=2) for moment in moments])
        steps = np.abs(np.diff(seen, axis=0)).sum(axis=(1, 2))
        rests.append(float(steps.min() / max(steps.max(), 1.0)))
        body = seen.max(axis=0) > 15
        assert ndimage.binary_opening(body, iterations=2).sum() < 0.97 * body.sum()
    # two of three walk on the glass, with stops; the others dangle and never rest
    assert min(rests) < 0.05
    assert max(rests) > 0.2

"""Pixels must lie where the geometry says."""

import numpy as np
import pytest

from kinesight.drawing.canvas import PictureCanvas, blank_canvas

BLACK, WHITE, RED = (0, 0, 0), (255, 255, 255), (255, 0, 0)


def centroid(picture: np.ndarray) -> tuple[float, float]:
    weight = picture.astype(float).sum(axis=2)
    ys, xs = np.indices(weight.shape)
    return float((xs * weight).sum() / weight.sum()), float((ys * weight).sum() / weight.sum())


def ink(picture: np.ndarray) -> float:
    return float(picture[..., 0].astype(float).sum() / 255)


def extent(picture: np.ndarray) -> tuple[int, int, int, int]:
    ys, xs = np.nonzero(picture.max(axis=2) > 60)
    return int(xs.min()), int(ys.min()), int(xs.max()), int(ys.max())


@pytest.mark.parametrize("centre", [(50.0, 40.0), (50.5, 40.25), (33.75, 61.5)])
def test_disc_has_its_centre_and_area_to_a_fraction_of_a_pixel(centre: tuple[float, float]) -> None:
    canvas = blank_canvas(100, 100, colour=BLACK)
    canvas.disc(centre, radius_px=12.0, colour=WHITE)
    assert centroid(canvas.picture()) == pytest.approx(centre, abs=0.1)
    assert ink(canvas.picture()) == pytest.approx(np.pi * 12.0**2, rel=0.06)


def test_line_runs_through_its_points_with_its_width() -> None:
    canvas = blank_canvas(120, 80, colour=BLACK)
    canvas.line((20.0, 10.0), (100.0, 70.0), colour=RED, width_px=6)
    picture = canvas.picture()
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        assert tuple(picture[round(10 + 60 * share), round(20 + 80 * share)]) == RED
    # 6 px wide and 100 px long, plus one round end's area
    assert ink(picture) == pytest.approx(6 * 100 + np.pi * 9, rel=0.12)
    assert picture[70, 20].sum() == 0
    assert picture[10, 100].sum() == 0


def test_arc_runs_clockwise_from_the_x_axis() -> None:
    canvas = blank_canvas(100, 100, colour=BLACK)
    canvas.arc((50.0, 50.0), radius_px=30.0, start_deg=0.0, end_deg=90.0, colour=WHITE, width_px=3)
    picture = canvas.picture()
    for angle_deg in (5, 45, 85):
        x, y = 50 + 30 * np.cos(np.radians(angle_deg)), 50 + 30 * np.sin(np.radians(angle_deg))
        assert picture[round(y), round(x)].min() > 200
    for angle_deg in (120, 200, 300, 345):
        x, y = 50 + 30 * np.cos(np.radians(angle_deg)), 50 + 30 * np.sin(np.radians(angle_deg))
        assert picture[round(y), round(x)].sum() == 0


def test_panel_tints_inside_and_leaves_the_outside() -> None:
    canvas = blank_canvas(100, 60, colour=(100, 100, 100))
    canvas.panel((20.0, 10.0), width_px=50.0, height_px=30.0, colour=BLACK, opacity=0.5)
    picture = canvas.picture()
    assert np.abs(picture[14:36, 26:64].astype(int) - 50).max() <= 1
    assert (picture[:8] == 100).all()
    assert (picture[:, 73:] == 100).all()
    assert picture[10, 20, 0] > 90  # the corner is rounded off


def test_see_through_strokes_mix_with_what_is_below() -> None:
    canvas = blank_canvas(60, 60, colour=(40, 40, 40))
    canvas.disc((30.0, 30.0), radius_px=10.0, colour=(240, 240, 240), opacity=0.25)
    assert canvas.picture()[30, 30, 0] == pytest.approx(40 + 0.25 * 200, abs=1)
    canvas.line((5.0, 55.0), (55.0, 55.0), colour=(240, 240, 240), width_px=4, opacity=0.0)
    assert (canvas.picture()[55] == 40).all()


@pytest.mark.parametrize(("anchor", "share"), [("left", 0.0), ("centre", 0.5), ("right", 1.0)])
def test_text_is_anchored_and_vertically_centred(anchor: str, share: float) -> None:
    canvas = blank_canvas(400, 100, colour=BLACK)
    canvas.text((200.0, 50.0), "H152H", size_px=40, colour=WHITE, anchor=anchor)
    x0, y0, x1, y1 = extent(canvas.picture())
    width = canvas.text_width_px("H152H", size_px=40)
    assert x0 == pytest.approx(200 - share * width, abs=5)
    assert x1 == pytest.approx(200 + (1 - share) * width, abs=5)
    assert (y0 + y1) / 2 == pytest.approx(50, abs=2)


def test_degree_accents_and_asian_scripts_have_glyphs() -> None:
    def drawn(text: str) -> bytes:
        canvas = blank_canvas(80, 60, colour=BLACK)
        canvas.text((10.0, 30.0), text, size_px=36, colour=WHITE)
        return canvas.picture().tobytes()

    missing = drawn("?")
    pictures = {text: drawn(text) for text in ("°", "±", "é", "ü", "ñ", "ß", "ã", "–", "中", "한", "本", "ひ")}
    assert all(picture != missing for picture in pictures.values())
    assert len(set(pictures.values())) == len(pictures)


def test_the_given_picture_is_not_touched_and_may_be_read_only_or_a_view() -> None:
    source = np.full((50, 80, 3), 7, dtype=np.uint8)
    source.setflags(write=False)
    canvas = PictureCanvas(source[::-1, ::2])
    canvas.panel((0.0, 0.0), width_px=40.0, height_px=50.0, colour=WHITE, opacity=1.0)
    assert canvas.size_px == (40, 50)
    assert (source == 7).all()
    assert canvas.picture().mean() > 200


def test_shapes_outside_the_picture_are_cut_not_refused() -> None:
    canvas = blank_canvas(40, 40, colour=BLACK)
    for opacity in (1.0, 0.5):
        canvas.line((-1e12, 20.0), (1e12, 20.0), colour=WHITE, width_px=3, opacity=opacity)
        canvas.disc((-500.0, 9e9), radius_px=10.0, colour=WHITE, opacity=opacity)
        canvas.panel((100.0, 100.0), width_px=20.0, height_px=20.0, colour=WHITE, opacity=opacity)
    canvas.text((1e12, -1e12), "far", size_px=12, colour=WHITE)
    canvas.arc((1e9, 1e9), radius_px=5.0, start_deg=0.0, end_deg=360.0, colour=WHITE, width_px=2)
    assert (canvas.picture()[20] == 255).all()
    assert canvas.picture()[5].sum() == 0


def test_wrong_pictures_and_anchors_are_refused() -> None:
    with pytest.raises(ValueError, match="height, width, 3"):
        PictureCanvas(np.zeros((4, 4), dtype=np.uint8))
    with pytest.raises(ValueError, match="anchor"):
        blank_canvas(10, 10).text((0.0, 0.0), "x", size_px=8, colour=WHITE, anchor="middle")

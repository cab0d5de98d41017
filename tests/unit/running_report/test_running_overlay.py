"""What the overlay draws, where, and that it stays inside the picture and beside the runner."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from kinesight.analyses.running.overlay import HOLD_S, RunningOverlay
from kinesight.analyses.running.overlay_body import BAND_COLOURS, SIDE_COLOURS, Brush
from kinesight.analyses.running.overlay_labels import angle_marks, place_labels
from kinesight.analyses.running.overlay_panel import free_of_panel, panel_at_top, window_s
from kinesight.analyses.running.scene import Scene, band_of
from kinesight.domain.people import KEYPOINTS
from kinesight.domain.ports import Canvas, Colour, Point
from kinesight.drawing.canvas import PictureCanvas, blank_canvas

GREY = (118, 124, 118)
MakeScene = Callable[..., Scene]


class NotedCanvas:
    """A canvas that notes what it was asked to draw and lets a real one draw it."""

    def __init__(self, width: int, height: int) -> None:
        self.real = blank_canvas(width, height, colour=GREY)
        self.texts: list[tuple[str, Point, float, str]] = []
        self.points: list[Point] = []
        self.colours: set[Colour] = set()

    @property
    def size_px(self) -> tuple[int, int]:
        return self.real.size_px

    def line(self, start: Point, end: Point, *, colour: Colour, width_px: float, opacity: float = 1.0) -> None:
        self.points += [start, end]
        self.colours.add(colour)
        self.real.line(start, end, colour=colour, width_px=width_px, opacity=opacity)

    def disc(self, centre: Point, *, radius_px: float, colour: Colour, opacity: float = 1.0) -> None:
        self.points.append(centre)
        self.real.disc(centre, radius_px=radius_px, colour=colour, opacity=opacity)

    def arc(self, centre: Point, *, radius_px: float, start_deg: float, end_deg: float, colour: Colour, width_px: float) -> None:
        self.points.append(centre)
        self.colours.add(colour)
        self.real.arc(centre, radius_px=radius_px, start_deg=start_deg, end_deg=end_deg, colour=colour, width_px=width_px)

    def panel(self, corner: Point, *, width_px: float, height_px: float, colour: Colour, opacity: float) -> None:
        self.real.panel(corner, width_px=width_px, height_px=height_px, colour=colour, opacity=opacity)

    def text(self, position: Point, text: str, *, size_px: float, colour: Colour, anchor: str = "left") -> None:
        self.texts.append((text, position, size_px, anchor))
        self.real.text(position, text, size_px=size_px, colour=colour, anchor=anchor)

    def text_width_px(self, text: str, *, size_px: float) -> float:
        return self.real.text_width_px(text, size_px=size_px)


def draw(scene: Scene, time_s: float, *, size: tuple[int, int] = (1280, 720)) -> NotedCanvas:
    canvas = NotedCanvas(*size)
    overlay = RunningOverlay(scene)
    typed: Canvas = canvas
    overlay.draw(typed, time_s=time_s)
    return canvas


@pytest.mark.parametrize("direction", ["left", "right"])
@pytest.mark.parametrize("treadmill", [True, False])
@pytest.mark.parametrize("size", [(1280, 720), (1080, 1920), (320, 240)])
def test_every_text_lies_inside_the_picture(
    make_scene: MakeScene, direction: str, treadmill: bool, size: tuple[int, int]
) -> None:
    scene = make_scene(direction=direction, treadmill=treadmill, size=(1080, 1920) if size[1] > size[0] else (1280, 720))
    for time_s in (0.0, 0.09, 0.5, 1.2, 2.5):
        canvas = draw(scene, time_s, size=size)
        for text, (x, y), text_px, anchor in canvas.texts:
            width = canvas.text_width_px(text, size_px=text_px)
            left = x - {"left": 0.0, "centre": 0.5, "right": 1.0}[anchor] * width
            assert left >= -1, text
            assert 0 <= y <= size[1], text
            if size[0] > 300:
                assert left + width <= size[0] + 1, text


def test_tiny_pictures_get_the_skeleton_alone(make_scene: MakeScene) -> None:
    canvas = draw(make_scene(), 0.1, size=(96, 64))
    assert canvas.texts == []
    assert canvas.points


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (540, 960)])
def test_text_is_large_enough_for_a_phone(make_scene: MakeScene, size: tuple[int, int]) -> None:
    canvas = draw(make_scene(), 0.1, size=size)
    assert min(text_px for *_, text_px, _ in canvas.texts) >= 0.026 * size[1]


def test_angles_are_shown_with_the_colour_of_their_band_and_held(make_scene: MakeScene) -> None:
    scene = make_scene()
    step = scene.steps[0]
    shown = draw(scene, step.instant_s + 0.02)
    assert {text for text, *_ in shown.texts} >= {"152°", "102°", "12°", "9°", "Front knee", "Back knee", "Foot", "Trunk"}
    assert {BAND_COLOURS["good"], BAND_COLOURS["okay"], BAND_COLOURS["bad"]} <= shown.colours
    early = draw(scene, step.strike_s - 0.02)
    assert "152°" not in {text for text, *_ in early.texts}
    alone = dataclasses.replace(scene, steps=(step,))
    assert "152°" in {text for text, *_ in draw(alone, step.instant_s + HOLD_S - 0.01).texts}
    assert "152°" not in {text for text, *_ in draw(alone, step.instant_s + HOLD_S + 0.01).texts}


def test_the_next_landing_takes_the_place_of_the_last(make_scene: MakeScene) -> None:
    scene = make_scene()
    texts = {text for text, *_ in draw(scene, scene.steps[1].instant_s + 0.01).texts}
    assert "151°" in texts
    assert "152°" not in texts


@pytest.mark.parametrize("direction", ["left", "right"])
def test_labels_stand_beside_the_body_apart_and_clear_of_the_panel(make_scene: MakeScene, direction: str) -> None:
    scene = make_scene(direction=direction, treadmill=False)
    for step in scene.steps:
        brush = Brush.on(blank_canvas(1280, 720), track=scene.track, body_px=scene.body_height_px())
        marks = angle_marks(scene, step, body_px=scene.body_height_px())
        boxes = list(place_labels(brush, scene, step=step, marks=marks, panel_top=False).values())
        assert len(boxes) == 4
        xs = [x for x, _ in scene.pose_at(step.instant_s).values()]
        for box in boxes:
            assert box.left >= 0
            assert box.left + box.width <= 1280
            assert box.left > max(xs) or box.left + box.width < min(xs)
            assert box.top >= 0
            assert box.top + box.height <= free_of_panel(scene)[1]
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                same_side = abs(one.left - other.left) < max(one.width, other.width)
                assert not same_side or abs(one.top - other.top) >= one.height


def test_the_arc_lies_at_the_joint_it_measures(make_scene: MakeScene) -> None:
    scene = make_scene()
    step = scene.steps[0]
    marks = {mark.angle: mark for mark in angle_marks(scene, step, body_px=scene.body_height_px())}
    pose = scene.pose_at(step.instant_s)
    assert marks["front_knee"].vertex == pose["left_knee"]
    assert marks["front_knee"].arms == (pose["left_hip"], pose["left_ankle"])
    assert marks["back_knee"].vertex == pose["right_knee"]
    assert marks["foot"].vertex == pose["left_heel"]


def test_the_skeleton_has_the_colours_of_the_sides_at_the_joints(make_scene: MakeScene) -> None:
    scene = make_scene(refused=True)
    picture = draw(scene, 0.5).real.picture()
    for side in ("left", "right"):
        index = scene.nearest_frame(0.5)
        hip, knee = (scene.track.point(f"{side}_{joint}")[index] for joint in ("hip", "knee"))
        x, y = (0.35 * hip + 0.65 * knee).round().astype(int)
        assert np.abs(picture[y, x].astype(int) - SIDE_COLOURS[side]).max() < 8, side


def test_a_far_leg_is_dimmer_than_a_near_one(make_scene: MakeScene) -> None:
    canvas = draw(make_scene(direction="right"), 1.35)
    assert SIDE_COLOURS["right"] in canvas.colours
    left = np.array(SIDE_COLOURS["left"])
    assert any((np.array(c) < left).all() and np.argmax(c) == np.argmax(left) for c in canvas.colours)


def test_coordinates_scale_with_the_canvas(make_scene: MakeScene) -> None:
    scene = make_scene(refused=True)
    small, large = draw(scene, 0.5, size=(640, 360)), draw(scene, 0.5, size=(1280, 720))
    assert np.array(small.points) * 2 == pytest.approx(np.array(large.points))
    knee = scene.track.point("left_knee")[scene.nearest_frame(0.5)]
    assert min(np.hypot(*(np.array(point) - knee)) for point in large.points) < 0.01


def test_unseen_points_are_absent_and_unsure_ones_faint(make_scene: MakeScene) -> None:
    scene = make_scene(refused=True)
    index, wrist = scene.nearest_frame(0.5), KEYPOINTS.index("left_wrist")
    place = scene.track.xy_px[index, wrist].round().astype(int)

    def drawn_at_wrist(score: float) -> float:
        scores = scene.track.score.copy()
        scores[index, wrist] = score
        faded = dataclasses.replace(scene, track=dataclasses.replace(scene.track, score=scores))
        pixel = draw(faded, 0.5).real.picture()[place[1], place[0]].astype(float)
        return float(np.abs(pixel - np.array(GREY)).max())

    assert drawn_at_wrist(0.95) > drawn_at_wrist(0.35) > 0
    assert drawn_at_wrist(0.1) == 0


def test_a_refused_analysis_shows_the_skeleton_and_nothing_else(make_scene: MakeScene) -> None:
    scene = make_scene(refused=True)
    overlay = RunningOverlay(scene)
    canvas = draw(scene, 0.5)
    assert overlay.moments == ()
    assert canvas.texts == []
    assert canvas.points
    assert scene.track.time_s[0] <= overlay.thumbnail_s <= scene.track.time_s[-1]


def test_nothing_known_draws_nothing_and_does_not_fail(make_scene: MakeScene) -> None:
    scene = make_scene(refused=True)
    blind = dataclasses.replace(scene, track=dataclasses.replace(scene.track, xy_px=np.full_like(scene.track.xy_px, np.nan)))
    picture = draw(blind, 0.5).real.picture()
    assert (picture == GREY).all()
    empty = dataclasses.replace(scene.track, time_s=np.empty(0), xy_px=np.empty((0, 19, 2)), score=np.empty((0, 19)))
    overlay = RunningOverlay(Scene(track=empty))
    overlay.draw(PictureCanvas(picture), time_s=0.0)
    assert (overlay.moments, overlay.thumbnail_s) == ((), 0.0)


def test_unknown_angles_are_left_out(make_scene: MakeScene) -> None:
    scene = make_scene()
    step = dataclasses.replace(
        scene.steps[0], angles_deg={"front_knee": 150.0, "back_knee": float("nan")}, toe_off_s=float("nan")
    )
    canvas = draw(dataclasses.replace(scene, steps=(step,)), step.instant_s + 0.01)
    texts = {text for text, *_ in canvas.texts}
    assert "150°" in texts
    assert not texts & {"Back knee", "Foot", "Trunk", "nan°"}


def test_landings_overground_stay_where_they_were(make_scene: MakeScene) -> None:
    scene = make_scene(treadmill=False)
    step = scene.steps[0]
    pose = scene.pose_at(step.instant_s)
    x = (pose["left_heel"][0] + pose["left_big_toe"][0]) / 2

    def has_mark(time_s: float) -> bool:
        return any(text == "L" and abs(at[0] - x) < 1 for text, at, *_ in draw(scene, time_s).texts)

    assert has_mark(step.strike_s + 0.1)
    assert has_mark(step.strike_s + 1.0)
    assert not has_mark(step.strike_s + 2.0)
    assert not has_mark(step.strike_s - 0.01)


def test_moments_are_landings_of_both_legs_in_order(make_scene: MakeScene) -> None:
    scene = make_scene(seconds=6.0)
    overlay = RunningOverlay(scene)
    times = [moment.time_s for moment in overlay.moments]
    assert times == sorted(times)
    assert len({moment.name for moment in overlay.moments}) == len(overlay.moments) == 6
    assert sum(moment.name.startswith("left") for moment in overlay.moments) == 3
    assert set(times) <= set(scene.track.time_s.tolist())
    assert overlay.thumbnail_s in times
    for moment in overlay.moments:  # the still shows the angles of its own landing
        assert "Front knee" in {text for text, *_ in draw(scene, moment.time_s).texts}


def test_the_clearest_landings_are_kept(make_scene: MakeScene) -> None:
    scene = make_scene(seconds=6.0)
    vague = tuple(
        dataclasses.replace(step, angles_deg=dict.fromkeys(step.angles_deg, float("nan"))) if i < 4 else step
        for i, step in enumerate(scene.steps)
    )
    first = RunningOverlay(dataclasses.replace(scene, steps=vague)).moments[0]
    assert first.time_s > scene.steps[3].instant_s


def test_the_panel_moves_up_where_it_would_hide_the_feet(make_scene: MakeScene) -> None:
    scene = make_scene()
    assert not panel_at_top(scene)
    low = dataclasses.replace(scene.track, xy_px=scene.track.xy_px + np.array([0.0, 120.0]))
    assert panel_at_top(dataclasses.replace(scene, track=low))


def test_the_timeline_shows_all_of_a_short_run_and_a_window_of_a_long_one(make_scene: MakeScene) -> None:
    assert window_s(make_scene(seconds=3.0), 1.0) == (0.0, 3.0)
    long = make_scene(seconds=12.0, fps=30.0)
    assert window_s(long, 6.0) == (3.5, 8.5)
    assert window_s(long, 0.1) == (0.0, 5.0)
    assert window_s(long, 11.9) == (7.0, 12.0)


@pytest.mark.parametrize(
    ("value", "good", "okay", "band"),
    [
        (83.0, (78, 88), (74, 92), "good"),
        (88.0, (78, 88), (74, 92), "good"),
        (75.0, (78, 88), (74, 92), "okay"),
        (92.8, (78, 88), (74, 92), "bad"),
        (103.0, (0, 98), (98, 107), "okay"),
        (108.0, (0, 98), (98, 107), "bad"),
        (138.8, (140, 180), (131, 140), "okay"),
        (float("nan"), (140, 180), (131, 140), None),
    ],
)
def test_bands_follow_the_ranges(
    make_scene: MakeScene, value: float, good: tuple[float, float], okay: tuple[float, float], band: str | None
) -> None:
    result = make_scene().result
    assert result is not None
    score = result.scores["arm"].model_copy(update={"range_good": good, "range_okay": okay})
    assert band_of(value, score) == band

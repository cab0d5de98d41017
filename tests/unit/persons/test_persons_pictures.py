"""What is read from pictures without a model: cuts, the camera's turning, what moves, looks, tiles, and joined boxes."""

from __future__ import annotations

import numpy as np
import pytest

from kinesight.analyses.persons.appearance import described, distances, upper_part
from kinesight.analyses.persons.cuts import CutFinder
from kinesight.analyses.persons.faces import body_head
from kinesight.analyses.persons.fusing import fuse
from kinesight.analyses.persons.thumbs import change_between, change_in, shift_between, thumb_of
from kinesight.analyses.persons.tiling import TILES_AT_ONCE, Tile, layout, round_people
from kinesight.domain.analysis import Crop
from kinesight.domain.people import Boxes
from kinesight.pipeline.cropping import cut


def scenery(seed: int, width: int = 640, height: int = 360) -> np.ndarray:
    """Return a picture with large and small structure, like a place."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3))
    for side in (90, 30, 10):
        blocks = random.integers(0, 256, (height // side + 1, width // side + 1, 3)).astype(float)
        picture += np.kron(blocks, np.ones((side, side, 1)))[:height, :width] * side / 130
    return picture.astype(np.uint8)


def cuts_of(pictures: list[np.ndarray], fps: float = 10.0) -> list[float]:
    finder = CutFinder()
    for number, picture in enumerate(pictures):
        finder.see(picture, time_s=number / fps)
    finder.end()
    return finder.cuts_s


def test_a_cut_is_found_where_the_new_shot_begins() -> None:
    assert cuts_of([scenery(1)] * 10 + [scenery(2)] * 10 + [scenery(3)] * 10) == [1.0, 2.0]


def test_a_cut_just_before_the_end_is_found() -> None:
    assert cuts_of([scenery(1)] * 10 + [scenery(2)]) == [1.0]


def test_a_flash_a_change_of_light_and_a_turning_camera_are_no_cuts() -> None:
    place = scenery(1)
    bright = np.minimum(place.astype(int) * 2 + 60, 255).astype(np.uint8)
    assert cuts_of([place] * 10 + [bright] * 2 + [place] * 10) == []
    assert cuts_of([place] * 10 + [np.full_like(place, 255)] + [place] * 10) == []
    assert cuts_of([(place * share).astype(np.uint8) for share in np.linspace(1.0, 0.3, 20)]) == []
    wide = scenery(4, width=1280)
    assert cuts_of([wide[:, 8 * step : 8 * step + 640] for step in range(60)]) == []


def test_the_turning_of_the_camera_is_measured_and_walkers_are_not_taken_for_it() -> None:
    wide = scenery(5, width=900)
    before, after = thumb_of(wide[:, 100:740]), thumb_of(wide[:, 76:716])
    assert shift_between(before, after) == pytest.approx([24.0, 0.0], abs=3)
    place = scenery(6)
    with_walker, later = place.copy(), place.copy()
    with_walker[100:300, 200:280] = 20
    later[100:300, 260:340] = 20
    np.testing.assert_array_equal(shift_between(thumb_of(with_walker), thumb_of(later)), [0, 0])


def test_a_poster_does_not_stir_and_a_person_does() -> None:
    random = np.random.default_rng(7)
    place = scenery(7)
    noisy = [np.clip(place + random.normal(0, 3, place.shape), 0, 255).astype(np.uint8) for _ in range(2)]
    noisy[1][100:300, 200:240] = noisy[1][100:300, 210:250]
    one, other = (thumb_of(picture) for picture in noisy)
    boxes = np.array([[200.0, 100, 240, 300], [400, 100, 440, 300]])
    moved, still = change_in(change_between(one, other), boxes, cell_px=one.cell_px)
    assert moved > 6
    assert still < 2.5


def test_looks_tell_colours_apart_and_forgive_a_darker_picture() -> None:
    body = np.zeros((200, 80, 3), np.uint8)
    body[:100], body[100:] = (180, 40, 40), (40, 40, 120)
    other = np.zeros_like(body)
    other[:100], other[100:] = (40, 140, 60), (40, 40, 120)
    box = np.array([0.0, 0, 80, 200])
    one, dark, strange = (described(picture, box[None])[0] for picture in (body, (body * 0.9).astype(np.uint8), other))
    assert np.linalg.norm(one) == pytest.approx(1.0, abs=1e-6)
    near, far = distances(one[None], np.array([dark, strange]))[0]
    assert near < 0.6 * far
    half = described(body, np.array([[0.0, 0, 80, 100]]))[0]
    assert distances(upper_part(one, 0.5)[None], half[None])[0, 0] < 0.6 * distances(one[None], half[None])[0, 0]


def test_tiles_cover_the_picture_and_are_few() -> None:
    for width, height, person in ((640, 480, 40), (1280, 720, 30), (352, 240, 60), (608, 1080, 100)):
        tiles = layout(width, height, person_px=person)
        assert 0 < len(tiles) <= 6
        covered = np.zeros((height, width), bool)
        for tile in tiles:
            covered[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = True
        assert covered.all()
    assert layout(480, 480, person_px=300) == ()


def test_a_tile_round_somebody_small_holds_them_whole_and_everybody_gets_a_turn() -> None:
    people = np.array([[50.0, 50, 70, 100], [300, 300, 320, 350], [500, 60, 520, 110], [620, 440, 640, 480]])
    served = np.zeros(len(people), bool)
    for turn in range(4):
        tiles = round_people(people, width=640, height=480, turn=turn)
        assert 1 <= len(tiles) <= TILES_AT_ONCE < len(people)
        for tile in tiles:
            served |= (people[:, :2] >= tile.box[:2]).all(axis=1) & (people[:, 2:] <= tile.box[2:]).all(axis=1)
    assert served.all()


def found(*boxes: tuple[float, float, float, float], score: float = 0.8, label: str = "person") -> Boxes:
    return Boxes(xyxy_px=np.array(boxes, float).reshape(-1, 4), score=np.full(len(boxes), score), label=(label,) * len(boxes))


def test_one_body_in_the_picture_and_in_a_tile_is_one_person() -> None:
    tile = Tile(left=200, top=0, width=300, height=300)
    whole = found((250, 50, 310, 230))
    inside = found((52, 48, 112, 232), (240, 100, 300, 280), score=0.7)  # the second is cut off by the tile's right border
    joined = fuse(whole, [(tile, inside)], width=640, height=480)
    assert len(joined.score) == 1
    assert joined.xyxy_px[0] == pytest.approx([251, 49, 311, 231], abs=1.5)
    dog = found((400, 300, 450, 330), label="dog")
    assert len(fuse(dog, [], width=640, height=480).score) == 0


def test_a_group_is_no_person_and_a_part_is_none_either() -> None:
    pair = found((100, 100, 160, 300), (150, 100, 215, 300))
    group = found((95, 95, 220, 305), (110, 100, 150, 180), score=0.4)
    both = Boxes(
        xyxy_px=np.concatenate([pair.xyxy_px, group.xyxy_px]),
        score=np.concatenate([pair.score, group.score]),
        label=pair.label + group.label,
    )
    assert len(fuse(both, [], width=640, height=480).score) == 2


@pytest.mark.parametrize(
    ("box", "head_px"), [((100, 50, 160, 230), (23, 36)), ((0, 100, 300, 480), (100, 171)), ((50, 0, 110, 400), (50, 70))]
)
def test_the_head_of_a_body_is_at_its_top_and_as_large_as_heads_are(box: tuple[float, ...], head_px: tuple[float, float]) -> None:
    left, top, right, bottom = body_head(np.array(box, float))
    assert top == box[1]
    assert (left + right) / 2 == pytest.approx((box[0] + box[2]) / 2)
    assert head_px[0] <= bottom - top <= head_px[1]


def test_a_small_picture_is_enlarged_and_a_border_is_no_problem() -> None:
    picture = scenery(8)
    large = cut(picture, Crop(name="a", time_s=0.0, box_xyxy_px=(10, 10, 50, 60), least_height_px=160))
    assert large.shape == (160, 128, 3)
    assert np.abs(large.mean(axis=(0, 1)) - picture[10:60, 10:50].mean(axis=(0, 1))).max() < 4
    plain = cut(picture, Crop(name="a", time_s=0.0, box_xyxy_px=(-5, 300, 700, 400)))
    np.testing.assert_array_equal(plain, picture[300:])

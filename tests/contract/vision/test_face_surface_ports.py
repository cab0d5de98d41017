"""The face mesh and the segmenter keep their promises on any picture, and find what is there on a real one."""

import numpy as np
import pytest

from kinesight.domain.heads import MESH_POINTS
from kinesight.domain.people import Roi
from kinesight.media.stills import read_still
from kinesight.settings import Settings
from kinesight.vision.catalogue import CATALOGUE
from kinesight.vision.fetch import fetch
from kinesight.vision.samples import fetch_pictures
from kinesight.vision.shelf import ModelShelf


@pytest.fixture(scope="module")
def shelf():
    folder = Settings().models
    fetch(folder, CATALOGUE)
    return ModelShelf(Settings(models=folder))


@pytest.fixture(scope="module")
def portrait():
    return read_still(fetch_pictures(Settings().models.parent / "samples")[0])[0]


def noise(width, height):
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("roi", [(-500.0, -500.0, 100.0), (32.0, 24.0, 0.01), (32.0, 24.0, 1e5), (32.0, 24.0, 40.0)])
def test_a_mesh_of_nothing_is_told_from_a_face(shelf, roi):
    x, y, side = roi
    picture = noise(64, 48)
    found = shelf.face_mesh().estimate(picture, Roi(centre_x_px=x, centre_y_px=y, width_px=side, height_px=side))
    assert found.points_px.shape == (MESH_POINTS, 3)
    assert np.isfinite(found.points_px).all()
    assert found.presence < 0.5
    assert found.next_roi.width_px > 0


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_the_mesh_follows_a_turned_face_to_where_it_is(shelf, portrait, quarters):
    """The outer eye corners and the chin, read off the upright portrait by eye, within 5 px."""
    seen = {33: (195, 101), 263: (258, 102), 152: (223, 177)}
    picture = np.ascontiguousarray(np.rot90(portrait, -quarters))
    side = len(portrait)

    def turned(point):
        x, y = point
        return [(x, y), (side - y, x), (side - x, side - y), (y, side - x)][quarters]

    model = shelf.face_mesh()
    roi = Roi(centre_x_px=turned((226, 128))[0], centre_y_px=turned((226, 128))[1], width_px=190, height_px=190)
    turned_roi = Roi(**{name: getattr(roi, name) for name in ("centre_x_px", "centre_y_px", "width_px", "height_px")},
                     rotation_rad=quarters * np.pi / 2)  # fmt: skip
    mesh = model.estimate(picture, turned_roi)
    mesh = model.estimate(picture, mesh.next_roi)
    assert mesh.presence > 0.9
    for number, point in seen.items():
        np.testing.assert_allclose(mesh.points_px[number, :2], turned(point), atol=5)


def test_the_segmenter_tells_a_person_from_the_wall(shelf, portrait):
    mask = shelf.segmenter().mask(portrait[:300, 80:380])
    assert mask.shape == (300, 300)
    assert mask.min() >= 0
    assert mask.max() <= 1
    assert mask[100:160, 120:170].min() > 0.8
    assert shelf.segmenter().mask(np.full((77, 31, 3), 200, np.uint8)).mean() < 0.5


def test_provenance_names_task_and_hash(shelf):
    assert (shelf.face_mesh().used.task, shelf.segmenter().used.task) == ("face_mesh", "segmenter")
    assert len(shelf.face_mesh().used.sha256) == len(shelf.segmenter().used.sha256) == 64

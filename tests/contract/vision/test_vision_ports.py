"""Every adapter of the vision ports keeps the same promises, whatever model is behind it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from kinesight.domain.people import FACE_POINTS, KEYPOINTS, Roi
from kinesight.domain.ports import FaceDetector, ImageEncoder, ObjectDetector, PoseModel
from kinesight.domain.video import Image
from kinesight.settings import Settings
from kinesight.vision.catalogue import CATALOGUE
from kinesight.vision.fetch import fetch
from kinesight.vision.shelf import ModelShelf


@pytest.fixture(scope="session")
def shelf() -> ModelShelf:
    folder = Settings().models
    fetch(folder, CATALOGUE)
    return ModelShelf(Settings(models=folder))


def noise(width: int, height: int) -> Image:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)


SIZES = [(640, 480), (333, 777), (16, 16), (1, 1), (1920, 1080)]


@pytest.fixture
def detector(shelf: ModelShelf) -> ObjectDetector:
    return shelf.detector()


@pytest.fixture(params=["heavy", "full"])
def pose(shelf: ModelShelf, request: pytest.FixtureRequest) -> PoseModel:
    return shelf.pose(request.param)


@pytest.fixture
def encoder(shelf: ModelShelf) -> ImageEncoder:
    return shelf.encoder()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_vector_is_finite_and_as_long_as_every_other(encoder: ImageEncoder, width: int, height: int) -> None:
    picture = noise(width, height)
    before = picture.copy()
    vector = encoder.embed(picture)
    assert vector.shape == encoder.embed(noise(64, 64)).shape
    assert vector.dtype == np.float64
    assert np.isfinite(vector).all()
    assert np.ptp(vector) > 0
    np.testing.assert_array_equal(picture, before)


def test_pictures_that_look_alike_lie_closer_than_others(encoder: ImageEncoder) -> None:
    y, x = np.mgrid[:240, :320]
    stripes = np.repeat((127 + 100 * np.sin(x / 7.0))[..., None], 3, axis=2).astype(np.uint8)
    darker = (stripes * 0.8).astype(np.uint8)
    rings = np.repeat((127 + 100 * np.sin(np.hypot(x - 160, y - 120) / 5.0))[..., None], 3, axis=2).astype(np.uint8)
    vectors = [encoder.embed(picture) for picture in (stripes, darker, rings)]
    assert np.linalg.norm(vectors[0] - vectors[1]) < 0.7 * np.linalg.norm(vectors[0] - vectors[2])


@pytest.fixture
def faces(shelf: ModelShelf) -> FaceDetector:
    return shelf.faces()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_boxes_lie_in_the_picture_best_first(detector: ObjectDetector, width: int, height: int) -> None:
    picture = noise(width, height)
    before = picture.copy()
    found = detector.detect(picture)
    assert (found.xyxy_px >= 0).all()
    assert (found.xyxy_px <= [width, height, width, height]).all()
    assert (found.xyxy_px[:, 2:] > found.xyxy_px[:, :2]).all()
    assert (np.diff(found.score) <= 0).all()
    assert ((found.score > 0) & (found.score <= 1)).all()
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_estimates_have_every_keypoint(pose: PoseModel, width: int, height: int) -> None:
    picture = noise(width, height)
    before = picture.copy()
    found = pose.estimate(picture, pose.roi_around((0.0, 0.0, float(width), float(height))))
    assert found.xy_px.shape == (len(KEYPOINTS), 2)
    assert found.score.shape == (len(KEYPOINTS),)
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert 0 <= found.presence <= 1
    assert np.isfinite([found.next_roi.centre_x_px, found.next_roi.width_px, found.next_roi.rotation_rad]).all()
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize("roi", [(-500.0, -500.0, 100.0), (320.0, 240.0, 0.01), (320.0, 240.0, 1e5)])
def test_a_strange_region_is_answered_all_the_same(pose: PoseModel, roi: tuple[float, float, float]) -> None:
    x, y, side = roi
    found = pose.estimate(noise(640, 480), Roi(centre_x_px=x, centre_y_px=y, width_px=side, height_px=side))
    assert found.presence < 0.5


def test_the_same_picture_gives_the_same_numbers(pose: PoseModel, detector: ObjectDetector) -> None:
    picture = noise(640, 480)
    roi = pose.roi_around((100.0, 100.0, 300.0, 400.0))
    np.testing.assert_array_equal(pose.estimate(picture, roi).xy_px, pose.estimate(picture, roi).xy_px)
    np.testing.assert_array_equal(detector.detect(picture).xyxy_px, detector.detect(picture).xyxy_px)


def test_a_picture_may_be_a_view_into_a_larger_one(pose: PoseModel, detector: ObjectDetector) -> None:
    whole = noise(900, 700)
    view = whole[100:580, 50:690]
    roi = pose.roi_around((100.0, 100.0, 300.0, 400.0))
    np.testing.assert_array_equal(pose.estimate(view, roi).xy_px, pose.estimate(view.copy(), roi).xy_px)
    np.testing.assert_array_equal(detector.detect(view).xyxy_px, detector.detect(view.copy()).xyxy_px)


def test_the_region_holds_the_box(pose: PoseModel) -> None:
    roi = pose.roi_around((100.0, 200.0, 180.0, 400.0))
    assert (roi.centre_x_px, roi.centre_y_px, roi.rotation_rad) == (140.0, 300.0, 0.0)
    assert roi.width_px >= 80
    assert roi.height_px == pytest.approx(250.0)


def test_provenance_names_task_and_hash(pose: PoseModel, detector: ObjectDetector, encoder: ImageEncoder) -> None:
    assert encoder.used.task == "encoder"
    assert len(encoder.used.sha256) == 64
    assert pose.used.task == "pose"
    assert detector.used.task == "detector"
    assert len(pose.used.sha256) == len(detector.used.sha256) == 64


def test_one_model_serves_several_threads(pose: PoseModel) -> None:
    pictures = [noise(640, 480), np.zeros((480, 640, 3), dtype=np.uint8)] * 4
    roi = pose.roi_around((100.0, 100.0, 300.0, 400.0))
    alone = [pose.estimate(picture, roi).xy_px for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: pose.estimate(picture, roi).xy_px, pictures))
    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("longest_side_px", [None, 256])
def test_faces_lie_in_the_picture_best_first(faces: FaceDetector, width: int, height: int, longest_side_px: int | None) -> None:
    if longest_side_px is None and width > 640:
        pytest.skip("the same code as at 640, half a second of it")
    picture = noise(width, height)
    before = picture.copy()
    found = faces.detect(picture, longest_side_px=longest_side_px)
    assert (found.xyxy_px >= 0).all()
    assert (found.xyxy_px <= [width, height, width, height]).all()
    assert (found.xyxy_px[:, 2:] > found.xyxy_px[:, :2]).all()
    assert (np.diff(found.score) <= 0).all()
    assert ((found.score > 0) & (found.score <= 1)).all()
    assert found.points_px.shape == (len(found.score), len(FACE_POINTS), 2)
    np.testing.assert_array_equal(picture, before)


def test_faces_are_the_same_every_time_and_in_a_view_into_a_larger_picture(faces: FaceDetector) -> None:
    view = noise(400, 300)[20:276, 30:350]
    found = faces.detect(view)
    np.testing.assert_array_equal(found.xyxy_px, faces.detect(view.copy()).xyxy_px)
    np.testing.assert_array_equal(found.points_px, faces.detect(view).points_px)
    assert (faces.used.task, len(faces.used.sha256)) == ("face", 64)

"""The catalogued models on a real sprint; positions were read off the enlarged pictures by hand."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from kinesight.domain.document import UsedModel
from kinesight.domain.errors import ModelDamaged, ModelMissing, ModelUnusable
from kinesight.domain.people import KEYPOINTS, Boxes
from kinesight.domain.video import Floats, Image
from kinesight.settings import Settings
from kinesight.vision.catalogue import CATALOGUE, row_named
from kinesight.vision.litert_session import LiteRtSession, OneClass
from kinesight.vision.pose.blazepose import BlazePose
from kinesight.vision.shelf import ModelShelf, usable_cores

SPRINT = 208
"""The frame of the sample from which on the man sprints to the right."""

FACE_AT = {20: (633.0, 108.0), 150: (504.0, 546.0)}
"""About the middle of the face: a man who looks at the camera from afar, a woman in profile who walks to the left."""

MAN_AT_215 = (1220.0, 593.0, 1464.0, 910.0)
POINTS_AT_215 = {
    "nose": (1456, 630),
    "left_knee": (1385, 812),
    "left_ankle": (1338, 872),
    "left_heel": (1328, 887),
    "left_big_toe": (1352, 900),
    "right_ankle": (1262, 792),
    "right_heel": (1248, 777),
    "right_big_toe": (1223, 818),
}


@pytest.fixture(scope="module")
def pictures(sprint_video: Path) -> dict[int, Image]:
    with av.open(str(sprint_video)) as container:
        frames = zip(range(226), container.decode(video=0), strict=False)
        return {index: frame.to_ndarray(format="rgb24") for index, frame in frames if index in FACE_AT or index >= SPRINT}


@pytest.fixture(scope="module")
def shelf(models_dir: Path) -> ModelShelf:
    return ModelShelf(Settings(models=models_dir))


def person_box(boxes: Boxes) -> tuple[float, float, float, float]:
    left, top, right, bottom = boxes.xyxy_px[boxes.label.index("person")]
    return float(left), float(top), float(right), float(bottom)


def overlap(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    a, b = np.array(one), np.array(other)
    shared = float(np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0)))
    return shared / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)


def test_the_detector_boxes_the_sprinter(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    found = shelf.detector().detect(pictures[215])
    assert overlap(person_box(found), MAN_AT_215) > 0.75
    assert (np.diff(found.score) <= 0).all()
    assert (found.score >= 0.35).all()


def test_the_detector_finds_nobody_in_plain_grey_or_in_the_grass(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    assert "person" not in shelf.detector().detect(np.full((480, 640, 3), 128, dtype=np.uint8)).label
    assert "person" not in shelf.detector().detect(pictures[215][500:, 700:1100]).label


def test_the_face_detector_boxes_a_frontal_face_and_a_profile(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    for index, (x, y) in FACE_AT.items():
        picture = pictures[index][:660, 400:720]
        found = shelf.faces().detect(picture)
        sure = found.xyxy_px[found.score > 0.6]
        assert len(sure) == 1, index
        left, top, right, bottom = sure[0] + [400, 0, 400, 0]
        assert left < x < right, index
        assert top < y < bottom, index
        # eyes above the nose, the nose above the mouth, all of them inside or at the border of the face
        eyes_y, nose_y, mouth_y = (found.points_px[0, part, 1].mean() for part in (slice(0, 2), 2, slice(3, 5)))
        assert top < eyes_y < nose_y < mouth_y < bottom


def test_faces_are_where_they_were_when_the_picture_is_looked_at_larger(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    picture = pictures[20][40:200, 560:720]
    plain, larger = shelf.faces().detect(picture), shelf.faces().detect(picture, longest_side_px=320)
    np.testing.assert_allclose(plain.xyxy_px[0], larger.xyxy_px[0], atol=5)
    assert larger.points_px[0, 0, 0] < larger.points_px[0, 1, 0]  # seen from the front, the right eye is on the left


def test_there_is_no_face_in_the_grass(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    assert len(shelf.faces().detect(pictures[215][660:960, 700:1100]).score) == 0


@pytest.mark.parametrize("name", ["heavy", "full"])
def test_points_land_on_the_body(shelf: ModelShelf, pictures: dict[int, Image], name: str) -> None:
    pose = shelf.pose(name)
    first = pose.estimate(pictures[215], pose.roi_around(MAN_AT_215))
    found = pose.estimate(pictures[215], first.next_roi)
    assert found.presence > 0.9
    # the man is 317 px high in this picture; his far leg is the left one
    for keypoint, expected in POINTS_AT_215.items():
        assert found.xy_px[KEYPOINTS.index(keypoint)] == pytest.approx(expected, abs=22), keypoint
        assert found.score[KEYPOINTS.index(keypoint)] > 0.5, keypoint


@pytest.mark.parametrize("name", ["heavy", "full"])
def test_the_region_follows_the_sprinter(shelf: ModelShelf, pictures: dict[int, Image], name: str) -> None:
    pose = shelf.pose(name)
    roi = pose.roi_around(person_box(shelf.detector().detect(pictures[SPRINT])))
    y_px: list[Floats] = []
    x_px: list[Floats] = []
    for index in range(SPRINT, 226):
        found = pose.estimate(pictures[index], roi)
        assert found.presence > 0.5, index
        roi = found.next_roi
        x_px.append(found.xy_px[:, 0])
        y_px.append(found.xy_px[:, 1])
    x, y = np.array(x_px), np.array(y_px)
    hips = [KEYPOINTS.index("left_hip"), KEYPOINTS.index("right_hip")]
    ankles = [KEYPOINTS.index("left_ankle"), KEYPOINTS.index("right_ankle")]
    assert (y[:, 0] < y[:, hips].mean(axis=1)).all()
    assert (y[:, hips].mean(axis=1) < y[:, ankles].max(axis=1)).all()
    middle = x[:, hips].mean(axis=1)
    assert (middle[3:] > middle[:-3]).all()  # he runs to the right
    assert ((x > 0) & (x < 1768) & (y > 0) & (y < 994)).all()


def test_an_empty_region_has_no_presence(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    pose = shelf.pose("heavy")
    assert pose.estimate(pictures[215], pose.roi_around((700.0, 20.0, 1000.0, 320.0))).presence < 0.5


def test_leaving_out_unused_outputs_changes_no_number(models_dir: Path, pictures: dict[int, Image]) -> None:
    path = models_dir / row_named("blazepose-full").file.file_name
    wanted = ((1, 195), (1, 1))
    every = (*wanted, (1, 256, 256, 1), (1, 64, 64, 39), (1, 117))
    picture = np.ascontiguousarray(pictures[215][600:856, 1200:1456][np.newaxis], dtype=np.float32) / 255
    short = LiteRtSession(path, input_shape=(1, 256, 256, 3), output_shapes=wanted, threads=1).run(picture)
    whole = LiteRtSession(path, input_shape=(1, 256, 256, 3), output_shapes=every, threads=1).run(picture)
    assert len(whole) == 5
    np.testing.assert_array_equal(short[0], whole[0])
    np.testing.assert_array_equal(short[1], whole[1])


def test_a_detector_of_persons_says_the_same_of_persons(shelf: ModelShelf, pictures: dict[int, Image]) -> None:
    persons, all_classes = shelf.person_detector(), shelf.detector()
    for picture in (pictures[215], pictures[20], pictures[150], pictures[215][400:, 900:1500]):
        found, whole = persons.detect(picture, least_score=0.05), all_classes.detect(picture, least_score=0.05)
        is_person = np.array([label == "person" for label in whole.label])
        assert is_person.any()
        assert set(found.label) == {"person"}
        np.testing.assert_array_equal(found.xyxy_px, whole.xyxy_px[is_person])
        np.testing.assert_array_equal(found.score, whole.score[is_person])


def test_only_classes_that_are_kept_apart_to_the_end_can_be_left_out(models_dir: Path) -> None:
    path = models_dir / row_named("blazepose-full").file.file_name
    points = (1, 195)
    with pytest.raises(ModelUnusable, match="not kept as whole numbers"):
        LiteRtSession(
            path,
            input_shape=(1, 256, 256, 3),
            output_shapes=(points,),
            threads=1,
            only=OneClass(output_shape=points, number=0),
        )


def test_models_side_by_side_answer_as_one_alone(models_dir: Path, pictures: dict[int, Image]) -> None:
    shelf = ModelShelf(Settings(models=models_dir, threads=3))
    several = shelf.side_by_side()
    assert (shelf.at_once, several.at_once) == (1, 3)
    assert several is shelf.side_by_side()
    assert several.side_by_side() is several
    assert ModelShelf(Settings(models=models_dir, threads=1)).side_by_side().at_once == 1
    assert ModelShelf(Settings(models=models_dir, threads=16)).side_by_side().at_once == 4
    assert cv2.getNumThreads() == 1, "OpenCV uses no cores of its own beside them"
    picture = pictures[215]
    detector, faces, pose = several.person_detector(), several.faces(), several.pose("full")
    roi = pose.roi_around(MAN_AT_215)
    alone = detector.detect(picture), faces.detect(pictures[20], longest_side_px=640), pose.estimate(picture, roi)
    with ThreadPoolExecutor(6) as threads:
        found = [threads.submit(detector.detect, picture) for _ in range(6)]
        seen = [threads.submit(faces.detect, pictures[20], longest_side_px=640) for _ in range(6)]
        stood = [threads.submit(pose.estimate, picture, roi) for _ in range(6)]
    for boxes, some, points in zip(found, seen, stood, strict=True):
        np.testing.assert_array_equal(boxes.result().xyxy_px, alone[0].xyxy_px)
        np.testing.assert_array_equal(some.result().xyxy_px, alone[1].xyxy_px)
        np.testing.assert_array_equal(points.result().xy_px, alone[2].xy_px)


def test_models_are_loaded_once_and_say_what_they_are(shelf: ModelShelf) -> None:
    assert shelf.pose("heavy") is shelf.pose("heavy")
    assert shelf.detector() is shelf.detector()
    row = row_named("blazepose-full")
    assert shelf.pose("full").used == UsedModel(task="pose", name="blazepose-full", sha256=row.file.sha256)
    assert usable_cores() >= 1


def test_a_missing_or_damaged_model_names_the_command(tmp_path: Path) -> None:
    shelf = ModelShelf(Settings(models=tmp_path))
    with pytest.raises(ModelMissing, match="kinesight models fetch"):
        shelf.pose("heavy")
    (tmp_path / row_named("efficientdet-lite0").file.file_name).write_bytes(b"\0" * 100)
    with pytest.raises(ModelDamaged, match="kinesight models fetch"):
        shelf.detector()


def test_a_file_that_is_another_model_is_refused(models_dir: Path, tmp_path: Path) -> None:
    used = UsedModel(task="pose", name="x", sha256="0")
    with pytest.raises(ModelUnusable, match=r"\(1, 320, 320, 3\).*expected one input \(1, 256, 256, 3\)"):
        BlazePose(models_dir / row_named("efficientdet-lite0").file.file_name, used=used, threads=1)
    (tmp_path / "text.tflite").write_text("not a model at all")
    with pytest.raises(ModelUnusable, match="no LiteRT model"):
        BlazePose(tmp_path / "text.tflite", used=used, threads=1)


def test_loading_keeps_standard_error_clean(models_dir: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from kinesight.settings import Settings;"
        "from kinesight.vision.shelf import ModelShelf;"
        "ModelShelf(Settings(models=Path(sys.argv[1]))).pose('full'); print('still here', file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(models_dir)], capture_output=True, text=True, check=True)
    assert done.stderr == "still here\n"


def test_every_factory_of_the_catalogue_opens(models_dir: Path, shelf: ModelShelf) -> None:
    poses = {shelf.pose(name).used.name for name in ("heavy", "full")}
    others = {model.used.name for model in (shelf.encoder(), shelf.faces(), shelf.face_mesh(), shelf.segmenter())}
    opened = {shelf.detector().used.name, *others, *poses}
    assert opened == {row.name for row in CATALOGUE}

"""User-supplied ONNX models: small graphs that find a spot, so that every coordinate is checked through the whole adapter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from kinesight.domain.document import UsedModel
from kinesight.domain.errors import BadSetting, KinesightError, ModelMissing, ModelUnusable
from kinesight.domain.people import KEYPOINTS, Roi
from kinesight.domain.video import Image
from kinesight.settings import Settings
from kinesight.vision.detection.rtmdet import RtmDet
from kinesight.vision.detection.yolox import Yolox
from kinesight.vision.fetch import sha256_of
from kinesight.vision.pose.rtmpose import PointSet, RtmPose
from kinesight.vision.shelf import ModelShelf

USED = UsedModel(task="pose", name="test", sha256="0")
CPU = ("CPUExecutionProvider",)

# both orders as their data sets publish them, written down here by name
BODY_17 = [
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
]
HALPE_26 = [
    *BODY_17,
    *["head", "neck", "hip", "left_big_toe", "right_big_toe", "left_small_toe", "right_small_toe", "left_heel", "right_heel"],
]
WHOLEBODY_133 = [
    *BODY_17,
    *["left_big_toe", "left_small_toe", "left_heel", "right_big_toe", "right_small_toe", "right_heel"],
    *(f"face_{number}" for number in range(68)),
    *(f"hand_{number}" for number in range(42)),
]


def write_graph(
    path: Path,
    nodes: Sequence[onnx.NodeProto],
    *,
    inputs: dict[str, Sequence[int | str]],
    outputs: dict[str, tuple[int, Sequence[int | str]]],
    constants: dict[str, np.ndarray],
) -> Path:
    graph = helper.make_graph(
        list(nodes),
        "test",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in outputs.items()],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def pose_graph(path: Path, *, points: int, width: int = 48, height: int = 64, bins: int = 2) -> Path:
    """Each point answers the brightest place, moved by its own number: (k mod 12, k // 12) pixels right and down."""
    reach = 12
    kernel = np.zeros((points, 3, 2 * reach + 1, 2 * reach + 1), dtype=np.float32)
    for k in range(points):
        kernel[k, :, reach - k // reach, reach - k % reach] = 0.1
    twice = {"mode": "nearest", "nearest_mode": "floor", "coordinate_transformation_mode": "asymmetric"}
    nodes = [
        helper.make_node("Conv", ["picture", "kernel"], ["moved"], pads=[reach] * 4),
        helper.make_node("ReduceMax", ["moved"], ["along_x"], axes=[2], keepdims=0),
        helper.make_node("ReduceMax", ["moved"], ["along_y"], axes=[3], keepdims=0),
        helper.make_node("Resize", ["along_x", "", "scales"], ["simcc_x"], **twice),
        helper.make_node("Resize", ["along_y", "", "scales"], ["simcc_y"], **twice),
    ]
    return write_graph(
        path,
        nodes,
        inputs={"picture": ["batch", 3, height, width]},
        outputs={
            "simcc_x": (TensorProto.FLOAT, ["batch", points, bins * width]),
            "simcc_y": (TensorProto.FLOAT, ["batch", points, bins * height]),
        },
        constants={"kernel": kernel, "scales": np.array([1, 1, bins], dtype=np.float32)},
    )


def spot(width: int, height: int, x: float, y: float, *, spread_px: float = 12.0) -> Image:
    """A white spot on black with its top at (x, y), continuous position."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    bright = 255 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * spread_px**2))
    return np.repeat(bright.round().astype(np.uint8)[:, :, np.newaxis], 3, axis=2)


@pytest.mark.parametrize(("points", "names"), [("halpe26", HALPE_26), ("coco-wholebody", WHOLEBODY_133)])
@pytest.mark.parametrize("turn", [0.0, 0.5])
def test_simcc_points_come_back_where_they_are(tmp_path: Path, points: PointSet, names: list[str], turn: float) -> None:
    model = RtmPose(pose_graph(tmp_path / "pose.onnx", points=len(names)), used=USED, points=points, providers=CPU, threads=1)
    roi = Roi(centre_x_px=310, centre_y_px=200, width_px=48 * 5, height_px=64 * 5, rotation_rad=turn)

    def in_picture(column: int, row: int) -> tuple[float, float]:
        """Return where the middle of a pixel of the network's picture lies; it is 5 px large."""
        right, down = 5 * (column + 0.5 - 24), 5 * (row + 0.5 - 32)
        sine, cosine = math.sin(turn), math.cos(turn)
        return 310 + right * cosine - down * sine, 200 + right * sine + down * cosine

    found = model.estimate(spot(640, 480, *in_picture(20, 26)), roi)
    for index, name in enumerate(KEYPOINTS):
        k = names.index(name)
        assert found.xy_px[index] == pytest.approx(in_picture(20 + k % 12, 26 + k // 12), abs=1e-6), name
    assert (found.score > 0.5).all()
    assert found.presence == pytest.approx(found.score.mean())


def test_the_region_keeps_the_network_aspect_and_follows_the_points(tmp_path: Path) -> None:
    model = RtmPose(pose_graph(tmp_path / "pose.onnx", points=26), used=USED, points="halpe26", providers=CPU, threads=1)
    tall, wide = model.roi_around((100, 100, 140, 300)), model.roi_around((100, 100, 400, 200))
    assert (tall.width_px, tall.height_px) == pytest.approx((187.5, 250.0))
    assert (wide.width_px, wide.height_px) == pytest.approx((375.0, 500.0))
    found = model.estimate(spot(640, 480, 290.0, 180.0), Roi(centre_x_px=310, centre_y_px=200, width_px=240, height_px=320))
    assert found.next_roi == model.roi_around((*found.xy_px.min(axis=0), *found.xy_px.max(axis=0)))


def test_the_region_stays_where_nobody_is(tmp_path: Path) -> None:
    model = RtmPose(pose_graph(tmp_path / "pose.onnx", points=26), used=USED, points="halpe26", providers=CPU, threads=1)
    roi = Roi(centre_x_px=310, centre_y_px=200, width_px=240, height_px=320)
    found = model.estimate(np.zeros((480, 640, 3), dtype=np.uint8), roi)
    assert found.next_roi == roi
    assert found.presence < 0.05


def yolox_graph(path: Path, *, classes: int, chosen: int, size: tuple[int, int] = (96, 64), cells_off: int = 0) -> Path:
    """Level 8 answers cells that are red through and through, as boxes of 32 x 16 px round the cell; other levels are silent."""
    width, height = size
    first = (width // 8) * (height // 8)
    rest = (width // 16) * (height // 16) + (width // 32) * (height // 32) + cells_off
    geometry = np.array([0.5, 0.5, math.log(4), math.log(2)], dtype=np.float32).reshape(1, 1, 4)
    one_hot = np.eye(classes, dtype=np.float32)[chosen].reshape(1, 1, classes)
    nodes = [
        # blue-green-red: channel 2 is red
        helper.make_node("Conv", ["images", "red"], ["redness"]),
        helper.make_node("AveragePool", ["redness"], ["cell"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Relu", ["cell"], ["lit"]),
        helper.make_node("Reshape", ["lit", "column"], ["objectness"]),
        helper.make_node("Concat", ["where", "objectness", "which"], ["level"], axis=2),
        helper.make_node("Concat", ["level", "silent"], ["output"], axis=1),
    ]
    return write_graph(
        path,
        nodes,
        inputs={"images": [1, 3, height, width]},
        outputs={"output": (TensorProto.FLOAT, [1, first + rest, 5 + classes])},
        constants={
            "red": np.array([-1, -1, 1], dtype=np.float32).reshape(1, 3, 1, 1) / 255,
            "column": np.array([1, first, 1], dtype=np.int64),
            "where": np.repeat(geometry, first, axis=1),
            "which": np.repeat(one_hot, first, axis=1),
            "silent": np.zeros((1, rest, 5 + classes), dtype=np.float32),
        },
    )


@pytest.mark.parametrize(("classes", "chosen", "label"), [(1, 0, "person"), (80, 16, "dog")])
@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [(192, 128, 0.5), (96, 64, 1.0), (192, 100, 0.5), (50, 128, 0.5), (48, 32, 2.0)],
)
def test_yolox_boxes_come_back_through_the_letterbox(
    tmp_path: Path, classes: int, chosen: int, label: str, width: int, height: int, scale: float
) -> None:
    model = Yolox(yolox_graph(tmp_path / "yolox.onnx", classes=classes, chosen=chosen), used=USED, providers=CPU, threads=1)
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    side = round(8 / scale)
    picture[side : 2 * side, 2 * side : 3 * side, 0] = 255  # red: the cell in column 2, row 1
    picture[0:side, 0:side, 2] = 255  # blue must not count
    found = model.detect(picture)
    centre = np.array([2.5 * side, 1.5 * side])
    half = np.array([16, 8]) / scale
    expected = np.clip(np.concatenate([centre - half, centre + half]), 0, [width, height, width, height])
    assert found.label == (label,)
    assert found.xyxy_px[0] == pytest.approx(expected, abs=0.01)
    assert found.score[0] == pytest.approx(1.0, abs=0.15)  # enlarging softens the rim


def rtmdet_graph(path: Path, *, names: tuple[str, str] = ("dets", "labels")) -> Path:
    """Answers a box of 20 x 12 px round the reddest pixel, a weak one, and an empty row."""
    nodes = [
        helper.make_node("Conv", ["input", "red"], ["redness"]),
        helper.make_node("ReduceMax", ["redness"], ["along_x"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMax", ["redness"], ["along_y"], axes=[1, 3], keepdims=0),
        helper.make_node("ArgMax", ["along_x"], ["column"], axis=1, keepdims=1),
        helper.make_node("ArgMax", ["along_y"], ["row"], axis=1, keepdims=1),
        helper.make_node("Concat", ["column", "row", "column", "row"], ["corners"], axis=1),
        helper.make_node("Cast", ["corners"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["floats", "size"], ["box"]),
        helper.make_node("Concat", ["box", "score"], ["flat"], axis=1),
        helper.make_node("Reshape", ["flat", "rows"], ["first"]),
        helper.make_node("Concat", ["weak", "first", "empty"], [names[0]], axis=1),
        helper.make_node("Identity", ["classes"], [names[1]]),
    ]
    return write_graph(
        path,
        nodes,
        inputs={"input": [1, 3, 64, 96]},
        outputs={names[0]: (TensorProto.FLOAT, [1, 3, 5]), names[1]: (TensorProto.INT64, [1, 3])},
        constants={
            "red": np.array([-1, -1, 1], dtype=np.float32).reshape(1, 3, 1, 1),
            "size": np.array([[-9.5, -5.5, 10.5, 6.5]], dtype=np.float32),
            "score": np.array([[0.8]], dtype=np.float32),
            "rows": np.array([1, 1, 5], dtype=np.int64),
            "weak": np.array([[[0, 0, 9, 9, 0.36]]], dtype=np.float32),
            "empty": np.zeros((1, 1, 5), dtype=np.float32),
            "classes": np.array([[2, 0, -1]], dtype=np.int64),
        },
    )


@pytest.mark.parametrize(("width", "height", "scale"), [(192, 128, 0.5), (96, 64, 1.0), (960, 300, 0.1)])
def test_rtmdet_boxes_come_back_best_first(tmp_path: Path, width: int, height: int, scale: float) -> None:
    model = RtmDet(rtmdet_graph(tmp_path / "rtmdet.onnx"), used=USED, providers=CPU, threads=1)
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    one = round(1 / scale)
    picture[20 * one : 21 * one, 40 * one : 41 * one, 0] = 255
    found = model.detect(picture)
    assert found.label == ("person", "car")
    assert found.score == pytest.approx([0.8, 0.36])
    assert found.xyxy_px[0] == pytest.approx(np.array([30.5, 14.5, 50.5, 26.5]) / scale, abs=0.01)
    assert found.xyxy_px[1] == pytest.approx(np.array([0, 0, 9, 9]) / scale, abs=0.01)


def test_a_graph_that_does_not_fit_is_told_what_was_expected(tmp_path: Path) -> None:
    wrong_points = pose_graph(tmp_path / "wrong_points.onnx", points=26)
    with pytest.raises(ModelUnusable, match=r"simcc_x \(1, 133, 2 × width\).*width 48 and height 64"):
        RtmPose(wrong_points, used=USED, points="coco-wholebody", providers=CPU, threads=1)
    wrong_split = pose_graph(tmp_path / "wrong_split.onnx", points=26, bins=3)
    with pytest.raises(ModelUnusable, match="expected simcc_x"):
        RtmPose(wrong_split, used=USED, points="halpe26", providers=CPU, threads=1)
    with pytest.raises(ModelUnusable, match="expected dets"):
        RtmDet(wrong_points, used=USED, providers=CPU, threads=1)
    other_names = rtmdet_graph(tmp_path / "other_names.onnx", names=("boxes", "labels"))
    with pytest.raises(ModelUnusable, match="expected dets"):
        RtmDet(other_names, used=USED, providers=CPU, threads=1)
    for classes, off in ((3, 0), (80, 1)):
        wrong = yolox_graph(tmp_path / f"yolox{classes}.onnx", classes=classes, chosen=0, cells_off=off)
        with pytest.raises(ModelUnusable, match=r"expected one output \(1, 126, 85\)"):
            Yolox(wrong, used=USED, providers=CPU, threads=1)


@pytest.mark.parametrize("shape", [[1, 3, "height", "width"], [1, 1, 64, 48], [1, 64, 48, 3], [4, 3, 64, 48]])
def test_an_input_that_is_no_fixed_picture_is_refused(tmp_path: Path, shape: list[int | str]) -> None:
    node = helper.make_node("Identity", ["input"], ["output"])
    path = write_graph(
        tmp_path / "identity.onnx",
        [node],
        inputs={"input": shape},
        outputs={"output": (TensorProto.FLOAT, shape)},
        constants={},
    )
    with pytest.raises(ModelUnusable, match=r"expected one float32 input \(1, 3, height, width\)"):
        Yolox(path, used=USED, providers=CPU, threads=1)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"onnx_pose": "text.onnx"}, ModelUnusable, "cannot be loaded as an ONNX model"),
        ({"onnx_pose": "absent.onnx"}, ModelMissing, "absent.onnx does not exist"),
        ({}, BadSetting, "onnx_pose names no file"),
        ({"onnx_pose": "pose.onnx", "onnx_providers": ("WarpDriveProvider",)}, BadSetting, "WarpDriveProvider.*CPUExecutionP"),
        ({"onnx_pose": "pose.onnx", "onnx_providers": ()}, BadSetting, "it is empty"),
    ],
)
def test_settings_that_lead_nowhere_are_explained(
    tmp_path: Path, settings: dict[str, object], error: type[KinesightError], words: str
) -> None:
    (tmp_path / "text.onnx").write_text("not a model")
    pose_graph(tmp_path / "pose.onnx", points=26)
    if "onnx_pose" in settings:
        settings = {**settings, "onnx_pose": tmp_path / str(settings["onnx_pose"])}
    with pytest.raises(error, match=words):
        ModelShelf(Settings(models=tmp_path, **settings)).pose("onnx")


def test_an_unknown_pose_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="heavy, full or onnx"):
        ModelShelf(Settings(models=tmp_path)).pose("lite")


@pytest.mark.parametrize("style", ["yolox", "rtmdet"])
def test_the_shelf_hands_out_your_own_models(tmp_path: Path, style: str) -> None:
    detector = (
        yolox_graph(tmp_path / "mine.onnx", classes=1, chosen=0) if style == "yolox" else rtmdet_graph(tmp_path / "mine.onnx")
    )
    pose = pose_graph(tmp_path / "pose.onnx", points=133)
    shelf = ModelShelf(
        Settings(
            models=tmp_path,
            detector="onnx",
            onnx_detector=detector,
            onnx_detector_style=style,
            onnx_pose=pose,
            onnx_pose_points="coco-wholebody",
        )
    )
    assert shelf.detector().used == UsedModel(task="detector", name="mine", sha256=sha256_of(detector))
    assert shelf.pose("onnx").used == UsedModel(task="pose", name="pose", sha256=sha256_of(pose))
    assert shelf.pose("onnx") is shelf.pose("onnx")

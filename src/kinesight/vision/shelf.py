"""Hands out the models of an installation: loaded when first asked for, checked against the catalogue, once each."""

from __future__ import annotations

import importlib
import os
import threading
from pathlib import Path
from typing import Any, cast

from kinesight.domain.document import UsedModel
from kinesight.domain.errors import BadSetting, ModelMissing
from kinesight.domain.heads import FaceMeshModel, PersonSegmenter
from kinesight.domain.ports import BackgroundFollower, FaceDetector, ImageEncoder, ObjectDetector, PatchFollower, PoseModel
from kinesight.settings import Settings
from kinesight.vision.catalogue import ModelRow, row_named
from kinesight.vision.fetch import sha256_of, verified_path

_POSE_ROWS = {"heavy": "blazepose-heavy", "full": "blazepose-full"}

_ENCODER_ROW = "efficientnet-lite0"

_BACKGROUND = "kinesight.vision.background:OpticalFlowFollower"
_PATCHES = "kinesight.vision.patches:OpticalFlowPatches"
_ONNX_POSE = "kinesight.vision.pose.rtmpose:RtmPose"
_ONNX_DETECTORS = {"yolox": "kinesight.vision.detection.yolox:Yolox", "rtmdet": "kinesight.vision.detection.rtmdet:RtmDet"}


_MOST_AT_ONCE = 4
"""Calls that are made at once; each needs a copy of the detector and of the pose model."""


class ModelShelf:
    """The models that the settings name. May be asked from several threads.

    Parameters
    ----------
    settings
        Which models, where their files are, how many threads and which execution providers.
    at_once
        How many calls can run at once, each on the threads of the settings; more wait.
    """

    def __init__(self, settings: Settings, *, at_once: int = 1) -> None:
        self._settings = settings
        self._threads = settings.threads or usable_cores()
        self._at_once = at_once
        self._lock = threading.Lock()
        self._beside: ModelShelf | None = None
        self._detector: ObjectDetector | None = None
        self._person_detector: ObjectDetector | None = None
        self._encoder: ImageEncoder | None = None
        self._faces: FaceDetector | None = None
        self._poses: dict[str, PoseModel] = {}
        self._others: dict[str, Any] = {}

    @property
    def at_once(self) -> int:
        """Return how many calls can run at once."""
        return self._at_once

    def side_by_side(self) -> ModelShelf:
        """Return the same models on one thread each, of which as many calls can run at once as these have threads, up to 4.

        From then on OpenCV keeps, in the whole process, to the threads that call it: its own would use more cores than given, and
        wait for their next part with the core in use, which took 1 ms of each picture that was shrunk for a model.
        """
        importlib.import_module("cv2").setNumThreads(1)
        if self._threads == 1:
            return self
        with self._lock:
            if self._beside is None:
                alone = self._settings.model_copy(update={"threads": 1})
                self._beside = ModelShelf(alone, at_once=min(self._threads, _MOST_AT_ONCE))
            return self._beside

    def detector(self) -> ObjectDetector:
        """Return the person and object detector.

        Raises
        ------
        ModelMissing, ModelDamaged
            The file is not there or not the pinned one.
        ModelUnusable, BadSetting
            Your own model does not fit its contract, or the settings do not name it.
        """
        with self._lock:
            if self._detector is None:
                self._detector = self._load_detector()
            return self._detector

    def person_detector(self) -> ObjectDetector:
        """Return the detector for those who want persons alone; the installation's own leaves the other classes out.

        Raises
        ------
        ModelMissing, ModelDamaged, ModelUnusable, BadSetting
            As `detector`.
        """
        if self._settings.detector == "onnx":
            return self.detector()
        with self._lock:
            if self._person_detector is None:
                found = self._load_row(self._settings.detector, copies=self._at_once, only="person")
                self._person_detector = cast(ObjectDetector, found)
            return self._person_detector

    def pose(self, name: str) -> PoseModel:
        """Return the pose model of this name: heavy, full, or onnx for your own.

        Raises
        ------
        ModelMissing, ModelDamaged
            The file is not there or not the pinned one.
        ModelUnusable, BadSetting
            Your own model does not fit its contract, or there is no model of this name.
        """
        with self._lock:
            if name not in self._poses:
                self._poses[name] = self._load_pose(name)
            return self._poses[name]

    def encoder(self) -> ImageEncoder:
        """Return the encoder of pictures.

        Raises
        ------
        ModelMissing, ModelDamaged
            The file is not there or not the pinned one.
        """
        with self._lock:
            if self._encoder is None:
                self._encoder = cast(ImageEncoder, self._load_row(_ENCODER_ROW))
            return self._encoder

    def faces(self) -> FaceDetector:
        """Return the face detector. Raises `ModelMissing`, `ModelDamaged`, `ModelUnusable`."""
        with self._lock:
            if self._faces is None:
                self._faces = cast(FaceDetector, self._load_row("centerface"))
            return self._faces

    def face_mesh(self) -> FaceMeshModel:
        """Return the model of a face's surface. Raises `ModelMissing`, `ModelDamaged`, `ModelUnusable`."""
        return cast(FaceMeshModel, self._kept("mediapipe-face-mesh"))

    def segmenter(self) -> PersonSegmenter:
        """Return what tells persons from their background. Raises `ModelMissing`, `ModelDamaged`, `ModelUnusable`."""
        return cast(PersonSegmenter, self._kept("selfie-segmenter"))

    def _kept(self, name: str) -> Any:
        with self._lock:
            if name not in self._others:
                self._others[name] = self._load_row(name)
            return self._others[name]

    def background(self) -> BackgroundFollower:
        """Return a new follower of one clip's background; it needs no model file."""
        return cast(BackgroundFollower, _factory(_BACKGROUND)())

    def patches(self) -> PatchFollower:
        """Return what follows small parts of pictures; it needs no model file."""
        return cast(PatchFollower, _factory(_PATCHES)())

    def _load_detector(self) -> ObjectDetector:
        if self._settings.detector != "onnx":
            return cast(ObjectDetector, self._load_row(self._settings.detector, copies=self._at_once))
        factory = _ONNX_DETECTORS[self._settings.onnx_detector_style]
        return cast(ObjectDetector, self._load_own(factory, self._settings.onnx_detector, task="detector"))

    def _load_pose(self, name: str) -> PoseModel:
        if name in _POSE_ROWS:
            return cast(PoseModel, self._load_row(_POSE_ROWS[name], copies=self._at_once))
        if name != "onnx":
            raise BadSetting(f"There is no pose model {name!r}; choose {', '.join(_POSE_ROWS)} or onnx")
        points = self._settings.onnx_pose_points
        return cast(PoseModel, self._load_own(_ONNX_POSE, self._settings.onnx_pose, task="pose", points=points))

    def _load_row(self, name: str, **options: Any) -> Any:
        row = row_named(name)
        path = verified_path(self._settings.models, row)
        used = UsedModel(task=row.task, name=row.name, sha256=row.file.sha256)
        return _factory(row.factory)(path, used=used, threads=self._threads_for(row), **options)

    def _threads_for(self, row: ModelRow) -> int:
        if self._settings.threads or not row.is_quick:
            return self._threads
        return max(1, self._threads // 2)

    def _load_own(self, factory: str, path: Path | None, *, task: str, **options: str) -> Any:
        if path is None:
            raise BadSetting(f"Setting onnx_{task} names no file; set it to your own .onnx model, see docs/reference/models.md")
        if not path.is_file():
            raise ModelMissing(f"Your own model {path} does not exist; put it there or change the setting onnx_{task}")
        used = UsedModel(task=task, name=path.stem, sha256=sha256_of(path))
        return _factory(factory)(path, used=used, providers=self._settings.onnx_providers, threads=self._threads, **options)


def usable_cores() -> int:
    """Return how many processor cores this process may use, at least 1."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _factory(where: str) -> Any:
    """Import an adapter, and the runtime it needs, only now."""
    module, name = where.split(":")
    return getattr(importlib.import_module(module), name)

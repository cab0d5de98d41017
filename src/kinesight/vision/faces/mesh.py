"""MediaPipe's face mesh on LiteRT: 468 points of one face, followed from picture to picture by its own region."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from kinesight.domain.document import UsedModel
from kinesight.domain.heads import MESH_POINTS, FaceMesh
from kinesight.domain.people import Roi
from kinesight.domain.video import Floats, Image
from kinesight.vision.litert_session import LiteRtSession
from kinesight.vision.pose.region import cut_out, matrix_to_picture, to_picture

_SIDE_PX = 256
_POINTS = 478
"""The mesh, and five points of each iris, which are not used."""

_MARGIN = 1.5
"""The region is this much larger than the mesh, as in MediaPipe's own graph."""

_MESH_OF_EYES_TO_MOUTH = 2.6
_CENTRE_ABOVE = 0.18
"""Height of the mesh, and how far its middle lies above that of eyes and mouth, in distances from the eyes to the mouth; read off
faces seen from the front."""

_RIGHT_EYE, _LEFT_EYE = 33, 263
"""Outer corners of the eyes; left and right are the person's."""


class MediaPipeFaceMesh:
    """Finds the mesh of one face in a square, turned region; fulfils `FaceMeshModel`.

    Parameters
    ----------
    path
        The .tflite file of the catalogue.
    used
        Its provenance.
    threads
        Threads of one inference.

    Notes
    -----
    Source of the outputs' meaning: Grishchenko et al., Attention Mesh: High-fidelity Face Mesh Prediction in Real-time, 2020, and
    Kartynnik et al., Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs, 2019.
    """

    def __init__(self, path: Path, *, used: UsedModel, threads: int) -> None:
        self._session = LiteRtSession(
            path,
            input_shape=(1, _SIDE_PX, _SIDE_PX, 3),
            output_shapes=((1, 1, 1, _POINTS * 3), (1, 1, 1, 1)),
            threads=threads,
        )
        self._used = used

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""
        return self._used

    def roi_of_face(self, points_px: Floats) -> Roi:
        """Return the region to look at for a face with the given `FACE_POINTS`, (5, 2) pixels."""
        eyes, mouth = points_px[:2].mean(axis=0), points_px[3:].mean(axis=0)
        up = eyes - mouth
        centre = (eyes + mouth) / 2 + _CENTRE_ABOVE * up
        side_px = _MARGIN * _MESH_OF_EYES_TO_MOUTH * float(np.hypot(*up))
        return _square(centre, side_px, rotation_rad=math.atan2(float(up[0]), float(-up[1])))

    def estimate(self, rgb: Image, roi: Roi) -> FaceMesh:
        """Return the mesh of the face in the region, and where to look next; below presence 0.5 there is none."""
        matrix = matrix_to_picture(roi, width_px=_SIDE_PX, height_px=_SIDE_PX)
        picture = cut_out(rgb, matrix, width_px=_SIDE_PX, height_px=_SIDE_PX)
        values, logit = self._session.run(np.multiply(picture, np.float32(1 / 255), dtype=np.float32)[np.newaxis])
        points = values.reshape(_POINTS, 3)[:MESH_POINTS].astype(np.float64)
        placed = np.column_stack([to_picture(points[:, :2], matrix), points[:, 2] * roi.width_px / _SIDE_PX])
        presence = 1 / (1 + math.exp(-float(np.clip(logit.ravel()[0], -50, 50))))
        return FaceMesh(points_px=placed, presence=presence, next_roi=roi_of_mesh(placed[:, :2]))


def roi_of_mesh(points_px: Floats) -> Roi:
    """Return the square region round a mesh (n, 2), turned so that the line between the eyes is level."""
    across = points_px[_LEFT_EYE] - points_px[_RIGHT_EYE]
    angle = math.atan2(float(across[1]), float(across[0]))
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    level = points_px @ turn.T
    low, high = level.min(axis=0), level.max(axis=0)
    return _square((low + high) / 2 @ turn, _MARGIN * float(np.max(high - low)), rotation_rad=angle)


def _square(centre: Floats, side_px: float, *, rotation_rad: float) -> Roi:
    return Roi(
        centre_x_px=float(centre[0]),
        centre_y_px=float(centre[1]),
        width_px=max(side_px, 1.0),
        height_px=max(side_px, 1.0),
        rotation_rad=rotation_rad,
    )

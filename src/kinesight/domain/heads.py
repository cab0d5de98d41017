"""Heads over time, and what the core wants from the outside to hide or replace them. Adapters fit by shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kinesight.domain.document import UsedModel
from kinesight.domain.people import Roi
from kinesight.domain.video import Floats, Image

Style = Literal["blur", "pixelate", "solid", "drawn"]
"""How a head is hidden."""

MESH_POINTS = 468
"""Points of a face mesh, in the order of MediaPipe's face mesh."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTrack:
    """One person's boxes over every frame of a video; frames in which there is none hold NaN.

    `body_xyxy_px`, `head_xyxy_px` (frames, 4) left, top, right, bottom in pixels of the upright source; `is_seen` (frames,)
    whether the head's place was seen, not filled in.
    """

    obj_id: int
    body_xyxy_px: Floats
    head_xyxy_px: Floats
    is_seen: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMap:
    """Who is where in a video: what heads.json holds.

    `time_s` (frames,) strictly increasing, of the stream's own stamps; `shot` (frames,) the number of each frame's shot, not
    decreasing: nothing moves from the last frame of one shot to the first of the next.
    """

    video_sha256: str
    width_px: int
    height_px: int
    time_s: Floats
    shot: NDArray[np.int64]
    tracks: tuple[HeadTrack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMesh:
    """The surface of one face in one picture.

    `points_px` (MESH_POINTS, 3) x and y in pixels of the picture, z on the same scale, growing away from the camera; `presence`
    0..1: how sure the model is that a face is in the region; `next_roi` where to look in the next picture.
    """

    points_px: Floats
    presence: float
    next_roi: Roi


TONE_TERMS = 6
"""Terms of a tone: 1, u, v, u², uv, v², with u to the right and v down on the reference's face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFace:
    """A face that is put onto others.

    `rgb` its picture; `points_px` (MESH_POINTS, 2) its mesh in it; `triangles` (n, 3) numbers of points; `tone` (3, TONE_TERMS)
    the smooth part of its skin's colour, CIE L*, a*, b* as polynomials of u, v = (position - centre_px) / unit_px.
    """

    rgb: Image
    points_px: Floats
    triangles: NDArray[np.int64]
    tone: Floats
    centre_px: Floats
    unit_px: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One replaced face in one picture.

    `points_px` (MESH_POINTS, 3) where the reference's mesh goes, as in `FaceMesh`; `tone` (3, TONE_TERMS) the smooth part of the
    skin's colour there, over the same u and v as the reference's; `opacity` 0..1.
    """

    points_px: Floats
    tone: Floats
    opacity: float = 1.0


class FaceMeshModel(Protocol):
    """Finds the mesh of one face in one region of a picture."""

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""

    def roi_of_face(self, points_px: Floats) -> Roi:
        """Return the region to look at for a face with the given `FACE_POINTS`, (5, 2) pixels."""

    def estimate(self, rgb: Image, roi: Roi) -> FaceMesh:
        """Return the mesh of the face in the region, and where to look next."""


class PersonSegmenter(Protocol):
    """Tells persons from their background."""

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""

    def mask(self, rgb: Image) -> NDArray[np.float32]:
        """Return how much of each pixel is person, (height, width) 0..1."""


class HeadHider(Protocol):
    """Makes heads unrecognisable."""

    def hide(self, rgb: Image, *, covers_xyxy_px: Floats, style: Style) -> Image:
        """Return the picture with what lies under the covers hidden for good.

        A cover is a box (n, 4) with rounded corners; pixels outside the boxes stay as they are.
        """


class FacePaster(Protocol):
    """Puts one reference face onto faces of pictures."""

    def paste(self, rgb: Image, patch: Patch, *, person: NDArray[np.float32] | None = None) -> Image:
        """Return the picture with the reference's face in place of another; pixels outside the patch's mesh stay as they are.

        `person` (height, width) 0..1 says which pixels are person, and takes the new face off the others.
        """


class SkinSampler(Protocol):
    """Reads the colour of skin."""

    def __call__(self, rgb: Image, points_px: Floats) -> Floats:
        """Return the colours round points (n, 2) of a picture, CIE L*, a*, b*, (n, 3); NaN outside the picture."""

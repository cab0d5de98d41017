"""The architecture on one page: what the core wants from the outside world. Adapters fit by shape."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from kinesight.domain.document import UsedModel
from kinesight.domain.people import Boxes, Faces, PoseEstimate, Roi
from kinesight.domain.video import Floats, Frame, Image, VideoInfo

Colour = tuple[int, int, int]
"""Red, green, blue, 0..255."""

Point = tuple[float, float]
"""x, y in pixels of the picture that is drawn on."""


class VideoReader(Protocol):
    """Reads one video file, as often as asked."""

    @property
    def info(self) -> VideoInfo:
        """Return the facts known so far; exact counts and times once a pass of `frames` has ended."""

    def frames(self, *, longest_side_px: int | None = None) -> Generator[Frame, None, None]:
        """Yield every frame in display order, upright, square pixels, no side longer than asked (never enlarged).

        Raises a `CallerError` for whatever is wrong with the file, also in the middle of it.
        """


class VideoWriter(Protocol):
    """Writes one video file; the file appears under its name when the block ends without an exception."""

    sound_problem: str | None
    """After the block: why the sound could not be kept; None where it was, or where there was none."""

    def write(self, rgb: Image, *, time_s: float) -> None:
        """Append one picture; times strictly increase."""


class OpenVideoWriter(Protocol):
    """Opens a writer."""

    def __call__(
        self, path: Path, *, width_px: int, height_px: int, sound_from: Path | None = None
    ) -> AbstractContextManager[VideoWriter]:
        """Return a writer of H.264 in MP4 that keeps the sound of the given file."""


class ObjectDetector(Protocol):
    """Finds objects in one picture."""

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""

    def detect(self, rgb: Image, *, least_score: float | None = None) -> Boxes:
        """Return the objects found, best first, in pixels of the picture; `least_score` replaces the model's own threshold."""


class FaceDetector(Protocol):
    """Finds faces in one picture."""

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""

    def detect(self, rgb: Image, *, longest_side_px: int | None = None, least_score: float | None = None) -> Faces:
        """Return the faces found, best first, in pixels of the picture, also those it is hardly sure of (score from 0.2).

        The picture is looked at with its longer side at about `longest_side_px`, shrunk or enlarged; None: as it is. Faces of a
        lower score than `least_score` are left out; None: than the detector's own.
        """


class PoseModel(Protocol):
    """Finds the keypoints of one person in one region of a picture."""

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""

    def roi_around(self, box_xyxy_px: tuple[float, float, float, float]) -> Roi:
        """Return the region to look at for a person in the given box."""

    def estimate(self, rgb: Image, roi: Roi) -> PoseEstimate:
        """Return the keypoints of the person in the region, and where to look next."""


class ImageEncoder(Protocol):
    """Describes what a picture looks like by a vector."""

    @property
    def used(self) -> UsedModel:
        """Return what model this is, for provenance."""

    def embed(self, rgb: Image) -> Floats:
        """Return the vector of the whole picture, (dimensions,); the more alike two pictures look, the closer theirs lie."""


class BackgroundFollower(Protocol):
    """Tells how the background of one clip moves from picture to picture."""

    def see(self, rgb: Image, *, people_xyxy_px: Floats) -> Floats | None:
        """Take the next picture; return the map of the background from the one before, (2, 3) in its pixels; None if unknown.

        A background point at p moves to map[:, :2] @ p + map[:, 2]. What lies in the boxes of `people_xyxy_px` (n, 4) is no
        background.
        """


class PatchFollower(Protocol):
    """Sees how far small parts of a picture move until the next one."""

    def follow(self, before: Image, after: Image, *, start: Floats, guess: Floats, side_px: float) -> tuple[Floats, Floats]:
        """Return how far the corners of each patch moved, (patches, 3, 2), NaN if unknown, and how sure that is, (patches,) 0..1.

        `start` (patches, 3, 2) are the corners before, `guess` about where they are after; `side_px` is the size of a patch.
        """


class Models(Protocol):
    """Hands out the models of an installation, loaded once each."""

    @property
    def at_once(self) -> int:
        """Return how many calls of the models are worth making at once, each in a thread of the caller's."""

    def side_by_side(self) -> Models:
        """Return the models for a caller with many calls that need not wait for each other.

        They use as many cores as these, but a call uses one: several at once get more done than one after the other on all cores.
        """

    def detector(self) -> ObjectDetector:
        """Return the person and object detector. Raises `ModelMissing` or `ModelDamaged`."""

    def person_detector(self) -> ObjectDetector:
        """Return the detector for those who want persons alone: of them it says the same, of other objects it may say nothing.

        Raises `ModelMissing` or `ModelDamaged`.
        """

    def pose(self, name: str) -> PoseModel:
        """Return the pose model of this name, such as "heavy" or "full". Raises `ModelMissing` or `ModelDamaged`."""

    def encoder(self) -> ImageEncoder:
        """Return the encoder of pictures. Raises `ModelMissing` or `ModelDamaged`."""

    def faces(self) -> FaceDetector:
        """Return the face detector. Raises `ModelMissing` or `ModelDamaged`."""

    def background(self) -> BackgroundFollower:
        """Return a new follower for one clip; it needs no model file."""

    def patches(self) -> PatchFollower:
        """Return what follows small parts of pictures; it needs no model file."""


class Watch(Protocol):
    """What a long loop tells the outside, and hears from it, between two frames."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Note how far a stage is. Raises `Cancelled` if somebody asked to stop."""


class Canvas(Protocol):
    """A picture to draw on. Positions, widths and sizes are pixels of this picture; lines are anti-aliased."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height."""

    def line(self, start: Point, end: Point, *, colour: Colour, width_px: float, opacity: float = 1.0) -> None:
        """Draw a straight line."""

    def disc(self, centre: Point, *, radius_px: float, colour: Colour, opacity: float = 1.0) -> None:
        """Draw a filled circle."""

    def arc(self, centre: Point, *, radius_px: float, start_deg: float, end_deg: float, colour: Colour, width_px: float) -> None:
        """Draw an arc, angles clockwise from the x axis."""

    def panel(self, corner: Point, *, width_px: float, height_px: float, colour: Colour, opacity: float) -> None:
        """Darken or tint a rectangle, rounded a little."""

    def text(self, position: Point, text: str, *, size_px: float, colour: Colour, anchor: str = "left") -> None:
        """Write one line, vertically centred on the position; anchor is left, centre or right."""

    def text_width_px(self, text: str, *, size_px: float) -> float:
        """Return how wide a line will be."""

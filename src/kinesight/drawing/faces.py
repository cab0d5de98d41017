"""Puts a reference face onto faces: its triangles are moved to where the mesh is, relit, and blended in at the edges."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.heads import Patch, ReferenceFace
from kinesight.domain.video import Floats, Image

FEATHER = 0.09
"""Width of the blended edge in widths of the face."""

MOUTH = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191)
"""The inner edge of the lips in MediaPipe's mesh. What is inside stays: teeth and tongue are the speaker's."""

FOREHEAD = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
"""The upper edges of the brows, from the right temple to the left one: hair that hangs into a face lies above them."""

HAIR_FROM, HAIR_FULL = 9.0, 18.0
"""Distance from the tone of the skin (CIE 1976) at which something on a forehead begins to be, and surely is, hair. By eye."""

PERSON_FROM, PERSON_FULL = 0.25, 0.6
"""Probability of being person at which the new face begins to show, and shows fully."""

HAIR_MARGIN = 0.035
"""How far hair is widened before it is taken out, in widths of the face: strands are softer than their middle."""

SAMPLE = 0.04
"""Side of the square whose mean colour stands for a point of the skin, in widths of the face."""

GAIN = (0.6, 1.4)
"""How much the reference's fine contrast may change with the light."""

SHARPER = 1.25
"""The reference is shrunk to so many of its pixels per pixel of the largest face it was put on; more would shimmer."""

_SHIFT = 4
Floats32 = NDArray[np.float32]


def skin_colours(rgb: Image, points_px: Floats) -> Floats:
    """Return the colours round points (n, 2), CIE L*, a*, b*, (n, 3); NaN outside the picture. Fulfils `SkinSampler`."""
    height, width = rgb.shape[:2]
    colours = np.full((len(points_px), 3), np.nan)
    inside = np.flatnonzero(((points_px >= 0) & (points_px < [width, height])).all(axis=1))
    if len(inside) == 0:
        return colours
    low = np.floor(points_px[inside].min(axis=0)).astype(int)
    high = np.ceil(points_px[inside].max(axis=0)).astype(int) + 1
    part = rgb[low[1] : high[1], low[0] : high[0]]
    side = max(1, round(SAMPLE * max(part.shape[:2]))) * 2 + 1
    lab = _to_lab(cv2.blur(part, (side, side), borderType=cv2.BORDER_REPLICATE))
    column, row = (points_px[inside] - low).astype(int).T
    colours[inside] = lab[np.minimum(row, lab.shape[0] - 1), np.minimum(column, lab.shape[1] - 1)]
    return colours


class MeshPaster:
    """Puts one reference face onto faces; fulfils `FacePaster`.

    Parameters
    ----------
    face
        The reference.

    Notes
    -----
    The picture of the reference is split once into its tone, a polynomial, and the rest. In the output the rest is moved triangle
    by triangle and laid over the tone of the face that it goes onto, so that skin and light there are those of the scene, and
    only what is fine (features, texture) is the reference's. At the edge both are mixed over FEATHER of the face's width: two
    bands, of which the low one is the scene's everywhere.
    """

    def __init__(self, face: ReferenceFace) -> None:
        self._face = face
        self._details: dict[int, tuple[Floats32, float]] = {}
        self._bare = bare_skin(face.rgb, face.points_px, _tone_at(_places_of(face.rgb), face.tone, face))

    def paste(self, rgb: Image, patch: Patch, *, person: Floats32 | None = None) -> Image:
        """Return the picture with the reference's face put on; pixels outside the patch's mesh stay as they are.

        Hair on the forehead stays on top, the reference's hair is left out, and what `person` says is background stays.
        """
        points = patch.points_px[:, :2]
        height, width = rgb.shape[:2]
        low = np.clip(np.floor(points.min(axis=0)).astype(int) - 1, 0, [width, height])
        high = np.clip(np.ceil(points.max(axis=0)).astype(int) + 1, 0, [width, height])
        if not (high > low).all() or patch.opacity <= 0:
            return rgb
        size = (int(high[0] - low[0]), int(high[1] - low[1]))
        corners = points - low
        places, covered = self._places(corners, patch.points_px[:, 2], size)
        if not covered.any():
            return rgb
        face_px = float(np.max(points.max(axis=0) - points.min(axis=0)))
        share = _edge(covered, FEATHER * face_px) * _without_mouth(corners, size, face_px) * np.float32(patch.opacity)
        share *= _read(self._bare, places, 1.0)
        window = np.s_[low[1] : high[1], low[0] : high[0]]
        # outside the mesh there is no tone to compare with; what is compared with itself is not hair
        seen = _to_lab(rgb[window])
        smooth = np.where(covered[:, :, None], _tone_at(places, patch.tone, self._face), seen)
        share *= bare_skin(rgb[window], corners, smooth)
        if person is not None:
            share *= np.clip((person[window] - PERSON_FROM) / (PERSON_FULL - PERSON_FROM), 0.0, 1.0)
        new = self._lit(places, patch.tone, face_px)
        whole = rgb.copy()
        part = whole[window]
        mixed = part * (1 - share[:, :, None]) + new * share[:, :, None]
        np.copyto(part, (mixed + 0.5).astype(np.uint8), where=share[:, :, None] > 0)
        return whole

    def _places(self, corners: Floats, depth: Floats, size: tuple[int, int]) -> tuple[Floats32, NDArray[np.bool_]]:
        """Return for every pixel where in the reference it comes from, (height, width, 2), and which pixels the mesh covers."""
        triangles = self._face.triangles
        placed = corners[triangles]
        along, across = placed[:, 1] - placed[:, 0], placed[:, 2] - placed[:, 0]
        area = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0]
        facing = np.flatnonzero(area > 1e-3)
        far_first = facing[np.argsort(-depth[triangles[facing]].mean(axis=1), kind="stable")]
        label = np.zeros((size[1], size[0]), dtype=np.int32)
        outline = np.round((placed - 0.5) * (1 << _SHIFT)).astype(np.int32)
        for number in far_first:
            cv2.fillConvexPoly(label, outline[number], int(number) + 1, cv2.LINE_8, _SHIFT)
        back = _affine(placed, self._face.points_px[triangles])
        row, column = np.nonzero(label)
        chosen = back[label[row, column] - 1]
        at = np.column_stack([column + 0.5, row + 0.5, np.ones(len(row))])
        places = np.zeros((size[1], size[0], 2), dtype=np.float32)
        places[row, column] = np.einsum("nij,nj->ni", chosen, at)
        return places, label > 0

    def _lit(self, places: Floats32, tone: Floats, face_px: float) -> Floats32:
        """Return the colours of the reference at its places under another light, RGB 0..255."""
        detail, scale = self._detail(face_px)
        rest = _read(detail, places, scale)
        gain = float(np.clip(tone[0, 0] / max(self._face.tone[0, 0], 1.0), *GAIN))
        smooth = _tone_at(places, tone, self._face)
        return _to_rgb(smooth + rest * np.float32(gain))

    def _detail(self, face_px: float) -> tuple[Floats32, float]:
        """Return what of the reference its tone leaves, shrunk to the size that is needed, and by how much."""
        own_px = float(np.max(self._face.points_px.max(axis=0) - self._face.points_px.min(axis=0)))
        # sizes in steps of a quarter, so that a face that comes nearer does not make a new picture every frame
        step = min(0, int(np.ceil(4 * np.log2(max(SHARPER * face_px / own_px, 1e-3)))))
        if step not in self._details:
            self._details[step] = _detail_of(self._face, 2.0 ** (step / 4))
        return self._details[step]


def _detail_of(face: ReferenceFace, scale: float) -> tuple[Floats32, float]:
    height, width = face.rgb.shape[:2]
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: Any = cv2.resize(face.rgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else face.rgb
    places = _places_of(small) * np.float32(width / size[0])
    return _to_lab(small) - _tone_at(places, face.tone, face), size[0] / width


def bare_skin(rgb: Image, points_px: Floats, smooth: Floats32) -> Floats32:
    """Return where a face is not under hair, (height, width) 0..1: 0 where something on the forehead is not like its skin.

    Parameters
    ----------
    rgb
        The picture.
    points_px
        (points, 2) the mesh in it.
    smooth
        (height, width, 3) the tone of the face, CIE L*, a*, b*.
    """
    height, width = rgb.shape[:2]
    face_px = float(np.max(points_px.max(axis=0) - points_px.min(axis=0)))
    brows = points_px[list(FOREHEAD)]
    above = brows - [0.0, 0.02 * face_px]
    far = 2.0 * face_px
    region = np.concatenate([[[above[0, 0] - far, above[0, 1]]], above, [[above[-1, 0] + far, above[-1, 1]]]])
    region = np.concatenate([region, region[[-1, 0]] - [0.0, far]])
    forehead = np.zeros((height, width), dtype=np.uint8)
    cv2.fillPoly(forehead, [np.round(region).astype(np.int32)], 1)
    away = np.linalg.norm(_to_lab(cv2.GaussianBlur(rgb, (0, 0), max(0.5, 0.006 * face_px))) - smooth, axis=2)
    hair = np.clip((away - HAIR_FROM) / (HAIR_FULL - HAIR_FROM), 0.0, 1.0).astype(np.float32) * forehead
    side = 2 * max(1, round(HAIR_MARGIN * face_px)) + 1
    wide = cv2.dilate(hair, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    return 1 - np.asarray(cv2.GaussianBlur(wide, (0, 0), side / 4), dtype=np.float32)


def _places_of(rgb: Image) -> Floats32:
    """Return the position of every pixel's middle, (height, width, 2)."""
    height, width = rgb.shape[:2]
    column, row = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.stack([column, row], axis=2) + np.float32(0.5)


def _read(picture: Floats32, places: Floats32, scale: float) -> Floats32:
    """Return what a picture shows at places (height, width, 2) given in pixels of one 1 / scale times as large."""
    wanted: Any = places * np.float32(scale) - np.float32(0.5)
    no_second: Any = None  # both coordinates are in the first map
    return np.asarray(cv2.remap(picture, wanted, no_second, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)


def _tone_at(places: Floats32, tone: Floats, face: ReferenceFace) -> Floats32:
    """Return a tone at places (height, width, 2) of the reference, (height, width, 3); far from the face it stays flat."""
    uv = np.clip((places - face.centre_px.astype(np.float32)) / np.float32(face.unit_px), -1.6, 1.6)
    u, v = uv[:, :, 0], uv[:, :, 1]
    terms = np.stack([np.ones_like(u), u, v, u * u, u * v, v * v], axis=2)
    return np.asarray(terms @ tone.T.astype(np.float32), dtype=np.float32)


def _affine(placed: Floats, source: Floats) -> Floats:
    """Return for each triangle the matrix (n, 2, 3) from its places (n, 3, 2) to its source (n, 3, 2)."""
    edges = np.stack([placed[:, 1] - placed[:, 0], placed[:, 2] - placed[:, 0]], axis=2)
    wanted = np.stack([source[:, 1] - source[:, 0], source[:, 2] - source[:, 0]], axis=2)
    determinant = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]
    adjugate = np.stack(
        [np.stack([edges[:, 1, 1], -edges[:, 0, 1]], axis=1), np.stack([-edges[:, 1, 0], edges[:, 0, 0]], axis=1)], axis=1
    )
    safe = np.where(np.abs(determinant) > 1e-9, determinant, 1.0)
    turn = wanted @ adjugate / safe[:, None, None]
    shift = source[:, 0] - np.einsum("nij,nj->ni", turn, placed[:, 0])
    return np.concatenate([turn, shift[:, :, None]], axis=2)


def _edge(covered: NDArray[np.bool_], feather_px: float) -> Floats32:
    """Return how much of each pixel is the new face's, rising smoothly from the edge of the mesh inwards."""
    inside = np.pad(covered.astype(np.uint8), 1)  # the picture's border is no edge of the face only where the face goes on
    away = cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1]
    share = np.clip(away / max(feather_px, 1.0), 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share), dtype=np.float32)


def _without_mouth(corners: Floats, size: tuple[int, int], face_px: float) -> Floats32:
    """Return 0 inside the open mouth and 1 elsewhere, with a soft edge."""
    mouth = np.zeros((size[1], size[0]), dtype=np.uint8)
    outline = np.round((corners[list(MOUTH)] - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mouth, [outline], 255, cv2.LINE_AA, _SHIFT)
    soft = max(0.6, 0.008 * face_px)
    return 1 - np.asarray(cv2.GaussianBlur(mouth, (0, 0), soft), dtype=np.float32) / np.float32(255)


def _to_lab(rgb: Any) -> Floats32:
    return np.asarray(cv2.cvtColor(np.asarray(rgb, dtype=np.float32) / np.float32(255), cv2.COLOR_RGB2Lab), dtype=np.float32)


def _to_rgb(lab: Floats32) -> Floats32:
    return np.asarray(np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB) * np.float32(255), 0, 255), dtype=np.float32)

"""The smooth part of a face's colour, skin tone and light, so that another face can be lit the same way."""

from __future__ import annotations

from itertools import chain

import numpy as np
import scipy
from numpy.typing import NDArray

from kinesight.analyses.heads.mesh import LEFT_SIDE, RIGHT_SIDE, SURE, MeshTrack, local_parabola
from kinesight.domain.heads import MESH_POINTS, TONE_TERMS, ReferenceFace
from kinesight.domain.video import Floats, Image
from kinesight.signals.runs import true_runs

_EYES = (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246,
         263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466)  # fmt: skip
_BROWS = (70, 63, 105, 66, 107, 55, 65, 52, 53, 46, 300, 293, 334, 296, 336, 285, 295, 282, 283, 276)
_LIPS = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 185, 40, 39, 37, 0, 267, 269, 270, 409,
         78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 191, 80, 81, 82, 13, 312, 311, 310, 415)  # fmt: skip
_NOSTRILS = (98, 97, 2, 326, 327, 19, 94)
_OUTLINE = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
            148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
"""Points of MediaPipe's mesh by part of the face; those of the outline touch hair and background."""

SKIN = np.setdiff1d(np.arange(MESH_POINTS), np.array([*_EYES, *_BROWS, *_LIPS, *_NOSTRILS, *_OUTLINE]))

OUTLIER = 2.0
"""Colours farther from the fit than this many times their median distance count less: glasses, strands of hair, shine."""

ROUNDS = 4
RIDGE = 3.0
"""Weight of a flat tone against the fit, in samples: keeps the corners sane where half a face is hidden."""

LIGHT_S = 0.2
"""Standard deviation of the smoothing of a tone over time: light changes slowly, and flicker is seen."""


def fit_tone(colours: Floats, uv: Floats) -> Floats:
    """Return the smooth part of a face's colour, (3, TONE_TERMS), from samples of its skin.

    Parameters
    ----------
    colours
        (points, 3) CIE L*, a*, b* at the skin's points; NaN where unknown.
    uv
        (points, 2) their places on the reference's face.

    Returns
    -------
    ndarray
        Coefficients of 1, u, v, u², uv, v²; all NaN where fewer than twice as many samples are known.

    Notes
    -----
    Least squares with weights 1 / max(1, distance / (OUTLIER × median distance)) (Huber 1964). A convex matte body under distant
    light has a brightness that is very nearly quadratic in its normal (Basri and Jacobs 2003, Ramamoorthi and Hanrahan 2001);
    on a face that is quadratic in the place.
    """
    known = np.isfinite(colours).all(axis=1)
    tone = np.full((3, TONE_TERMS), np.nan)
    if np.count_nonzero(known) < 2 * TONE_TERMS:
        return tone
    basis, wanted = tone_basis(uv[known]), colours[known]
    weight = np.ones(len(wanted))
    ridge = np.diag([0.0] + [RIDGE] * (TONE_TERMS - 1))
    for _ in range(ROUNDS):
        scaled = basis * weight[:, None]
        tone = np.linalg.solve(basis.T @ scaled + ridge, scaled.T @ wanted).T
        distance = np.linalg.norm(wanted - basis @ tone.T, axis=1)
        weight = 1 / np.maximum(1.0, distance / (OUTLIER * max(float(np.median(distance)), 1e-6)))
    return tone


def tone_basis(uv: Floats) -> Floats:
    """Return the terms of a tone at places (n, 2), (n, TONE_TERMS)."""
    u, v = uv[:, 0], uv[:, 1]
    return np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v])


def reference_face(rgb: Image, points_px: Floats, colours: Floats) -> ReferenceFace:
    """Return a reference ready to be put on.

    Parameters
    ----------
    rgb
        Its picture.
    points_px
        (MESH_POINTS, 3) its mesh.
    colours
        (len(SKIN), 3) the colours of its skin.

    Notes
    -----
    The mesh's triangles are those of Delaunay on the reference: from the front, no point of a face lies behind another.
    """
    flat = points_px[:, :2]
    centre = (flat[LEFT_SIDE] + flat[RIGHT_SIDE]) / 2
    unit = float(np.hypot(*(flat[LEFT_SIDE] - flat[RIGHT_SIDE]))) / 2
    triangles = scipy.spatial.Delaunay(flat).simplices.astype(np.int64)
    return ReferenceFace(
        rgb=rgb,
        points_px=flat,
        triangles=_counterclockwise(triangles, flat),
        tone=fit_tone(colours, (flat[SKIN] - centre) / unit),
        centre_px=centre,
        unit_px=unit,
    )


def tones_over_time(track: MeshTrack, colours: Floats, face: ReferenceFace, *, shot: NDArray[np.int64]) -> Floats:
    """Return the tone of a face in every frame, (frames, 3, TONE_TERMS), smooth in time; NaN where no mesh is.

    Parameters
    ----------
    track
        The smoothed mesh.
    colours
        (frames, len(SKIN), 3) the colours of the skin, NaN where unknown.
    face
        The reference, whose u and v are used.
    shot
        (frames,) number of each frame's shot; light changes from one to the next.
    """
    uv = (face.points_px[SKIN] - face.centre_px) / face.unit_px
    tones = np.array([fit_tone(one, uv) for one in colours]).reshape(len(colours), -1)
    smooth = np.full_like(tones, np.nan)
    parts = [true_runs((track.presence >= SURE) & (shot == number)) for number in np.unique(shot)]
    for start, stop in chain.from_iterable(parts):
        known = np.flatnonzero(np.isfinite(tones[start:stop, 0])) + start
        if len(known) == 0:
            continue
        times = track.time_s[start:stop]
        filled = np.column_stack([np.interp(times, track.time_s[known], column) for column in tones[known].T])
        smooth[start:stop] = local_parabola(times, filled, sigma_s=LIGHT_S)
    return smooth.reshape(len(colours), 3, TONE_TERMS)


def _counterclockwise(triangles: np.ndarray, points: Floats) -> np.ndarray:
    first, second, third = (points[triangles[:, corner]] for corner in range(3))
    along, across = second - first, third - first
    turned = along[:, 0] * across[:, 1] - along[:, 1] * across[:, 0] < 0
    return np.where(turned[:, None], triangles[:, ::-1], triangles)

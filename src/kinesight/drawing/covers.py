"""Hides what lies under covers for good: only a handful of colours, or none, of the original picture goes into the new one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.heads import Style
from kinesight.domain.video import Floats, Image

CELLS, SMOOTH_CELLS = 5, 3
"""Colours of a mosaic and of a blur across the shorter side of a cover that are kept of what is under it. A cover is about one
and a half times as wide as its head, so a head has three to four, or two. Mosaics of many more cells are not safe: McPherson,
Shokri and Shmatikov 2016 recognise people by trained networks in mosaics of faces, and find the error to grow with the size of
the cells; Hill et al. 2016 undo mosaics and blurs of text whose cells are small against the letters."""

CONTRAST = 0.5
"""Share of the differences between these colours that is kept. With all of it a blur still has the dark hair, the bright forehead
and the shadows of a face where detectors look for them: of 24 blurred heads in a classroom CenterFace took 27 places for faces
with five cells, 14 with three, and 1 with three of half the contrast."""

COLOUR_STEP = 8
"""Colours of cells are rounded to so much, which takes the rest of what many frames together could tell about one cell."""

SOFT_PX = 1.5
"""Width of the edge of a cover, inside its shape."""

GREY = (118, 122, 128)
FACE, HAIR, MARKS = (186, 190, 196), (120, 126, 134), (92, 97, 104)
"""Colours of the solid cover and of the drawn head: greys, which tell nothing about anybody."""


class CoverPainter:
    """Hides heads in pictures; fulfils `HeadHider`."""

    def hide(self, rgb: Image, *, covers_xyxy_px: Floats, style: Style) -> Image:
        """Return the picture with what lies under the covers hidden; pixels outside their boxes are as they were.

        Parameters
        ----------
        rgb
            (height, width, 3) uint8; stays as it is.
        covers_xyxy_px
            (n, 4) boxes, which may reach beyond the picture; the shape |x|⁴ + |y|⁴ ≤ 1 inscribed in each is hidden.
        style
            blur: SMOOTH_CELLS² colours with smooth changes between them; pixelate: a mosaic of CELLS²; solid: one grey; drawn: a
            drawn head. Colours are those of the untouched picture, so the order of covers does not matter much.
        """
        hidden = rgb.copy()
        for box in covers_xyxy_px:
            self._hide_one(rgb, hidden, box, style)
        return hidden

    def _hide_one(self, rgb: Image, hidden: Image, box: Floats, style: Style) -> None:
        height, width = rgb.shape[:2]
        left, top = (int(side) for side in np.floor(np.maximum(box[:2], 0)))
        right, bottom = (int(side) for side in np.ceil(np.minimum(box[2:], [width, height])))
        if left >= right or top >= bottom:
            return
        seen = rgb[top:bottom, left:right]
        if style == "solid":
            painted = np.full_like(seen, GREY)
        else:
            painted = coarse(seen, size_px=float(min(box[2] - box[0], box[3] - box[1])), is_smooth=style != "pixelate")
        if style == "drawn":
            _draw_head(painted, box - [left, top, left, top])
        share = shape_of_cover(box - [left, top, left, top], width_px=right - left, height_px=bottom - top)
        place = hidden[top:bottom, left:right]
        place[:] = cv2.blendLinear(painted, np.ascontiguousarray(place), share, 1 - share)


def coarse(rgb: Image, *, size_px: float, is_smooth: bool) -> Image:
    """Return a picture of the same size made of few rounded colours, each the mean of a cell.

    Parameters
    ----------
    rgb
        What is under a cover.
    size_px
        Shorter side of the whole cover; it has CELLS or SMOOTH_CELLS cells, or fewer.
    is_smooth
        Whether colours change gradually from cell to cell.
    """
    height, width = rgb.shape[:2]
    cell = max(1.0, size_px / (SMOOTH_CELLS if is_smooth else CELLS))
    cells = (max(1, int(width / cell)), max(1, int(height / cell)))
    means = np.asarray(cv2.resize(rgb, cells, interpolation=cv2.INTER_AREA), dtype=np.float64).reshape(cells[1], cells[0], 3)
    even = means.mean(axis=(0, 1))
    steps = np.round((even + CONTRAST * (means - even)) / COLOUR_STEP)
    rounded = np.minimum(steps * COLOUR_STEP, 255).astype(np.uint8)
    method = cv2.INTER_CUBIC if is_smooth else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(rounded, (width, height), interpolation=method), dtype=np.uint8)


def shape_of_cover(box: Floats, *, width_px: int, height_px: int) -> NDArray[np.float32]:
    """Return how much of each pixel is covered, (height_px, width_px) 0..1: 1 well inside |x|⁴ + |y|⁴ = 1, 0 outside."""
    half = np.maximum((box[2:] - box[:2]) / 2, 0.5)
    centre = (box[:2] + box[2:]) / 2
    x = np.abs((np.arange(width_px) + 0.5 - centre[0]) / half[0])
    y = np.abs((np.arange(height_px) + 0.5 - centre[1]) / half[1])
    radius = np.sqrt(np.sqrt(y[:, None] ** 4 + x[None, :] ** 4))
    return np.asarray(np.clip((1.0 - radius) * float(half.min()) / SOFT_PX, 0.0, 1.0), dtype=np.float32)


def _draw_head(picture: Image, box: Floats) -> None:
    """Draw a plain head into the picture: the same for everybody."""
    width, height = box[2:] - box[:2]
    x, y = (box[:2] + box[2:]) / 2
    unit = min(width, height / 1.25)

    def oval(
        at: tuple[float, float], size: tuple[float, float], colour: tuple[int, int, int], span: tuple[int, int] = (0, 360)
    ) -> None:
        centre = (round((x + at[0] * unit) * 16), round((y + at[1] * unit) * 16))
        axes = (max(16, round(size[0] * unit * 16)), max(16, round(size[1] * unit * 16)))
        cv2.ellipse(picture, centre, axes, 0, span[0], span[1], colour, cv2.FILLED, cv2.LINE_AA, 4)

    oval((0, -0.06), (0.33, 0.42), HAIR)
    oval((0, 0.04), (0.29, 0.37), FACE)
    oval((0, -0.14), (0.31, 0.27), HAIR, (180, 360))
    for side in (-0.115, 0.115):
        oval((side, 0.02), (0.028, 0.028), MARKS)
    oval((0, 0.2), (0.09, 0.014), MARKS)

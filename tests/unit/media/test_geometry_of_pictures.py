"""Sizes and orientations against display matrices computed from their definition."""

import math
import struct
from fractions import Fraction

import numpy as np
import pytest

from kinesight.media.geometry import Orientation, delivered_size, orientation_of, square_size, turn, upright_size


def _matrix(clockwise_deg: float, *, mirrored: bool = False) -> bytes:
    """Rotation by an angle that is clockwise on the screen (y down), after mirroring x if asked; libavutil/display.h layout."""
    angle = math.radians(clockwise_deg)
    sign = -1 if mirrored else 1
    a, b, c, d = sign * math.cos(angle), sign * math.sin(angle), -math.sin(angle), math.cos(angle)
    return struct.pack("=9i", *(round(v * 65536) for v in (a, b, 0, c, d, 0, 0, 0)), 1 << 30)


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("error_deg", [-20, 0, 20])
def test_matrix_to_orientation(quarters: int, mirrored: bool, error_deg: int) -> None:
    assert orientation_of(_matrix(90 * quarters + error_deg, mirrored=mirrored)) == Orientation(quarters, mirrored)


@pytest.mark.parametrize("matrix", [None, b"", bytes(36)])
def test_no_sensible_matrix_means_upright(matrix: bytes | None) -> None:
    assert orientation_of(matrix) == Orientation()


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_turn_moves_pixels_as_the_matrix_says(quarters: int, mirrored: bool) -> None:
    picture = np.zeros((3, 5, 3), np.uint8)
    picture[0, 4] = 255
    # the centre of that pixel relative to the picture's centre, moved by x' = a x + c y, y' = b x + d y
    a, b, _, c, d = struct.unpack("=5i", _matrix(90 * quarters, mirrored=mirrored)[:20])
    x, y = (a * 2.0 + c * -1.0) / 65536, (b * 2.0 + d * -1.0) / 65536
    turned = turn(picture, Orientation(quarters, mirrored))
    height, width = turned.shape[:2]
    assert (width, height) == upright_size(5, 3, Orientation(quarters))
    assert turned[round(y + (height - 1) / 2), round(x + (width - 1) / 2), 0] == 255


@pytest.mark.parametrize(
    ("aspect", "expected"),
    [
        (None, (720, 576)),
        (Fraction(16, 15), (768, 576)),
        (Fraction(8, 9), (720, 648)),
        (Fraction(1000), (720, 576)),
        (Fraction(0), (720, 576)),
    ],
)
def test_square_pixels(aspect: Fraction | None, expected: tuple[int, int]) -> None:
    assert square_size(720, 576, aspect) == expected


def test_pictures_are_made_smaller_and_never_larger() -> None:
    assert delivered_size(1920, 1080, 1280) == (1280, 720, pytest.approx(2 / 3))
    assert delivered_size(1080, 1920, 1280) == (720, 1280, pytest.approx(2 / 3))
    assert delivered_size(640, 480, 1280) == (640, 480, 1.0)
    assert delivered_size(640, 480, None) == (640, 480, 1.0)
    assert delivered_size(4000, 2, 100) == (100, 1, 0.025)

"""Which parts of a picture are looked at enlarged, because the people there are small."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.geometry import Mask
from kinesight.domain.video import Floats

SHARE_OF_TILE = 0.4
"""Height of a person in a tile that suits a detector of 320 px: 130 px, where it finds standing people best."""

OVERLAP = 0.25
"""Least share of a tile's side that it has in common with the next one, so that most people are whole in one of them."""

MOST_TILES = 6

TURNS = 2
"""A layout of more than `TILES_AT_ONCE` tiles is gone through in so many looks."""

TILES_AT_ONCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A part of a picture: its corner and size in pixels."""

    left: int
    top: int
    width: int
    height: int

    @property
    def box(self) -> Floats:
        """Return left, top, right, bottom."""
        return np.array([self.left, self.top, self.left + self.width, self.top + self.height], dtype=np.float64)


def layout(width: int, height: int, *, person_px: float) -> tuple[Tile, ...]:
    """Return the tiles in which people of this height are large enough; none where the whole picture serves as well."""
    side = max(person_px / SHARE_OF_TILE, 64.0)
    while True:
        tile_w, tile_h = min(side, width), min(side, height)
        columns, rows = _count(width, tile_w), _count(height, tile_h)
        if columns * rows <= MOST_TILES:
            break
        side *= 1.1
    if columns * rows == 1:
        return ()
    lefts, tops = _starts(width, tile_w, columns), _starts(height, tile_h, rows)
    return tuple(Tile(left=x, top=y, width=int(tile_w), height=int(tile_h)) for y in tops for x in lefts)


def due(tiles: tuple[Tile, ...], *, turn: int, is_lively: Mask) -> tuple[Tile, ...]:
    """Return which tiles are looked at in this turn: those in which something moves or somebody is, the others now and then.

    `is_lively` (tiles,). A quiet tile is looked at in every eighth turn.
    """
    wanted = [tile for number, tile in enumerate(tiles) if is_lively[number] or (turn + number) % 8 == 0]
    if len(wanted) <= TILES_AT_ONCE:
        return tuple(wanted)
    return tuple(wanted[turn % TURNS :: TURNS])


def _count(length: float, side: float) -> int:
    return 1 if side >= length else math.ceil((length / side - OVERLAP) / (1 - OVERLAP))


def _starts(length: int, side: float, count: int) -> list[int]:
    return [round(start) for start in np.linspace(0.0, length - int(side), count)]

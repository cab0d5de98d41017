"""Which parts of a picture are looked at enlarged, because the people there are small."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.geometry import Mask
from kinesight.domain.video import Floats

SHARE_OF_TILE = 0.4
"""Height of a person in a tile that suits a detector of 320 px: 130 px, where it finds standing people best."""

WIDTH_OF_TILE = 0.6
"""Most of a tile's width that a person takes."""

WHOLE = 0.8
"""A tile that covers this share of the picture in both directions shows no more than the whole picture does.

A square part of a wide picture does: the detector's input is square, and a wide picture squeezed into it has thin people.
"""

LEAST_TILE_PX = 96

OVERLAP = 0.25
"""Least share of a tile's side that it has in common with the next one, so that most people are whole in one of them."""

MOST_TILES = 6
"""Tiles that cover the whole picture; one of them is looked at in each turn to find who is new."""

TILES_AT_ONCE = 3
"""Tiles round people who are known, in each turn."""

QUIET_TURNS = 8
"""A tile in which nothing moves is looked at in every so manieth turn."""


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


def round_people(people: Floats, *, width: int, height: int, turn: int) -> tuple[Tile, ...]:
    """Return tiles round small people, (n, 4) boxes; with more people than tiles, others come first in the next turn.

    A tile is laid round one person and serves everybody who is whole in it.
    """
    sides = np.maximum((people[:, 3] - people[:, 1]) / SHARE_OF_TILE, (people[:, 2] - people[:, 0]) / WIDTH_OF_TILE)
    sides = np.clip(sides, LEAST_TILE_PX, min(width, height))
    waiting = [number for number in range(len(people)) if sides[number] < WHOLE * max(width, height)]
    first = turn % len(waiting) if waiting else 0
    waiting = waiting[first:] + waiting[:first]
    tiles: list[Tile] = []
    while waiting and len(tiles) < TILES_AT_ONCE:
        chosen = waiting[0]
        tile = _round(people[chosen], float(sides[chosen]), width=width, height=height)
        tiles.append(tile)
        waiting = [number for number in waiting[1:] if not _serves(tile, people[number], float(sides[number]))]
    return tuple(tiles)


def layout(width: int, height: int, *, person_px: float) -> tuple[Tile, ...]:
    """Return tiles over the whole picture in which people of this height are large; none where the whole serves as well."""
    side = float(np.clip(person_px / SHARE_OF_TILE, LEAST_TILE_PX, min(width, height)))
    while True:
        tile_w, tile_h = min(side, width), min(side, height)
        columns, rows = _count(width, tile_w), _count(height, tile_h)
        if columns * rows <= MOST_TILES:
            break
        side *= 1.1
    if columns * rows == 1 or side > WHOLE * max(width, height):
        return ()
    lefts, tops = _starts(width, tile_w, columns), _starts(height, tile_h, rows)
    return tuple(Tile(left=x, top=y, width=int(tile_w), height=int(tile_h)) for y in tops for x in lefts)


def probe(tiles: tuple[Tile, ...], *, turn: int, is_lively: Mask) -> tuple[Tile, ...]:
    """Return the tile of a layout that is looked at in this turn: where something moves; the quiet ones now and then."""
    lively = [tile for number, tile in enumerate(tiles) if is_lively[number]]
    if turn % QUIET_TURNS == 0 or not lively:
        return tiles[(turn // QUIET_TURNS) % len(tiles) :][:1] if tiles and turn % QUIET_TURNS == 0 else ()
    return (lively[turn % len(lively)],)


def _round(person: Floats, side: float, *, width: int, height: int) -> Tile:
    tile_w, tile_h = int(min(side, width)), int(min(side, height))
    left = float(np.clip((person[0] + person[2] - tile_w) / 2, 0, width - tile_w))
    top = float(np.clip((person[1] + person[3] - tile_h) / 2, 0, height - tile_h))
    return Tile(left=int(left), top=int(top), width=tile_w, height=tile_h)


def _serves(tile: Tile, person: Floats, side: float) -> bool:
    """Return whether somebody is whole in a tile, with room around, and not much smaller than it is made for."""
    margin = 0.08 * (person[3] - person[1])
    box = tile.box
    inside = bool((person[:2] - margin >= box[:2]).all() and (person[2:] + margin <= box[2:]).all())
    return inside and tile.height < 1.6 * side


def _count(length: float, side: float) -> int:
    return 1 if side >= length else math.ceil((length / side - OVERLAP) / (1 - OVERLAP))


def _starts(length: int, side: float, count: int) -> list[int]:
    return [round(start) for start in np.linspace(0.0, length - int(side), count)]

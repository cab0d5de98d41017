"""People found in the whole picture and in parts of it become one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.analyses.persons.geometry import Mask, areas, overlaps, shared_areas
from kinesight.analyses.persons.tiling import Tile
from kinesight.domain.people import Boxes
from kinesight.domain.video import Floats

SAME = 0.5
"""Intersection over union from which two boxes are one person; more would keep doubles that a look through tiles leaves."""

PART = 0.85
"""Share of a box inside another from which it is a part of that person."""

HOLDS = 0.7
"""A box that holds two better ones to this share is a group, not a person."""

VOTE = 0.7
"""Boxes that overlap the best one of a person by this much have a say in where it is."""

CUT_EDGE = 0.015
"""Share of a tile's side from its inner border in which a box that ends there is a cut person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """People in one picture: `xyxy_px` (n, 4), `score` (n,), best first."""

    xyxy_px: Floats
    score: Floats

    def surer_than(self, score: float) -> Found:
        """Return the people found with at least this score."""
        is_sure = self.score >= score
        return Found(xyxy_px=self.xyxy_px[is_sure], score=self.score[is_sure])


def fuse(whole: Boxes, tiles: Sequence[tuple[Tile, Boxes]], *, width: int, height: int) -> Found:
    """Return everybody once, best first, in pixels of the picture.

    Parameters
    ----------
    whole
        What was found in the whole picture.
    tiles
        What was found in its parts, in pixels of each part.
    """
    boxes, score = _people(whole)
    parts = [(boxes, score)]
    for tile, found in tiles:
        inner, inner_score = _people(found)
        is_whole = ~_is_cut(inner, tile, width=width, height=height)
        parts.append((inner[is_whole] + np.tile([tile.left, tile.top], 2), inner_score[is_whole]))
    boxes = np.concatenate([one for one, _ in parts])
    score = np.concatenate([one for _, one in parts])
    order = np.argsort(-score, kind="stable")
    boxes, score = boxes[order], score[order]
    kept = _survivors(boxes)
    return Found(xyxy_px=_voted(boxes, score, kept), score=score[kept])


def _people(found: Boxes) -> tuple[Floats, Floats]:
    is_person = np.array([label == "person" for label in found.label], dtype=bool)
    return found.xyxy_px[is_person], found.score[is_person]


def _is_cut(boxes: Floats, tile: Tile, *, width: int, height: int) -> Mask:
    """Return which boxes end at a border of the tile that is no border of the picture, (n,)."""
    edge_x, edge_y = CUT_EDGE * tile.width, CUT_EDGE * tile.height
    cut = np.zeros(len(boxes), dtype=bool)
    if tile.left > 0:
        cut |= boxes[:, 0] < edge_x
    if tile.top > 0:
        cut |= boxes[:, 1] < edge_y
    if tile.left + tile.width < width:
        cut |= boxes[:, 2] > tile.width - edge_x
    if tile.top + tile.height < height:
        cut |= boxes[:, 3] > tile.height - edge_y
    return cut


def _survivors(boxes: Floats) -> list[int]:
    """Return which boxes are kept; they come best first. Goes: the same person again, a part of one, a group of several."""
    overlap, shared, area = overlaps(boxes, boxes), shared_areas(boxes, boxes), areas(boxes)
    kept: list[int] = []
    for number in range(len(boxes)):
        inside = shared[number, kept] / max(area[number], 1e-9)
        held = shared[number, kept] / np.maximum(area[kept], 1e-9)
        if not kept or not ((overlap[number, kept] > SAME).any() or (inside > PART).any() or (held > HOLDS).sum() > 1):
            kept.append(number)
    return kept


def _voted(boxes: Floats, score: Floats, kept: list[int]) -> Floats:
    """Return the kept boxes, each moved to the mean of those that agree with it, weighted by score."""
    if not kept:
        return np.zeros((0, 4))
    weight = np.where(overlaps(boxes[kept], boxes) >= VOTE, score[None, :], 0.0)
    return np.asarray(weight @ boxes / weight.sum(axis=1, keepdims=True))

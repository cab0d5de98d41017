"""Faces found again in the output: which of them are at risk, and heads that belong to nobody joined over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinesight.domain.video import Floats

Kind = Literal["uncovered", "unknown"]
"""uncovered: the face of a person that was to be hidden; unknown: of nobody in the map."""

INSIDE = 0.9
"""Share of a face's box that must lie under covers for the face to be no leak: what is seen there is the covering itself."""

KEPT_SHARE = 0.3
"""Share of a face's box within the head of a person that is kept or replaced, above which it is taken for that person's."""

LEAST, FAINT = 0.2, 0.15
"""Scores: a face found from LEAST on is at risk. Where it is covered, so are its sightings from FAINT on: what a detector is
hardly sure of flickers about its threshold, and comes up in the next frame when it is hidden in this one."""

CERTAIN = 0.4
"""Score from which a find is taken for a face. Of 37 finds of 0.2 to 0.4 in outputs of a street and a laboratory, all looked at,
none was one: folds, hands, and rims of covers."""

SURE, WIDEST = 0.5, 1.3
"""A face of nobody in the map that is less sure counts only if it is no wider than so many times its height: faces from the front
and from the side are 0.75 to 1.1 times as wide as high, that of somebody who lies up to 1.3 times. Folds of clothes are not."""

ABOVE, BELOW, BESIDE = 0.45, 0.15, 0.25
"""How far a head reaches beyond the box of its face (from the brows to the chin), in heights and widths of it. By eye, on faces
that CenterFace found."""

LINK_S = 1.0
"""Longest time between two sightings of one head."""

REACH = 1.5
"""How far a head may move between two sightings, in widths of its box, and as much again for every LINK_S / 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFaces:
    """Faces found in one frame of the output, in pixels of the source: `xyxy_px` (n, 4), `score` (n,)."""

    frame: int
    xyxy_px: Floats
    score: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """One face that can be seen in the output although it should not. `obj_id` is None where it is nobody of the map."""

    frame: int
    time_s: float
    xyxy_px: tuple[float, float, float, float]
    score: float
    kind: Kind
    obj_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is where in one frame: `covers` (n, 4), `kept` (k, 4) heads that may be seen, `hidden` (h, 4) with their persons."""

    covers: Floats
    kept: Floats
    hidden: Floats
    hidden_ids: tuple[int, ...]


def risks_in(faces: FoundFaces, scene: Scene, *, time_s: float, takes_unknown: bool) -> tuple[list[Risk], int]:
    """Return the faces of one frame that are at risk, and how many were found under covers.

    Parameters
    ----------
    faces
        What was found in the output.
    scene
        What was done in this frame.
    time_s
        Its time.
    takes_unknown
        Whether faces of nobody in the map are at risk too; False where only chosen persons are hidden.
    """
    risks: list[Risk] = []
    under = 0
    for box, score in zip(faces.xyxy_px, faces.score, strict=True):
        if covered_share(box, scene.covers) >= INSIDE:
            under += int(score >= LEAST)
            continue
        hidden = _shares(box, scene.hidden)
        kept = _shares(box, scene.kept)
        of_hidden = int(np.argmax(hidden)) if len(hidden) and hidden.max() >= KEPT_SHARE else None
        if len(kept) and kept.max() >= KEPT_SHARE and (of_hidden is None or kept.max() >= hidden.max()):
            continue
        if of_hidden is None and not (takes_unknown and _can_be_face(box, float(score))):
            continue
        left, top, right, bottom = (float(side) for side in box)
        risks.append(
            Risk(
                frame=faces.frame,
                time_s=time_s,
                xyxy_px=(left, top, right, bottom),
                score=float(score),
                kind="unknown" if of_hidden is None else "uncovered",
                obj_id=None if of_hidden is None else scene.hidden_ids[of_hidden],
            )
        )
    return risks, under


def _can_be_face(box: Floats, score: float) -> bool:
    """Return whether a detector that is so sure of a box (4,) can be right."""
    return score >= SURE or float(box[2] - box[0]) <= WIDEST * float(box[3] - box[1])


def covered_share(box: Floats, covers: Floats) -> float:
    """Return the share of a box (4,) that lies within the rounded shapes of covers (n, 4), on a grid of 32 × 32 points."""
    if len(covers) == 0:
        return 0.0
    step = (np.arange(32) + 0.5) / 32
    x, y = np.meshgrid(box[0] + step * (box[2] - box[0]), box[1] + step * (box[3] - box[1]))
    centre, half = (covers[:, :2] + covers[:, 2:]) / 2, (covers[:, 2:] - covers[:, :2]) / 2
    away_x = (x.ravel()[:, None] - centre[:, 0]) / half[:, 0]
    away_y = (y.ravel()[:, None] - centre[:, 1]) / half[:, 1]
    return float(np.mean(np.any(away_x**4 + away_y**4 <= 1.0, axis=1)))


def _shares(box: Floats, others: Floats) -> Floats:
    """Return how much of the box lies within each of the others, (n,) 0..1."""
    if len(others) == 0:
        return np.zeros(0)
    side = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    area = max(float(np.prod(box[2:] - box[:2])), 1e-9)
    return np.asarray(np.prod(np.maximum(side, 0.0), axis=1) / area)


def head_of_face(xyxy_px: Floats) -> Floats:
    """Return the box of the whole head from that of its face, (..., 4)."""
    width, height = xyxy_px[..., 2] - xyxy_px[..., 0], xyxy_px[..., 3] - xyxy_px[..., 1]
    return np.stack(
        [
            xyxy_px[..., 0] - BESIDE * width,
            xyxy_px[..., 1] - ABOVE * height,
            xyxy_px[..., 2] + BESIDE * width,
            xyxy_px[..., 3] + BELOW * height,
        ],
        axis=-1,
    )


def is_sure(risk: Risk) -> bool:
    """Return whether this is a face and not, as most of what scores less, a fold, a hand, or the rim of a cover."""
    return risk.score >= CERTAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundHead:
    """A head found in the output: boxes (frames, 4), NaN where it was not found; `is_sure` if one of its sightings is."""

    xyxy_px: Floats
    is_sure: bool


def join_heads(risks: Sequence[Risk], *, frames: int) -> tuple[FoundHead, ...]:
    """Return the heads of the faces at risk, joined over time, with their faint sightings; none that has only such.

    Each face goes to the nearest head that it can have come from, in order of time; what cannot be joined starts a new head. Two
    paths for one head do no harm: both are covered.
    """
    paths: list[list[Risk]] = []
    for risk in sorted(risks, key=lambda risk: (risk.frame, -risk.score, risk.xyxy_px)):
        distances = [_distance(path[-1], risk) for path in paths]
        best = int(np.argmin(distances)) if distances else -1
        if best >= 0 and distances[best] <= 1.0:
            paths[best].append(risk)
        else:
            paths.append([risk])
    found = []
    for path in paths:
        if all(risk.score < LEAST for risk in path):
            continue
        boxes = np.full((frames, 4), np.nan)
        boxes[[risk.frame for risk in path]] = head_of_face(np.array([risk.xyxy_px for risk in path]))
        found.append(FoundHead(xyxy_px=boxes, is_sure=any(is_sure(risk) for risk in path)))
    return tuple(found)


def _distance(last: Risk, risk: Risk) -> float:
    """Return how far apart two sightings are, 1 being as far as one head can move; infinite where it cannot be one head."""
    between_s = risk.time_s - last.time_s
    if risk.frame <= last.frame or between_s > LINK_S:
        return float("inf")
    before, after = np.array(last.xyxy_px), np.array(risk.xyxy_px)
    width = float(max(before[2] - before[0], after[2] - after[0]))
    moved = float(np.hypot(*((before[:2] + before[2:] - after[:2] - after[2:]) / 2)))
    return moved / (width * REACH * (1 + 2 * between_s / LINK_S) / 2)

"""The loop in which the output is read again and searched for faces that can still be seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesight.analyses.heads.found import FAINT, LEAST, FoundFaces, FoundHead, Risk, risks_in
from kinesight.analyses.heads.plan import Plan
from kinesight.analyses.heads.searching import (
    Part,
    beginnings_and_ends,
    frames_to_search_closely,
    parts_round,
    places_to_search_again,
    whole,
)
from kinesight.domain.document import UsedModel
from kinesight.domain.ports import FaceDetector, Watch
from kinesight.domain.video import Floats, Frame, Image
from kinesight.pipeline.heads_render import HeadStudio, Rendered

CHECK_PX = 960
"""Longest side of the pictures that are searched for faces: a face of 20 px in 4K video is still found."""

CROP_SIDE_PX = 240

HINT = 0.12
"""Where something scores so much from afar, it is looked at closely: what is small scores less when it is made smaller."""

WAITING = 2
"""Pictures that wait for each thread; so many are in memory."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a search of the output found; `pictures` show the surroundings of each risk, in the same order.

    `faint` is what was not quite a find.
    """

    used: UsedModel
    risks: list[Risk] = field(default_factory=list)
    faint: list[Risk] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    under_covers: int = 0
    frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An earlier search of the output: the heads that were found in it, and are covered since."""

    heads: tuple[FoundHead, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Searched:
    frame: Frame
    faces: FoundFaces


def check(output: Path, plan: Plan, rendered: Rendered, *, before: Before | None, studio: HeadStudio, watch: Watch) -> Findings:
    """Search the frames of the output for faces that can be seen although they should not.

    Parameters
    ----------
    output
        The written video.
    plan, rendered
        What was done, and how it was written.
    before
        The last search of the output: what it found is looked at again, with its surroundings. The rest was found clean, and has
        only been covered more since. None: everything is searched.
    """
    detector = studio.searcher()
    found = Findings(used=detector.used)
    with closing(studio.open_reader(output).frames(longest_side_px=CHECK_PX)) as frames:
        looks = _looks(plan, before, rendered)
        for one in _searched(frames, looks, rendered, detector, workers=studio.searchers):
            watch.progress("check", one.frame.index, rendered.frame_count)
            found.frames += 1
            index = one.frame.index
            risks, under = risks_in(
                one.faces, plan.scene(index), time_s=float(plan.time_s[index]), takes_unknown=plan.takes_unknown
            )
            found.under_covers += under
            clear = [risk for risk in risks if risk.score >= LEAST]
            found.risks += clear
            found.faint += [risk for risk in risks if risk.score < LEAST]
            scale = rendered.scale * one.frame.scale
            found.pictures += [studio.encode_jpeg(_surroundings(one.frame.rgb, risk, scale)) for risk in clear]
    watch.progress("check", rendered.frame_count, rendered.frame_count)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What of one frame is searched: parts of it, and where these are seen from afar, in full size what is round `closely_px`."""

    parts: tuple[Part, ...]
    closely_px: Floats = field(default_factory=lambda: np.zeros((0, 4)))


def _looks(plan: Plan, before: Before | None, rendered: Rendered) -> Callable[[Frame], _Look]:
    """Return what says how a frame is searched."""
    if before is None:
        closely = frames_to_search_closely(plan.time_s)
        changes = beginnings_and_ends(plan.covers, plan.time_s)

        def all_of(frame: Frame) -> _Look:
            parts = whole(*_size(frame.rgb), closely=bool(closely[frame.index]))
            return _Look(parts=parts, closely_px=changes[frame.index] * rendered.scale * frame.scale)

        return all_of

    places = places_to_search_again(before.heads, plan.more_covers[-len(before.heads) :], plan.time_s)

    def again(frame: Frame) -> _Look:
        covers = places[frame.index] * rendered.scale * frame.scale
        return _Look(parts=parts_round(covers, *_size(frame.rgb), closely=True))

    return again


def _searched(
    frames: Iterator[Frame],
    looks: Callable[[Frame], _Look],
    rendered: Rendered,
    detector: FaceDetector,
    *,
    workers: int,
) -> Iterator[_Searched]:
    """Yield the frames of which something is searched, in order, while threads search the next ones."""

    def search(frame: Frame, look: _Look) -> _Searched:
        boxes, score = _found(frame.rgb, look, detector)
        scale = rendered.scale * frame.scale
        return _Searched(frame=frame, faces=FoundFaces(frame=frame.index, xyxy_px=boxes / scale, score=score))

    with ThreadPoolExecutor(workers) as pool:
        running: deque[Future[_Searched]] = deque()
        try:
            for frame in frames:
                look = looks(frame)
                if look.parts:
                    running.append(pool.submit(search, frame, look))
                while len(running) > WAITING * workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for one in running:
                one.cancel()


def _found(rgb: Image, look: _Look, detector: FaceDetector) -> tuple[Floats, Floats]:
    """Return the faces of a picture: boxes (n, 4) in its pixels and scores (n,).

    What is found from afar counts only if it is there from close up too, where faces are told better from folded arms.
    """
    parts = look.parts
    if any(part.size != 1.0 for part in parts):
        hints = [_faces_in(rgb, part, detector, least_score=HINT)[0] for part in parts]
        parts = parts_round(np.concatenate([*hints, look.closely_px]), *_size(rgb), closely=True)
    found = [_faces_in(rgb, part, detector, least_score=FAINT) for part in parts]
    boxes = np.concatenate([np.zeros((0, 4)), *(box for box, _ in found)])
    return boxes, np.concatenate([np.zeros(0), *(score for _, score in found)])


def _faces_in(rgb: Image, part: Part, detector: FaceDetector, *, least_score: float) -> tuple[Floats, Floats]:
    left, top, right, bottom = part.box_px
    size_px = None if part.size == 1.0 else round(part.size * max(right - left, bottom - top))
    faces = detector.detect(rgb[top:bottom, left:right], longest_side_px=size_px, least_score=least_score)
    return faces.xyxy_px + np.array([left, top, left, top]), faces.score


def _size(rgb: Image) -> tuple[int, int]:
    height, width = rgb.shape[:2]
    return width, height


def _surroundings(rgb: Image, risk: Risk, scale: float) -> Image:
    """Return the part of the picture round a face, with a frame round the face, at most CROP_SIDE_PX wide and high."""
    box = np.array(risk.xyxy_px) * scale
    centre, reach = (box[:2] + box[2:]) / 2, 1.5 * float(max(box[2:] - box[:2]))
    height, width = rgb.shape[:2]
    left, top = np.floor(np.clip(centre - reach, 0, [width - 1, height - 1])).astype(int)
    right, bottom = np.ceil(np.clip(centre + reach, 1, [width, height])).astype(int)
    right, bottom = max(right, left + 1), max(bottom, top + 1)
    every = max(1, int(max(right - left, bottom - top) // CROP_SIDE_PX))
    return np.ascontiguousarray(rgb[top:bottom:every, left:right:every])

"""The loop in which the output is read again and searched for faces that can still be seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesight.analyses.heads.found import FoundFaces, Risk, risks_in
from kinesight.analyses.heads.plan import Plan
from kinesight.analyses.heads.searching import Part, frames_to_search_closely, near_to, parts_round, whole
from kinesight.domain.document import UsedModel
from kinesight.domain.ports import FaceDetector, Watch
from kinesight.domain.video import Floats, Frame, Image
from kinesight.pipeline.heads_render import HeadStudio, Rendered

CHECK_PX = 960
"""Longest side of the pictures that are searched for faces: a face of 20 px in 4K video is still found."""

CROP_SIDE_PX = 240

WAITING = 2
"""Pictures that wait for each thread; so many are in memory."""


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a search of the output found; `pictures` show the surroundings of each risk, in the same order."""

    used: UsedModel
    risks: list[Risk] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    under_covers: int = 0
    frames: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An earlier search of the output: what had been done then, and in which frames faces were at risk."""

    plan: Plan
    frames_at_risk: tuple[int, ...]


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
        The last search of the output: only what was covered since, and what is around it, is searched again, for the rest was
        drawn the same and found clean. None: everything is searched.
    """
    detector = studio.searcher()
    found = Findings(used=detector.used)
    with closing(studio.open_reader(output).frames(longest_side_px=CHECK_PX)) as frames:
        parts = _parts(plan, before, rendered)
        for one in _searched(frames, parts, rendered, detector, workers=studio.searchers):
            watch.progress("check", one.frame.index, rendered.frame_count)
            found.frames += 1
            index = one.frame.index
            risks, under = risks_in(
                one.faces, plan.scene(index), time_s=float(plan.time_s[index]), takes_unknown=plan.takes_unknown
            )
            found.under_covers += under
            found.risks += risks
            scale = rendered.scale * one.frame.scale
            found.pictures += [studio.encode_jpeg(_surroundings(one.frame.rgb, risk, scale)) for risk in risks]
    watch.progress("check", rendered.frame_count, rendered.frame_count)
    return found


def _parts(plan: Plan, before: Before | None, rendered: Rendered) -> Callable[[Frame], tuple[Part, ...]]:
    """Return what says which parts of a frame are searched."""
    if before is None:
        covers = np.array([len(plan.covers_at(frame)) for frame in range(len(plan.time_s))])
        closely = frames_to_search_closely(plan.time_s, covers)
        return lambda frame: whole(*_size(frame.rgb), closely=bool(closely[frame.index]))

    near = near_to(before.frames_at_risk, plan.time_s)

    def round_new(frame: Frame) -> tuple[Part, ...]:
        # more covers come last
        new = plan.covers_at(frame.index)[len(before.plan.covers_at(frame.index)) :]
        return parts_round(new * rendered.scale * frame.scale, *_size(frame.rgb), closely=bool(near[frame.index]))

    return round_new


def _searched(
    frames: Iterator[Frame],
    parts: Callable[[Frame], tuple[Part, ...]],
    rendered: Rendered,
    detector: FaceDetector,
    *,
    workers: int,
) -> Iterator[_Searched]:
    """Yield the frames of which something is searched, in order, while threads search the next ones."""

    def search(frame: Frame, wanted: Sequence[Part]) -> _Searched:
        found = [_found(frame.rgb, part, detector) for part in wanted]
        scale = rendered.scale * frame.scale
        boxes = np.concatenate([box for box, _ in found]) / scale
        return _Searched(
            frame=frame, faces=FoundFaces(frame=frame.index, xyxy_px=boxes, score=np.concatenate([score for _, score in found]))
        )

    with ThreadPoolExecutor(workers) as pool:
        running: deque[Future[_Searched]] = deque()
        try:
            for frame in frames:
                wanted = parts(frame)
                if wanted:
                    running.append(pool.submit(search, frame, wanted))
                while len(running) > WAITING * workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for one in running:
                one.cancel()


def _found(rgb: Image, part: Part, detector: FaceDetector) -> tuple[Floats, Floats]:
    """Return the faces of one part of a picture, in pixels of the picture: boxes (n, 4) and scores (n,).

    What is found from afar counts only if it is there from close up too, where faces are told better from folded arms.
    """
    left, top, right, bottom = part.box_px
    size_px = None if part.size == 1.0 else round(part.size * max(right - left, bottom - top))
    faces = detector.detect(rgb[top:bottom, left:right], longest_side_px=size_px)
    boxes = faces.xyxy_px + np.array([left, top, left, top])
    if part.size == 1.0 or not len(boxes):
        return boxes, faces.score
    closer = [_found(rgb, one, detector) for one in parts_round(boxes, *_size(rgb), closely=True)]
    return np.concatenate([box for box, _ in closer]), np.concatenate([score for _, score in closer])


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

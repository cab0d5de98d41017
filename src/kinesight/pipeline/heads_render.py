"""The loop over pictures in which the output is drawn and written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kinesight.analyses.heads.plan import Plan
from kinesight.domain.errors import BadResult
from kinesight.domain.heads import FaceMeshModel, FacePaster, HeadHider, Patch, PersonSegmenter, ReferenceFace, SkinSampler, Style
from kinesight.domain.ports import FaceDetector, OpenVideoWriter, VideoReader, Watch
from kinesight.domain.provenance import OutputMarker
from kinesight.domain.video import Floats, Frame, Image
from kinesight.pipeline.run import PictureCanvas, VideoSource

SAME_STAMP_S = 0.002
"""Times in heads.json may be rounded by so much."""

MARK = "AI-edited: replaced heads"
MARK_HEIGHT = 0.028
"""Height of the visible mark's letters in heights of the picture."""

SEGMENT_REACH = 1.2
"""Half the side of the square that is looked at to tell a person from the background, in sizes of the face: the model is made for
pictures of head and shoulders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadStudio:
    """The outside world of a head task.

    `faces` finds faces where one is waited for, with all cores; `searcher` where many pictures are searched at once, by
    `searchers` threads side by side.
    """

    faces: Callable[[], FaceDetector]
    searcher: Callable[[], FaceDetector]
    searchers: int
    face_mesh: Callable[[], FaceMeshModel]
    segmenter: Callable[[], PersonSegmenter]
    open_reader: Callable[[Path], VideoReader]
    open_writer: OpenVideoWriter
    hider: HeadHider
    open_paster: Callable[[ReferenceFace], FacePaster]
    skin: SkinSampler
    canvas: Callable[[Image], PictureCanvas]
    encode_jpeg: Callable[[Image], bytes]
    marker: Callable[[], OutputMarker]
    keep_record: Callable[[str], None]


MOST_WAITING = 2
"""Drawn pictures that wait to be encoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """How the output is drawn: the paster of each person, and whether the picture says that heads were replaced."""

    style: Style
    longest_side_px: int | None
    keeps_sound: bool
    pasters: Mapping[int, FacePaster] = field(default_factory=dict)
    is_marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What was written: `scale` is output pixels per source pixel; `thumbnail_jpeg` shows the middle of it."""

    scale: float
    width_px: int
    height_px: int
    frame_count: int
    sound_problem: str | None
    thumbnail_jpeg: bytes


def render(source: VideoSource, plan: Plan, how: Rendering, target: Path, *, studio: HeadStudio, watch: Watch) -> Rendered:
    """Write the output; every frame keeps its time.

    Raises
    ------
    BadResult
        The plan's frames are not those of the video.
    CallerError, DiskFull
        As reader and writer raise them.
    """
    count = 0
    sound_from = source.path if how.keeps_sound and source.reader.info.has_audio else None
    with closing(source.reader.frames(longest_side_px=how.longest_side_px)) as frames:
        first = next(frames)
        height, width = first.rgb.shape[:2]
        with (
            studio.open_writer(target, width_px=width, height_px=height, sound_from=sound_from) as writer,
            ThreadPoolExecutor(max_workers=1) as beside,
        ):
            writing: deque[Future[None]] = deque()
            for frame in chain([first], frames):
                refuse_other_stamps(frame, plan.time_s)
                watch.progress("render", frame.index, len(plan.time_s))
                picture = draw(frame, plan, how, studio=studio)
                # one picture is encoded while the next is drawn
                writing.append(beside.submit(writer.write, picture, time_s=frame.time_s))
                if len(writing) > MOST_WAITING:
                    writing.popleft().result()
                count += 1
                if frame.index <= len(plan.time_s) // 2:
                    middle = picture
            while writing:
                writing.popleft().result()
    watch.progress("render", count, count)
    return Rendered(
        scale=first.scale,
        width_px=width,
        height_px=height,
        frame_count=count,
        sound_problem=writer.sound_problem,
        thumbnail_jpeg=studio.encode_jpeg(middle),
    )


def draw(frame: Frame, plan: Plan, how: Rendering, *, studio: HeadStudio) -> Image:
    """Return one picture of the output."""
    picture = frame.rgb
    for obj_id, paster in how.pasters.items():
        patch = plan.faces[obj_id].patches[frame.index]
        if patch is not None:
            placed = _scaled(patch, frame.scale)
            picture = paster.paste(picture, placed, person=_person_around(picture, placed, studio.segmenter()))
    covers = plan.covers_at(frame.index)
    known = len(plan.covers_of_persons(frame.index))
    # what was only found in the output may be no head at all, so no head is drawn there
    other: Style = "blur" if how.style == "drawn" else how.style
    for part, style in ((covers[known:], other), (covers[:known], how.style)):
        if len(part):
            picture = studio.hider.hide(picture, covers_xyxy_px=part * frame.scale, style=style)
    if how.is_marked:
        canvas = studio.canvas(picture)
        _write_mark(canvas)
        picture = canvas.picture()
    return picture


def refuse_other_stamps(frame: Frame, time_s: Floats) -> None:
    """Raise `BadResult` unless a frame is where heads.json has it."""
    if frame.index >= len(time_s) or abs(frame.time_s - time_s[frame.index]) > SAME_STAMP_S:
        raise BadResult(f"heads.json does not fit the video from frame {frame.index} on; analyse the persons again.")


def _person_around(rgb: Image, patch: Patch, segmenter: PersonSegmenter) -> NDArray[np.float32]:
    """Return which pixels round a face are person, (height, width) 0..1; 1 farther away, where nothing is changed anyway."""
    points = patch.points_px[:, :2]
    height, width = rgb.shape[:2]
    centre, reach_px = (points.min(axis=0) + points.max(axis=0)) / 2, SEGMENT_REACH * np.ptp(points, axis=0).max()
    low = np.clip(np.floor(centre - reach_px), 0, [width, height]).astype(int)
    high = np.clip(np.ceil(centre + reach_px), 0, [width, height]).astype(int)
    person = np.ones((height, width), dtype=np.float32)
    if (high > low).all():
        window = np.s_[low[1] : high[1], low[0] : high[0]]
        person[window] = segmenter.mask(rgb[window])
    return person


def _scaled(patch: Patch, scale: float) -> Patch:
    return patch if scale == 1.0 else Patch(points_px=patch.points_px * scale, tone=patch.tone, opacity=patch.opacity)


def _write_mark(canvas: PictureCanvas) -> None:
    width, height = canvas.size_px
    size = max(9.0, MARK_HEIGHT * height)
    wide = canvas.text_width_px(MARK, size_px=size) + size
    corner = (width - wide - size / 2, height - 2.2 * size)
    canvas.panel(corner, width_px=wide, height_px=1.7 * size, colour=(0, 0, 0), opacity=0.45)
    canvas.text((corner[0] + size / 2, corner[1] + 0.85 * size), MARK, size_px=size, colour=(255, 255, 255))

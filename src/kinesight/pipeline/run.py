"""One analysis from a file to a folder of results: observe (pictures), analyse (numbers), render (pictures), write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from kinesight import __version__
from kinesight.domain.analysis import Analysis, Findings, Moment, Overlay, ReportInput
from kinesight.domain.document import MadeBy, Notice, ResultDocument
from kinesight.domain.errors import BadObservations, CallerError, SceneError
from kinesight.domain.ports import Canvas, Models, OpenVideoWriter, VideoReader, VideoWriter, Watch
from kinesight.domain.video import Frame, Image
from kinesight.pipeline.cropping import cut_out
from kinesight.pipeline.outputs import OutputFolder

Observed = TypeVar("Observed")
Parameters = TypeVar("Parameters", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)

RENDER_PX = 1280
"""Longest side of the annotated video: sharp on a phone, and half the encoding time of 1080p."""

EMBED_BYTES = 12_000_000
"""Largest annotated video that is put into the report itself; a larger one lies beside it."""

LARGEST_OBSERVATIONS_BYTES = 256_000_000


class PictureCanvas(Canvas, Protocol):
    """A canvas whose picture can be taken out."""

    def picture(self) -> Image:
        """Return what was drawn, RGB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """The outside world of a run: models, and how to open, draw and write pictures.

    `flushes`: whether what is written has to be on the disk at the end; the job engine sees to that itself, all at once.
    """

    models: Models
    open_writer: OpenVideoWriter
    canvas: Callable[[Image], PictureCanvas]
    encode_jpeg: Callable[[Image], bytes]
    flushes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoSource:
    """The video of a run and how to read it."""

    path: Path
    reader: VideoReader
    name: str


class Run(Generic[Observed, Parameters, Result]):
    """One run of one analysis into one folder.

    Parameters
    ----------
    analysis, parameters
        What to do.
    studio
        With what.
    watch
        Who is told how far it is, and may cancel between two frames.
    """

    def __init__(
        self, analysis: Analysis[Observed, Parameters, Result], parameters: Parameters, *, studio: Studio, watch: Watch
    ) -> None:
        self._analysis = analysis
        self._parameters = parameters
        self._studio = studio
        self._watch = watch

    def of_video(self, source: VideoSource, out: Path, *, draws: bool = True) -> ResultDocument:
        """Analyse a video; the folder then holds every file of the analysis, without `draws` all but pictures and report.

        Raises
        ------
        SceneError
            The clip shows something else; the folder holds `thumbnail.jpg`, the observations if anybody was observed, and, where
            a moment shows it, `evidence.jpg`.
        CallerError, OperatorError, Cancelled
            As the parts raise them.
        """
        folder = OutputFolder(out, source=source.reader.info.sha256, flushes=self._studio.flushes)
        return self._of_stored(self._analysis.store(self._observe(source, folder)), source, folder, draws=draws)

    def of_corrected(self, observed: Observed, source: VideoSource, out: Path) -> ResultDocument:
        """Analyse corrected observations of a video; the folder then holds every file anew. Errors as `of_video`."""
        folder = OutputFolder(out, source=source.reader.info.sha256, flushes=self._studio.flushes)
        return self._of_stored(self._analysis.store(observed), source, folder, draws=True)

    def _of_stored(self, stored: dict[str, Any], source: VideoSource, folder: OutputFolder, *, draws: bool) -> ResultDocument:
        folder.json(self._analysis.observations_file, stored)
        # what is analysed is what was stored, rounding included, so that a run from them gives the same result
        observed = self._analysis.restore(stored)
        self._watch.progress("analyse", 0, 1)
        try:
            findings = self._analysis.analyse(observed, self._parameters)
        except SceneError as error:
            self._watch.progress("analyse", 1, 1)
            self._show_refusal(observed, error, source, folder)
            raise
        self._watch.progress("analyse", 1, 1)
        if not draws:
            return self._write(observed, findings, folder, reader=source.reader)
        findings, stills = self._render(observed, findings, source, folder)
        self._report(observed, findings, folder, title=source.name, stills=stills, reader=source.reader)
        return self._write(observed, findings, folder, reader=source.reader)

    def of_drawing(self, source: VideoSource, stored: Path, out: Path) -> None:
        """Draw what an earlier run without `draws` left out: its video, pictures and report, from its stored observations.

        Raises
        ------
        BadObservations
            The file is not what that run stored.
        CallerError, OperatorError, Cancelled
            As the parts raise them.
        """
        _, document = read_observations(stored)
        observed = self._analysis.restore(document)
        folder = OutputFolder(out, source=source.reader.info.sha256, flushes=self._studio.flushes)
        findings = self._analysis.analyse(observed, self._parameters)
        findings, stills = self._render(observed, findings, source, folder)
        self._report(observed, findings, folder, title=source.name, stills=stills, reader=source.reader)
        self._watch.progress("write", 1, 1)

    def of_observations(self, path: Path, out: Path) -> ResultDocument:
        """Analyse stored observations; the folder holds everything that needs no picture.

        Raises
        ------
        BadObservations
            The file is not a valid document.
        SceneError
            As for a video.
        """
        content, document = read_observations(path)
        observed = self._analysis.restore(document)
        folder = OutputFolder(out, source=hashlib.sha256(content).hexdigest())
        folder.json(self._analysis.observations_file, self._analysis.store(observed))
        findings = self._analysis.analyse(observed, self._parameters)
        self._report(observed, findings, folder, title=path.name, stills={}, reader=None)
        return self._write(observed, findings, folder, reader=None)

    def _observe(self, source: VideoSource, folder: OutputFolder) -> Observed:
        try:
            return self._analysis.observe(source.reader, self._studio.models, self._parameters, self._watch)
        except SceneError as error:  # nothing was observed, but the reader of the refusal can still see the clip
            info = source.reader.info
            wanted = [Moment(name="thumbnail", time_s=(info.duration_s or 0.0) / 2, caption="")]
            if error.time_s is not None:
                wanted.append(Moment(name="evidence", time_s=error.time_s, caption=error.message))
            self._keep_stills(source, folder, tuple(wanted), overlay=None)
            raise

    def _report(
        self,
        observed: Observed,
        findings: Findings[Result],
        folder: OutputFolder,
        *,
        title: str,
        stills: dict[str, bytes],
        reader: VideoReader | None,
    ) -> None:
        self._watch.progress("write", 0, 1)
        annotated = folder.path / "annotated.mp4"
        fits = annotated.exists() and annotated.stat().st_size <= EMBED_BYTES
        page = ReportInput(
            title=title,
            video=reader.info if reader else None,
            models=self._analysis.used_models(observed),
            parameters=self._parameters.model_dump(mode="json"),
            stills_jpeg=stills,
            video_mp4=annotated.read_bytes() if fits else None,
        )
        folder.text("report.html", self._analysis.report(observed, findings, page))

    def _write(
        self, observed: Observed, findings: Findings[Result], folder: OutputFolder, *, reader: VideoReader | None
    ) -> ResultDocument:
        self._watch.progress("write", 0, 1)
        for name, text in self._analysis.tables(observed, findings).items():
            folder.text(name, text)
        document = ResultDocument(
            analysis=self._analysis.name,
            made_by=MadeBy(
                kinesight=__version__,
                models=self._analysis.used_models(observed),
                parameters=self._parameters.model_dump(mode="json"),
            ),
            video=reader.info if reader else None,
            warnings=findings.warnings,
            result=findings.result.model_dump(mode="json"),
        )
        # last, so that a folder with a result.json is a finished one
        folder.json("result.json", document.model_dump(mode="json", by_alias=True))
        self._watch.progress("write", 1, 1)
        return document

    def _render(
        self, observed: Observed, findings: Findings[Result], source: VideoSource, folder: OutputFolder
    ) -> tuple[Findings[Result], dict[str, bytes]]:
        """Write annotated.mp4, thumbnail.jpg and what is cut out; return the findings, warnings added, and the stills by name."""
        overlay = self._analysis.overlay(observed, findings, self._parameters)
        wanted = (*overlay.moments, Moment(name="thumbnail", time_s=overlay.thumbnail_s, caption=""))
        stills: dict[str, bytes] = {}
        total = source.reader.info.frame_count
        target = folder.path / "annotated.mp4"
        with closing(source.reader.frames(longest_side_px=RENDER_PX)) as frames:
            pictures = self._readable(frames)
            first = next(pictures)
            height, width = first.rgb.shape[:2]
            sound = source.path if source.reader.info.has_audio else None
            with self._studio.open_writer(target, width_px=width, height_px=height, sound_from=sound) as writer:
                for frame, nearest in _with_nearest(chain([first], pictures), wanted):
                    self._watch.progress("render", frame.index, total)
                    picture = self._draw(overlay, frame, writer)
                    stills |= {moment.name: self._studio.encode_jpeg(picture) for moment in nearest}
        if "thumbnail" in stills:
            folder.bytes("thumbnail.jpg", stills.pop("thumbnail"))
        stills |= self._cut_out(observed, findings, source, folder)
        if writer.sound_problem is None:
            return findings, stills
        notice = Notice(code="sound_not_kept", message=f"The annotated video has no sound: {writer.sound_problem}")
        return replace(findings, warnings=(*findings.warnings, notice)), stills

    def _readable(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Return the frames that may be drawn: what was judged of a broken file is drawn as well, a single picture too."""
        return _as_far_as_readable(frames) if self._analysis.takes_broken else frames

    def _cut_out(
        self, observed: Observed, findings: Findings[Result], source: VideoSource, folder: OutputFolder
    ) -> dict[str, bytes]:
        """Write the parts of pictures that the analysis wants as files, and return them by name."""
        if self._analysis.crops is None:
            return {}
        wanted = self._analysis.crops(observed, findings)
        pictures = cut_out(source.reader, wanted, encode_jpeg=self._studio.encode_jpeg)
        for name, content in pictures.items():
            folder.bytes(name, content)
        return pictures

    def _draw(self, overlay: Overlay, frame: Frame, writer: VideoWriter | None) -> Image:
        canvas = self._studio.canvas(frame.rgb)
        overlay.draw(canvas, time_s=frame.time_s)
        picture = canvas.picture()
        if writer is not None:
            writer.write(picture, time_s=frame.time_s)
        return picture

    def _show_refusal(self, observed: Observed, error: SceneError, source: VideoSource, folder: OutputFolder) -> None:
        """Keep the pictures that show why the clip was refused."""
        overlay = self._analysis.overlay(observed, None, self._parameters)
        wanted = [Moment(name="thumbnail", time_s=overlay.thumbnail_s, caption="")]
        if error.time_s is not None:
            wanted.append(Moment(name="evidence", time_s=error.time_s, caption=error.message))
        self._keep_stills(source, folder, tuple(wanted), overlay=overlay)

    def _keep_stills(
        self, source: VideoSource, folder: OutputFolder, wanted: tuple[Moment, ...], *, overlay: Overlay | None
    ) -> None:
        last = max(moment.time_s for moment in wanted)
        with closing(source.reader.frames(longest_side_px=RENDER_PX)) as frames:
            for frame, nearest in _with_nearest(self._readable(frames), wanted):
                for moment in nearest:
                    picture = frame.rgb if overlay is None else self._draw(overlay, frame, None)
                    folder.bytes(f"{moment.name}.jpg", self._studio.encode_jpeg(picture))
                if frame.time_s > last:
                    break


def read_observations(path: Path) -> tuple[bytes, Any]:
    """Return a file of stored observations, as bytes and as the JSON in it. Raises `BadObservations`."""
    try:
        with path.open("rb") as file:  # bounded by what is read: a pipe or a device has no size
            content = file.read(LARGEST_OBSERVATIONS_BYTES + 1)
        if len(content) > LARGEST_OBSERVATIONS_BYTES:
            raise BadObservations(f"{path.name} is larger than {LARGEST_OBSERVATIONS_BYTES // 1_000_000} MB.")
        return content, json.loads(content)
    except OSError as error:
        raise BadObservations(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise BadObservations(f"{path.name} is not JSON; it must hold the stored observations of this analysis.") from error


def _as_far_as_readable(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Yield the frames up to where the file breaks off; an error before the first one is the caller's."""
    yield next(frames)
    with suppress(CallerError):
        yield from frames


def _with_nearest(frames: Iterator[Frame], moments: tuple[Moment, ...]) -> Iterator[tuple[Frame, tuple[Moment, ...]]]:
    """Yield every frame with the moments whose nearest frame it is; looks one frame ahead."""
    waiting = sorted(moments, key=lambda moment: moment.time_s)
    held: Frame | None = None
    for frame in frames:
        if held is not None:
            middle = (held.time_s + frame.time_s) / 2
            due = tuple(moment for moment in waiting if moment.time_s < middle)
            waiting = waiting[len(due) :]
            yield held, due
        held = frame
    if held is not None:
        yield held, tuple(waiting)

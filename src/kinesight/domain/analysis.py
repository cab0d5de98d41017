"""What an analysis is: a name, its documents, and the pure functions between pictures and results."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pydantic import BaseModel

from kinesight.domain.document import Notice, ResultDocument, UsedModel
from kinesight.domain.ports import Canvas, Models, VideoReader, Watch
from kinesight.domain.video import VideoInfo

Observed = TypeVar("Observed")
Parameters = TypeVar("Parameters", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings(Generic[Result]):
    """What an analysis concluded, with what the reader must know to trust it rightly.

    `details` is whatever the drawing of the same analysis needs beyond the published result (per-frame series, strides).
    """

    result: Result
    warnings: tuple[Notice, ...] = ()
    details: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A picture worth keeping: `name` is unique in the result, `caption` says what it shows."""

    name: str
    time_s: float
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crop:
    """A part of a picture worth a file of its own, without anything drawn on it.

    `name` is its path in the folder of results; `box_xyxy_px` left, top, right, bottom in pixels of the upright source; a part
    lower than `least_height_px` is enlarged to it.
    """

    name: str
    time_s: float
    box_xyxy_px: tuple[float, float, float, float]
    least_height_px: int = 1


class Overlay(Protocol):
    """Draws what was found onto the pictures of the video."""

    @property
    def moments(self) -> tuple[Moment, ...]:
        """Return the pictures that the report shows, ordered by time."""

    @property
    def thumbnail_s(self) -> float:
        """Return the moment that stands for the whole video."""

    def draw(self, canvas: Canvas, *, time_s: float) -> None:
        """Draw what belongs to this moment; the canvas shows the whole upright picture at any size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportInput:
    """What a report is made from besides the findings.

    `stills_jpeg` by name of the moment or crop; `video_mp4` is the annotated video, None when there is none or it is too large to
    embed.
    """

    title: str
    video: VideoInfo | None
    models: tuple[UsedModel, ...]
    parameters: Mapping[str, Any]
    stills_jpeg: Mapping[str, bytes] = field(default_factory=dict)
    video_mp4: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedClip:
    """A finished analysis as it was kept: what the clip is called, its result document, and files of its folder by name."""

    title: str
    document: ResultDocument
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """What two finished clips say together: a document, and one self-contained HTML page."""

    document: BaseModel
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Combiner:
    """How two finished clips of one analysis become one report.

    `document` is the model of the combined document, `files` names what `combine` can use where a folder has it.
    combine(first, second) -> combination; raises `BadParameter`, `BadResult`
    """

    document: type[BaseModel]
    files: tuple[str, ...]
    combine: Callable[[FinishedClip, FinishedClip], Combination]


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis(Generic[Observed, Parameters, Result]):
    """One analysis. Only `observe` sees pictures; everything after it is a pure function of stored observations.

    observe(reader, models, parameters, watch) -> observations; raises `SceneError` or `CallerError`
    store(observations) -> JSON-ready document; restore(document) -> observations; raises `BadObservations`
    analyse(observations, parameters) -> findings; raises `SceneError`
    tables(observations, findings) -> {file name: text}
    overlay(observations, findings or None, parameters) -> overlay; None when the analysis refused: only observations are drawn
    report(observations, findings, input) -> one self-contained HTML page
    combiner: how two results become one report; None where that makes no sense
    observations_file: name under which a run keeps the stored observations
    is_urgent: whether somebody acts on the answer at once; its jobs never wait behind long ones, and its models stay loaded
    draws_later: whether a job ends with its numbers, and another one draws the video and the report from what was stored
    warm_up(models): loads what `observe` is going to ask for
    crops(observations, findings) -> parts of pictures to keep as files; None where there are none
    takes_broken: whether a file that breaks off after its first picture is analysed, and drawn, as far as it can be read
    """

    name: str
    summary: str
    parameters: type[Parameters]
    result: type[Result]
    observe: Callable[[VideoReader, Models, Parameters, Watch], Observed]
    store: Callable[[Observed], dict[str, Any]]
    restore: Callable[[Mapping[str, Any]], Observed]
    analyse: Callable[[Observed, Parameters], Findings[Result]]
    tables: Callable[[Observed, Findings[Result]], dict[str, str]]
    overlay: Callable[[Observed, Findings[Result] | None, Parameters], Overlay]
    report: Callable[[Observed, Findings[Result], ReportInput], str]
    used_models: Callable[[Observed], tuple[UsedModel, ...]]
    combiner: Combiner | None = None
    observations_file: str = "poses.json"
    is_urgent: bool = False
    draws_later: bool = False
    warm_up: Callable[[Models], object] | None = None
    crops: Callable[[Observed, Findings[Result]], tuple[Crop, ...]] | None = None
    takes_broken: bool = False

"""Puts the adapters of media, vision and drawing into the ports of a run; holds no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from pydantic import BaseModel, ValidationError, create_model

from kinesight.domain.analysis import Analysis
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.domain.ports import VideoReader, Watch
from kinesight.drawing.canvas import PictureCanvas
from kinesight.media.fetch import fetch_video
from kinesight.media.jpeg import encode_jpeg
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.starting import StartDecoder
from kinesight.media.writer import open_video_writer
from kinesight.media.zygote import DecoderZygote
from kinesight.pipeline.run import Run, Studio, VideoSource
from kinesight.settings import Settings
from kinesight.vision.catalogue import CATALOGUE, ModelRow
from kinesight.vision.fetch import Verified, fetch, verify
from kinesight.vision.samples import fetch_samples
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.catalogue import all_analyses, analysis_named

__all__ = ["fetch_samples"]

Report = Callable[[str], None]


def installed_analyses(settings: Settings) -> dict[str, Analysis[Any, Any, Any]]:
    """Return every analysis by name, with the defaults that this installation chooses."""
    defaults = {"pose_model": settings.pose_model}
    return {one.name: replace(one, parameters=_with_defaults(one.parameters, defaults)) for one in all_analyses()}


def _with_defaults(model: type[BaseModel], defaults: dict[str, Any]) -> type[BaseModel]:
    known = {
        name: (model.model_fields[name].annotation, default) for name, default in defaults.items() if name in model.model_fields
    }
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, **known)  # type: ignore[call-overload,no-any-return]


def parse_parameters(name: str, given: dict[str, Any]) -> BaseModel:
    """Return the checked parameters of an analysis. Raises `BadParameter` naming the first wrong one."""
    try:
        parameters: BaseModel = analysis_named(name).parameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "parameters"
        raise BadParameter(f"{where}: {first['msg']}.") from error
    return parameters


def studio(settings: Settings, *, start: StartDecoder | None = None) -> Studio:
    """Return the outside world of a run on this machine; `start` is how confined processes come to be."""
    return Studio(
        models=ModelShelf(settings),
        open_writer=partial(open_video_writer, start=start),
        canvas=PictureCanvas,
        encode_jpeg=encode_jpeg,
    )


def analyse_video(  # noqa: PLR0913 - what one run needs, each named
    name: str,
    video: Path,
    out: Path,
    *,
    parameters: BaseModel,
    watch: Watch,
    settings: Settings,
    title: str | None = None,
    limits: MediaLimits | None = None,
) -> ResultDocument:
    """Analyse one video file into a folder; errors as in `pipeline.run.Run.of_video`."""
    with DecoderZygote() as start:
        reader = ConfinedVideoReader(video, limits=limits or MediaLimits.from_settings(settings), start=start)
        run = Run(analysis_named(name), parameters, studio=studio(settings, start=start), watch=watch)
        return run.of_video(VideoSource(path=video, reader=reader, name=title or video.name), out)


def analyse_observations(
    name: str, poses: Path, out: Path, *, parameters: BaseModel, watch: Watch, settings: Settings
) -> ResultDocument:
    """Analyse stored observations into a folder; errors as in `pipeline.run.Run.of_observations`."""
    run = Run(analysis_named(name), parameters, studio=studio(settings), watch=watch)
    return run.of_observations(poses, out)


def media_limits(settings: Settings, *, max_duration_s: float | None = None) -> MediaLimits:
    """Return the limits of one video; a shorter duration than the installation's may be asked for."""
    limits = MediaLimits.from_settings(settings)
    return limits if max_duration_s is None else replace(limits, max_duration_s=min(limits.max_duration_s, max_duration_s))


def fetch_source(url: str, target: Path, *, settings: Settings, watch: Watch) -> None:
    """Fetch a video by its address into a file; errors as in `media.fetch.fetch_video`."""
    fetch_video(
        url,
        target,
        allow=settings.fetch_allow,
        max_bytes=int(settings.max_upload_mb * 1_000_000),
        time_limit_s=settings.fetch_time_limit_s,
        report=lambda done, total: watch.progress("fetch", done, total),
    )


def open_reader(video: Path, settings: Settings) -> VideoReader:
    """Return a reader of one video file, confined. Raises `CallerError`."""
    return ConfinedVideoReader(video, limits=media_limits(settings))


def why_not_confined(settings: Settings) -> str | None:
    """Write and read a small video; return why the decoder is not fully confined on this machine, None where it is."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "probe.mp4"
        with open_video_writer(path, width_px=64, height_px=64) as writer:
            for number in range(3):
                writer.write(np.full((64, 64, 3), 80 * number, np.uint8), time_s=number / 10)
        reader = ConfinedVideoReader(path, limits=MediaLimits.from_settings(settings))
        for _ in reader.frames():
            pass
        return reader.why_no_filter


def model_rows() -> tuple[ModelRow, ...]:
    """Return the model catalogue."""
    return CATALOGUE


def fetch_models(settings: Settings, *, report: Report) -> None:
    """Fetch every missing or damaged model. Raises `ModelFetchFailed`."""
    fetch(settings.models, report=report)


def verify_models(settings: Settings) -> tuple[Verified, ...]:
    """Return the state of every model file."""
    return verify(settings.models)

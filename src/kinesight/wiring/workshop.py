"""What a process keeps between one job and the next: the loaded models, and the zygote of its decoders."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kinesight.domain.analysis import Analysis
from kinesight.domain.errors import KinesightError
from kinesight.domain.ports import Watch
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.starting import StartDecoder
from kinesight.media.zygote import DecoderZygote
from kinesight.pipeline.run import Run, Studio, VideoSource
from kinesight.settings import Settings
from kinesight.wiring.analysing import fetch_source, media_limits, parse_parameters, studio
from kinesight.wiring.catalogue import analysis_named

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One job as it is to be done."""

    analysis: Analysis[Any, Any, Any]
    run: Run[Any, Any, Any]
    limits: MediaLimits
    title: str | None
    start: StartDecoder

    def analyse(self, video: Path, out: Path, *, draws: bool) -> None:
        """Analyse a video into a folder; errors as in `pipeline.run.Run.of_video`."""
        self.run.of_video(self._source(video), out, draws=draws)

    def draw(self, video: Path, stored: Path, out: Path) -> None:
        """Draw from stored observations into a folder; errors as in `pipeline.run.Run.of_drawing`."""
        self.run.of_drawing(self._source(video), stored, out)

    def _source(self, video: Path) -> VideoSource:
        reader = ConfinedVideoReader(video, limits=self.limits, start=self.start)
        return VideoSource(path=video, reader=reader, name=self.title or video.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """Takes orders, one after another."""

    settings: Settings
    studio: Studio
    start: StartDecoder

    def order(
        self, kind: str, given: dict[str, Any], *, watch: Watch, title: str | None = None, max_duration_s: float | None = None
    ) -> Order:
        """Return a job that can be done. Raises `BadParameter`."""
        analysis = analysis_named(kind)
        return Order(
            analysis=analysis,
            run=Run(analysis, parse_parameters(kind, given), studio=self.studio, watch=watch),
            limits=media_limits(self.settings, max_duration_s=max_duration_s),
            title=title,
            start=self.start,
        )

    def fetch(self, url: str, target: Path, *, watch: Watch) -> None:
        """Fetch a video by its address into a file; errors as in `media.fetch.fetch_video`."""
        fetch_source(url, target, settings=self.settings, watch=watch)

    def prepare(self, kinds: Iterable[str]) -> None:
        """Load what these kinds will ask for. What is missing is told by the job that needs it."""
        for kind in kinds:
            try:
                warm_up = analysis_named(kind).warm_up
                if warm_up is not None:
                    warm_up(self.studio.models)
            except KinesightError as error:
                LOG.warning("%s cannot be prepared: %s", kind, error.message)


@contextmanager
def open_workshop(settings: Settings) -> Iterator[Workshop]:
    """Yield a workshop of this installation."""
    with DecoderZygote() as start:
        yield Workshop(settings=settings, studio=replace(studio(settings, start=start), flushes=False), start=start)

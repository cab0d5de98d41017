"""The smallest analysis that is one: it measures how bright each picture is. Shows that nothing but its own folder is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kinesight.domain.analysis import Analysis, Findings, Moment, ReportInput
from kinesight.domain.document import Document, Notice, UsedModel
from kinesight.domain.errors import BadObservations, NobodyVisible
from kinesight.domain.ports import Canvas, Models, VideoReader, Watch


class ToyParameters(BaseModel):
    """How dark is too dark."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    darkest: float = Field(default=10.0, ge=0, le=255)


class ToyResult(Document):
    """Mean brightness over the video, 0..255."""

    brightness: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyObservations:
    """Time in seconds and mean brightness 0..255 of every picture."""

    time_s: tuple[float, ...]
    brightness: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToyOverlay:
    """Draws a disc."""

    moments: tuple[Moment, ...]
    thumbnail_s: float

    def draw(self, canvas: Canvas, *, time_s: float) -> None:
        """Draw a disc that moves with time."""
        canvas.disc((time_s, 0.0), radius_px=1.0, colour=(255, 255, 255))


def _observe(reader: VideoReader, _models: Models, _parameters: ToyParameters, watch: Watch) -> ToyObservations:
    times, values = [], []
    for frame in reader.frames():
        watch.progress("observe", frame.index, reader.info.frame_count)
        times.append(frame.time_s)
        values.append(float(np.mean(frame.rgb)))
    return ToyObservations(time_s=tuple(times), brightness=tuple(values))


def _store(observed: ToyObservations) -> dict[str, Any]:
    return {"time_s": list(observed.time_s), "brightness": list(observed.brightness)}


def _restore(document: Mapping[str, Any]) -> ToyObservations:
    try:
        return ToyObservations(time_s=tuple(document["time_s"]), brightness=tuple(document["brightness"]))
    except (KeyError, TypeError) as error:
        raise BadObservations from error


def _analyse(observed: ToyObservations, parameters: ToyParameters) -> Findings[ToyResult]:
    brightness = float(np.mean(observed.brightness))
    if brightness < parameters.darkest:
        raise NobodyVisible("It is too dark to see anybody.", time_s=observed.time_s[int(np.argmin(observed.brightness))])
    warnings = (Notice(code="dim", message="The picture is dim."),) if brightness < 2 * parameters.darkest else ()
    return Findings(result=ToyResult(brightness=brightness), warnings=warnings)


def _tables(observed: ToyObservations, _findings: Findings[ToyResult]) -> dict[str, str]:
    rows = (f"{t},{b}" for t, b in zip(observed.time_s, observed.brightness, strict=True))
    return {"series.csv": "\n".join(["time_s,brightness", *rows])}


def _overlay(observed: ToyObservations, _findings: Findings[ToyResult] | None, _parameters: ToyParameters) -> ToyOverlay:
    brightest = observed.time_s[int(np.argmax(observed.brightness))]
    return ToyOverlay(moments=(Moment(name="brightest", time_s=brightest, caption="Brightest"),), thumbnail_s=observed.time_s[0])


def _report(_observed: ToyObservations, findings: Findings[ToyResult], page: ReportInput) -> str:
    return f"<title>{page.title}</title>{findings.result.brightness:.1f} {sorted(page.stills_jpeg)}"


def _used_models(_observed: ToyObservations) -> tuple[UsedModel, ...]:
    return ()


TOY = Analysis(
    name="toy",
    summary="How bright a video is.",
    parameters=ToyParameters,
    result=ToyResult,
    observe=_observe,
    store=_store,
    restore=_restore,
    analyse=_analyse,
    tables=_tables,
    overlay=_overlay,
    report=_report,
    used_models=_used_models,
)

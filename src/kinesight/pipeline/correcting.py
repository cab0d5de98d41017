"""A folder of results written anew after somebody corrected the observations in it by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from kinesight.domain.analysis import Analysis, Crop, Findings, ReportInput
from kinesight.domain.document import Notice, ResultDocument
from kinesight.domain.errors import BadResult
from kinesight.pipeline.combining import RESULT_FILE, read_finished
from kinesight.pipeline.outputs import OutputFolder
from kinesight.pipeline.run import read_observations

Observed = TypeVar("Observed")
Parameters = TypeVar("Parameters", bound=BaseModel)
Result = TypeVar("Result", bound=BaseModel)

NOT_DRAWN = Notice(
    code="annotated_video_removed",
    message="The annotated video showed what was corrected and was removed; give the video to have it drawn again.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Generic[Observed]):
    """A finished analysis as it lies in its folder."""

    folder: Path
    document: ResultDocument
    observed: Observed


def read_kept(analysis: Analysis[Observed, Parameters, Result], folder: Path) -> Kept[Observed]:
    """Return a finished analysis with its observations.

    Raises
    ------
    BadResult
        The folder does not hold a result of this analysis with its observations.
    BadObservations
        The observations are damaged.
    """
    document = read_finished(folder / RESULT_FILE, wanted=()).document
    file = folder / analysis.observations_file
    if document.analysis != analysis.name or not file.is_file():
        raise BadResult(f"{folder} holds no {analysis.name} analysis with its {analysis.observations_file}; give another folder.")
    _, stored = read_observations(file)
    return Kept(folder=folder, document=document, observed=analysis.restore(stored))


def rewrite(
    analysis: Analysis[Observed, Parameters, Result],
    kept: Kept[Observed],
    corrected: Observed,
    *,
    without_pictures: Callable[[Result, frozenset[str]], Result],
    title: str | None = None,
) -> ResultDocument:
    """Write everything that follows from corrected observations without the video, the result last.

    Pictures that were cut out of the video stay where they still show the same; `without_pictures` takes the names of those that
    are missing out of a result. The annotated video is removed, because it shows the old numbers. `title` is what the page calls
    the video, the folder's name by default.
    """
    parameters = analysis.parameters.model_validate(kept.document.made_by.parameters)
    before, findings = analysis.analyse(kept.observed, parameters), analysis.analyse(corrected, parameters)
    pictures = _pictures(analysis, kept, before, corrected, findings)
    missing = frozenset(crop.name for crop in _crops(analysis, corrected, findings) if crop.name not in pictures)
    result = without_pictures(findings.result, missing)
    warnings = (*findings.warnings, NOT_DRAWN)
    shown = Findings(result=result, warnings=warnings, details=findings.details)
    folder = OutputFolder(kept.folder, source=_source(kept), clears=False)
    folder.json(analysis.observations_file, analysis.store(corrected))
    for name, content in pictures.items():
        folder.bytes(name, content)
    for name in _crop_names(analysis, kept.observed, before) - set(pictures):
        folder.remove(kept.folder / name)
    folder.remove(kept.folder / "annotated.mp4")
    for name, text in analysis.tables(corrected, shown).items():
        folder.text(name, text)
    document = kept.document.model_copy(update={"result": result.model_dump(mode="json"), "warnings": warnings})
    page = ReportInput(
        title=title or kept.folder.name,
        video=document.video,
        models=document.made_by.models,
        parameters=document.made_by.parameters,
        stills_jpeg=pictures,
    )
    folder.text("report.html", analysis.report(corrected, shown, page))
    folder.json(RESULT_FILE, document.model_dump(mode="json", by_alias=True))
    return document


def _source(kept: Kept[Observed]) -> str:
    if kept.document.video is None:
        raise BadResult(f"{kept.folder} does not say which video it is of; analyse the video again.")
    return kept.document.video.sha256


def _crops(analysis: Analysis[Observed, Parameters, Result], observed: Observed, findings: Findings[Result]) -> tuple[Crop, ...]:
    return analysis.crops(observed, findings) if analysis.crops else ()


def _crop_names(analysis: Analysis[Observed, Parameters, Result], observed: Observed, findings: Findings[Result]) -> set[str]:
    return {crop.name for crop in _crops(analysis, observed, findings)}


def _pictures(
    analysis: Analysis[Observed, Parameters, Result],
    kept: Kept[Observed],
    before: Findings[Result],
    corrected: Observed,
    after: Findings[Result],
) -> dict[str, bytes]:
    """Return the pictures of the corrected observations that the folder already has, by their new names."""
    there = {}
    for crop in _crops(analysis, kept.observed, before):
        file = kept.folder / crop.name
        if file.is_file():
            there[crop.time_s, crop.box_xyxy_px] = file.read_bytes()
    wanted = _crops(analysis, corrected, after)
    return {crop.name: there[crop.time_s, crop.box_xyxy_px] for crop in wanted if (crop.time_s, crop.box_xyxy_px) in there}

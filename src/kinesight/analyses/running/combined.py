"""Two finished clips of one runner as one: side and back, or before and after."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from pydantic import ValidationError

from kinesight import __version__
from kinesight.analyses.running.combined_change import LEAST_CONFIDENCE, find_changes
from kinesight.analyses.running.combined_notices import combined_notices
from kinesight.analyses.running.combined_report import Part, combined_page
from kinesight.analyses.running.combined_result import CombinedClip, CombinedDocument, Label, Todo
from kinesight.analyses.running.page_texts import load_page_texts
from kinesight.analyses.running.parameters import Language
from kinesight.analyses.running.result import RunningResult
from kinesight.domain.analysis import Combination, Combiner, FinishedClip
from kinesight.domain.document import RESULT_SCHEMA
from kinesight.domain.errors import BadParameter, BadResult

FILES = ("report.html", "series.csv")


def combine(first: FinishedClip, second: FinishedClip) -> Combination:
    """Return what two clips of one runner say together.

    Two views (one side, one back) in either order give one page with both; two clips of the same view are taken as before and
    after, in the order given. The page speaks the language of the back view or of the clip after.

    Parameters
    ----------
    first, second
        Finished running analyses. Of their files, `series.csv` gives curves and `report.html` the key frames.

    Raises
    ------
    BadResult
        One is no result of a running analysis that this version can read.
    BadParameter
        Both are the same result.
    """
    parts = [(clip, _running(clip)) for clip in (first, second)]
    if first.document == second.document:
        raise BadParameter("Both are the same result; give the results of two clips.")
    is_one_view = parts[0][1].view == parts[1][1].view
    if not is_one_view:
        parts.sort(key=lambda part: part[1].view, reverse=True)
    labels: Sequence[Label] = ("before", "after") if is_one_view else ("side", "back")
    clips = [
        CombinedClip(label=label, title=clip.title, document=clip.document)
        for label, (clip, _) in zip(labels, parts, strict=True)
    ]
    results = [result for _, result in parts]
    language = results[1].language
    document = CombinedDocument(
        kind="before_after" if is_one_view else "two_views",
        kinesight=__version__,
        language=language,
        clips=(clips[0], clips[1]),
        warnings=combined_notices(clips, results, load_page_texts(language), is_one_view=is_one_view),
        todo=_todo(list(zip(labels, results, strict=True))[is_one_view:]),
        changes=find_changes(*results) if is_one_view else (),
    )
    shown = [Part(clip=clip, result=result, files=finished.files) for clip, (finished, result) in zip(clips, parts, strict=True)]
    return Combination(document=document, page=combined_page(document, (shown[0], shown[1])))


def _running(clip: FinishedClip) -> RunningResult:
    document = clip.document
    if document.schema_ != RESULT_SCHEMA:
        raise BadResult(f'{clip.title} has the schema {document.schema_!r}, not "{RESULT_SCHEMA}".')
    if document.analysis != "running":
        raise BadResult(f"{clip.title} is a result of {document.analysis!r}; only running analyses are combined.")
    try:
        result = RunningResult.model_validate(document.result)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        message = f"The result of {clip.title} cannot be read ({where}); it is damaged or from another version. Analyse it again."
        raise BadResult(message) from error
    if result.language not in get_args(Language):
        raise BadResult(
            f"{clip.title} is in the language {result.language!r}, which this version does not speak. Analyse it again."
        )
    return result


def _todo(parts: Sequence[tuple[Label, RunningResult]]) -> tuple[Todo, ...]:
    """Return what lies outside its good range: sure readings first, then bad before okay, then the lower score."""
    found = [
        Todo(clip=label, key=key, score=score, is_sure=score.confidence >= LEAST_CONFIDENCE)
        for label, result in parts
        for key, score in result.scores.items()
        if score.band != "good"
    ]
    return tuple(sorted(found, key=lambda todo: (not todo.is_sure, todo.score.band != "bad", todo.score.score)))


COMBINER = Combiner(document=CombinedDocument, files=FILES, combine=combine)

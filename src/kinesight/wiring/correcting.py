"""Corrections of persons by hand: reads a folder of results, changes who is who, and writes it anew."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from kinesight.analyses import persons
from kinesight.analyses.persons.corrections import Exclude, Merge, Rename, Split, correct
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.result import PersonsResult
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.domain.ports import Watch
from kinesight.media.reader import ConfinedVideoReader
from kinesight.pipeline.combining import result_file
from kinesight.pipeline.correcting import read_kept, rewrite
from kinesight.pipeline.run import Run, VideoSource
from kinesight.settings import Settings
from kinesight.wiring.analysing import media_limits, studio

__all__ = ["Exclude", "Merge", "Rename", "Split", "correct_persons"]


def correct_persons(
    result: Path, changes: Sequence[Merge | Split | Rename | Exclude], *, video: Path | None, watch: Watch, settings: Settings
) -> tuple[ResultDocument, Path]:
    """Make changes to the persons of a finished analysis, in its folder; with the video, pictures are drawn and cut anew.

    Raises
    ------
    BadResult, BadObservations
        The folder is not that of a persons analysis.
    BadParameter
        A change cannot be made; nothing is changed then.
    """
    folder = result_file(result).parent
    kept = read_kept(persons.ANALYSIS, folder)
    corrected = correct(kept.observed, changes)
    if video is None:
        return rewrite(persons.ANALYSIS, kept, corrected, without_pictures=_without_pictures), folder
    reader = ConfinedVideoReader(video, limits=media_limits(settings))
    if reader.info.sha256 != kept.observed.video_sha256:
        raise BadParameter(f"{video} is another video than the one that {folder} is of.")
    parameters = PersonsParameters.model_validate(kept.document.made_by.parameters)
    run = Run(persons.ANALYSIS, parameters, studio=studio(settings), watch=watch)
    return run.of_corrected(corrected, VideoSource(path=video, reader=reader, name=video.name), folder), folder


def _without_pictures(result: PersonsResult, missing: frozenset[str]) -> PersonsResult:
    found = tuple(
        person.model_copy(update={"preview": None, "preview_s": None}) if person.preview in missing else person
        for person in result.persons
    )
    return result.model_copy(update={"persons": found})

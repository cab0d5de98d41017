"""Corrections of persons by hand: reads a folder of results, changes who is who, and writes it anew."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kinesight.analyses import persons
from kinesight.analyses.persons.corrections import Change, Exclude, Merge, Rename, Split, correct, with_new_id
from kinesight.analyses.persons.crops import crops
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.result import PersonsResult
from kinesight.domain.analysis import Crop
from kinesight.domain.corrections import CorrectionLog
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter
from kinesight.domain.ports import Watch
from kinesight.media.reader import ConfinedVideoReader
from kinesight.pipeline.combining import result_file
from kinesight.pipeline.correcting import read_kept, rewrite
from kinesight.pipeline.outputs import OutputFolder
from kinesight.pipeline.run import Run, VideoSource
from kinesight.settings import Settings
from kinesight.wiring.analysing import media_limits, studio

_REMADE = re.compile(r"result\.json|heads\.json|tracks\.txt|coco\.json|report\.html|persons/[0-9]{1,9}\.jpg")
"""Files of a corrected analysis that need no video."""

__all__ = ["Exclude", "Merge", "PersonCorrecting", "Rename", "Split", "correct_persons"]


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


class PersonCorrecting:
    """Implements the port `Correcting` of the job engine for person analyses."""

    def settled(self, change: dict[str, Any], log: CorrectionLog, result: dict[str, Any]) -> dict[str, Any]:
        """Return a change with every id in it that it gives, none of which was ever used. Raises `BadParameter`."""
        (wanted,) = parsed_changes([change])
        given = [entry.change.get("new_id") for entry in log.entries if entry.change is not None]
        found = PersonsResult.model_validate(ResultDocument.model_validate(result).result)
        used = {person.obj_id for person in found.persons} | {new_id for new_id in given if new_id is not None}
        settled: dict[str, Any] = with_new_id(wanted, used=used).model_dump(mode="json")
        return settled

    def applied(self, folder: Path, changes: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the result document after changes to the analysis in a folder. Raises `BadParameter`, `BadResult`."""
        kept = read_kept(persons.ANALYSIS, folder)
        parameters = PersonsParameters.model_validate(kept.document.made_by.parameters)
        corrected = correct(kept.observed, parsed_changes(changes))
        findings = persons.ANALYSIS.analyse(corrected, parameters)
        before = persons.ANALYSIS.analyse(kept.observed, parameters)
        pictures = _names_of(crops(kept.observed, before), crops(corrected, findings), folder)
        result = _with_pictures(findings.result, pictures).model_dump(mode="json")
        document = kept.document.model_copy(update={"result": result, "warnings": findings.warnings})
        return document.model_dump(mode="json", by_alias=True)

    def file(self, folder: Path, changes: Sequence[dict[str, Any]], name: str, *, title: str) -> bytes | None:
        """Return a file of the folder as it is after the changes; None for one that there is not."""
        if not _REMADE.fullmatch(name):
            return None
        with TemporaryDirectory(prefix="kinesight-") as work:
            copy = Path(work) / "analysis"
            copy.mkdir()
            wanted = (persons.ANALYSIS.observations_file, "result.json", OutputFolder.SOURCE_FILE)
            for file in (*(folder / one for one in wanted), *folder.glob("persons/*.jpg")):
                target = copy / file.relative_to(folder)
                target.parent.mkdir(exist_ok=True)
                shutil.copyfile(file, target)
            kept = read_kept(persons.ANALYSIS, copy)
            corrected = correct(kept.observed, parsed_changes(changes))
            rewrite(persons.ANALYSIS, kept, corrected, without_pictures=_without_pictures, title=title)
            remade = copy / name
            return remade.read_bytes() if remade.is_file() else None


def parsed_changes(changes: Sequence[Mapping[str, Any]]) -> tuple[Merge | Split | Rename | Exclude, ...]:
    """Return changes as the job engine keeps them, checked. Raises `BadParameter`."""
    try:
        parsed: tuple[Change, ...] = TypeAdapter(tuple[Change, ...]).validate_python(tuple(changes))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadParameter(f"{'.'.join(map(str, first['loc'][1:]))}: {first['msg']}.") from error
    return parsed


def _names_of(before: Sequence[Crop], after: Sequence[Crop], folder: Path) -> dict[str, str]:
    """Return under which name the folder has each picture that is wanted now; those that nobody cut out are not there."""
    there = {(crop.time_s, crop.box_xyxy_px): crop.name for crop in before if (folder / crop.name).is_file()}
    return {crop.name: there[crop.time_s, crop.box_xyxy_px] for crop in after if (crop.time_s, crop.box_xyxy_px) in there}


def _with_pictures(result: PersonsResult, names: Mapping[str, str]) -> PersonsResult:
    found = tuple(
        person.model_copy(
            update={
                "preview": names.get(person.preview or ""),
                "preview_s": person.preview_s if person.preview in names else None,
            }
        )
        for person in result.persons
    )
    return result.model_copy(update={"persons": found})

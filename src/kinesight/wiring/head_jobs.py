"""Puts a head task of the job engine together: the kept person analysis with its corrections, and the reference pictures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import ValidationError

from kinesight.analyses import persons
from kinesight.analyses.heads.parameters import HeadsParameters, refuse_unfit
from kinesight.analyses.persons.corrections import correct
from kinesight.analyses.persons.result import PersonsResult
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadResult
from kinesight.domain.ports import Watch
from kinesight.media.fetch import Download
from kinesight.media.stills import LARGEST_STILL_BYTES
from kinesight.pipeline.combining import RESULT_FILE
from kinesight.pipeline.correcting import read_kept
from kinesight.pipeline.heads_inputs import HEADS_FILE
from kinesight.pipeline.heads_stages import HeadStages
from kinesight.settings import Settings
from kinesight.wiring.analysing import media_limits
from kinesight.wiring.correcting import parsed_changes
from kinesight.wiring.heads import change_heads, parse_heads_parameters

KIND = "heads"
FOUNDATION = persons.ANALYSIS.name
"""The kind of jobs that head tasks build on; their videos are kept, also those that were fetched."""


def refuse_unfit_task(parameters: Mapping[str, Any], references: Collection[int], persons: Mapping[str, Any]) -> None:
    """Refuse a head task that does not fit the result document of its person analysis.

    Raises `BadParameter`, `ConsentMissing`, `UnknownPerson`; `BadResult` when it is no such document.
    """
    try:
        document = ResultDocument.model_validate(persons)
        found = PersonsResult.model_validate(document.result)
    except ValidationError as error:
        raise BadResult("The person analysis has no readable result; analyse the video again.") from error
    known = [person.obj_id for person in found.persons]
    refuse_unfit(HeadsParameters.model_validate(parameters), referenced=references, known=known)


def do_head_task(request: Mapping[str, Any], out: Path, *, watch: Watch, settings: Settings) -> None:
    """Do one head task into a folder that is there; `request` is the line of the job engine, with its `basis`.

    Raises
    ------
    CallerError, OperatorError
        As `change_heads`; `SourceUnreachable`, `SourceForbidden`, `VideoTooLarge` for a reference picture by address.
    """
    basis = request["basis"]
    parameters = parse_heads_parameters(request["parameters"])
    limits = request.get("limits") or {}
    with TemporaryDirectory(dir=out, prefix=".work-") as folder:
        references = _references(basis["references"], Path(folder), watch=watch, settings=settings)
        change_heads(
            Path(request["input"]),
            out,
            persons=_persons(Path(basis["folder"]), basis["corrections"], Path(folder)),
            parameters=parameters,
            references=references,
            by=basis["asked_by"] or "unknown",
            watch=HeadStages(watch),
            settings=settings,
            title=request.get("input_name"),
            limits=media_limits(settings, max_duration_s=limits.get("max_duration_s")),
        )


def _persons(kept: Path, changes: Sequence[Mapping[str, Any]], work: Path) -> Path:
    """Return the folder of the person analysis as it was corrected when the task was accepted."""
    if not changes:
        return kept
    observed = correct(read_kept(persons.ANALYSIS, kept).observed, parsed_changes(changes))
    corrected = work / "persons"
    corrected.mkdir()
    shutil.copyfile(kept / RESULT_FILE, corrected / RESULT_FILE)
    stored = persons.ANALYSIS.store(observed)
    (corrected / HEADS_FILE).write_text(json.dumps(stored, allow_nan=False), encoding="utf-8")
    return corrected


def _references(given: Mapping[str, Mapping[str, str]], work: Path, *, watch: Watch, settings: Settings) -> dict[int, Path]:
    """Return the reference pictures by person, under names that say in an error which one is meant."""
    found = {}
    for obj_id, one in sorted((int(key), value) for key, value in given.items()):
        path = work / f"reference_{obj_id}"
        if "url" in one:
            _fetch(one["url"], path, what=f"reference picture of person {obj_id}", watch=watch, settings=settings)
        else:
            path.symlink_to(one["path"])
        found[obj_id] = path
    return found


def _fetch(url: str, to: Path, *, what: str, watch: Watch, settings: Settings) -> None:
    download = Download(
        allow=settings.fetch_allow,
        max_bytes=min(LARGEST_STILL_BYTES, int(settings.max_upload_mb * 1e6)),
        time_limit_s=settings.fetch_time_limit_s,
        report=lambda done, total: watch.progress("fetch", done, total),
        what=what,
    )
    download.run(url, to)

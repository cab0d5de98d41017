"""Puts the adapters into a head task: one call from files and parameters to a folder; holds no logic of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from kinesight.analyses.heads.parameters import HeadsParameters, refuse_unready
from kinesight.analyses.heads.people_map import read_head_map
from kinesight.domain.document import ResultDocument
from kinesight.domain.errors import BadParameter, Conflict
from kinesight.domain.ports import Watch
from kinesight.domain.provenance import OutputMarker
from kinesight.drawing.canvas import PictureCanvas
from kinesight.drawing.covers import CoverPainter
from kinesight.drawing.faces import MeshPaster, skin_colours
from kinesight.media.audit_log import AuditLog
from kinesight.media.jpeg import encode_jpeg
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import ConfinedVideoReader
from kinesight.media.starting import StartDecoder
from kinesight.media.stills import read_still
from kinesight.media.writer import open_video_writer
from kinesight.media.zygote import DecoderZygote
from kinesight.pipeline.combining import result_file
from kinesight.pipeline.heads import HeadTask, Reference, run_heads
from kinesight.pipeline.heads_inputs import read_heads
from kinesight.pipeline.heads_render import HeadStudio
from kinesight.pipeline.run import VideoSource
from kinesight.settings import Settings
from kinesight.vision.shelf import ModelShelf, usable_cores

CREDENTIALS_FOLDER = "credentials"
"""Where an installation keeps the certificate of its own making, beside its models."""


def parse_heads_parameters(given: Mapping[str, Any]) -> HeadsParameters:
    """Return the checked parameters of a head task. Raises `BadParameter`, `ConsentMissing`."""
    try:
        parameters = HeadsParameters.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "parameters"
        raise BadParameter(f"{where}: {first['msg'].removeprefix('Value error, ')}.") from error
    refuse_unready(parameters)
    return parameters


def change_heads(  # noqa: PLR0913 - what one task needs, each named
    video: Path,
    out: Path,
    *,
    persons: Path,
    parameters: HeadsParameters,
    references: Mapping[int, Path],
    by: str,
    watch: Watch,
    settings: Settings,
    title: str | None = None,
    limits: MediaLimits | None = None,
    studio: HeadStudio | None = None,
    start: StartDecoder | None = None,
) -> ResultDocument:
    """Hide or replace heads of one video into a folder.

    Parameters
    ----------
    video
        The file that was analysed.
    out
        Where the files go; not the folder of `persons`.
    persons
        result.json of a person analysis, or the folder it lies in; heads.json lies beside it.
    parameters
        What is wanted.
    references
        The picture of the new face by person; the keys are `parameters.replace`.
    by
        Who asked, for the record.
    watch, settings, title, limits
        As for an analysis.
    studio
        The models of an earlier task in this process; new ones by default.
    start
        How decoder processes come to be; as copies of one that is started here by default.

    Raises
    ------
    Conflict
        `out` is the folder of the person analysis, or holds the results of another video.
    CallerError, OperatorError, Cancelled
        As `pipeline.heads.run_heads`.
    """
    if set(references) != set(parameters.replace):
        raise BadParameter("Each person that is replaced needs one reference picture.")
    file = result_file(persons)
    if out.resolve() == file.resolve().parent:
        raise Conflict(f"The folder {out} holds the person analysis that is needed here. Choose another with --out.")
    limits = limits or MediaLimits.from_settings(settings)
    # the decoder's process and the face model take a while to stand ready; meanwhile the map is read
    with nullcontext(start) if start else DecoderZygote() as starting, ThreadPoolExecutor(max_workers=1) as beside:
        world = studio or head_studio(settings, start=starting)
        beside.submit(world.searcher)  # what is wrong with the model is told where it is used
        task = HeadTask(
            parameters=parameters,
            heads=read_head_map(read_heads(file), what=str(file.with_name("heads.json"))),
            by=by,
            references={obj_id: _reference(path, limits) for obj_id, path in sorted(references.items())},
        )
        reader = ConfinedVideoReader(video, limits=limits, start=starting)
        source = VideoSource(path=video, reader=reader, name=title or video.name)
        return run_heads(task, source, out, studio=world, watch=watch)


def head_studio(settings: Settings, *, start: StartDecoder | None = None) -> HeadStudio:
    """Return the outside world of a head task on this machine; `start` is how confined processes come to be."""
    shelf = ModelShelf(settings)
    return HeadStudio(
        faces=shelf.faces,
        searcher=ModelShelf(settings.model_copy(update={"threads": 1})).faces,
        searchers=settings.threads or usable_cores(),
        face_mesh=shelf.face_mesh,
        segmenter=shelf.segmenter,
        open_reader=lambda path: ConfinedVideoReader(path, limits=MediaLimits.from_settings(settings), start=start),
        open_writer=partial(open_video_writer, quality="fine", start=start),
        hider=CoverPainter(),
        open_paster=MeshPaster,
        skin=skin_colours,
        marker=partial(_marker, settings),
        keep_record=AuditLog(settings.audit_log).append,
        canvas=PictureCanvas,
        encode_jpeg=encode_jpeg,
    )


def _marker(settings: Settings) -> OutputMarker:
    from kinesight.media.provenance import ContentCredentials  # noqa: PLC0415 - who hides heads need not wait for what signs

    return ContentCredentials(
        folder=settings.models.parent / CREDENTIALS_FOLDER, chain_pem=settings.c2pa_certificate, key_pem=settings.c2pa_key
    )


def _reference(path: Path, limits: MediaLimits) -> Reference:
    rgb, content = read_still(path, limits=limits)
    return Reference(name=path.name, rgb=rgb, sha256=hashlib.sha256(content).hexdigest())

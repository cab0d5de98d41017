"""Judges stored clips again from what was observed: no video, no model, seconds for thousands of clips."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from kinesight.domain.analysis import Analysis
from kinesight.domain.errors import BadObservations, BadParameter, KinesightError, NotFound
from kinesight.domain.job import Files, Job, Jobs, State
from kinesight.domain.labels import Labels
from kinesight.domain.replay import Judged, LabelledClip, Replay, ReplayedClip

AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayer:
    """Finds the clips of a tenant and judges them again.

    Parameters
    ----------
    jobs, files
        Where clips and their observations are.
    analysis
        What judges.
    own
        What a camera, by its id, has of its own: changes do not touch it.
    """

    jobs: Jobs
    files: Files
    analysis: Analysis[Any, Any, Any]
    own: Callable[[str | None], Mapping[str, Any]] = lambda _: {}

    def replay(
        self,
        tenant_id: str,
        *,
        changes: Mapping[str, Any],
        camera_id: str | None = None,
        said: Mapping[str, tuple[str, ...]] | None = None,
        report: Callable[[int], None] = lambda _: None,
    ) -> Replay:
        """Judge every stored clip under its own parameters with some changed.

        Parameters
        ----------
        changes
            Parameters that are put in place of those that a clip was judged with.
        camera_id
            Only the clips of this camera.
        said
            What operators called clips, by job id.
        report
            Is told how many clips have been judged.

        Raises
        ------
        BadParameter
            The changes make no parameters.
        """
        self._check(changes)
        clips: list[ReplayedClip] = []
        left_out = 0
        for job in self._stored(tenant_id):
            if camera_id is not None and job.camera_id != camera_id:
                continue
            after = self._judged_again(tenant_id, job, {**changes, **self.own(job.camera_id)})
            if after is None:
                left_out += 1
                continue
            clips.append(
                ReplayedClip(
                    job_id=job.id,
                    camera_id=job.camera_id,
                    accepted_s=job.created_s,
                    before=Judged.of(job.result),
                    after=after,
                    said=(said or {}).get(job.id, ()),
                )
            )
            report(len(clips))
        return Replay(clips=tuple(clips), left_out=left_out, parameters=dict(changes))

    def _check(self, changes: Mapping[str, Any]) -> None:
        try:
            self.analysis.parameters.model_validate(dict(changes))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise BadParameter(f"{place}: {first['msg']}" if place else first["msg"]) from error

    def _stored(self, tenant_id: str) -> Iterator[Job]:
        cursor: str | None = None
        while True:
            page = self.jobs.page(tenant_id, limit=AT_ONCE, cursor=cursor, kind=self.analysis.name, state=State.SUCCEEDED)
            for job in page.jobs:
                try:
                    yield self.jobs.get(tenant_id, job.id)
                except NotFound:  # forgotten meanwhile
                    continue
            cursor = page.next_cursor
            if cursor is None:
                return

    def _judged_again(self, tenant_id: str, job: Job, changes: Mapping[str, Any]) -> Judged | None:
        try:
            observed = self.analysis.restore(self._observations(tenant_id, job))
            parameters: BaseModel = self.analysis.parameters.model_validate({**job.parameters, **changes})
            result: BaseModel = self.analysis.analyse(observed, parameters).result
        except (KinesightError, ValidationError):
            # observations of an older version, swept files, or a threshold of the camera that does not go with the new one
            return None
        return Judged.of({"result": result.model_dump(mode="json")})

    def _observations(self, tenant_id: str, job: Job) -> dict[str, Any]:
        for artefact in self.jobs.artefacts(tenant_id, job.id):
            if artefact.name == self.analysis.observations_file:
                try:
                    document = json.loads(self.files.path(artefact.key).read_bytes())
                except (OSError, ValueError) as error:
                    raise BadObservations from error
                if isinstance(document, dict):
                    return document
        raise BadObservations("The clip has no stored observations.")


def labelled_clips(labels: Labels, tenant_id: str) -> tuple[LabelledClip, ...]:
    """Return everything that the operators of a tenant said about clips; words that were taken back are left out."""
    found: list[LabelledClip] = []
    cursor: str | None = None
    while True:
        page = labels.page(tenant_id, limit=AT_ONCE, cursor=cursor)
        for entry in page.entries:
            if entry.said.labels:
                said = entry.said
                found.append(LabelledClip(job_id=said.job_id, labels=said.labels, features=said.features))
        cursor = page.next_cursor
        if cursor is None:
            return tuple(found)

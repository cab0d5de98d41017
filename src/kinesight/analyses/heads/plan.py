"""What is done in every frame: the covers, the faces that are put on, and which heads may be seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kinesight.analyses.heads.covers import Shots, cover_path, fill_shots, padded
from kinesight.analyses.heads.found import FoundHead, Scene
from kinesight.analyses.heads.parameters import HeadsParameters
from kinesight.analyses.heads.result import Fallback, PersonOutcome, Range
from kinesight.domain.heads import HeadMap, HeadTrack, Patch
from kinesight.domain.video import Floats
from kinesight.signals.runs import Mask, true_runs

KEPT_PAD = 0.2
"""A face within the box of a kept head, larger by this share on each side, is taken for that person's."""

DOUBTFUL_HOLD_S = 0.35
"""So long before and after is covered what was found in the output but is hardly a face: longer than from one close look at the
picture to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FacePlan:
    """One person's new face over time: `patches` (frames,) None where it is not put on, and `why` not (frames,), "" elsewhere."""

    patches: tuple[Patch | None, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done in every frame.

    `covers` of the persons `hidden_ids`, paths (frames, 4) in pixels of the source, NaN where nothing is covered; `more_covers`
    of what was found in the output; `hidden` and `kept` the heads that may not and may be seen; `faces` by person;
    `takes_unknown` whether heads of nobody in the map are to be hidden.
    """

    time_s: Floats
    shot: Shots
    covers: tuple[Floats, ...]
    hidden: tuple[Floats, ...]
    hidden_ids: tuple[int, ...]
    kept: tuple[Floats, ...]
    takes_unknown: bool
    faces: Mapping[int, FacePlan] = field(default_factory=dict)
    more_covers: tuple[Floats, ...] = ()

    def covers_at(self, frame: int) -> Floats:
        """Return the covers of one frame, (n, 4)."""
        return _present((*self.covers, *self.more_covers), frame)

    def covers_of_persons(self, frame: int) -> Floats:
        """Return the first ones of `covers_at`: those of persons of the map."""
        return _present(self.covers, frame)

    def scene(self, frame: int) -> Scene:
        """Return what is where in one frame."""
        shown = [index for index, path in enumerate(self.hidden) if np.isfinite(path[frame, 0])]
        return Scene(
            covers=self.covers_at(frame),
            kept=_present(self.kept, frame),
            hidden=np.array([self.hidden[index][frame] for index in shown]).reshape(-1, 4),
            hidden_ids=tuple(self.hidden_ids[index] for index in shown),
        )

    def with_more(self, heads: Sequence[FoundHead]) -> Plan:
        """Return the plan that also covers these heads."""
        more = tuple(self._cover_of(head) for head in heads)
        return replace(self, more_covers=(*self.more_covers, *more))

    def _cover_of(self, head: FoundHead) -> Floats:
        if head.is_sure:
            return padded(fill_shots(head.xyxy_px, self.time_s, self.shot), self.time_s)
        # a few doubtful sightings tell no speed
        still = fill_shots(head.xyxy_px, self.time_s, self.shot, hold_s=DOUBTFUL_HOLD_S, steady_s=0.0)
        return padded(still, self.time_s)


def make_plan(heads: HeadMap, parameters: HeadsParameters, faces: Mapping[int, FacePlan]) -> Plan:
    """Return what is to be done with each person.

    Parameters
    ----------
    heads
        Who is where.
    parameters
        What is wanted; its persons are in the map.
    faces
        The new faces of the persons that get one.
    """
    hides = _hides(parameters)
    covers, hidden, kept = [], [], []
    ids = []
    for track in heads.tracks:
        path = cover_path(track, heads.time_s, shot=heads.shot)
        place = padded(fill_shots(track.head_xyxy_px, heads.time_s, heads.shot), heads.time_s, pad=KEPT_PAD, motion_s=0.0)
        has_new = _has_new(faces.get(track.obj_id), len(heads.time_s))
        if track.obj_id in faces or hides(track.obj_id):
            ids.append(track.obj_id)
            covers.append(_without(path, has_new))
            hidden.append(_without(place, has_new))
            kept.append(_without(place, ~has_new))
        else:
            kept.append(place)
    return Plan(
        time_s=heads.time_s,
        shot=heads.shot,
        covers=tuple(covers),
        hidden=tuple(hidden),
        hidden_ids=tuple(ids),
        kept=tuple(kept),
        takes_unknown=parameters.mode == "anonymize" and parameters.only is None,
        faces=dict(faces),
    )


def outcomes(plan: Plan, tracks: Sequence[HeadTrack]) -> tuple[PersonOutcome, ...]:
    """Return what was done to each person of the map."""
    covers = dict(zip(plan.hidden_ids, plan.covers, strict=True))
    found = []
    for track in tracks:
        covered = np.isfinite(covers[track.obj_id][:, 0]) if track.obj_id in covers else np.zeros(len(plan.time_s), dtype=bool)
        face = plan.faces.get(track.obj_id)
        has_new = _has_new(face, len(plan.time_s))
        action = "replaced" if face else "hidden" if track.obj_id in covers else "kept"
        found.append(
            PersonOutcome.model_validate(
                {
                    "obj_id": track.obj_id,
                    "action": action,
                    "covered": ranges(covered, plan.time_s),
                    "replaced": ranges(has_new, plan.time_s),
                    "fallback": _fallbacks(face, covered, plan.time_s) if face else (),
                }
            )
        )
    return tuple(found)


def ranges(mask: Mask, time_s: Floats) -> tuple[Range, ...]:
    """Return the stretches of frames in which something holds."""
    return tuple(Range(**_ends(start, stop, time_s)) for start, stop in true_runs(mask))


def _fallbacks(face: FacePlan, covered: Mask, time_s: Floats) -> tuple[Fallback, ...]:
    found: list[Fallback] = []
    for why in sorted(set(face.why) - {""}):
        mask = covered & (np.array(face.why) == why)
        found += [Fallback(**_ends(start, stop, time_s), why=why) for start, stop in true_runs(mask)]
    return tuple(sorted(found, key=lambda one: one.first_frame))


def _ends(start: int, stop: int, time_s: Floats) -> dict[str, float]:
    return {"first_s": float(time_s[start]), "last_s": float(time_s[stop - 1]), "first_frame": start, "last_frame": stop - 1}


def _hides(parameters: HeadsParameters) -> Callable[[int], bool]:
    if parameters.mode == "replace":
        return lambda _obj_id: False
    if parameters.only is not None:
        only = parameters.only
        return lambda obj_id: obj_id in only
    return lambda obj_id: obj_id not in parameters.keep


def _has_new(face: FacePlan | None, frames: int) -> Mask:
    if face is None:
        return np.zeros(frames, dtype=bool)
    return np.array([patch is not None for patch in face.patches], dtype=bool)


def _without(path: Floats, mask: Mask) -> Floats:
    return np.where(mask[:, None], np.nan, path)


def _present(paths: Sequence[Floats], frame: int) -> Floats:
    rows = [path[frame] for path in paths if np.isfinite(path[frame, 0])]
    return np.array(rows, dtype=np.float64).reshape(-1, 4)

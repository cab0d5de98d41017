"""From pictures to persons: look every now and then, follow, link, and say where everybody's head is in every frame."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module

import numpy as np

from kinesight.analyses.persons.beside import LATER, Beside
from kinesight.analyses.persons.cuts import CutFinder
from kinesight.analyses.persons.doubles import worth_linking
from kinesight.analyses.persons.faces import Heads, faces_of, heads_of
from kinesight.analyses.persons.known import is_unclear
from kinesight.analyses.persons.linking import Chain, link
from kinesight.analyses.persons.looking import Begun, Looker
from kinesight.analyses.persons.observations import Observations, Presence
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.analyses.persons.people import Film, Person, persons_of
from kinesight.analyses.persons.portraits import portraits_of
from kinesight.analyses.persons.reaching import reached_back
from kinesight.analyses.persons.result import Link
from kinesight.analyses.persons.sightings import Look
from kinesight.analyses.persons.stature import statures_of
from kinesight.analyses.persons.swaps import Parted, parted
from kinesight.analyses.persons.tracking import follow
from kinesight.domain.document import UsedModel
from kinesight.domain.errors import TooFewFrames
from kinesight.domain.ports import Models, VideoReader, Watch
from kinesight.domain.video import Floats, Frame, VideoInfo

LOOK_AT_PX = 1280
"""Longest side of the pictures that are looked at."""

LOOK_EVERY_S = 0.2
"""Interval of looks. Between two of them most people move in nearly straight lines."""

BETWEEN_PER_S = 2.5
"""So often in a second of film a picture between two looks is looked at too, where somebody came, went or moved quickly."""

MOST_EXTRA = 2.0
"""Looks between that are saved up while nothing happens."""


POSE_MODEL = "full"
"""What says where heads are that show no face: the quick one; the heavy one takes three times as long for the legs' sake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footage:
    """What one pass over a video leaves: the looks, the film's times, the cuts, and which models looked."""

    looks: tuple[Look, ...]
    film: Film
    cuts_s: tuple[float, ...]
    models: tuple[UsedModel, ...] = ()


def observe(reader: VideoReader, models: Models, parameters: PersonsParameters, watch: Watch) -> Observations:
    """Return everybody in a video.

    Raises
    ------
    TooFewFrames
        The video has no picture.
    """
    footage = watched(reader, models, watch)
    return replace(persons_in(footage, reader.info, is_linked=parameters.link), models=footage.models)


def watched(reader: VideoReader, models: Models, watch: Watch) -> Footage:
    """Look at a video once; memory grows with the people seen, not with the pictures."""
    cuts = CutFinder()
    time_s: list[float] = []
    last: Frame | None = None
    several = models.side_by_side()
    with Beside(several.at_once) as beside:
        beside.ask(partial(import_module, "scipy.optimize"), wanted=LATER)  # half a second, which following would wait for
        looking = _Looking(Looker(several, pose=POSE_MODEL, beside=beside))
        for frame in reader.frames(longest_side_px=LOOK_AT_PX):
            watch.progress("observe", frame.index, reader.info.frame_count)
            cuts.see(frame.rgb, time_s=frame.time_s)
            looking.see(frame, interval_s=frame.time_s - time_s[-1] if time_s else 0.0)
            time_s.append(frame.time_s)
            last = frame
        if last is None:
            raise TooFewFrames("The video has no picture; send a second of film.")
        looks = looking.end(last)
    cuts.end()
    film = Film(time_s=np.array(time_s), width_px=reader.info.width_px, height_px=reader.info.height_px)
    return Footage(looks=_with_cuts(looks, cuts.cuts_s), film=film, cuts_s=tuple(cuts.cuts_s), models=looking.models)


class _Looking:
    """Decides which pictures are looked at; keeps the look that was begun last, the pictures beside it and heads to come."""

    def __init__(self, looker: Looker) -> None:
        self.models = looker.used
        self._looker = looker
        self._looks: list[Look] = []
        self._heads: deque[tuple[int, Callable[[], Floats | None]]] = deque()
        self._begun: tuple[Begun, Frame | None] | None = None
        self._between: Frame | None = None
        self._extra = MOST_EXTRA

    def see(self, frame: Frame, *, interval_s: float) -> None:
        """Take the next picture."""
        since_s = frame.time_s - self._begun[0].frame.time_s if self._begun else np.inf
        # half an interval before its time is nearer than half an interval after
        if since_s >= LOOK_EVERY_S - interval_s / 2 - 1e-6:
            self._begin(frame)
        elif self._between is None or since_s <= LOOK_EVERY_S / 2 + 1e-6:
            self._between = frame

    def end(self, last: Frame) -> list[Look]:
        """Return all looks; the last picture is one: whoever is seen until the end is there in the last pictures too."""
        if self._begun is None or self._begun[0].frame.time_s < last.time_s:
            if self._between is last:
                self._between = None
            self._begin(last, is_last=True)
        self._finish()
        self._take_heads(waiting=0)
        return self._looks

    def _begin(self, frame: Frame, *, is_last: bool = False) -> None:
        begun = self._looker.begin(frame, is_last=is_last)
        self._finish()
        self._begun, self._between = (begun, self._between), None

    def _finish(self) -> None:
        """Finish the look that was begun last, and look at the picture before it too where that is worth it."""
        if self._begun is None:
            return
        begun, between = self._begun
        look, heads = self._looker.finish(begun)
        if self._looks:
            self._extra = min(MOST_EXTRA, self._extra + BETWEEN_PER_S * (look.time_s - self._looks[-1].time_s))
        if between is not None and self._extra >= 1.0 and is_unclear(self._looks[-1], look):
            self._extra -= 1.0
            middle = self._looker.look_between(between, after=begun)
            self._looks.append(middle)
            look = replace(look, shift_px=look.shift_px - middle.shift_px)
        self._heads.append((len(self._looks), heads))
        self._looks.append(look)
        self._take_heads(waiting=1)

    def _take_heads(self, *, waiting: int) -> None:
        """Take the heads that were asked for, but for so many looks; those still need their pictures."""
        while len(self._heads) > waiting:
            number, heads = self._heads.popleft()
            self._looks[number] = replace(self._looks[number], heads=heads())


def persons_in(footage: Footage, info: VideoInfo, *, is_linked: bool = True) -> Observations:
    """Return who was seen: tracks, linked to persons, with their heads and the moments that show them best."""
    looks, film = footage.looks, footage.film
    persons = people_in(looks, film, is_linked=is_linked)
    faces = faces_of(persons, looks)
    found = []
    for number, (person, seen) in enumerate(zip(persons, faces, strict=True)):
        heads = heads_of(person, seen, looks, film)
        found.append(_presence(number, person, heads, looks, film))
    return Observations(
        video_sha256=info.sha256,
        width_px=film.width_px,
        height_px=film.height_px,
        time_s=film.time_s,
        persons=tuple(found),
        cuts_s=footage.cuts_s,
        video=info,
    )


def people_in(looks: Sequence[Look], film: Film, *, is_linked: bool = True) -> tuple[Person, ...]:
    """Return who was seen, without heads: followed, reached back, parted where two met, and linked."""
    meetings = followed(looks)
    alone = tuple(Chain(tracks=(number,)) for number in range(len(meetings.tracks)))
    chains = linked(meetings, looks, film) if is_linked else alone
    return persons_of(chains, meetings.tracks, looks, film)


def followed(looks: Sequence[Look]) -> Parted:
    """Return the stretches in which somebody was seen without a break, parted where two met and looked exchanged."""
    return parted(worth_linking(reached_back(follow(looks), looks), looks), looks)


def linked(meetings: Parted, looks: Sequence[Look], film: Film) -> tuple[Chain, ...]:
    """Return which of these stretches are one person."""
    statures = statures_of(meetings.tracks, looks, width=film.width_px, height=film.height_px)
    return link(meetings.tracks, looks, apart=meetings.apart, statures=statures)


def _with_cuts(looks: Sequence[Look], cuts_s: Sequence[float]) -> tuple[Look, ...]:
    """Return the looks, marked where a shot has begun since the look before."""
    shots = np.searchsorted(np.array(cuts_s), [look.time_s for look in looks], side="right")
    begins = np.diff(shots, prepend=shots[:1]) > 0
    return tuple(replace(look, is_after_cut=bool(is_new)) for look, is_new in zip(looks, begins, strict=True))


def _presence(obj_id: int, person: Person, heads: Heads, looks: Sequence[Look], film: Film) -> Presence:
    first, last = int(person.frames[0]), int(person.frames[-1])
    rows = person.frames - first
    boxes, head_boxes = np.full((last - first + 1, 4), np.nan), np.full((last - first + 1, 4), np.nan)
    score = np.zeros(last - first + 1)
    source: list[str | None] = [None] * len(score)
    boxes[rows], head_boxes[rows], score[rows] = person.boxes_px, heads.boxes_px, person.score
    for row, one in zip(rows, heads.source, strict=True):
        source[row] = one
    return Presence(
        obj_id=obj_id,
        first_frame=first,
        boxes_px=boxes,
        heads_px=head_boxes,
        head_source=tuple(source),
        score=np.clip(score, 0.0, 1.0),
        confidence=_confidence(person, heads, looks),
        portraits=portraits_of(person, heads, looks, film),
        links=tuple(
            Link(from_s=joint.from_s, to_s=joint.to_s, why=joint.why, evidence=round(joint.evidence, 2))
            for joint in person.joints
        ),
    )


def _confidence(person: Person, heads: Heads, looks: Sequence[Look]) -> float:
    """Return how sure it is that this is a person: the three surest looks of the detector, or the surest face."""
    score = np.sort([looks[look].score[box] for look, box in zip(person.look, person.box, strict=True)])[-3:]
    body = float(score.mean())
    face = max((face.score for face in heads.faces), default=0.0)
    return 1.0 - (1.0 - body) * (1.0 - 0.8 * face)

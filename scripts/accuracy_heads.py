"""Measure how much of every head lies in the head boxes of the persons analysis, and under the covers that are made from them.

    python scripts/accuracy_heads.py CLIP...

Truth: every frame is searched for faces in its full size, which the analysis does only a few times a second; the head is the box
round the face. Each clip is measured twice: as it is, in the frames in which the analysis saw no face, and with a face detector
that finds nothing, so that every head is placed as that of somebody whose face is never seen. Backs show no face to compare with:
for the sample `three-people.mp4` heads were read off by eye (to about 10 px).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kinesight.analyses.heads.covers import cover_path
from kinesight.analyses.heads.found import covered_share
from kinesight.analyses.heads.people_map import read_head_map
from kinesight.analyses.persons.heads_document import store
from kinesight.analyses.persons.observe import observe
from kinesight.analyses.persons.parameters import PersonsParameters
from kinesight.domain.people import Faces
from kinesight.domain.video import Floats, Image
from kinesight.settings import load_settings
from kinesight.vision.shelf import ModelShelf
from kinesight.wiring.analysing import open_reader

SURE_FACE = 0.6
HEAD_ROUND_FACE = np.array([-0.2, -0.4, 0.2, 0.1])
"""The head beyond the box of its face, in widths and heights of it, without the hair that hangs down."""

WELL_COVERED = 0.95

BY_EYE = {
    "three-people.mp4": {
        6: ((520, 394, 589, 490), (112, 634, 217, 745)),
        18: ((580, 401, 657, 500), (116, 634, 223, 745)),
        30: ((626, 440, 708, 538), (132, 636, 238, 750)),
        42: ((655, 479, 737, 580), (137, 668, 244, 785)),
        54: ((650, 495, 737, 590), (47, 643, 155, 764)),
        66: ((619, 483, 703, 577), (64, 643, 173, 764)),
        78: ((536, 438, 621, 545), (64, 643, 173, 762)),
        88: ((422, 426, 507, 526), (70, 643, 176, 762)),
        96: ((363, 447, 461, 558), (118, 632, 223, 753)),
    }
}
"""Heads by frame: a dancing man in a cap whose face is made unrecognisable, and a woman from behind."""


class Blind:
    """A face detector that finds nothing."""

    def __init__(self, shelf: ModelShelf) -> None:
        self.used = shelf.faces().used

    def detect(self, _rgb: Image, *, longest_side_px: int | None = None) -> Faces:  # noqa: ARG002 - the port's signature
        """Return no face."""
        return Faces(xyxy_px=np.zeros((0, 4)), score=np.zeros(0), points_px=np.zeros((0, 5, 2)))


class BlindShelf(ModelShelf):
    """The models, without eyes for faces."""

    def faces(self) -> Any:
        """Return what finds no face."""
        return Blind(ModelShelf(load_settings()))


class Quiet:
    """Hears nothing, says nothing."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one analysis of one clip is worth: shares of heads in boxes and under covers, and covers for the size of heads."""

    boxed: list[float]
    covered: list[float]
    larger: list[float]
    nobodys: int
    cpu_s: float

    def row(self, name: str) -> str:
        """Return a row of the table."""
        if not self.covered:
            return f"| {name} | 0 | – | – | – | – | {self.nobodys} | {self.cpu_s:.1f} |"
        well = np.mean(np.array(self.covered) >= WELL_COVERED)
        return (
            f"| {name} | {len(self.covered)} | {np.mean(self.boxed):.0%} | {np.mean(self.covered):.1%} | {well:.0%} "
            f"| {np.median(self.larger):.1f} | {self.nobodys} | {self.cpu_s:.1f} |"
        )


def faces_of(clip: Path) -> dict[int, list[Floats]]:
    """Return the heads round the faces of every frame."""
    settings = load_settings()
    detector = ModelShelf(settings).faces()
    found = {}
    for frame in open_reader(clip, settings).frames():
        faces = detector.detect(frame.rgb, longest_side_px=min(1280, max(frame.rgb.shape)))
        sure = faces.xyxy_px[faces.score >= SURE_FACE]
        found[frame.index] = [face + HEAD_ROUND_FACE * np.tile(face[2:] - face[:2], 2) for face in sure]
    return found


def measured(clip: Path, truth: dict[int, list[Floats]], *, is_blind: bool) -> Measured:
    """Analyse a clip and compare its heads with the truth."""
    settings = load_settings()
    began = time.process_time()
    seen = observe(
        open_reader(clip, settings), BlindShelf(settings) if is_blind else ModelShelf(settings), PersonsParameters(), Quiet()
    )
    found = Measured(boxed=[], covered=[], larger=[], nobodys=0, cpu_s=time.process_time() - began)
    heads = read_head_map(store(seen))
    covers = [cover_path(track, heads.time_s, shot=heads.shot) for track in heads.tracks]
    looked = {
        person.first_frame + row for person in seen.persons for row, source in enumerate(person.head_source) if source == "face"
    }
    nobodys = 0
    for frame, boxes in truth.items():
        for head in boxes if is_blind or frame not in looked else ():
            at = [
                (track.body_xyxy_px[frame], track.head_xyxy_px[frame], cover[frame])
                for track, cover in zip(heads.tracks, covers, strict=True)
            ]
            mine = owner(head, [body for body, _, _ in at])
            if mine is None:
                nobodys += 1
                continue
            _, box, cover = at[mine]
            side = np.minimum(head[2:], box[2:]) - np.maximum(head[:2], box[:2])
            area = np.prod(head[2:] - head[:2])
            found.boxed.append(float(np.prod(np.maximum(side, 0.0)) / area))
            found.covered.append(covered_share(head, cover[None]))
            found.larger.append(float(np.prod(cover[2:] - cover[:2]) / area))
    return replace(found, nobodys=nobodys)


def owner(head: Floats, bodies: Sequence[Floats]) -> int | None:
    """Return whose body has the head at its top, nearest to its middle; None if nobody's has."""
    middle = (head[:2] + head[2:]) / 2
    fits = []
    for number, body in enumerate(bodies):
        if np.isnan(body[0]):
            continue
        height = body[3] - body[1]
        if body[0] <= middle[0] <= body[2] and body[1] - 0.15 * height <= middle[1] <= body[1] + 0.45 * height:
            fits.append((abs(float(middle[0] - (body[0] + body[2]) / 2)) + abs(float(head[1] - body[1])), number))
    return min(fits)[1] if fits else None


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", nargs="+", type=Path)
    given = parser.parse_args()
    print("| clip | heads | in the box | under the cover | 95 % covered | cover, times the head | of nobody | processor s |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for clip in given.clips:
        if clip.name in BY_EYE:
            truth = {frame: [np.array(head, dtype=np.float64) for head in heads] for frame, heads in BY_EYE[clip.name].items()}
            print(measured(clip, truth, is_blind=True).row(f"{clip.stem}, by eye"), flush=True)
            continue
        truth = faces_of(clip)
        print(measured(clip, truth, is_blind=False).row(clip.stem), flush=True)
        print(measured(clip, truth, is_blind=True).row(f"{clip.stem}, faces not looked for"), flush=True)


if __name__ == "__main__":
    main()

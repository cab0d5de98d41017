"""Brings together what clips are made from: fetched photographs, drawn yards, movers cut out of the sample video."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from kinesight.testing.alarm_clips.backdrops import Backdrop, drawn, fetch_photographs, photographed
from kinesight.testing.alarm_clips.clips import Studio
from kinesight.testing.alarm_clips.cutouts import Cutout, Scissors, cut_out, pictures_of
from kinesight.testing.alarm_clips.families import CAUSES, person_cause
from kinesight.vision.samples import SAMPLES, fetch_samples

HELD_OUT_EVERY = 4
"""Every fourth backdrop is held out, of the photographs and of the drawn yards alike."""

_WALKER = Scissors(
    kind="person", frames=(52, 160), first_xy=(797, 400), last_xy=(229, 394), box_px=(170, 260), pace_heights_s=0.69
)
_SPRINTER = Scissors(
    kind="person", frames=(207, 226), first_xy=(665, 405), last_xy=(838, 390), box_px=(190, 210), pace_heights_s=1.5
)
"""Read off the sample video at 960 px width: a woman walks to the left at 158 px a second, a man sprints to the right."""


def backdrops(folder: Path, *, report: Callable[[str], None] = lambda _line: None) -> tuple[Backdrop, ...]:
    """Return all backdrops, fetching what is not in the folder. Raises `ModelFetchFailed`."""
    return photographed(fetch_photographs(folder, report=report)) + drawn()


def cutouts(folder: Path, *, report: Callable[[str], None] = lambda _line: None) -> tuple[Cutout, ...]:
    """Return the persons of the sample video, fetching it if it is not in the folder. Raises `ModelFetchFailed`."""
    names = [file.file_name for file in SAMPLES]
    video = fetch_samples(folder, report=report)[names.index("sprint-side.mp4")]
    pictures, rate_hz = pictures_of(video, width_px=960, longest_s=8.0)
    still = np.median(pictures[::8], axis=0).astype(np.uint8)
    return tuple(cut_out(pictures, still, scissors, rate_hz=rate_hz) for scissors in (_WALKER, _SPRINTER))


def studio(places: tuple[Backdrop, ...], persons: tuple[Cutout, ...], *, is_held_out: bool) -> Studio:
    """Return the studio of the training clips, or the one of the examination: other renderers and other backdrops."""
    chosen = [place for number, place in enumerate(places) if (number % HELD_OUT_EVERY == 0) == is_held_out]
    return Studio(backdrops=chosen, causes={**CAUSES, "person": person_cause(persons)}, is_held_out=is_held_out)

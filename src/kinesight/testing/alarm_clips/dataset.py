"""Turns rendered clips into rows of numbers: features, the encoder's vectors, what is true, and where each came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kinesight.analyses.alarm.nuisance import motion_features, pictures_to_embed
from kinesight.domain.ports import ImageEncoder
from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.clips import Studio, render
from kinesight.testing.alarm_clips.families import LABELS
from kinesight.testing.alarm_clips.gathered import evidence_of_clip


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A clip to render: of which studio, of which main cause (None: nothing happens), with which seed."""

    is_held_out: bool
    cause: str | None
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """n clips as numbers: `features` (n, f) by `names`, `scene` and `crop` (n, d) vectors, `truth` (n, labels) 1, 0 or NaN.

    `backdrops` and `families` say where each clip comes from; families of one clip are joined by a blank.
    """

    names: tuple[str, ...]
    features: Floats
    scene: Floats
    crop: Floats
    truth: Floats
    backdrops: tuple[str, ...]
    families: tuple[str, ...]

    def chosen(self, keep: Sequence[int] | np.ndarray) -> Rows:
        """Return some of the rows."""
        index = np.flatnonzero(keep) if np.asarray(keep).dtype == bool else np.asarray(keep, dtype=int)
        return Rows(
            names=self.names,
            features=self.features[index],
            scene=self.scene[index],
            crop=self.crop[index],
            truth=self.truth[index],
            backdrops=tuple(self.backdrops[number] for number in index),
            families=tuple(self.families[number] for number in index),
        )


def orders(causes: Iterable[str | None], *, each: int, is_held_out: bool, first_seed: int) -> tuple[Order, ...]:
    """Return rounds of one clip of each cause, every clip with a seed of its own; more rounds begin with the same ones."""
    listed = tuple(causes)
    wanted = [cause for _ in range(each) for cause in listed]
    return tuple(Order(is_held_out=is_held_out, cause=cause, seed=first_seed + number) for number, cause in enumerate(wanted))


def rows_of(wanted: Sequence[Order], studios: dict[bool, Studio], encoder: ImageEncoder) -> Rows:
    """Render the clips one after the other and return their numbers."""
    features, scenes, crops, truth, backdrops, families = [], [], [], [], [], []
    names: tuple[str, ...] = ()
    for order in wanted:
        clip = render(studios[order.is_held_out], order.cause, seed=order.seed)
        evidence = evidence_of_clip(clip)
        named = motion_features(evidence)
        names = tuple(named)
        scene, crop = pictures_to_embed(evidence)
        features.append(list(named.values()))
        scenes.append(encoder.embed(scene))
        crops.append(encoder.embed(crop))
        truth.append([clip.truth(label) for label in LABELS])
        backdrops.append(clip.backdrop)
        families.append(" ".join(clip.families))
    return Rows(
        names=names,
        features=np.array(features, dtype=np.float64),
        scene=np.array(scenes),
        crop=np.array(crops),
        truth=np.array(truth),
        backdrops=tuple(backdrops),
        families=tuple(families),
    )


def joined(parts: Sequence[Rows]) -> Rows:
    """Return the rows of several parts, in order."""
    first = parts[0]
    return Rows(
        names=first.names,
        features=np.concatenate([part.features for part in parts]),
        scene=np.concatenate([part.scene for part in parts]),
        crop=np.concatenate([part.crop for part in parts]),
        truth=np.concatenate([part.truth for part in parts]),
        backdrops=tuple(name for part in parts for name in part.backdrops),
        families=tuple(name for part in parts for name in part.families),
    )


def save_rows(path: Path, rows: Rows) -> None:
    """Keep rows for another fit without rendering."""
    arrays = {name: np.asarray(getattr(rows, name)) for name in Rows.__slots__}
    np.savez_compressed(path, allow_pickle=False, **arrays)


def load_rows(path: Path) -> Rows:
    """Return what `save_rows` kept."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = {name: archive[name] for name in archive.files}
    names, backdrops, families = (tuple(str(word) for word in arrays.pop(name)) for name in ("names", "backdrops", "families"))
    return Rows(names=names, backdrops=backdrops, families=families, **arrays)

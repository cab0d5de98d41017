"""What the detector's classes mean for an alarm."""

from __future__ import annotations

from typing import Literal

Kind = Literal["person", "vehicule", "animal"]

VEHICLES = frozenset({"bicycle", "car", "motorcycle", "bus", "train", "truck", "boat"})
ANIMALS = frozenset({"bird", "cat", "dog", "horse", "sheep", "cow", "elephant", "bear", "zebra", "giraffe"})

_KIND: dict[str, Kind] = {"person": "person"}
_KIND.update(dict.fromkeys(VEHICLES, "vehicule"))
_KIND.update(dict.fromkeys(ANIMALS, "animal"))


def kind_of(label: str) -> Kind | None:
    """Return the alarm's label of a COCO class, in the compatible API's spelling; None for a thing that no alarm is about."""
    return _KIND.get(label)

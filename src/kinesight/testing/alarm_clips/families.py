"""Which renderers there are, what each stands for, and which of them no training clip shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from kinesight.testing.alarm_clips import clocks, crawlers, flags, lighting, movers, plants, rain, shake, traffic, webs
from kinesight.testing.alarm_clips.cutouts import Cutout
from kinesight.testing.alarm_clips.stage import Renderer, Stage

Maker = Callable[[Stage, np.random.Generator], Renderer]

LABELS = ("NOTHING", "flag", "other", "plant", "rain", "spider", "text", "web", "wind")
"""The harmless causes that the classifier learns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause of an alarm: the label it has (None for what is no nuisance) and the renderers of it.

    `held_out` is kept from training; the other makers are shown.
    """

    label: str | None
    shown: tuple[Maker, ...]
    held_out: tuple[Maker, ...]


CAUSES: Mapping[str, Cause] = {
    "flag": Cause(label="flag", shown=(flags.WavingFlag, flags.HangingBanner), held_out=(flags.FoldingFlag,)),
    "plant": Cause(label="plant", shown=(plants.LeafyPatches, plants.WarpedFoliage), held_out=(plants.SwayingBranches,)),
    "rain": Cause(label="rain", shown=(rain.StreakRain, rain.VeilRain), held_out=(rain.NearRain,)),
    "spider": Cause(
        label="spider",
        shown=(crawlers.WalkingSpider, crawlers.GlowingSpider, crawlers.BandedSpider),
        held_out=(crawlers.HangingSpider,),
    ),
    "web": Cause(label="web", shown=(webs.FanWeb, webs.TangledWeb), held_out=(webs.LooseStrands,)),
    "wind": Cause(label="wind", shown=(shake.SwayingMast, shake.JoltedCamera), held_out=(shake.TremblingCamera,)),
    "light": Cause(
        label="other",
        shown=(lighting.ExposureChange, lighting.LampOrHeadlights, lighting.PassingShadow, lighting.FlickeringLamp),
        held_out=(lighting.CloudShadows,),
    ),
    "clock": Cause(label="text", shown=(clocks.StrokeClock, clocks.TypeClock), held_out=(clocks.DotClock,)),
    "insects": Cause(label="other", shown=(crawlers.DashingInsects,), held_out=(crawlers.DashingInsects,)),
    "turn": Cause(label=None, shown=(shake.TurnedCamera,), held_out=(shake.TurnedCamera,)),
    "vehicle": Cause(label=None, shown=(movers.DrawnVehicle, traffic.Traffic, traffic.Traffic), held_out=(movers.DrawnVehicle,)),
    "animal": Cause(label=None, shown=(movers.DrawnAnimal, traffic.RoamingAnimals), held_out=(movers.DrawnAnimal,)),
}
"""By name. Flying insects are `other`: nothing else in the list of labels fits them."""


def person_cause(cutouts: tuple[Cutout, ...]) -> Cause:
    """Return the cause "person": drawn ones are shown, those cut out of real videos are held out."""

    def pasted(stage: Stage, rng: np.random.Generator) -> Renderer:
        return movers.CutoutMover(stage, rng, cutouts[int(rng.integers(len(cutouts)))])

    return Cause(
        label=None, shown=(movers.DrawnPerson, traffic.Company), held_out=(pasted,) if cutouts else (movers.DrawnPerson,)
    )

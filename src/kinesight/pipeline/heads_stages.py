"""The stages of a head task under names of their own, so that what is reported never goes back although passes repeat."""

from __future__ import annotations

from kinesight.domain.ports import Watch
from kinesight.pipeline.heads import MOST_PASSES

_FIRST = {"observe": "faces", "render": "change"}
_STEPS = ("render", "check")


class HeadStages:
    """A watch for `run_heads` that tells another one: faces, change, check, then repair as long as passes repeat, write."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._last = ""
        self._passes = 1

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Pass on under the name of the stage. Raises what the other watch raises."""
        if stage == "render" and self._last == "check":
            self._passes += 1
        self._last = stage
        if self._passes == 1 or stage not in _STEPS or total is None:
            self._watch.progress(_FIRST.get(stage, stage), done, total)
            return
        steps = (self._passes - 2) * len(_STEPS) + _STEPS.index(stage)
        self._watch.progress("repair", steps * total + min(done, total), (MOST_PASSES - 1) * len(_STEPS) * total)

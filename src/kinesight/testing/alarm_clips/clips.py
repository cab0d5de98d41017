"""Plans and renders whole clips: a backdrop, one cause or several, a camera, a codec, and what is true of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinesight.domain.video import Floats
from kinesight.testing.alarm_clips.backdrops import Backdrop
from kinesight.testing.alarm_clips.camera import Clip, Codec, Sensor, compressed
from kinesight.testing.alarm_clips.clocks import StrokeClock
from kinesight.testing.alarm_clips.families import CAUSES, LABELS, Cause
from kinesight.testing.alarm_clips.stage import Layer, Picture, Renderer, Stage

VISIBLE_GREYS = 8.0
"""A pixel that changes by more than this is changed visibly."""

VISIBLE_SHARE = 2e-4
"""A cause that visibly changes fewer pixels is neither true nor false of the clip: 25 pixels of 480 x 270."""

WINDY_SHARE, CALM_SHARE = 0.10, 0.03
"""Plants that move this share of the picture are wind as well; between the two nobody can say."""

MOST_FRAMES = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticClip:
    """A clip whose cause is known. `labels` are true of it, `unknown` neither true nor false, all others are false."""

    rgb: Clip
    time_s: Floats
    labels: frozenset[str]
    unknown: frozenset[str]
    families: tuple[str, ...]
    backdrop: str
    is_infrared: bool

    def truth(self, label: str) -> float:
        """Return 1 or 0, NaN where it is unknown."""
        return float("nan") if label in self.unknown else float(label in self.labels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What clips are made from. `is_held_out`: by the renderers that training never shows."""

    backdrops: Sequence[Backdrop]
    causes: Mapping[str, Cause]
    is_held_out: bool

    def renderer(self, cause: str, stage: Stage, rng: np.random.Generator) -> Renderer:
        """Return a renderer of one cause."""
        makers = self.causes[cause].held_out if self.is_held_out else self.causes[cause].shown
        return makers[int(rng.integers(len(makers)))](stage, rng)


def render(studio: Studio, cause: str | None, *, seed: int, backdrop: int | None = None) -> SyntheticClip:
    """Return a clip of one main cause (None: nothing happens), with whatever else chance adds. The same seed, the same clip."""
    rng = np.random.default_rng(seed)
    stage, time_s = _stage(rng)
    place = studio.backdrops[int(rng.integers(len(studio.backdrops))) if backdrop is None else backdrop]
    causes = _causes(studio, cause, rng)
    renderers = [studio.renderer(name, stage, rng) for name in causes]
    sensor = Sensor(stage, rng)
    still = sensor.light(place.view(rng, width_px=stage.width_px, height_px=stage.height_px))
    shares = [_visible_share(renderer, still, stage.duration_s) for renderer in renderers]
    if rng.random() < 0.2 and "clock" not in causes:
        renderers.append(StrokeClock(stage, rng, ticks=False))
    pictures = np.stack([_frame(renderers, sensor, still, float(moment)) for moment in time_s])
    labels, unknown = _truth(studio, causes, shares)
    return SyntheticClip(
        rgb=compressed(pictures, _codec(rng), time_s=time_s),
        time_s=time_s,
        labels=labels,
        unknown=unknown,
        families=tuple(renderer.family for renderer in renderers[: len(causes)]),
        backdrop=place.name,
        is_infrared=stage.is_infrared,
    )


def _stage(rng: np.random.Generator) -> tuple[Stage, Floats]:
    width = int(rng.choice([320, 400, 480, 640], p=[0.75, 0.1, 0.1, 0.05]))
    aspect = float(rng.choice([4 / 3, 16 / 9, 3 / 2]))
    fps = float(np.exp(rng.uniform(np.log(3.0), np.log(12.0))))
    duration_s = float(min(rng.uniform(2.5, 9.0), MOST_FRAMES / fps))
    count = max(7, int(duration_s * fps))
    time_s = (np.arange(count) + rng.uniform(-0.08, 0.08, count)) / fps
    is_infrared = bool(rng.random() < 0.45)
    stage = Stage(
        width_px=width,
        height_px=round(width / aspect / 2) * 2,
        duration_s=count / fps,
        exposure_s=float(rng.uniform(1 / 60, 1 / 15) if is_infrared else rng.uniform(1 / 500, 1 / 30)),
        is_infrared=is_infrared,
    )
    return stage, time_s - time_s[0]


def _causes(studio: Studio, main: str | None, rng: np.random.Generator) -> list[str]:
    """Return the main cause with what chance adds: often a clock, sometimes a second cause."""
    causes = [] if main is None else [main]
    if main is not None and main != "clock" and rng.random() < 0.25:
        others = [name for name in studio.causes if name not in {main, "clock"}]
        causes.append(others[int(rng.integers(len(others)))])
    if main != "clock" and rng.random() < 0.3:
        causes.append("clock")
    return causes


def _codec(rng: np.random.Generator) -> Codec:
    if rng.random() < 0.25:
        return Codec(name="jpeg", quality=int(rng.integers(40, 90)), key_every=1)
    return Codec(name="h264", quality=int(rng.integers(20, 34)), key_every=int(rng.choice([6, 12, 25, 250])))


def _frame(renderers: Sequence[Renderer], sensor: Sensor, still: Picture, time_s: float) -> Clip:
    scene = still.copy()
    for renderer in sorted(renderers, key=lambda each: each.layer):
        if renderer.layer < Layer.OVERLAY:
            scene = renderer.draw(scene, time_s)
    seen = sensor.expose(scene, time_s)
    for renderer in renderers:
        if renderer.layer == Layer.OVERLAY:
            seen = renderer.draw(seen, time_s)
    return np.clip(np.round(seen), 0, 255).astype(np.uint8)


def _visible_share(renderer: Renderer, still: Picture, duration_s: float) -> float:
    """Return the share of pixels that the cause alone visibly changes between three moments of the clip."""
    moments = np.linspace(0, duration_s * 0.95, 3)
    seen = np.stack([np.clip(renderer.draw(still.copy(), float(moment)), 0, 255).mean(2) for moment in moments])
    return float(np.mean(np.ptp(seen, axis=0) > VISIBLE_GREYS))


def _truth(studio: Studio, causes: Sequence[str], shares: Sequence[float]) -> tuple[frozenset[str], frozenset[str]]:
    labels: set[str] = set()
    unknown: set[str] = set()
    for name, share in zip(causes, shares, strict=True):
        label = studio.causes[name].label
        if label is not None:
            (labels if share >= VISIBLE_SHARE else unknown).add(label)
        if name == "plant" and share >= CALM_SHARE:
            (labels if share >= WINDY_SHARE else unknown).add("wind")
        if share < VISIBLE_SHARE:
            unknown.add("NOTHING")
    if all(name == "clock" for name in causes):
        labels.add("NOTHING")
    elif any(share >= VISIBLE_SHARE for name, share in zip(causes, shares, strict=True) if name != "clock"):
        unknown.discard("NOTHING")
    return frozenset(labels), frozenset(unknown - labels)


__all__ = ["CAUSES", "LABELS", "Studio", "SyntheticClip", "render"]

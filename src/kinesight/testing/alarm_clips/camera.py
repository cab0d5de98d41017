"""What a cheap surveillance camera does to a scene: lamp, sensor noise, denoising, exposure drift, and a stingy codec."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from kinesight.domain.video import Floats, Image
from kinesight.testing.alarm_clips.motion import gust
from kinesight.testing.alarm_clips.stage import Picture, Stage

Clip = NDArray[np.uint8]
"""RGB pictures, (n, height, width, 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """H.264 at a constant rate factor with a key picture every so many, or JPEG pictures of a quality."""

    name: str
    quality: int
    key_every: int


class Sensor:
    """Turns light into grey levels: a lamp's falling off under infrared, noise that grows with brightness, a denoiser's trail."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._rng = rng
        self._is_infrared = stage.is_infrared
        self._read_noise = float(np.exp(rng.uniform(np.log(0.4), np.log(5.0 if stage.is_infrared else 3.0))))
        self._photon_noise = rng.uniform(0.0, 0.25)
        self._is_grainy = bool(rng.random() < 0.4)
        self._trail = float(rng.uniform(0.1, 0.5)) if rng.random() < 0.25 else 0.0
        self._drift = gust(rng, stage.duration_s, memory_s=2.0)
        self._drift_share = rng.uniform(0.0, 0.006)
        self._lamp = self._falling_off(stage) if stage.is_infrared else None
        self._level = rng.uniform(0.25, 0.8) if stage.is_infrared else rng.uniform(0.55, 1.1)
        self._last: Picture | None = None

    def light(self, scene: Picture) -> Picture:
        """Return the empty scene in the light there is; under infrared grey, and dark away from the lamp's axis."""
        if self._lamp is None:
            return np.asarray(scene * self._level, np.float32)
        grey = scene @ np.array([0.4, 0.45, 0.15], np.float32)
        return np.repeat((grey * self._lamp * self._level)[..., None], 3, axis=2)

    def expose(self, scene: Picture, time_s: float) -> Picture:
        """Return the scene with noise, 0..255."""
        lit = scene * np.float32(1 + self._drift_share * float(self._drift.at(time_s)))
        if self._is_infrared:
            lit = np.repeat(lit.mean(2, keepdims=True), 3, axis=2)
        # in brightness only: what is left of noise in colour after a denoiser and the codec
        noise = self._rng.standard_normal(scene.shape[:2], dtype=np.float32)
        if self._is_grainy:
            noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32) * np.float32(2.3)
        spread = np.sqrt(self._read_noise**2 + self._photon_noise * np.clip(lit[..., 1], 0, 255)).astype(np.float32)
        seen = np.clip(lit + (noise * spread)[..., None], 0, 255)
        if self._last is not None and self._trail:
            seen = seen * np.float32(1 - self._trail) + self._last * np.float32(self._trail)
        self._last = np.asarray(seen, np.float32)
        return self._last.copy()

    def _falling_off(self, stage: Stage) -> NDArray[np.float32]:
        y, x = np.mgrid[: stage.height_px, : stage.width_px].astype(np.float32)
        place = self._rng.normal(0.5, 0.06, 2) * [stage.width_px, stage.height_px]
        distance = np.hypot(x - place[0], y - place[1]) / (stage.size_px * self._rng.uniform(0.45, 0.9))
        return np.asarray(1 / (1 + distance**2) ** 1.5, np.float32)


def compressed(clip: Clip, codec: Codec, *, time_s: Floats) -> Clip:
    """Return the clip as it looks after the codec."""
    if codec.name == "jpeg":
        return np.stack([_through_jpeg(picture, codec.quality) for picture in clip])
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as out:
        rate = max(1, round(1 / float(np.median(np.diff(time_s)))))
        options = {"preset": "veryfast", "crf": str(codec.quality), "g": str(codec.key_every), "bf": "0", "threads": "1"}
        stream = out.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = clip.shape[2], clip.shape[1], "yuv420p"
        for number, picture in enumerate(clip):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    held.seek(0)
    with av.open(held, "r") as container:
        return np.stack([np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)])


def _through_jpeg(picture: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1].copy()

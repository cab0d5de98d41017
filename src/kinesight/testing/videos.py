"""Small real videos whose every picture carries its number, so that a test can tell which one it got, and when."""

from __future__ import annotations

import wave
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import PIL.Image
from av.audio.resampler import AudioResampler

from kinesight.domain.video import Image

_BITS = 10
_DARK, _BRIGHT = 40, 215
_TONE_HZ = 440.0


def numbered_picture(number: int, *, width_px: int = 160, height_px: int = 120) -> Image:
    """Return a picture with a red top left corner, ten blocks that spell the number in binary, and a bar that moves.

    The layout is relative to the size, so that `number_in` reads it at any size and pixel aspect.
    """
    rgb = np.full((height_px, width_px, 3), 128, np.uint8)
    rgb[: height_px // 4, : width_px // 4] = (220, 30, 30)
    edges = np.linspace(0, width_px, _BITS + 1).round().astype(int)
    for bit in range(_BITS):
        level = _BRIGHT if number >> bit & 1 else _DARK
        rgb[height_px * 3 // 8 : height_px * 5 // 8, edges[bit] : edges[bit + 1]] = level
    start = number * 7 % width_px
    rgb[height_px * 3 // 4 :, start : start + max(2, width_px // 8)] = (30, 60, 200)
    return rgb


def number_in(rgb: Image) -> int:
    """Return the number that a picture carries. Raises `ValueError` where no such picture is shown, upright."""
    height_px, width_px = rgb.shape[:2]
    corner = rgb[height_px // 8, width_px // 8].astype(int)
    is_red = corner[0] > corner[1] + 80 and corner[0] > corner[2] + 80
    is_red_in_grey = np.abs(corner - 82).max() < 9  # the brightness of that red, where the video has no colours
    if not (is_red or is_red_in_grey):
        raise ValueError(f"the top left corner is {corner.tolist()}, not red: the picture is not upright")
    columns = ((np.arange(_BITS) + 0.5) * width_px / _BITS).astype(int)
    levels = rgb[height_px // 2, columns].mean(axis=1)
    if np.any(np.abs(levels - 128) < 30):
        raise ValueError(f"levels {levels.round().tolist()} are neither dark nor bright")
    return int(((levels > 128) << np.arange(_BITS)).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticVideo:
    """A video of numbered pictures; `write` makes the file.

    `times_s` are the stamps; `width_px` × `height_px` is the upright, square-pixel size; `rotation_deg` the clockwise tag;
    `pixel_aspect` the width of one coded pixel over its height; `sound` an audio codec name. Times below 0 make pictures that an
    edit list hides (MP4 only).
    """

    times_s: Sequence[float] = field(default_factory=lambda: steady_times(frames=20, fps=25.0))
    width_px: int = 160
    height_px: int = 120
    codec: str = "libx264"
    pixel_format: str = "yuv420p"
    container: str = "mp4"
    rotation_deg: int = 0
    pixel_aspect: Fraction = Fraction(1)
    sound: str | None = None
    time_base: Fraction = Fraction(1, 12_800)
    codec_options: dict[str, str] = field(default_factory=dict)
    container_options: dict[str, str] = field(default_factory=dict)

    def write(self, path: Path) -> Path:
        """Write the file and return its path."""
        with av.open(str(path), "w", format=self.container, options=self.container_options) as output:
            seen = self._add_pictures(output)
            heard = self._add_sound(output) if self.sound else None
            for frame in self._frames():
                output.mux(seen.encode(frame))
            output.mux(seen.encode(None))
            if heard is not None:
                for sound in _tone(heard, seconds=self.times_s[-1]):
                    output.mux(heard.encode(sound))
                output.mux(heard.encode(None))
        return path

    def _coded_size(self) -> tuple[int, int]:
        width_px, height_px = (self.height_px, self.width_px) if self.rotation_deg % 180 else (self.width_px, self.height_px)
        if self.pixel_aspect >= 1:
            return round(width_px / self.pixel_aspect), height_px
        return width_px, round(height_px * self.pixel_aspect)

    def _add_pictures(self, output: Any) -> Any:
        mean_fps = (len(self.times_s) - 1) / (self.times_s[-1] - self.times_s[0]) if len(self.times_s) > 1 else 25.0
        stream = output.add_stream(self.codec, rate=Fraction(mean_fps).limit_denominator(1001), options=self.codec_options)
        stream.width, stream.height = self._coded_size()
        stream.pix_fmt = self.pixel_format
        stream.codec_context.time_base = self.time_base
        if self.pixel_aspect != 1:
            stream.codec_context.sample_aspect_ratio = self.pixel_aspect
        if self.rotation_deg:
            stream.set_display_rotation(-self.rotation_deg)
        return stream

    def _add_sound(self, output: Any) -> Any:
        assert self.sound is not None  # noqa: S101  # the only caller has looked
        return output.add_stream(self.sound, rate=48_000, layout="stereo")

    def _frames(self) -> Iterator[av.VideoFrame]:
        coded = self._coded_size()
        for number, time_s in enumerate(self.times_s):
            upright = numbered_picture(number, width_px=self.width_px, height_px=self.height_px)
            stored = np.ascontiguousarray(np.rot90(upright, self.rotation_deg // 90))  # the tag turns it back, clockwise
            frame = av.VideoFrame.from_ndarray(stored, format="rgb24").reformat(*coded, self.pixel_format)
            frame.pts, frame.time_base = round(time_s / self.time_base), self.time_base
            yield frame


def steady_times(*, frames: int, fps: float) -> tuple[float, ...]:
    """Return the stamps of a steady rate, from 0 on."""
    return tuple(index / fps for index in range(frames))


def _tone(stream: Any, *, seconds: float) -> Iterator[av.AudioFrame]:
    """Yield a sine tone in pieces that the encoder takes."""
    rate = stream.codec_context.sample_rate
    wave_s = np.arange(round(max(0.2, seconds) * rate)) / rate
    samples = (12_000 * np.sin(2 * np.pi * _TONE_HZ * wave_s)).astype(np.int16)
    whole = av.AudioFrame.from_ndarray(np.repeat(samples, 2).reshape(1, -1), format="s16", layout="stereo")
    whole.sample_rate = rate
    resampler = AudioResampler(
        format=stream.codec_context.format, layout="stereo", rate=rate, frame_size=stream.codec_context.frame_size or 1024
    )
    written = 0
    for piece in [*resampler.resample(whole), *resampler.resample(None)]:
        piece.pts, piece.time_base = written, Fraction(1, rate)
        written += piece.samples
        yield piece


def write_animation(path: Path, *, delays_ms: Sequence[int], width_px: int = 160, height_px: int = 120) -> Path:
    """Write an animated GIF or WebP, as the suffix says, of numbered pictures with the given delays after each."""
    pictures = [
        PIL.Image.fromarray(numbered_picture(number, width_px=width_px, height_px=height_px)) for number in range(len(delays_ms))
    ]
    kind = {".gif": "GIF", ".webp": "WEBP"}[path.suffix]
    options = {"lossless": True} if kind == "WEBP" else {}
    pictures[0].save(path, kind, save_all=True, append_images=pictures[1:], duration=list(delays_ms), loop=0, **options)
    return path


def write_picture_folder(folder: Path, *, count: int, suffix: str = ".png") -> Path:
    """Fill a new folder with numbered pictures called frame0.png, frame1.png and so on."""
    folder.mkdir()
    for number in range(count):
        PIL.Image.fromarray(numbered_picture(number)).save(folder / f"frame{number}{suffix}", quality=95)
    return folder


def write_sound_only(path: Path) -> Path:
    """Write a WAV in MP4 clothes: an audio track and nothing else."""
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=48_000, layout="stereo")
        for piece in _tone(stream, seconds=1.0):
            output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    return path


def write_wave(path: Path) -> Path:
    """Write one second of silence as WAV."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))
    return path


def write_with_cover(path: Path, *, with_video: bool) -> Path:
    """Write an MP4 with sound and a cover picture, which is a video stream by form only; with or without a real video."""
    with av.open(str(path), "w", format="mp4") as output:
        heard = output.add_stream("aac", rate=48_000, layout="stereo")
        cover = output.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 640, 480, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        seen = SyntheticVideo()._add_pictures(output) if with_video else None  # noqa: SLF001  # same module
        for piece in _tone(heard, seconds=0.8):
            output.mux(heard.encode(piece))
        output.mux(heard.encode(None))
        picture = av.VideoFrame.from_ndarray(numbered_picture(1, width_px=640, height_px=480), format="rgb24")
        output.mux(cover.encode(picture.reformat(format="yuvj420p")))
        output.mux(cover.encode(None))
        if seen is not None:
            for frame in SyntheticVideo()._frames():  # noqa: SLF001
                output.mux(seen.encode(frame))
            output.mux(seen.encode(None))
    return path

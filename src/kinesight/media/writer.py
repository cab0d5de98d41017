"""Writes H.264 in MP4 that browsers play, with the true time of every picture and the sound of another file."""

from __future__ import annotations

import errno
import os
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from kinesight.domain.errors import CallerError, DiskFull
from kinesight.domain.video import Image
from kinesight.media.confined_process import ConfinedProcess
from kinesight.media.limits import MediaLimits
from kinesight.media.reader import regular_file
from kinesight.media.starting import StartDecoder

_TIME_BASE = Fraction(1, 90_000)
"""A multiple of the usual clocks (24, 25, 30, 50, 60, 30000/1001, milliseconds); any other stamp is off by at most 6 µs."""

Quality = Literal["quick", "fine"]
"""quick: for drawings on a video; fine: for a video that is passed on in place of the original."""

_OPTIONS: Mapping[Quality, dict[str, str]] = {
    "quick": {"preset": "ultrafast", "crf": "26", "g": "60"},
    "fine": {"preset": "superfast", "crf": "18", "g": "60"},
}
"""The quickest preset, so that drawing does not outlast watching. Measured on 4 s of 720p of a running person: processor time a
picture, size, PSNR. ultrafast 26: 6.4 ms, 1300 kB, 36.5 dB; superfast 25: 11.0 ms, 880 kB, 36.3 dB; veryfast 23: 13.5 ms,
660 kB, 36.2 dB. Of 70 frames of 640 × 480 of a street: ultrafast 18: 4.2 ms, 1200 kB, 39.2 dB; superfast 18: 6.7 ms, 780 kB,
38.9 dB; veryfast 18: 8.2 ms, 600 kB, 38.5 dB."""

_FULL_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_ROOM_FOR_INDEX_BYTES = 64 * 1024 * 1024
_BT709 = 1  # AVCOL_PRI_BT709, AVCOL_TRC_BT709, AVCOL_SPC_BT709
_LIMITED_RANGE = 1  # AVCOL_RANGE_MPEG


class H264VideoWriter:
    """Writes one video file; made by `open_video_writer`.

    `sound_problem` says, after the block, why the sound could not be kept; None where it was, or where there was none.
    """

    def __init__(self, path: Path, *, width_px: int, height_px: int, quality: Quality = "quick") -> None:
        self._size_px = width_px, height_px
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        stream = self._container.add_stream("libx264", rate=30, options=_OPTIONS[quality])
        stream.width, stream.height = width_px + width_px % 2, height_px + height_px % 2
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = _TIME_BASE
        context.color_primaries = context.color_trc = context.colorspace = _BT709
        context.color_range = _LIMITED_RANGE
        self._container.start_encoding()  # opens the file: a folder that is missing or full is noticed here
        self._stream = stream
        self._converter = VideoReformatter()
        self._last: int | None = None
        self.shift_s = 0.0
        self.sound_problem: str | None = None

    def write(self, rgb: Image, *, time_s: float) -> None:
        """Append one picture.

        Parameters
        ----------
        rgb
            (height_px, width_px, 3) uint8. An odd side grows by one pixel: H.264 as browsers play it has even sides.
        time_s
            Seconds, later than the picture before by at least 1/90000. A first time before 0 becomes 0 and shifts the others.

        Raises
        ------
        DiskFull
            There is no room for the file.
        ValueError
            The picture has another size, or its time is not later.
        """
        width_px, height_px = self._size_px
        if rgb.shape != (height_px, width_px, 3):
            raise ValueError(f"a picture {rgb.shape} for a video of {height_px} × {width_px}")
        if self._last is None:
            self.shift_s = max(0.0, -time_s)
        stamp = round((time_s + self.shift_s) / _TIME_BASE)
        if self._last is not None and stamp <= self._last:
            raise ValueError(f"picture times must increase, {time_s} s does not")
        frame = self._frame(rgb)
        frame.pts, frame.time_base = stamp, _TIME_BASE
        frame.duration = stamp - self._last if self._last is not None else int(1 / (30 * _TIME_BASE))
        self._last = stamp
        with _translated():
            self._container.mux(self._stream.encode(frame))

    def _frame(self, rgb: Image) -> av.VideoFrame:
        width_px, height_px = self._size_px
        even = np.pad(rgb, ((0, height_px % 2), (0, width_px % 2), (0, 0)), mode="edge") if height_px % 2 or width_px % 2 else rgb
        picture = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(even), format="rgb24")
        return self._converter.reformat(
            picture, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
        )

    def finish(self) -> None:
        """Write what the encoder still holds, and the index. Raises `DiskFull`, and `ValueError` where no picture was written."""
        if self._last is None:
            raise ValueError("no picture was written")
        with _translated():
            self._container.mux(self._stream.encode(None))
            self._container.close()

    def abandon(self) -> None:
        """Let go of the file, whatever state it is in."""
        with suppress(av.FFmpegError, OSError):
            self._container.close()


@contextmanager
def open_video_writer(  # noqa: PLR0913 - what one file needs, each named
    path: Path,
    *,
    width_px: int,
    height_px: int,
    sound_from: Path | None = None,
    limits: MediaLimits | None = None,
    start: StartDecoder | None = None,
    quality: Quality = "quick",
) -> Iterator[H264VideoWriter]:
    """Open a writer; the file appears under its name, whole and durable, when the block ends without an exception.

    Parameters
    ----------
    path
        The file to make or to replace, in a folder that exists.
    width_px, height_px
        Size of the pictures.
    sound_from
        An untrusted file whose sound is kept: AAC and MP3 as they are, everything else encoded again. It is read in a confined
        process; if that fails, the video is written without sound and `sound_problem` says why.
    limits
        What reading the sound may cost.
    start
        How the confined process comes to be; as a fresh interpreter if nothing else is said.
    quality
        How close to the pictures it is; `fine` looks the same beside the original.

    Raises
    ------
    DiskFull
        There is no room for the file.
    """
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.part")
    sounding = part.with_suffix(".sound.part")
    try:
        with _translated():
            writer = H264VideoWriter(part, width_px=width_px, height_px=height_px, quality=quality)
        try:
            yield writer
            writer.finish()
        except BaseException:
            writer.abandon()
            raise
        finished = part
        if sound_from is not None:
            add_sound = _AddSound(source=sound_from, limits=limits or MediaLimits(), start=start)
            finished = sounding if add_sound(writer, part, sounding) else part
        with _translated():
            _make_durable(finished, path)
    finally:
        part.unlink(missing_ok=True)
        sounding.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class _AddSound:
    """Puts the sound of an untrusted file beside pictures."""

    source: Path
    limits: MediaLimits
    start: StartDecoder | None

    def __call__(self, writer: H264VideoWriter, part: Path, target: Path) -> bool:
        """Write pictures and sound into the target; return whether that worked and there was sound."""
        try:
            with ExitStack() as stack:
                source = stack.enter_context(regular_file(self.source, self.limits.max_bytes))
                pictures = stack.enter_context(regular_file(part, 2**62))
                with _translated():
                    output = stack.enter_context(target.open("wb"))
                    again = stack.enter_context(target.open("rb"))
                size = os.fstat(source).st_size + os.fstat(pictures).st_size + _ROOM_FOR_INDEX_BYTES
                task: dict[str, Any] = {"task": "add_sound", "file": source, "pictures": pictures, "shift_s": writer.shift_s}
                task |= {"output": output.fileno(), "output_again": again.fileno(), "file_bytes": size}
                descriptors = [source, pictures, output.fileno(), again.fileno()]
                with ConfinedProcess(task, descriptors=descriptors, limits=self.limits, start=self.start) as child:
                    return bool(child.receive().get("has_sound"))
        except CallerError as error:
            writer.sound_problem = error.message
            return False


@contextmanager
def _translated() -> Iterator[None]:
    """Turn a full disk into `DiskFull`."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        if error.errno in _FULL_ERRORS:
            raise DiskFull("The disk is full; free some space and write the video again.") from error
        raise


def _make_durable(finished: Path, path: Path) -> None:
    """Put the file under its name so that it survives a power cut."""
    with finished.open("rb") as file:
        os.fsync(file.fileno())
    finished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

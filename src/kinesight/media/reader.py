"""Reads untrusted videos: their bytes are interpreted in a confined child process, frames come back through shared memory."""

from __future__ import annotations

import fcntl
import hashlib
import math
import mmap
import os
import stat
import weakref
from array import array
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kinesight.domain.errors import DecoderCrashed, NotAVideo, NotFound, TooFewFrames, TruncatedVideo, VideoTooLarge
from kinesight.domain.video import Frame, Image, VideoInfo
from kinesight.media.confined_process import ConfinedProcess
from kinesight.media.geometry import delivered_size
from kinesight.media.limits import MediaLimits
from kinesight.media.picture_folder import FOLDER_FPS, PictureFolder, look_into, read_picture
from kinesight.media.picture_zip import is_picture_zip, unpack
from kinesight.media.stamps import timing_of
from kinesight.media.starting import StartDecoder

_RING_BYTES = 32 * 1024 * 1024
_FEWEST_SLOTS, _MOST_SLOTS = 2, 8
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL

_UNNOTICED_S = 0.5
"""A header may promise so much more than there is before the file counts as cut; containers round, and end with their sound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probed:
    """What the header and the first picture say."""

    width_px: int
    height_px: int
    rotation_deg: int
    codec: str | None
    has_audio: bool
    fps: float | None
    frame_count: int | None
    duration_s: float | None
    duration_is_of_video: bool


class ConfinedVideoReader:
    """Reads one video file, or one folder or archive of pictures, as often as asked; fulfils `VideoReader`.

    The constructor looks at the header and the first picture. Each pass of `frames` has its own child process, which decodes
    ahead by a few pictures while the caller works, and which ends with the pass. As a fresh interpreter the child is tied to the
    thread that asked for the first frame: if that thread ends, so does the child. Children of a zygote are tied to that; the one
    that looked at the header waits for the first pass, until this object is gone.

    Parameters
    ----------
    path
        The file; or a folder of JPEG or PNG pictures, which are taken in the order of their names; or a ZIP file of them.
    limits
        What the video may cost.
    folder_fps
        Pictures a second of a folder; folders say nothing about time.
    start
        How decoder processes come to be; as fresh interpreters if nothing else is said.

    Raises
    ------
    CallerError
        What is wrong with the file: `NotFound`, `NotAVideo`, `NoVideoStream`, `TruncatedVideo`, `VideoTooLong`, `VideoTooLarge`,
        `TooFewFrames`, `ZeroSizePicture`, `DecoderCrashed`, `DecoderTimeLimit`.
    """

    def __init__(
        self,
        path: Path,
        *,
        limits: MediaLimits | None = None,
        folder_fps: float = FOLDER_FPS,
        start: StartDecoder | None = None,
    ) -> None:
        self._limits = limits or MediaLimits()
        self._why_no_filter: str | None = None
        self._folder: PictureFolder | None = None
        if path.is_dir():
            self._folder = look_into(path, max_bytes=self._limits.max_bytes)
        elif path.is_file() and is_picture_zip(path):
            unpacked = unpack(path, max_bytes=self._limits.max_bytes)
            weakref.finalize(self, unpacked.remove)
            self._folder = look_into(unpacked.folder, max_bytes=self._limits.max_bytes)
            folder_fps = unpacked.fps
        self._input = _Input(path=path, folder=self._folder, folder_fps=folder_fps, limits=self._limits, start=start)
        self._waiting: _Waiting | None = None
        probed, sha256 = self._probe()
        self._probed = probed
        self._info = VideoInfo(
            sha256=sha256,
            width_px=probed.width_px,
            height_px=probed.height_px,
            fps=probed.fps,
            frame_count=probed.frame_count,
            duration_s=probed.duration_s,
            rotation_deg=probed.rotation_deg,
            codec=probed.codec,
            has_audio=probed.has_audio,
        )

    @property
    def info(self) -> VideoInfo:
        """Return what the header says, and after a whole pass what is really in the file."""
        return self._info

    @property
    def why_no_filter(self) -> str | None:
        """Return why the kernel refused to filter the decoder's system calls; None where the confinement is complete."""
        return self._why_no_filter

    def frames(self, *, longest_side_px: int | None = None) -> Generator[Frame, None, None]:
        """Yield every frame in display order, upright, square pixels, no side longer than asked (never enlarged).

        Each frame owns its pixels. Closing the iterator ends the decoder at once.

        Raises
        ------
        CallerError
            As the constructor, also in the middle of the file.
        """
        width_px, height_px, scale = delivered_size(self._info.width_px, self._info.height_px, longest_side_px)
        frame_bytes = width_px * height_px * 3
        slots = min(_MOST_SLOTS, max(_FEWEST_SLOTS, _RING_BYTES // frame_bytes))
        times_s = array("d")
        task = {"task": "frames", "width_px": width_px, "height_px": height_px, "slots": slots}
        with ExitStack() as stack:
            child, inbox, pixels = stack.enter_context(self._pass(task, slots * frame_bytes))
            while (message := self._next(child, inbox))["kind"] == "frame":
                slot, time_s = _checked_frame(message, slots=slots, last_s=times_s[-1] if times_s else -math.inf)
                rgb: Image = (
                    np.frombuffer(pixels, np.uint8, frame_bytes, slot * frame_bytes).reshape(height_px, width_px, 3).copy()
                )
                child.free_slot()
                yield Frame(index=len(times_s), time_s=time_s, rgb=rgb, scale=scale)
                times_s.append(time_s)
            damage = _whole(message.get("damage"))
        self._conclude(times_s, damage)

    def _next(self, child: ConfinedProcess, inbox: mmap.mmap | None) -> dict[str, Any]:
        """Return the next message that is about the video, handing over pictures of a folder in between."""
        while (message := child.receive())["kind"] == "want":
            if self._folder is None or inbox is None:
                raise DecoderCrashed
            content = read_picture(self._folder, min(_whole(message.get("index")), len(self._folder.names) - 1))
            inbox[: len(content)] = content
            child.picture_ready(len(content))
        self._why_no_filter = child.why_no_filter
        return message

    @contextmanager
    def _pass(self, task: dict[str, Any], ring_bytes: int) -> Iterator[tuple[ConfinedProcess, mmap.mmap | None, mmap.mmap]]:
        """Let a child decode: the one that waits if there is one and the pictures fit into the memory that it has."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and ring_bytes <= _RING_BYTES:
            waiting.child.go_on(task)
            with closing(waiting):
                yield waiting.child, None, waiting.pixels
            return
        if waiting is not None:
            waiting.close()
        with ExitStack() as stack:
            ring, pixels = stack.enter_context(_shared_memory(ring_bytes))
            child, inbox = stack.enter_context(self._input.child(task | {"ring": ring}, ring))
            yield child, inbox, pixels

    def _probe(self) -> tuple[_Probed, str]:
        with ExitStack() as stack:
            task: dict[str, Any] = {"task": "probe"}
            ring: tuple[int, mmap.mmap] | None = None
            if self._folder is None and self._input.start is not None:
                ring = stack.enter_context(_shared_memory(_RING_BYTES))
                task |= {"ring": ring[0]}
            child, inbox = stack.enter_context(self._input.child(task, *ring[:1] if ring else ()))
            sha256 = self._folder.sha256 if self._folder else _sha256_of(self._input.path)  # while the child starts
            facts = _checked_facts(self._next(child, inbox), self._limits)
            if ring is not None:
                self._waiting = _Waiting(child=child, pixels=ring[1], close=weakref.finalize(self, stack.pop_all().close))
        return facts, sha256

    def _conclude(self, times_s: array[float], damage: int) -> None:
        """Turn a finished pass into exact facts, or into the error that it amounts to."""
        timing = timing_of(times_s)
        readable_s = 0.0
        if timing.duration_s is not None and timing.fps is not None:
            readable_s = max(0.0, timing.duration_s - damage / timing.fps) if damage else timing.duration_s
        promised_s = self._probed.duration_s if self._probed.duration_is_of_video else None
        is_cut = promised_s is not None and promised_s - readable_s > max(_UNNOTICED_S, 2 / (timing.fps or 30.0))
        is_incomplete = damage > 0 or is_cut
        if timing.frame_count < 2:
            if is_incomplete:
                raise TruncatedVideo(f"The file breaks off or is damaged: {readable_s:.1f} s could be read; upload it again.")
            raise TooFewFrames("The file holds one picture only; send a video.")
        measured: dict[str, Any] = dict(timing._asdict()) | {"readable_s": readable_s if is_incomplete else None}
        self._info = self._info.model_copy(update=measured)


@contextmanager
def regular_file(path: Path, max_bytes: int) -> Iterator[int]:
    """Open a regular file that is not too large."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path.name}; check the path.") from error
    except OSError as error:
        raise NotAVideo(f"{path.name} cannot be opened: {error.strerror}.") from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotAVideo(f"{path.name} is not a file; send a video file.")
        if status.st_size > max_bytes:
            raise VideoTooLarge(f"The file has {status.st_size / 1e6:.0f} MB; the limit is {max_bytes / 1e6:.0f} MB.")
        yield descriptor
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    """The file or folder to read and what a child needs to read it. Apart from the reader, so that no child keeps that alive."""

    path: Path
    folder: PictureFolder | None
    folder_fps: float
    limits: MediaLimits
    start: StartDecoder | None

    @contextmanager
    def child(self, task: dict[str, Any], *descriptors: int) -> Iterator[tuple[ConfinedProcess, mmap.mmap | None]]:
        """Start a child on the file or folder; it is gone when the block ends."""
        with ExitStack() as stack:
            inbox: mmap.mmap | None = None
            if self.folder is None:
                file = stack.enter_context(regular_file(self.path, self.limits.max_bytes))
                task = task | {"file": file}
                passed = [*descriptors, file]
            else:
                size = self.folder.largest_bytes
                memory, inbox = stack.enter_context(_shared_memory(size))
                task = task | {"inbox": memory, "inbox_bytes": size, "fps": self.folder_fps}
                task["picture_count"] = len(self.folder.names)
                passed = [*descriptors, memory]
            process = ConfinedProcess(task, descriptors=passed, limits=self.limits, start=self.start)
            yield stack.enter_context(process), inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """A child that has looked at the header and can go on to decode, into memory that it has from the beginning."""

    child: ConfinedProcess
    pixels: mmap.mmap
    close: Callable[[], object]


@contextmanager
def _shared_memory(size_bytes: int) -> Iterator[tuple[int, mmap.mmap]]:
    """Make memory that the child can write but not shrink: a shrunken mapping would kill the reader (SIGBUS)."""
    descriptor = os.memfd_create("kinesight-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(descriptor, size_bytes)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
        with mmap.mmap(descriptor, size_bytes) as memory:
            yield descriptor, memory
    finally:
        os.close(descriptor)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _whole(value: object) -> int:
    """Return a count that the child sent; it may have been taken over, so nothing it says is believed unseen."""
    if type(value) is not int or value < 0:
        raise DecoderCrashed
    return value


def _number(value: object) -> float | None:
    if value is None:
        return None
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise DecoderCrashed
    return float(value)


def _checked_frame(message: dict[str, Any], *, slots: int, last_s: float) -> tuple[int, float]:
    slot, time_s = _whole(message.get("slot")), message.get("time_s")
    if slot >= slots or not isinstance(time_s, float) or not math.isfinite(time_s) or time_s <= last_s:
        raise DecoderCrashed
    return slot, time_s


def _checked_facts(message: dict[str, Any], limits: MediaLimits) -> _Probed:
    width_px, height_px = _whole(message.get("width_px")), _whole(message.get("height_px"))
    if not (0 < width_px <= limits.max_side_px and 0 < height_px <= limits.max_side_px):
        raise DecoderCrashed
    codec, frame_count = message.get("codec"), message.get("frame_count")
    return _Probed(
        width_px=width_px,
        height_px=height_px,
        rotation_deg=_whole(message.get("rotation_deg")) % 360,
        codec=None if codec is None else str(codec)[:40],
        has_audio=bool(message.get("has_audio")),
        fps=_number(message.get("fps")),
        frame_count=None if frame_count is None else _whole(frame_count),
        duration_s=_number(message.get("duration_s")),
        duration_is_of_video=bool(message.get("duration_is_of_video")),
    )

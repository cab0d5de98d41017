"""Uploads as MP4 that browsers play: decoded in confinement, encoded again, kept with their job."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from kinesight.domain.errors import NotFound, QueueFull
from kinesight.domain.job import Files, Job
from kinesight.domain.ports import OpenVideoWriter, VideoReader

NAME = "original.mp4"
MP4_BRANDS = (b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"M4V ", b"dash")
"""Major brands (ISO/IEC 14496-12, registered at mp4ra.org) of files that are MP4, which QuickTime's `qt  ` is not."""

MOST_AT_ONCE = 4
"""Calls that convert or wait for it; each holds one of the threads that answer all calls."""

OpenReader = Callable[[Path, Job], VideoReader]
"""Opens a job's input with the limits that the job was accepted under."""


class ConvertedOriginals:
    """Implements the port `Originals`. One conversion at a time, so that looking at old clips leaves room for new ones."""

    def __init__(self, *, files: Files, open_reader: OpenReader, open_writer: OpenVideoWriter) -> None:
        self._files = files
        self._open_reader = open_reader
        self._open_writer = open_writer
        self._lock = threading.Lock()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def as_mp4(self, job: Job) -> Path:
        """Return the job's input as H.264 in MP4: itself, or a copy that is made now and kept with the job.

        Raises `NotFound` when the input is gone, `QueueFull` when too many ask at once, `DiskFull`, and what is wrong with the
        input as the reader says it.
        """
        if job.input_key is None:
            raise NotFound("The clip was not uploaded here.")
        source = self._files.path(job.input_key)
        copy = self._files.derived(job.id, NAME)
        if copy.is_file():
            return copy
        if not self._places.acquire(blocking=False):
            raise QueueFull("Other clips are being turned into MP4 at the moment; try again later.")
        try:
            with self._lock:
                if copy.is_file():  # made while this call waited
                    return copy
                reader = self._open_reader(source, job)
                if reader.info.codec == "h264" and _is_mp4(source):
                    return source
                self._convert(reader, source, copy)
        finally:
            self._places.release()
        return copy

    def _convert(self, reader: VideoReader, source: Path, target: Path) -> None:
        info = reader.info
        sound = source if info.has_audio else None
        with self._open_writer(target, width_px=info.width_px, height_px=info.height_px, sound_from=sound) as writer:
            for frame in reader.frames():
                writer.write(frame.rgb, time_s=frame.time_s)


def _is_mp4(path: Path) -> bool:
    with path.open("rb") as file:
        beginning = file.read(12)
    return beginning[4:8] == b"ftyp" and beginning[8:12] in MP4_BRANDS

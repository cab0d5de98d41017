"""The decoder process: `python -m kinesight.media.decoder`. Reads one untrusted file in confinement; imports av and numpy only.

Standard input: one line of JSON with the task, then single bytes (see `messages`). Standard output: messages.
"""

from __future__ import annotations

import errno
import json
import logging  # noqa: F401  # av loads it late, as below
import mmap
import os
import signal
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import av
import av.sidedata.encparams
import av.sidedata.motionvectors
import av.subtitles.codeccontext
import av.subtitles.stream  # av loads these when a file needs them; nothing can be loaded after the lock-down
import numpy as np

from kinesight.media import messages
from kinesight.media.confinement import die_with_parent, lock_down
from kinesight.media.files import PlainFile
from kinesight.media.geometry import square_size, upright_size
from kinesight.media.pictures import Renderer
from kinesight.media.sources import FFmpegSource, FolderSource, Picture, Refused, Source, WebPSource, check_size
from kinesight.media.stamps import StampRepair

_IN, _OUT = 0, 1

_KNOWN_BEGINNINGS = (
    (4, b"ftyp"),
    (4, b"moov"),
    (4, b"mdat"),
    (4, b"wide"),
    (0, b"\x1aE\xdf\xa3"),
    (8, b"AVI "),
    (8, b"WEBP"),
    (0, b"GIF8"),
    (0, b"OggS"),
    (0, b"FLV\x01"),
    (0, b"\x00\x00\x01\xba"),
    (0, b"DKIF"),
)

BEHIND = 5
"""Niceness. Pictures are decoded ahead of need, so on a full machine the models that wait for nothing else come first."""


class Commands:
    """The bytes that the reader sends down."""

    def __init__(self, free_slots: int) -> None:
        self._free_slots = free_slots
        self._buffer = b""

    def _more(self) -> None:
        data = os.read(_IN, 4096)
        if not data:
            os._exit(0)  # the reader has gone
        self._buffer += data

    def take_slot(self) -> None:
        """Wait until a slot of the ring may be filled."""
        while self._free_slots == 0:
            self._more()
            self._free_slots += self._buffer.count(messages.SLOT_FREE)
            self._buffer = b""
        self._free_slots -= 1

    def give_back_slot(self) -> None:
        """Undo `take_slot`: nothing was put into the slot."""
        self._free_slots += 1

    def await_picture(self) -> int:
        """Wait until the picture that was asked for is in the inbox and return its size in bytes."""
        while True:
            head = len(self._buffer) - len(self._buffer.lstrip(messages.SLOT_FREE))
            self._free_slots += head
            self._buffer = self._buffer[head:]
            if len(self._buffer) >= 9:
                size = int.from_bytes(self._buffer[1:9], "big")
                self._buffer = self._buffer[9:]
                return size
            self._more()


def _send(message: Mapping[str, Any]) -> None:
    messages.write_all(_OUT, messages.encode(dict(message)))


def _looks_like_webp(beginning: bytes) -> bool:
    return beginning[:4] == b"RIFF" and beginning[8:12] == b"WEBP"


def _open_source(task: Mapping[str, Any], file: PlainFile | mmap.mmap, commands: Commands, threads: int) -> Source:
    limits = task["limits"]
    if isinstance(file, mmap.mmap):
        inbox = file

        def hand_over(index: int) -> bytes:
            _send({"kind": "want", "index": index})
            return inbox[: commands.await_picture()]

        return FolderSource(hand_over, picture_count=task["picture_count"], fps=task["fps"], max_side_px=limits["max_side_px"])
    beginning = file.beginning()
    kind = WebPSource if _looks_like_webp(beginning) else FFmpegSource
    try:
        return kind(file, max_side_px=limits["max_side_px"], threads=threads)
    except MemoryError:
        raise
    except av.FFmpegError as error:
        if any(beginning[at : at + len(sign)] == sign for at, sign in _KNOWN_BEGINNINGS):
            raise Refused(
                "truncated_video", "The file breaks off or is damaged: 0.0 s could be read; upload it again."
            ) from error
        raise Refused("not_a_video") from error


def _probe(source: Source, limits: Mapping[str, Any]) -> Iterator[Picture]:
    """Send the facts, those of the header and the size and orientation of the first picture; return all pictures."""
    header = source.header
    _refuse_too_long(header.duration_s, limits)
    pictures = iter(source.pictures())
    first = next(pictures, None)
    if first is None:
        if source.damage or header.frame_count:
            raise Refused("truncated_video", "The file breaks off or is damaged: 0.0 s could be read; upload it again.")
        raise Refused("too_few_frames")
    square = square_size(first.frame.width, first.frame.height, header.pixel_aspect)
    width_px, height_px = upright_size(*square, first.orientation)
    check_size(width_px, height_px, limits["max_side_px"])
    facts: dict[str, Any] = {
        "width_px": width_px,
        "height_px": height_px,
        "rotation_deg": 90 * first.orientation.quarters,
        "codec": header.codec,
    }
    facts |= {
        "has_audio": header.has_audio,
        "fps": header.fps,
        "frame_count": header.frame_count,
        "duration_s": header.duration_s,
    }
    _send({"kind": "facts", **facts, "duration_is_of_video": header.duration_is_of_video})
    return chain([first], pictures)


def _refuse_too_long(duration_s: float | None, limits: Mapping[str, Any]) -> None:
    if duration_s is not None and duration_s > limits["max_duration_s"]:
        raise Refused(
            "video_too_long", f"The video lasts {round(duration_s, 1):g} s; the limit is {limits['max_duration_s']:g} s."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Opened:
    """A source, and its pictures from the first on, of which that one may have been looked at already."""

    source: Source
    pictures: Iterator[Picture]


def _decode(opened: _Opened, task: Mapping[str, Any], memory: mmap.mmap, commands: Commands) -> None:
    """Send every picture through the ring."""
    source = opened.source
    width_px, height_px, slots = task["width_px"], task["height_px"], task["slots"]
    ring = np.frombuffer(memory, np.uint8, slots * height_px * width_px * 3).reshape(slots, height_px, width_px, 3)
    renderer = Renderer(width_px=width_px, height_px=height_px)
    repair = StampRepair(source.header.interval_s)
    first_s: float | None = None
    index = 0
    _refuse_too_long(source.header.duration_s, task["limits"])
    for picture in opened.pictures:
        commands.take_slot()
        try:
            renderer.render(picture.frame, picture.orientation, into=ring[index % slots])
        except MemoryError:
            raise
        except av.FFmpegError:  # a picture that declares a format which cannot be converted
            source.damage += 1
            commands.give_back_slot()
            continue
        time_s = repair.next_s(picture.stamp_s)
        first_s = time_s if first_s is None else first_s
        _refuse_too_long(time_s - first_s, task["limits"])
        _send({"kind": "frame", "slot": index % slots, "time_s": time_s})
        index += 1
    _send({"kind": "end", "damage": source.damage, "repaired": repair.repaired})


def _prepare(task: Mapping[str, Any]) -> PlainFile | mmap.mmap:
    """Do what cannot be done after the lock-down, without interpreting the file: its first bytes only choose what is loaded."""
    if "file" not in task:
        _load_pillow()
        return mmap.mmap(task["inbox"], task["inbox_bytes"], prot=mmap.PROT_READ)
    file = PlainFile(task["file"])
    if _looks_like_webp(file.beginning()):
        _load_pillow()
    return file


def _load_pillow() -> None:
    from PIL import Image, ImageOps, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401, PLC0415  # for few files only

    Image.preinit()
    Image.MAX_IMAGE_PIXELS = None  # the limit of the installation holds instead


def _lock_down(task: Mapping[str, Any]) -> None:
    limits = task["limits"]
    state = lock_down(memory_bytes=limits["memory_bytes"], cpu_s=limits["cpu_s"], file_bytes=task.get("file_bytes", 0))
    _send({"kind": "locked", "why_no_filter": state.why_no_filter, "no_new_privileges": state.no_new_privileges})


def _add_sound(task: Mapping[str, Any]) -> None:
    from kinesight.media import sound  # noqa: PLC0415  # not needed for pictures

    job = sound.SoundJob(task)
    _lock_down(task)
    try:
        _send({"kind": "end", "has_sound": job.run()})
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise Refused("disk_full") from error
        raise Refused("decoder_crashed", "The sound could not be copied.") from error


def _run(task: Mapping[str, Any]) -> None:
    if task["task"] == "add_sound":
        _add_sound(task)
        return
    file = _prepare(task)
    memory = mmap.mmap(task["ring"], 0) if "ring" in task else None
    _lock_down(task)
    threads = task["limits"]["threads"]
    if task["task"] == "probe":
        # whoever gave memory will ask for the pictures, so the source is opened as for them, and goes on after its first one
        source = _open_source(task, file, Commands(0), 1 if memory is None else threads)
        pictures = _probe(source, task["limits"])
        line = None if memory is None else _read_line()
        if line is None:
            return
        task = {**task, **json.loads(line)}
        commands = Commands(task["slots"])
    else:
        commands = Commands(task["slots"])
        source = _open_source(task, file, commands, threads)
        pictures = iter(source.pictures())
    assert memory is not None  # noqa: S101  # who asks for frames gives a ring
    _decode(_Opened(source=source, pictures=pictures), task, memory, commands)


def _read_line() -> bytes | None:
    """Return the next line of standard input, None if there is none. Not a byte more is taken: commands follow."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(_IN, 1)
        if not byte:
            return None
        line += byte
    return line


def main() -> None:
    """Do the task that standard input names; whatever goes wrong is sent upwards."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the reader decides when to stop
    line = _read_line()
    if line is None:
        return
    task = json.loads(line)
    die_with_parent(task["parent_pid"])
    os.nice(BEHIND)
    try:
        _run(task)
    except Refused as refusal:
        _send({"kind": "refused", "code": refusal.code, "message": refusal.message})
    except MemoryError:
        megabytes = task["limits"]["memory_bytes"] // 1024**2
        _send(
            {
                "kind": "refused",
                "code": "decoder_crashed",
                "message": f"Decoding this file takes more than {megabytes} MB of memory.",
            }
        )
    except Exception:  # noqa: BLE001  # the one place where a bug of this process becomes a message for the reader
        _send({"kind": "bug", "traceback": traceback.format_exc()[-8000:]})
    os._exit(0)  # no destructors: FFmpeg may be in any state, and the reader has everything


if __name__ == "__main__":
    main()

"""Runs in the decoder process: where pictures come from: FFmpeg for videos, Pillow for animated WebP and folders of pictures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import av
import av.logging
import numpy as np
from av.format import Flags
from av.stream import Disposition

from kinesight.media.geometry import Orientation, orientation_of

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif,apng,ivf,ogg,flv,asf,mpeg,mpegts,mpegvideo,h264,hevc,av1,obu,mjpeg,m4v,nut,"
    "yuv4mpegpipe,mxf,dv"
)
"""Demuxers that read one file and never open another; playlists, manifests, concatenations and devices are not among them."""

CONTAINER_OPTIONS = {"format_whitelist": FORMATS, "protocol_whitelist": "none", "max_streams": "100"}

DECODERS = (
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,libdav1d,av1,vvc,mpeg4,msmpeg4v1,msmpeg4,msmpeg4v2,mpeg1video,mpeg2video,h263,h263p,flv,mjpeg,"
    "gif,png,apng,prores,dnxhd,ffv1,huffyuv,ffvhuff,utvideo,rawvideo,theora,wmv1,wmv2,wmv3,vc1,svq3,cinepak,dvvideo,qtrle,v210,"
    "webp,bmp,jpeg2000,cfhd,hap"
)

NOMINAL_INTERVAL_S = 1 / 30
"""Taken where a file does not say how often its pictures come."""


_OVERSIZE = re.compile(r"Picture size (\d+)x(\d+)")


class Refused(Exception):
    """The file cannot be used; `code` is that of the typed error."""

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Picture(NamedTuple):
    """One decoded picture as it was coded, with its own stamp in seconds."""

    frame: av.VideoFrame
    stamp_s: float | None
    orientation: Orientation


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file says about itself before anything is decoded."""

    codec: str | None
    has_audio: bool
    fps: float | None
    frame_count: int | None
    duration_s: float | None
    pixel_aspect: Fraction | None
    duration_is_of_video: bool = True

    @property
    def interval_s(self) -> float:
        """Return the nominal time between two pictures."""
        return 1 / self.fps if self.fps and 1 / 3600 < self.fps < 10_000 else NOMINAL_INTERVAL_S


class Source(Protocol):
    """A file that is open."""

    damage: int
    header: Header

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture in display order; what cannot be decoded is left out and counted in `damage`."""


def check_size(width_px: int, height_px: int, max_side_px: int) -> None:
    """Refuse pictures without area or beyond the limit."""
    if width_px <= 0 or height_px <= 0:
        raise Refused("zero_size_picture")
    if max(width_px, height_px) > max_side_px:
        raise Refused("video_too_large", f"The picture is {width_px} × {height_px} pixels; the limit is {max_side_px} a side.")


class FFmpegSource:
    """A video file read through FFmpeg."""

    def __init__(self, file: Any, *, max_side_px: int, threads: int) -> None:
        self.damage = 0
        self._max_side_px = max_side_px
        self._angle_deg: int | None = None
        self._last_orientation = Orientation()
        av.logging.set_level(av.logging.ERROR)
        self._complaints = av.logging.Capture(local=False).__enter__()
        guard = {"max_pixels": str(max_side_px**2)}
        self._container = av.open(file, container_options=CONTAINER_OPTIONS, options=guard, metadata_errors="replace")
        self._stream = _best_stream(self._container)
        self._refuse_oversize()
        context = self._stream.codec_context
        if context is None or context.name not in DECODERS.split(","):
            raise Refused("codec_unsupported")
        check_size(context.width, context.height, max_side_px)
        context.options = guard
        context.thread_count = threads
        context.thread_type = "AUTO"
        self.header = self._read_header()
        self._origin_s = 0.0
        if self._container.format.flags & Flags.ts_discont.value and self._container.start_time is not None:
            self._origin_s = self._container.start_time / av.time_base  # the clock of broadcast streams starts anywhere

    def _read_header(self) -> Header:
        stream, container = self._stream, self._container
        duration_s = float(stream.duration * stream.time_base) if (stream.duration or 0) > 0 and stream.time_base else None
        whole_s = container.duration / av.time_base if (container.duration or 0) > 0 else None
        rate = stream.average_rate or stream.guessed_rate
        return Header(
            codec=stream.codec_context.codec.canonical_name,
            has_audio=bool(container.streams.audio),
            fps=float(rate) if rate and rate > 0 else None,
            frame_count=stream.frames if stream.frames > 0 else None,
            duration_s=whole_s if duration_s is None else duration_s,
            pixel_aspect=stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio,
            duration_is_of_video=duration_s is not None or not container.streams.audio,
        )

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture in display order; what cannot be decoded is left out and counted in `damage`."""
        for packet in self._packets():
            for frame in self._decoded(packet):
                check_size(frame.width, frame.height, self._max_side_px)
                self.damage += bool(frame.is_corrupt)
                yield Picture(frame, self._stamp_s(frame), self._orientation(frame))

    def _orientation(self, frame: av.VideoFrame) -> Orientation:
        """Return the orientation of a picture, looking at its matrix only where its angle is new.

        To look at side data ties a frame to itself, so that hundreds of pictures stay in memory until Python's collector comes by
        (measured: 480 MB instead of 80 MB for 1080p).
        """
        if self._angle_deg != frame.rotation:
            self._angle_deg = frame.rotation
            self._last_orientation = _orientation(frame)
        return self._last_orientation

    def _stamp_s(self, frame: av.VideoFrame) -> float | None:
        stamp = frame.pts if frame.pts is not None else frame.dts
        if stamp is None or frame.time_base is None:
            return None
        return float(stamp * frame.time_base) - self._origin_s

    def _refuse_oversize(self) -> None:
        """Refuse what FFmpeg has refused to make room for, which only its log says; raise `MemoryError` if there is no room."""
        for _, _, text in self._complaints:
            if "get_buffer() failed" in text:
                context = self._stream.codec_context
                bytearray(4 * context.width * context.height)  # raises if it was for want of memory
            if (size := _OVERSIZE.search(text)) is not None:
                check_size(max(1, int(size[1])), max(1, int(size[2])), self._max_side_px)
        self._complaints.clear()

    def _packets(self) -> Iterator[av.Packet[Any] | None]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except MemoryError:
                raise
            except av.FFmpegError:  # the file breaks off; what the decoder still holds is flushed
                self.damage += 1
                yield None
                return
            yield packet

    def _decoded(self, packet: av.Packet[Any] | None) -> list[av.VideoFrame]:
        if self._complaints:
            self._refuse_oversize()
        try:
            frames: list[av.VideoFrame] = self._stream.decode(packet)
        except MemoryError:
            raise
        except av.EOFError:
            return []
        except av.FFmpegError:
            self._refuse_oversize()
            self.damage += 1
            return []
        return frames


def _best_stream(container: Any) -> Any:
    """Return the moving picture to read: one that is marked as default, then the largest."""
    if not container.streams.video and not container.streams.audio:
        raise Refused("not_a_video")
    unmoving = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    streams = [stream for stream in container.streams.video if not stream.disposition & unmoving]
    if not streams:
        raise Refused("no_video_stream")

    def rank(stream: Any) -> tuple[bool, int]:
        context = stream.codec_context
        return bool(stream.disposition & Disposition.default), context.width * context.height if context else 0

    return max(streams, key=rank)


def _orientation(frame: av.VideoFrame) -> Orientation:
    try:
        entries: list[Any] = list(frame.side_data)
    except ValueError:  # av knows fewer kinds of side data than FFmpeg; its angle (anticlockwise) does without the list
        return Orientation(round(-frame.rotation / 90) % 4)
    for entry in entries:
        if entry.type.name == "DISPLAYMATRIX":
            return orientation_of(bytes(entry))
    return Orientation()


class WebPSource:
    """An animated WebP read through Pillow, because FFmpeg does not decode animated WebP."""

    def __init__(self, file: Any, *, max_side_px: int, threads: int) -> None:
        from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  # loaded before the lock-down, and for such files only

        self.damage = 0
        self.threads = threads
        try:
            self._image = Image.open(file, formats=["WEBP"])
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
            raise Refused("truncated_video", "The WebP file is damaged: 0.0 s could be read; upload it again.") from error
        check_size(*self._image.size, max_side_px)
        self.header = Header(
            codec="webp",
            has_audio=False,
            fps=None,
            frame_count=getattr(self._image, "n_frames", 1),
            duration_s=None,
            pixel_aspect=None,
        )

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture; its stamp is the sum of the delays before it."""
        stamp_ms = 0.0
        for index in range(self.header.frame_count or 0):
            try:
                self._image.seek(index)
                frame = _frame_of(self._image)
            except (OSError, EOFError, ValueError):
                self.damage += 1
                return
            yield Picture(frame, stamp_ms / 1000, Orientation())
            stamp_ms += float(self._image.info.get("duration", 0))


class FolderSource:
    """Pictures that the reader hands over one at a time, at a steady rate."""

    def __init__(self, hand_over: Callable[[int], bytes], *, picture_count: int, fps: float, max_side_px: int) -> None:
        self.damage = 0
        self._hand_over = hand_over
        self._max_side_px = max_side_px
        self.header = Header(
            codec=None, has_audio=False, fps=fps, frame_count=picture_count, duration_s=picture_count / fps, pixel_aspect=None
        )

    def pictures(self) -> Iterator[Picture]:
        """Yield every picture that can be read, upright; a damaged one leaves a gap in time."""
        from PIL import Image, ImageOps, UnidentifiedImageError  # noqa: PLC0415  # loaded before the lock-down, and for folders only

        for index in range(self.header.frame_count or 0):
            try:
                image = Image.open(BytesIO(self._hand_over(index)), formats=["JPEG", "PNG"])
                check_size(*image.size, self._max_side_px)
                frame = _frame_of(ImageOps.exif_transpose(image))
            except (UnidentifiedImageError, OSError, EOFError, ValueError, SyntaxError):
                self.damage += 1
                continue
            yield Picture(frame, index / (self.header.fps or 30.0), Orientation())


def _frame_of(image: Image) -> av.VideoFrame:
    if image.mode.startswith("I;16"):  # Pillow's own conversion would cut 16 bits off at 255
        grey = (np.asarray(image) >> 8).astype(np.uint8)
        return av.VideoFrame.from_ndarray(grey, format="gray")
    return av.VideoFrame.from_ndarray(np.asarray(image.convert("RGBA")), format="rgba")

"""Runs in the decoder process: puts the sound of an untrusted file beside the pictures of a file that we wrote."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import av
from av.audio.resampler import AudioResampler
from av.format import Flags

from kinesight.media.files import PlainFile
from kinesight.media.sources import CONTAINER_OPTIONS

_COPIED = ("aac", "mp3")
"""What browsers play from an MP4 file; everything else is encoded again, as AAC."""

_DECODERS = (
    "aac,aac_latm,mp3,mp3float,mp2,mp2float,mp1,opus,libopus,vorbis,flac,alac,ac3,eac3,amrnb,amrwb,libopencore_amrnb,"
    "libopencore_amrwb,wmav1,wmav2,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,"
    "pcm_u8,pcm_alaw,pcm_mulaw"
)

_BIT_RATE = 128_000


class _Sink:
    """The file to write: opened by the parent, moved in because the index is put to the front at the end."""

    def __init__(self, descriptor: int, reading: int) -> None:
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._again = PlainFile(reading)

    def write(self, data: bytes) -> int:
        whole = memoryview(data)
        while whole:
            whole = whole[self._file.write(whole) :]
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def open_again(self, _url: str, _flags: int, _options: Mapping[str, str]) -> PlainFile:
        """Return a second view, for moving the index."""
        return self._again


def sound_stream(container: Any) -> Any:
    """Return the sound to keep, None where there is none that can be read: the default one, or the first."""
    known = _DECODERS.split(",")
    streams = [stream for stream in container.streams.audio if stream.codec_context and stream.codec_context.name in known]
    return max(streams, key=lambda stream: bool(stream.disposition & 1), default=None)


class SoundJob:
    """Takes hold of the files when it is made; reads them when it is run."""

    def __init__(self, task: Mapping[str, Any]) -> None:
        self._source = PlainFile(task["file"])
        self._pictures = PlainFile(task["pictures"])
        self._sink = _Sink(task["output"], task["output_again"])
        self._shift_s = Fraction(task["shift_s"])

    def run(self) -> bool:
        """Write pictures and sound; return whether there was any sound. If there was none, nothing is written."""
        sounding = av.open(self._source, container_options=CONTAINER_OPTIONS, metadata_errors="replace")
        heard = sound_stream(sounding)
        if heard is None:
            return False
        _mux(av.open(self._pictures), sounding, heard, self._sink, self._shift_s)
        return True


def _mux(seen_in: Any, sounding: Any, heard: Any, sink: _Sink, shift_s: Fraction) -> None:
    if sounding.format.flags & Flags.ts_discont.value and sounding.start_time is not None:
        shift_s -= Fraction(sounding.start_time, av.time_base)
    with av.open(sink, "w", format="mp4", options={"movflags": "faststart"}, io_open=sink.open_again) as output:
        seen = output.add_stream_from_template(seen_in.streams.video[0])
        if heard.codec_context.codec.canonical_name in _COPIED:
            sound = _copied(sounding, heard, output, shift_s)
        else:
            sound = _encoded(sounding, heard, output, shift_s)
        for packet in heapq.merge(_restreamed(seen_in, seen), sound, key=_time):
            output.mux(packet)


def _time(packet: Any) -> Fraction:
    return Fraction(packet.dts * packet.time_base)


def _restreamed(container: Any, stream: Any) -> Iterator[Any]:
    for packet in container.demux(video=0):
        if packet.dts is not None:
            packet.stream = stream
            yield packet


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets of a stream up to where the file breaks off."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, av.FFmpegError):
            return
        yield packet


def _copied(container: Any, heard: Any, output: Any, shift_s: Fraction) -> Iterator[Any]:
    stream = output.add_stream_from_template(heard)
    ticks = round(shift_s / heard.time_base)

    def packets() -> Iterator[Any]:
        last = None
        for packet in _packets(container, heard):
            if packet.dts is None or packet.pts is None or packet.is_corrupt:
                continue
            packet.pts += ticks
            packet.dts += ticks
            if last is None or packet.dts > last:
                last = packet.dts
                packet.stream = stream
                yield packet

    return packets()


def _encoded(container: Any, heard: Any, output: Any, shift_s: Fraction) -> Iterator[Any]:
    layout = "mono" if heard.codec_context.layout.nb_channels == 1 else "stereo"
    rate = 44_100 if heard.codec_context.sample_rate == 44_100 else 48_000
    stream = output.add_stream("aac", rate=rate, layout=layout, bit_rate=_BIT_RATE)
    resampler = AudioResampler(format="fltp", layout=layout, rate=rate, frame_size=1024)

    def frames() -> Iterator[Any]:
        position: int | None = None
        for packet in _packets(container, heard):
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                continue
            for frame in decoded:
                if position is None and frame.pts is not None:
                    position = round((frame.pts * frame.time_base + shift_s) * rate)
                frame.pts = None
                for piece in resampler.resample(frame):
                    yield piece, position or 0
        for piece in resampler.resample(None):
            yield piece, position or 0

    def packets() -> Iterator[Any]:
        written = 0
        for piece, start in frames():
            piece.pts, piece.time_base = start + written, Fraction(1, rate)
            written += piece.samples
            yield from stream.encode(piece)
        yield from stream.encode(None)

    return packets()

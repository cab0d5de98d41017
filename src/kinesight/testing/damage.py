"""Damaged files for tests: what bad disks, broken uploads and ill will make of a good one. The same seed gives the same files."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

_HEADERS = (
    b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom",
    b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x1fB\x86\x81\x01B\xf7\x81\x01",
    b"RIFF\xff\xff\xff\x7fAVI LIST",
    b"RIFF\xff\xff\x00\x00WEBPVP8X",
    b"GIF89a\xff\xff\xff\xff\xf7\x00\x00",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
    b"ffconcat version 1.0\nfile /etc/hostname\n",
    b"\x47\x40\x00\x10\x00\x00\xb0\x0d",
    b"\x00\x00\x01\xba\x44\x00\x04\x00",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """One damaged file: what was done, and the bytes."""

    kind: str
    data: bytes


def _flip_bits(data: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(2 ** dice.randrange(10)):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _flip_header_bits(data: bytes, dice: random.Random) -> bytes:
    """Flip bits where the index is: in the first and the last two kilobytes."""
    damaged = bytearray(data)
    for _ in range(2 ** dice.randrange(6)):
        offset = dice.randrange(min(2048, len(damaged)))
        damaged[offset if dice.random() < 0.5 else -1 - offset] ^= 1 << dice.randrange(8)
    return bytes(damaged)


def _cut_end(data: bytes, dice: random.Random) -> bytes:
    return data[: dice.randrange(len(data))]


def _cut_out(data: bytes, dice: random.Random) -> bytes:
    start = dice.randrange(len(data))
    return data[:start] + data[start + dice.randrange(1, max(2, len(data) // 4)) :]


def _blank(data: bytes, dice: random.Random) -> bytes:
    """Overwrite a stretch with zeros, as a lost block of a disk reads."""
    start = dice.randrange(len(data))
    length = min(len(data) - start, dice.randrange(1, 65_536))
    return data[:start] + bytes(length) + data[start + length :]


def _mix_header(data: bytes, dice: random.Random) -> bytes:
    """Put the beginning of another kind of file before, or over, the beginning."""
    header = dice.choice(_HEADERS)
    return header + (data if dice.random() < 0.5 else data[len(header) :])


def _extreme_numbers(data: bytes, dice: random.Random) -> bytes:
    """Overwrite four-byte fields of the index with the numbers that programs stumble over."""
    damaged = bytearray(data)
    for _ in range(dice.randrange(1, 8)):
        offset = dice.randrange(min(4096, len(damaged)))
        offset = offset if dice.random() < 0.5 else max(0, len(damaged) - 4 - offset)
        damaged[offset : offset + 4] = dice.choice(
            (b"\x00" * 4, b"\xff" * 4, b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x00\x00\x01")
        )
    return bytes(damaged)


def _shuffle(data: bytes, dice: random.Random) -> bytes:
    """Swap two stretches."""
    first, second = sorted((dice.randrange(len(data)), dice.randrange(len(data))))
    length = min(dice.randrange(1, 8192), second - first, len(data) - second)
    return (
        data[:first]
        + data[second : second + length]
        + data[first + length : second]
        + data[first : first + length]
        + data[second + length :]
    )


_WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bits": _flip_bits,
    "header bits": _flip_header_bits,
    "cut end": _cut_end,
    "cut out": _cut_out,
    "blank": _blank,
    "other header": _mix_header,
    "extreme numbers": _extreme_numbers,
    "shuffled": _shuffle,
}


def damaged_variants(data: bytes, *, count: int, seed: int = 0) -> Iterator[Damaged]:
    """Yield damaged variants of a file, each way of damaging in turn.

    Parameters
    ----------
    data
        A good file, not empty.
    count
        How many; variant k is the same for every count above k.
    seed
        Starting point of the dice.
    """
    if not data:
        raise ValueError("there is nothing to damage")
    ways = tuple(_WAYS.items())
    for number in range(count):
        kind, damage = ways[number % len(ways)]
        yield Damaged(kind=kind, data=damage(data, random.Random(f"{seed} {number}")))  # noqa: S311  # repeatable, not secret

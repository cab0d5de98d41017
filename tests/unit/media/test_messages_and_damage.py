"""Messages survive any cutting into pieces; nonsense is noticed; damage is repeatable; JPEG comes back."""

import io

import numpy as np
import PIL.Image
import pytest

from kinesight.media import messages
from kinesight.media.jpeg import encode_jpeg
from kinesight.media.limits import MediaLimits
from kinesight.settings import Settings
from kinesight.testing.damage import damaged_variants
from kinesight.testing.videos import number_in, numbered_picture


def test_messages_arrive_whole_from_single_bytes() -> None:
    sent = [{"kind": "frame", "slot": 1, "time_s": 0.1}, {"kind": "end", "text": "ü"}]
    buffer, received = bytearray(), []
    for byte in b"".join(messages.encode(message) for message in sent):
        buffer.append(byte)
        if (message := messages.decode(buffer)) is not None:
            received.append(message)
    assert received == sent
    assert not buffer


@pytest.mark.parametrize(
    "nonsense", [b"\xff\xff\xff\xff", b"\x00\x00\x00\x02[]", b"\x00\x00\x00\x02{}", b"\x00\x00\x00\x03\xff\xfe\xfd"]
)
def test_nonsense_is_noticed(nonsense: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        messages.decode(bytearray(nonsense))


def test_damage_is_repeatable_and_real() -> None:
    data = bytes(range(256)) * 40
    first = list(damaged_variants(data, count=40, seed=3))
    assert first == list(damaged_variants(data, count=60, seed=3))[:40]
    assert first != list(damaged_variants(data, count=40, seed=4))
    assert sum(variant.data == data for variant in first) <= 2
    assert len({variant.kind for variant in first}) == 8


def test_nothing_cannot_be_damaged() -> None:
    with pytest.raises(ValueError, match="nothing"):
        next(damaged_variants(b"", count=1))


def test_jpeg_shows_the_picture() -> None:
    rgb = numbered_picture(345)
    decoded = np.asarray(PIL.Image.open(io.BytesIO(encode_jpeg(rgb, 90))))
    assert number_in(decoded) == 345
    assert np.abs(decoded.astype(int) - rgb).mean() < 3
    assert len(encode_jpeg(rgb, 30)) < len(encode_jpeg(rgb, 95))
    with pytest.raises(ValueError, match="quality"):
        encode_jpeg(rgb, 0)


def test_limits_come_from_the_settings() -> None:
    limits = MediaLimits.from_settings(Settings(max_upload_mb=1, max_duration_s=5, max_side_px=640, decode_memory_mb=256))
    assert (limits.max_bytes, limits.max_duration_s, limits.max_side_px) == (1_000_000, 5, 640)
    assert limits.memory_bytes == 256 * 1024**2
    with pytest.raises(ValueError, match="max_side_px"):
        MediaLimits(max_side_px=0)

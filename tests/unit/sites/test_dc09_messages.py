"""DC-09 frames: checked against the published layout, counted and summed by hand, and read back."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesight.panels.dc09 import Line, contact_id, crc16, decode, encode

NOON_S = dt.datetime(2026, 2, 3, 12, 34, 56, tzinfo=dt.UTC).timestamp()
PLAIN = Line(account="1234")


def test_the_checksum_is_the_catalogued_one() -> None:
    # "123456789" is the check input of the catalogue of parametrised CRC algorithms; 0xBB3D is CRC-16/ARC
    assert crc16(b"123456789") == 0xBB3D
    assert crc16(b"") == 0


def test_an_event_has_the_published_layout() -> None:
    frame = encode(
        "ADM-CID", sequence=7, data=contact_id(account="1234", code="130", partition=1, zone=15), line=PLAIN, time_s=NOON_S
    )
    content = b'"ADM-CID"0007L0#1234[#1234|1130 01 015]_12:34:56,02-03-2026'
    assert len(content) == 0x3B
    assert frame[:1] == b"\n"
    assert frame[-1:] == b"\r"
    assert frame[5:9] == b"003B"
    assert frame[9:-1] == content


@pytest.mark.parametrize("flip", range(1, 40))
def test_any_changed_byte_is_noticed(flip: int) -> None:
    frame = bytearray(encode("ADM-CID", sequence=7, data="#1234|1130 01 015", line=PLAIN, time_s=None))
    frame[min(flip, len(frame) - 2)] ^= 0x01
    with pytest.raises(ValueError, match=r"^it"):
        decode(bytes(frame))


def test_receiver_and_line_come_before_the_account() -> None:
    line = Line(account="ABC", receiver="1F", line="2")
    frame = encode("NULL", sequence=9999, data="", line=line, time_s=None)
    assert b'"NULL"9999R1FL2#ABC[]\r' in frame
    read = decode(frame)
    assert (read.id, read.sequence, read.receiver, read.line, read.account, read.data, read.time_s) == (
        *("NULL", 9999, "1F", "2", "ABC", ""),
        None,
    )


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_an_encrypted_frame_hides_data_and_time(bits: int) -> None:
    key = bytes(range(bits // 8))
    line = Line(account="1234", key=key)
    frames = {encode("ADM-CID", sequence=1, data="#1234|1130 01 015", line=line, time_s=NOON_S) for _ in range(8)}
    assert len(frames) > 1, "the pad is drawn by lot"
    for frame in frames:
        hidden = re.fullmatch(rb'\n[0-9A-F]{8}"\*ADM-CID"0001L0#1234\[([0-9A-F]+)\r', frame)
        assert hidden is not None
        assert len(hidden[1]) % 32 == 0, "whole blocks of 16 bytes"
        read = decode(frame, key=key)
        assert (read.data, read.time_s, read.is_encrypted) == ("#1234|1130 01 015", NOON_S, True)
        with pytest.raises(ValueError, match="no key"):
            decode(frame)


@given(st.text("0123456789ABCDEF", min_size=3, max_size=16), st.integers(1, 9999), st.integers(0, 99), st.integers(0, 999))
def test_what_is_written_can_be_read(account: str, sequence: int, partition: int, zone: int) -> None:
    data = contact_id(account=account, code="139", partition=partition, zone=zone)
    read = decode(encode("ADM-CID", sequence=sequence, data=data, line=Line(account=account), time_s=NOON_S))
    assert (read.account, read.sequence, read.data) == (account, sequence, data)
    assert re.fullmatch(rf"#{account}\|1139 [0-9]{{2}} [0-9]{{3}}", data)


@pytest.mark.parametrize(
    "noise", [b"", b"\r", b"\n\r", b"HTTP/1.1 200 OK\r\n", b"\n00000000\r", b'\nBB3D0009"12345678\r', bytes(300)]
)
def test_noise_is_refused(noise: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(it|its)"):
        decode(noise)


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(ValueError, match="sequence"):
        encode("ADM-CID", sequence=10_000, data="", line=PLAIN, time_s=None)
    with pytest.raises(ValueError, match="time"):
        encode("ADM-CID", sequence=1, data="", line=Line(account="1234", key=bytes(16)), time_s=None)
    with pytest.raises(ValueError, match="at most"):
        encode("ADM-CID", sequence=1, data="x" * 4096, line=PLAIN, time_s=None)
    with pytest.raises(UnicodeEncodeError):
        encode("ADM-CID", sequence=1, data="ä", line=PLAIN, time_s=None)

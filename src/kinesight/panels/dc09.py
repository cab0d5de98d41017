"""Messages of SIA DC-09, written and read; no network here.

The frame, its checksum and its parts are those of ANSI/SIA DC-09 (2007, 2013, 2021), section 5:

    LF crc 0LLL "id" seq Rreceiver Lline #account [data]_HH:MM:SS,MM-DD-YYYY CR

`crc` (CRC-16 with polynomial x^16 + x^15 + x^2 + 1, least significant bit first, starting at 0) and the length `0LLL` are four
hexadecimal digits each and cover everything from the first quote up to, not including, the carriage return. Events are those of
SIA DC-05 (Contact ID) under the id ADM-CID: `#account|QEEE GG CCC`. With a key the id begins with an asterisk, and what follows
the bracket is `pad|data]_timestamp`, AES in CBC mode with an initial value of zeros, in hexadecimal digits.
"""

from __future__ import annotations

import datetime as dt
import re
import secrets
import string
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

ACK, NAK, DUH, EVENT = "ACK", "NAK", "DUH", "ADM-CID"
LAST_SEQUENCE = 9999
LONGEST = 0xFFF
BLOCK = 16
PAD_LETTERS = string.ascii_letters + string.digits
STAMP = "_%H:%M:%S,%m-%d-%Y"

_FRAME = re.compile(rb"\n([0-9A-Fa-f]{4})0([0-9A-Fa-f]{3})(\".*)\r", re.DOTALL)
_BODY = re.compile(
    r'"(?P<star>\*?)(?P<id>[A-Z0-9-]{1,16})"(?P<sequence>[0-9]{4})'
    r"(?:R(?P<receiver>[0-9A-Fa-f]{1,6}))?L(?P<line>[0-9A-Fa-f]{1,6})(?:[#A](?P<account>[0-9A-Fa-f]{1,16}))?"
    r"\[(?P<rest>.*)",
    re.DOTALL,
)
_STAMP = re.compile(r"_[0-9]{2}:[0-9]{2}:[0-9]{2},[0-9]{2}-[0-9]{2}-[0-9]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Between whom messages go: numbers of receiver and line, account of the premises, all hexadecimal; `key` encrypts."""

    account: str
    receiver: str | None = None
    line: str = "0"
    key: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a frame says. `time_s` is since the epoch; None where the frame has no stamp."""

    id: str
    sequence: int
    data: str
    account: str | None = None
    receiver: str | None = None
    line: str = "0"
    time_s: float | None = None
    is_encrypted: bool = False


def crc16(content: bytes) -> int:
    """Return the checksum: polynomial 0x8005, bits reflected, starting at 0 (in catalogues CRC-16/ARC)."""
    crc = 0
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


def contact_id(*, account: str, code: str, partition: int, zone: int, qualifier: int = 1) -> str:
    """Return an event of Contact ID (SIA DC-05): qualifier 1 is a new event, 3 a restoral."""
    return f"#{account}|{qualifier}{code} {partition:02d} {zone:03d}"


def encode(identity: str, *, sequence: int, data: str, line: Line, time_s: float | None) -> bytes:
    """Return a frame.

    Parameters
    ----------
    identity
        Kind of message, such as `ADM-CID` or `ACK`.
    sequence
        1 to 9999; the same again when the message is repeated.
    data
        What stands between the brackets.
    time_s
        Seconds since the epoch for the stamp, None for none. Encrypted messages have to have one.

    Raises
    ------
    ValueError
        Too long, not ASCII, a sequence out of range, or encrypted without a time.
    """
    if not 0 <= sequence <= LAST_SEQUENCE:
        raise ValueError(f"sequence {sequence} is not within 0 to {LAST_SEQUENCE}")
    if line.key is not None and time_s is None:
        raise ValueError("an encrypted message has to have a time")
    receiver = "" if line.receiver is None else f"R{line.receiver}"
    stamp = "" if time_s is None else dt.datetime.fromtimestamp(time_s, dt.UTC).strftime(STAMP)
    star, rest = ("", f"{data}]{stamp}") if line.key is None else ("*", _encrypted(f"|{data}]{stamp}", line.key))
    content = f'"{star}{identity}"{sequence:04d}{receiver}L{line.line}#{line.account}[{rest}'.encode("ascii")
    if len(content) > LONGEST:
        raise ValueError(f"the message has {len(content)} bytes; at most {LONGEST} fit")
    return b"\n%04X0%03X%s\r" % (crc16(content), len(content), content)


def decode(frame: bytes, *, key: bytes | None = None) -> Message:
    """Return what a frame says. Raises `ValueError` for one that is damaged or cannot be read."""
    match = _FRAME.fullmatch(frame)
    if match is None:
        raise ValueError("it is not framed as DC-09")
    content = match[3]
    if int(match[2], 16) != len(content):
        raise ValueError(f"it has {len(content)} bytes instead of the {int(match[2], 16)} that it announces")
    if int(match[1], 16) != crc16(content):
        raise ValueError("its checksum is wrong")
    body = _BODY.fullmatch(content.decode("latin-1"))
    if body is None:
        raise ValueError("its parts cannot be told apart")
    rest = body["rest"]
    if body["star"]:
        if key is None:
            raise ValueError("it is encrypted, and there is no key")
        _, _, rest = _decrypted(rest, key).partition("|")
    data, _, stamp = rest.rpartition("]")
    return Message(
        id=body["id"],
        sequence=int(body["sequence"]),
        data=data,
        account=body["account"],
        receiver=body["receiver"],
        line=body["line"],
        time_s=_time_of(stamp),
        is_encrypted=bool(body["star"]),
    )


def _time_of(stamp: str) -> float | None:
    if not stamp:
        return None
    if not _STAMP.fullmatch(stamp):
        raise ValueError("its time cannot be read")
    return dt.datetime.strptime(stamp, STAMP).replace(tzinfo=dt.UTC).timestamp()


def _encrypted(text: str, key: bytes) -> str:
    pad = "".join(secrets.choice(PAD_LETTERS) for _ in range(BLOCK - len(text) % BLOCK))
    encryptor = Cipher(AES(key), CBC(bytes(BLOCK))).encryptor()
    return (encryptor.update((pad + text).encode("ascii")) + encryptor.finalize()).hex().upper()


def _decrypted(digits: str, key: bytes) -> str:
    secret = bytes.fromhex(digits)
    decryptor = Cipher(AES(key), CBC(bytes(BLOCK))).decryptor()
    return (decryptor.update(secret) + decryptor.finalize()).decode("latin-1")

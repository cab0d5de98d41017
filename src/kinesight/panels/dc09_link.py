"""Sends messages as SIA DC-09 events and waits for the receiver's word."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

from kinesight.domain.errors import SourceForbidden, SourceUnreachable
from kinesight.domain.outputs import Dc09Output, Dial, DueMessage, Receipt
from kinesight.panels.dc09 import ACK, DUH, EVENT, LONGEST, NAK, Line, Message, contact_id, decode, encode

ANSWER_LIMIT_S = 20.0
"""DC-09 has a transmitter wait for 20 s before it repeats."""

ENVELOPE = 10  # line feed, checksum, length and carriage return around the longest content


class Dc09Channel:
    """Implements the port `Channel` for outputs of the kind dc09: one connection for each message."""

    def __init__(self, dial: Dial, *, answer_limit_s: float = ANSWER_LIMIT_S, now_s: Callable[[], float] = time.time) -> None:
        self._dial = dial
        self._answer_limit_s = answer_limit_s
        self._now_s = now_s

    def send(self, due: DueMessage, picture_jpeg: bytes | None) -> Receipt:  # noqa: ARG002 - the protocol has no pictures
        """Send a message and return what became of it; `is_final` when the receiver says that it will never understand."""
        to = due.settings.to
        if not isinstance(to, Dc09Output):
            raise TypeError(f"an output of the kind {to.kind} is not sent as DC-09")
        code = getattr(to.codes, due.message.facts["risk"])
        if code is None:
            return Receipt(is_taken=True, note="not sent: there is no event code for this risk")
        line = line_of(due, to)
        frame = event_of(due, line, code=code, time_s=self._now_s())
        try:
            answer = decode(self._exchange(to, frame), key=line.key)
        except (SourceForbidden, SourceUnreachable) as error:
            return Receipt(is_taken=False, note=error.message)
        except TimeoutError:
            return Receipt(is_taken=False, note="the receiver did not answer in time")
        except OSError as error:
            return Receipt(is_taken=False, note=f"the connection failed: {error.strerror or error}")
        except ValueError as error:
            return Receipt(is_taken=False, note=f"the answer cannot be read: {error}")
        return self._receipt(answer, due.message.sequence)

    def _receipt(self, answer: Message, sequence: int) -> Receipt:
        if answer.id == ACK and answer.sequence == sequence:
            return Receipt(is_taken=True, note="acknowledged")
        if answer.id == DUH and answer.sequence == sequence:
            return Receipt(is_taken=False, is_final=True, note="the receiver cannot process it (DUH)")
        if answer.id == NAK:
            ahead = "" if answer.time_s is None else f"; its clock is {answer.time_s - self._now_s():+.0f} s from ours"
            return Receipt(is_taken=False, note=f"the receiver refused it for now (NAK){ahead}")
        return Receipt(is_taken=False, note=f"the receiver answered {answer.id} to message {answer.sequence}")

    def _exchange(self, to: Dc09Output, frame: bytes) -> bytes:
        open_link = self._dial.connect if to.transport == "tcp" else self._dial.datagrams
        with open_link(to.host, to.port, timeout_s=self._answer_limit_s) as link:
            link.sendall(frame)
            return _one_frame(link, until_s=time.monotonic() + self._answer_limit_s)


def line_of(due: DueMessage, to: Dc09Output) -> Line:
    """Return between whom a message goes: the camera's own account where it has one."""
    account = (due.message.facts.get("panel") or {}).get("account") or to.account
    key = None if to.key is None else bytes.fromhex(to.key)
    return Line(account=account.upper(), receiver=to.receiver, line=to.line, key=key)


def event_of(due: DueMessage, line: Line, *, code: str, time_s: float) -> bytes:
    """Return the frame of a message."""
    panel = due.message.facts.get("panel") or {}
    data = contact_id(account=line.account, code=code, partition=panel.get("partition", 0), zone=panel.get("zone", 0))
    return encode(EVENT, sequence=due.message.sequence, data=data, line=line, time_s=time_s)


def _one_frame(link: socket.socket, *, until_s: float) -> bytes:
    """Read up to the carriage return that ends a frame; a datagram is whole or nothing."""
    read = b""
    while not read.endswith(b"\r"):
        left_s = until_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        link.settimeout(left_s)
        part = link.recv(LONGEST + ENVELOPE)
        if not part:
            raise ValueError("it breaks off")
        read += part
        if len(read) > LONGEST + ENVELOPE:
            raise ValueError("it is longer than any frame")
    return read

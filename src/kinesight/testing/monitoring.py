"""Receivers of a monitoring centre on loopback: DC-09 and mail.

What comes in is taken apart here by code of its own, written after the published format, so that a mistake of the sender is not
repeated by its test.
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

LOOK_EVERY_S = 0.02
GENERATOR = 0x18005  # x^16 + x^15 + x^2 + 1


def remainder(content: bytes) -> int:
    """Return the checksum by long division: the bits of each byte from the lowest, the remainder read backwards."""
    bits = [byte >> place & 1 for byte in content for place in range(8)] + [0] * 16
    register = 0
    for bit in bits:
        register = register << 1 | bit
        if register >> 16:
            register ^= GENERATOR
    return int(f"{register:016b}"[::-1], 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event as it came in; `stamp` is the text of its time."""

    raw: bytes
    identity: str
    sequence: str
    prefix: str
    account: str
    data: str
    stamp: str


def taken_apart(raw: bytes, *, key: bytes | None = None) -> Event:
    """Return the parts of a frame. Raises `AssertionError` naming what is not as published."""
    assert raw[:1] == b"\n", "a line feed begins it"  # noqa: S101
    assert raw[-1:] == b"\r", "a carriage return ends it"  # noqa: S101
    content = raw[9:-1]
    assert raw[1:5].decode() == f"{remainder(content):04X}", "the checksum"  # noqa: S101
    assert raw[5:9].decode() == f"{len(content):04X}", "the length"  # noqa: S101
    head, rest = content.decode("ascii").split("[", 1)
    _, identity, numbers = head.split('"')
    sequence, after = numbers[:4], numbers[4:]
    prefix, account = after.split("#")
    if identity.startswith("*"):
        assert key is not None, "a key for what is encrypted"  # noqa: S101
        decryptor = Cipher(algorithms.AES(key), modes.CBC(b"\0" * 16)).decryptor()
        clear = decryptor.update(bytes.fromhex(rest)).decode("ascii")
        rest = clear[clear.index("|") + 1 :]
    data, stamp = rest.split("]")
    return Event(raw=raw, identity=identity, sequence=sequence, prefix=prefix, account=account, data=data, stamp=stamp)


@dataclass(slots=True, kw_only=True)
class AlarmReceiver:
    """What came in, oldest first.

    `answers` are the next answers: ACK, NAK, DUH, "silence", "noise", "hang up", or the content of a frame that begins with a
    quote; ACK when there is none left.
    """

    port: int
    key: bytes | None = None
    events: list[Event] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def wait(self, count: int) -> list[Event]:
        """Return what came in as soon as it is so many; the caller's time limit ends it otherwise."""
        while len(self.events) < count:
            time.sleep(LOOK_EVERY_S)
        return list(self.events)

    def reply(self, raw: bytes) -> bytes | None:
        """Note an event and return the answer; None: hang up, empty: say nothing."""
        event = taken_apart(raw, key=self.key)
        self.events.append(event)
        how = self.answers.pop(0) if self.answers else "ACK"
        if how in {"silence", "noise", "hang up"}:
            return {"silence": b"", "noise": b"\nZZZZ0003abc\r", "hang up": None}[how]
        if how.startswith('"'):
            return _framed(how)
        stamp = time.strftime("_%H:%M:%S,%m-%d-%Y", time.gmtime())
        where = "R0L0A0" if how == "NAK" else f"{event.prefix}#{event.account}"
        sequence = "0000" if how == "NAK" else event.sequence
        if self.key is not None and how != "NAK":
            return _framed(f'"*{how}"{sequence}{where}[{self._hidden(f"|]{stamp}")}')
        return _framed(f'"{how}"{sequence}{where}[]{stamp if how == "NAK" else ""}')

    def _hidden(self, text: str) -> str:
        padded = "0" * (16 - len(text) % 16) + text
        encryptor = Cipher(algorithms.AES(self.key or b""), modes.CBC(b"\0" * 16)).encryptor()
        return encryptor.update(padded.encode()).hex().upper()


def _framed(text: str) -> bytes:
    content = text.encode()
    return b"\n" + f"{remainder(content):04X}{len(content):04X}".encode() + content + b"\r"


@contextmanager
def alarm_receiver(port: int = 0, *, transport: str = "tcp", key: bytes | None = None) -> Iterator[AlarmReceiver]:
    """Yield a DC-09 receiver that listens on loopback until the block ends."""

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            raw = b""
            while not raw.endswith(b"\r"):
                byte = self.rfile.read(1)
                if not byte:
                    return
                raw += byte
            answer = box.reply(raw)
            if answer == b"":
                self.rfile.read(1)  # until the other side gives up
            elif answer is not None:
                self.wfile.write(answer)

    class Datagram(socketserver.DatagramRequestHandler):
        def handle(self) -> None:
            self.wfile.write(box.reply(self.rfile.read()) or b"")

        def finish(self) -> None:
            if answer := self.wfile.getvalue():  # type: ignore[attr-defined]
                self.socket.sendto(answer, self.client_address)

    class Streams(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server: Any = (
        Streams(("127.0.0.1", port), Stream) if transport == "tcp" else socketserver.UDPServer(("127.0.0.1", port), Datagram)
    )
    box = AlarmReceiver(port=server.server_address[1], key=key)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# without slots: aiosmtpd reads every member of its handler, and Python 3.11.2 leaves a dataclass with slots a broken one
@dataclass(kw_only=True)
class Mailbox:
    """What came in, oldest first. `answers` are the next answers to a mail; "250 OK" when there is none left."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    def wait(self, count: int) -> list[EmailMessage]:
        """Return what came in as soon as it is so many; the caller's time limit ends it otherwise."""
        while len(self.mails) < count:
            time.sleep(LOOK_EVERY_S)
        return list(self.mails)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name
        """Take a mail, or refuse it as asked."""
        if self.answers and not (answer := self.answers.pop(0)).startswith("2"):
            return answer
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 OK"


@contextmanager
def mailbox(port: int, **given: Any) -> Iterator[Mailbox]:
    """Yield a mail server on loopback; `given` goes to aiosmtpd (`ssl_context`, `tls_context`, `authenticator` …)."""
    box = Mailbox(port=port)
    controller = Controller(box, hostname="127.0.0.1", port=port, server_hostname="mail.test", **given)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()

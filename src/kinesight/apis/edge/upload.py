"""Multipart bodies streamed straight to disk: hashed, counted and refused while they arrive."""

from __future__ import annotations

import errno
import hashlib
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from streaming_form_data import ParseFailedException, StreamingFormDataParser
from streaming_form_data.parser import UnexpectedPartException
from streaming_form_data.targets import BaseTarget

from kinesight.apis.edge.body import body_chunks
from kinesight.domain.errors import BadParameter, DiskFull, VideoTooLarge
from kinesight.domain.job import Uploads

BATCH_BYTES = 256 * 1024
"""How much is collected before it goes to the parser's thread: one hop per batch, and little to lose in memory."""

MAX_TEXT_BYTES = 64 * 1024
MAX_PARTS = 64
MALFORMED = (ParseFailedException, ValueError, LookupError, AttributeError, TypeError)
"""What the parser raises on damaged part headers: its own error, or whatever the standard library's header parser trips over."""

ENVELOPE_BYTES = 1024 * 1024
"""What a form may hold besides its file: boundaries, part headers, texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRules:
    """What a form may hold: one file, some text fields; other fields are refused unless `ignores_unknown`."""

    file_field: str
    text_fields: frozenset[str]
    max_file_bytes: int
    ignores_unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRules:
    """What a form with pictures may hold: files whose fields have names of a pattern, so many, and some text fields."""

    pattern: re.Pattern[str]
    shown: str
    most: int
    text_fields: frozenset[str]
    max_file_bytes: int


@dataclass(slots=True, kw_only=True)
class Incoming:
    """A received file that is not anybody's yet; `settled` once it was kept or given up."""

    path: Path
    name: str | None
    size_bytes: int
    sha256: str
    settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A received form; `texts` by field name."""

    texts: dict[str, str]
    file: Incoming | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureForm:
    """A received form with pictures; both by field name."""

    texts: dict[str, str]
    pictures: Mapping[str, Incoming]


class _Text(BaseTarget):  # type: ignore[misc]  # the library is untyped
    def __init__(self, field: str) -> None:
        super().__init__()
        self.field = field
        self.content = bytearray()
        self.parts = 0
        self.ended = 0

    def on_start(self) -> None:
        self.parts += 1
        if self.parts > 1:
            raise BadParameter(f"The form holds {self.field} twice; send it once.")

    def on_data_received(self, chunk: bytes) -> None:
        self.content += chunk
        if len(self.content) > MAX_TEXT_BYTES:
            raise BadParameter(f"{self.field} is longer than {MAX_TEXT_BYTES} bytes.")

    def on_finish(self) -> None:
        self.ended += 1

    def text(self) -> str:
        try:
            text = self.content.decode()
        except UnicodeDecodeError as error:
            raise BadParameter(f"{self.field} is not UTF-8 text.") from error
        if "\0" in text:
            raise BadParameter(f"{self.field} holds a NUL character.")
        return text


class _Ignored(_Text):
    """Takes every part that nobody asked for, and counts them, because each costs the parser time."""

    def on_start(self) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise BadParameter(f"The form has more than {MAX_PARTS} unknown fields.")

    def on_data_received(self, chunk: bytes) -> None:
        """Forget it."""


class _Files(Protocol):
    """Takes the parts of a form that are files; `shown` is what to call their fields."""

    parts: int
    ended: int
    size_bytes: int
    shown: str

    def register(self, parser: StreamingFormDataParser) -> None:
        """Ask a parser for the parts."""


class _File(_Text):
    def __init__(self, field: str, *, sink: BinaryIO, max_bytes: int) -> None:
        super().__init__(field)
        self.sink = sink
        self.max_bytes = max_bytes
        self.size_bytes = 0
        self.hash = hashlib.sha256()
        self.shown = field

    def register(self, parser: StreamingFormDataParser) -> None:
        parser.register(self.field, self)

    def on_data_received(self, chunk: bytes) -> None:
        self.size_bytes += len(chunk)
        if self.size_bytes > self.max_bytes:
            raise too_large(self.max_bytes)
        self.hash.update(chunk)
        self.sink.write(chunk)


class _Pictures(_Text):
    """Several files, each in an upload of its own; `discard` removes what nobody settled."""

    def __init__(self, rules: PictureRules, uploads: Uploads) -> None:
        super().__init__(rules.shown)
        self.rules = rules
        self.uploads = uploads
        self.shown = rules.shown
        self.size_bytes = 0
        self.found: dict[str, Incoming] = {}
        self.sink: BinaryIO | None = None
        self.hash = hashlib.sha256()

    def register(self, parser: StreamingFormDataParser) -> None:
        parser.register("*", self, self._is_one)

    def _is_one(self, _pattern: str, name: str) -> bool:
        # the parser asks right before the part begins, and tells the target no name
        self.field = name
        return self.rules.pattern.fullmatch(name) is not None

    def on_start(self) -> None:
        self.parts += 1
        if self.field in self.found:
            raise BadParameter(f"The form holds {self.field} twice; send it once.")
        if len(self.found) == self.rules.most:
            raise BadParameter(f"The form holds more than {self.rules.most} files {self.shown}.")
        path = self.uploads.create()
        self.sink = path.open("wb")
        self.hash = hashlib.sha256()
        self.found[self.field] = Incoming(path=path, name=plain_name(self.multipart_filename), size_bytes=0, sha256="")

    def on_data_received(self, chunk: bytes) -> None:
        one = self.found[self.field]
        one.size_bytes += len(chunk)
        self.size_bytes += len(chunk)
        if one.size_bytes > self.rules.max_file_bytes:
            raise too_large(self.rules.max_file_bytes)
        self.hash.update(chunk)
        if self.sink is not None:
            self.sink.write(chunk)

    def on_finish(self) -> None:
        super().on_finish()
        self._close()
        one = self.found[self.field]
        one.sha256 = self.hash.hexdigest()
        if one.size_bytes == 0:
            raise BadParameter(f"The file in {self.field} is empty.")

    def _close(self) -> None:
        if self.sink is not None:
            self.sink.close()
            self.sink = None

    def discard(self) -> None:
        self._close()
        for one in self.found.values():
            if not one.settled:
                self.uploads.discard(one.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """How many bytes of files a form may hold in all, and whether unknown fields are passed over."""

    most_file_bytes: int
    ignores_unknown: bool = False


class _FormParser:
    """One form being received; `feed` and `finish` are called one after the other from worker threads."""

    def __init__(self, content_type: str, files: _Files, *, text_fields: frozenset[str], envelope: Envelope) -> None:
        self.fed_bytes = 0
        self.silent_bytes = 0
        self.files = files
        self.envelope = envelope
        self.texts = {name: _Text(name) for name in sorted(text_fields)}
        self.ignored = _Ignored("another field")
        try:
            self.parser = StreamingFormDataParser({"Content-Type": content_type}, strict=not envelope.ignores_unknown)
        except MALFORMED as error:
            raise BadParameter("The Content-Type names no multipart boundary.") from error
        for name, target in self.texts.items():
            self.parser.register(name, target)
        files.register(self.parser)
        if envelope.ignores_unknown:
            self.parser.register("*", self.ignored, lambda _pattern, _name: True)

    def _events(self) -> tuple[int, ...]:
        targets = [self.ignored, *self.texts.values()]
        seen = (self.files.size_bytes, self.files.parts, self.files.ended)
        return (*seen, *(t.parts + t.ended + len(t.content) for t in targets))

    def feed(self, chunk: bytes) -> None:
        before = self._events()
        try:
            self.parser.data_received(chunk)
        except UnexpectedPartException as error:
            allowed = ", ".join([*self.texts, self.files.shown])
            raise BadParameter(f"The form has an unknown field {error.part_name!r}; it may have {allowed}.") from error
        except MALFORMED as error:
            raise BadParameter("The body is not a well-formed multipart form.") from error
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
                raise DiskFull from error
            raise
        self.fed_bytes += len(chunk)
        self.silent_bytes = 0 if self._events() != before else self.silent_bytes + len(chunk)
        # endless part headers reach no target, but grow inside the parser
        if self.silent_bytes > BATCH_BYTES or self.fed_bytes > self.envelope.most_file_bytes + 2 * ENVELOPE_BYTES:
            raise BadParameter("The multipart form holds too much besides its files.")

    def finish(self) -> dict[str, str]:
        is_cut = self.files.parts != self.files.ended or any(t.parts != t.ended for t in self.texts.values())
        if self.fed_bytes == 0 or is_cut:
            raise BadParameter("The multipart form breaks off; its closing boundary is missing.")
        return {name: target.text() for name, target in self.texts.items() if target.parts}


def too_large(max_bytes: int) -> VideoTooLarge:
    """Return the error for a file over the limit."""
    return VideoTooLarge(f"The file is larger than {max_bytes / 1e6:g} MB; send a smaller one.")


def plain_name(name: str | None) -> str | None:
    """Return the last part of a file name from a client, without path, control characters or excess length."""
    last = (name or "").replace("\\", "/").rsplit("/", 1)[-1]
    clean = "".join(c for c in last if c.isprintable()).strip()[:200]
    return clean if clean.strip(".") else None


async def _receive(request: Request, parser: _FormParser) -> None:
    batch = bytearray()
    async for chunk in body_chunks(request):
        batch += chunk
        if len(batch) >= BATCH_BYTES:
            await run_in_threadpool(parser.feed, bytes(batch))
            batch.clear()
    if batch:
        await run_in_threadpool(parser.feed, bytes(batch))


def declared_bytes(request: Request) -> int:
    """Return the Content-Length of a request, 0 where it has none."""
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isascii() and declared.isdigit() else 0


def require_multipart(request: Request) -> str:
    """Return the Content-Type of a multipart request. Raises `HTTPException` 415 for another one."""
    content_type = request.headers.get("content-type", "")
    if content_type.split(";")[0].strip().lower() != "multipart/form-data":
        raise HTTPException(415, "Send the video as multipart/form-data.")
    return content_type


@asynccontextmanager
async def received_form(request: Request, uploads: Uploads, rules: FormRules) -> AsyncIterator[Form]:
    """Receive a form, its file in the incoming folder; a file that nobody settled is gone when the block ends.

    Raises
    ------
    HTTPException
        415 for another content type, 408 for a client that fell silent.
    BadParameter
        Malformed, broken off, unknown or doubled fields, empty file.
    VideoTooLarge
        At the declared length before anything is read, else at the first byte over the limit.
    DiskFull
        Also in the middle of the file.
    ClientDisconnect
        The client went away.
    """
    content_type = require_multipart(request)
    if declared_bytes(request) > rules.max_file_bytes + ENVELOPE_BYTES:
        raise too_large(rules.max_file_bytes)
    path = await run_in_threadpool(uploads.create)
    incoming: Incoming | None = None
    try:
        with path.open("wb") as sink:
            envelope = Envelope(most_file_bytes=rules.max_file_bytes, ignores_unknown=rules.ignores_unknown)
            file = _File(rules.file_field, sink=sink, max_bytes=rules.max_file_bytes)
            parser = _FormParser(content_type, file, text_fields=rules.text_fields, envelope=envelope)
            await _receive(request, parser)
            texts = parser.finish()
        if file.parts:
            if file.size_bytes == 0:
                raise BadParameter(f"The file in {rules.file_field} is empty.")
            incoming = Incoming(
                path=path, name=plain_name(file.multipart_filename), size_bytes=file.size_bytes, sha256=file.hash.hexdigest()
            )
        yield Form(texts=texts, file=incoming)
    finally:
        if incoming is None or not incoming.settled:
            uploads.discard(path)


@asynccontextmanager
async def received_pictures(request: Request, uploads: Uploads, rules: PictureRules) -> AsyncIterator[PictureForm]:
    """Receive a form with several small files; those that nobody settled are gone when the block ends.

    Raises as `received_form`.
    """
    content_type = require_multipart(request)
    envelope = Envelope(most_file_bytes=rules.most * rules.max_file_bytes)
    if declared_bytes(request) > envelope.most_file_bytes + ENVELOPE_BYTES:
        raise too_large(rules.max_file_bytes)
    pictures = _Pictures(rules, uploads)
    try:
        parser = _FormParser(content_type, pictures, text_fields=rules.text_fields, envelope=envelope)
        await _receive(request, parser)
        yield PictureForm(texts=parser.finish(), pictures=pictures.found)
    finally:
        pictures.discard()


def json_type(request: Request) -> bool:
    """Return whether the request declares a JSON body."""
    return request.headers.get("content-type", "").split(";")[0].strip().lower() == "application/json"


async def received_json(request: Request, *, max_bytes: int) -> bytes:
    """Return a small body. Raises `BadParameter` at the first byte over the limit."""
    body = bytearray()
    async for chunk in body_chunks(request):
        body += chunk
        if len(body) > max_bytes:
            raise BadParameter(f"The JSON body is longer than {max_bytes} bytes.")
    return bytes(body)

"""Starts the decoder process, listens to it with a time limit, and makes sure that it is gone afterwards."""

from __future__ import annotations

import json
import os
import select
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Any

from kinesight.domain.errors import CallerError, DecoderCrashed, DecoderTimeLimit, DiskFull, KinesightError, all_errors
from kinesight.media import messages
from kinesight.media.limits import MediaLimits
from kinesight.media.starting import SpawnDecoder, StartDecoder

_TAIL_BYTES = 4000
_SPAWN = SpawnDecoder()


def _errors_by_code() -> dict[str, type[KinesightError]]:
    return {kind.code: kind for kind in all_errors() if issubclass(kind, CallerError | DiskFull)}


class ConfinedProcess:
    """A child process that does one task with an untrusted file. Use it as a context manager: it is killed at the end.

    Parameters
    ----------
    task
        What to do, as `decoder` reads it; the limits and the own process id are added.
    descriptors
        Open file descriptors that the child inherits; they stay open here.
    start
        How the process comes to be; as a fresh interpreter if nothing else is said.
    """

    def __init__(
        self,
        task: Mapping[str, Any],
        *,
        descriptors: Sequence[int],
        limits: MediaLimits,
        start: StartDecoder | None = None,
    ) -> None:
        self._limits = limits
        self._waited_s = 0.0
        self._buffer = bytearray()
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  # closed in close()
        given, self._down = os.pipe()
        self._up, said = os.pipe()
        try:
            self._child = (start or _SPAWN)((given, said, self._complaints.fileno()), descriptors)
        except BaseException:
            self._give_back()
            raise
        finally:
            os.close(given)
            os.close(said)
        os.set_blocking(self._up, False)
        self.why_no_filter: str | None = None
        whole = dict(task) | {"limits": limits.as_document(), "parent_pid": self._child.parent_pid}
        self._send(json.dumps(whole).encode() + b"\n")
        os.set_blocking(self._down, False)

    @property
    def pid(self) -> int:
        """Return the child's process id."""
        return self._child.pid

    def __enter__(self) -> ConfinedProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the child, however busy it is, and give everything back."""
        self._child.kill()
        self._child.close()
        self._give_back()

    def _give_back(self) -> None:
        os.close(self._down)
        os.close(self._up)
        self._complaints.close()

    def _send(self, data: bytes) -> None:
        try:
            messages.write_all(self._down, data)
        except BrokenPipeError:
            return  # it has ended; `receive` finds out why
        except BlockingIOError as error:
            raise DecoderCrashed("The decoder does not listen any more; the file is damaged or hostile.") from error

    def go_on(self, task: Mapping[str, Any]) -> None:
        """Tell a child that has sent its facts what to do next, in a line that is short enough for the pipe."""
        self._send(json.dumps(dict(task)).encode() + b"\n")

    def free_slot(self) -> None:
        """Tell the child that a slot of the ring may be filled again."""
        self._send(messages.SLOT_FREE)

    def picture_ready(self, size_bytes: int) -> None:
        """Tell the child that the picture it asked for is in the inbox."""
        self._send(messages.PICTURE_READY + size_bytes.to_bytes(8, "big"))

    def receive(self) -> dict[str, Any]:
        """Return the next message.

        Raises
        ------
        CallerError
            The child refused the file, died on it, or took too long.
        """
        while True:
            try:
                message = messages.decode(self._buffer)
            except ValueError as error:
                raise DecoderCrashed("The decoder went out of its mind on this file; it is damaged or hostile.") from error
            if message is None:
                self._fill()
            elif message["kind"] == "locked":
                self.why_no_filter = message.get("why_no_filter")
            elif message["kind"] == "refused":
                raise self._refusal(message)
            elif message["kind"] == "bug":
                failure = DecoderCrashed("The decoder failed on this file; it is damaged or hostile. Export it again.")
                failure.add_note(str(message.get("traceback")))
                raise failure
            else:
                return message

    def _refusal(self, message: Mapping[str, Any]) -> KinesightError:
        kind = _errors_by_code().get(str(message.get("code")), DecoderCrashed)
        return kind(str(message.get("message") or "")[:500])

    def _fill(self) -> None:
        """Wait for more bytes, at most as long as the limit allows in the whole life of the child."""
        began_s = time.monotonic()
        left_s = self._limits.wait_s - self._waited_s
        ready, _, _ = select.select([self._up], [], [], max(0.0, left_s))
        self._waited_s += time.monotonic() - began_s
        if not ready:
            raise DecoderTimeLimit(f"The decoder took longer than {self._limits.wait_s:g} s; send a shorter or simpler video.")
        data = os.read(self._up, 65536)
        if not data:
            raise self._obituary()
        self._buffer += data

    def _obituary(self) -> CallerError:
        """Return why the child ended without having said so."""
        try:
            status = self._child.wait(5.0)
        except TimeoutError:
            return DecoderCrashed("The decoder closed its output in the middle of the file; it is damaged or hostile.")
        if status == -signal.SIGXCPU:
            return DecoderTimeLimit(
                f"Decoding took more than {self._limits.cpu_s:g} s of processor time; send a shorter or simpler video."
            )
        cause = f"signal {signal.Signals(-status).name}" if status < 0 else f"exit status {status}"
        error = DecoderCrashed(f"The decoder died on this file ({cause}); it is damaged or hostile. Export it again.")
        self._complaints.seek(0, os.SEEK_SET)
        error.add_note(self._complaints.read(_TAIL_BYTES).decode(errors="replace"))
        return error

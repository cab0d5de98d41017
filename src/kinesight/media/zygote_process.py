"""The zygote: `python -m kinesight.media.zygote_process PARENT`. Loads what decoding needs; makes one copy of itself per order.

Standard input is a socket (see `zygote`): `{"start": number, "descriptors": [...]}` comes with the descriptors for the three
streams, one to say process id and exit status to, and those under the listed numbers; `{"kill": number}` ends a copy. It has one
thread, always.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import select
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Sequence

from kinesight.media import decoder
from kinesight.media.confinement import die_with_parent

_NUMBER = struct.Struct("=i")
_LONGEST_ORDER = 4096
_MOST_DESCRIPTORS = 64
_CANNOT_START = 71  # sysexits.h, EX_OSERR


class Zygote:
    """Makes copies on order and says how they ended."""

    def __init__(self, channel: socket.socket, woken: int) -> None:
        self._channel = channel
        self._woken = woken
        self._pids: dict[int, int] = {}  # by number
        self._tells: dict[int, int] = {}  # where to say how it ended, by process id

    def serve(self) -> None:
        """Take orders until the reader has gone; the copies then die of their parent's death."""
        while True:
            ready, _, _ = select.select([self._channel.fileno(), self._woken], [], [])
            if self._woken in ready:
                os.read(self._woken, 4096)
                self._bury()
            if self._channel.fileno() in ready and not self._take_order():
                return

    def _take_order(self) -> bool:
        content, descriptors, _, _ = socket.recv_fds(self._channel, _LONGEST_ORDER, _MOST_DESCRIPTORS)
        if not content:
            return False
        order = json.loads(content)
        if "kill" in order:
            pid = self._pids.get(order["kill"])
            if pid is not None:  # it is ours and not buried, so nobody else can have its number
                os.kill(pid, signal.SIGKILL)
        else:
            self._copy(order, descriptors)
            for descriptor in descriptors:
                if descriptor not in self._tells.values():
                    os.close(descriptor)
        return True

    def _copy(self, order: dict[str, object], descriptors: list[int]) -> None:
        tells = descriptors[3]
        try:
            pid = os.fork()
        except OSError as error:
            os.write(descriptors[2], f"no copy could be made: {error}\n".encode())
            os.write(tells, _NUMBER.pack(0))
            return
        if pid == 0:
            _become_decoder([*descriptors[:3], *descriptors[4:]], [0, 1, 2, *order["descriptors"]])  # type: ignore[misc]
        self._pids[int(str(order["start"]))] = pid
        self._tells[pid] = tells
        _say(tells, pid)

    def _bury(self) -> None:
        while self._tells:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            tells = self._tells.pop(pid)
            self._pids = {number: one for number, one in self._pids.items() if one != pid}
            _say(tells, os.waitstatus_to_exitcode(status))
            os.close(tells)


def _say(descriptor: int, number: int) -> None:
    try:
        os.write(descriptor, _NUMBER.pack(number))
    except BrokenPipeError:
        return  # nobody wants to know


def _become_decoder(received: Sequence[int], wanted: Sequence[int]) -> None:
    """Turn this copy into a decoder that has the wanted descriptors and no others. Does not return."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        beyond = max(wanted) + 1
        aside = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, beyond) for descriptor in received]
        for source, target in zip(aside, wanted, strict=True):
            os.dup2(source, target)
        for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # the names only
            if int(name) not in wanted:
                _close(int(name))
        decoder.main()
    except BaseException:  # noqa: BLE001  # nothing may return into the zygote's own loop
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(_CANNOT_START)


def _close(descriptor: int) -> None:
    try:
        os.close(descriptor)
    except OSError:
        return  # the one with which the list was read


def main() -> None:
    """Serve the process that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the reader decides when to stop
    die_with_parent(int(sys.argv[1]))
    woken, wakes = os.pipe()
    os.set_blocking(wakes, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes)
    channel = socket.socket(fileno=os.dup(0))
    gc.collect()
    gc.freeze()  # copies share the pages of what lives for ever
    Zygote(channel, woken).serve()


if __name__ == "__main__":
    main()

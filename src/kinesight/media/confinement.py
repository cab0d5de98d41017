"""What a process gives up before it touches an untrusted file: resources, privileges and most system calls. Linux only.

The filter is a list of what decoding needs, not of what is dangerous: whatever is not on it is refused, so that a system call
that is invented later is refused as well. Numbers: Linux asm/unistd.h; program format: linux/seccomp.h, linux/filter.h.
"""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import signal
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_SECCOMP_SET_MODE_FILTER, _SECCOMP_FILTER_FLAG_TSYNC = 1, 1
_EPERM, _ENOSYS = 1, 38

ALLOW: Final = 0x7FFF0000
REFUSE: Final = 0x00050000 | _EPERM
UNKNOWN: Final = 0x00050000 | _ENOSYS
KILL: Final = 0x80000000


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """What the kernel granted. `why_no_filter` is None where the system call filter is in force."""

    resource_limits: bool
    no_new_privileges: bool
    why_no_filter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Allow a call only if (argument & mask) == value; the low 32 bits of the argument are looked at."""

    argument: int
    mask: int
    value: int


_THREAD_ONLY = Condition(argument=0, mask=0x00010000, value=0x00010000)  # CLONE_THREAD: a thread, not a process
_NOT_EXECUTABLE = Condition(argument=2, mask=0x4, value=0)  # PROT_EXEC
_THREAD_NAME = Condition(argument=0, mask=0xFFFFFFFF, value=15)  # PR_SET_NAME

CONDITIONS: Final[Mapping[str, Condition]] = {
    "clone": _THREAD_ONLY,
    "mmap": _NOT_EXECUTABLE,
    "mprotect": _NOT_EXECUTABLE,
    "prctl": _THREAD_NAME,
}

# name: (x86_64, aarch64); None where the architecture has no such call
CALLS: Final[Mapping[str, tuple[int | None, int | None]]] = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "poll": (7, None),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "pread64": (17, 67),
    "pwrite64": (18, 68),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "clone": (56, 220),
    "exit": (60, 93),
    "uname": (63, 160),
    "gettimeofday": (96, 169),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "sigaltstack": (131, 132),
    "prctl": (157, 167),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "ppoll": (271, 73),
    "getcpu": (309, 168),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}

# machine: (AUDIT_ARCH constant, column of CALLS, number of the seccomp call)
MACHINES: Final[Mapping[str, tuple[int, int, int]]] = {"x86_64": (0xC000003E, 0, 317), "aarch64": (0xC00000B7, 1, 277)}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_X32_BIT, _FIRST_UNIFIED = 0x40000000, 424


def filter_program(machine: str) -> bytes:
    """Return the classic BPF program that refuses every call but those in `CALLS`, for a machine in `MACHINES`.

    Calls numbered 424 and above have one number on all machines; they are answered "not implemented", because the C library then
    falls back to an older call that the filter can look into (clone3 to clone).
    """
    architecture, column, _ = MACHINES[machine]
    steps: list[tuple[int, int, int, int]] = [
        (_LOAD, 0, 0, 4),
        (_JUMP_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, KILL),
        (_LOAD, 0, 0, 0),
        (_JUMP_AT_LEAST, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, REFUSE),
        (_JUMP_AT_LEAST, 0, 1, _FIRST_UNIFIED),
        (_RETURN, 0, 0, UNKNOWN),
    ]
    for name, numbers in CALLS.items():
        number = numbers[column]
        if number is None:
            continue
        condition = CONDITIONS.get(name)
        if condition is None:
            steps += [(_JUMP_EQUAL, 0, 1, number), (_RETURN, 0, 0, ALLOW)]
        else:
            steps += [
                (_JUMP_EQUAL, 0, 5, number),
                (_LOAD, 0, 0, 16 + 8 * condition.argument),
                (_AND, 0, 0, condition.mask),
                (_JUMP_EQUAL, 0, 1, condition.value),
                (_RETURN, 0, 0, ALLOW),
                (_RETURN, 0, 0, REFUSE),
            ]
    steps.append((_RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _load_filter() -> str | None:
    """Put the filter in force for every thread; return why not if the kernel refuses."""
    machine = platform.machine()
    if machine not in MACHINES:
        return f"no system call filter is known for {machine}"
    program = filter_program(machine)
    instructions = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program) // 8, ctypes.addressof(instructions)))
    libc = ctypes.CDLL(None, use_errno=True)
    number = MACHINES[machine][2]
    refused = libc.syscall(
        ctypes.c_long(number), ctypes.c_long(_SECCOMP_SET_MODE_FILTER), ctypes.c_long(_SECCOMP_FILTER_FLAG_TSYNC), header
    )
    return f"the kernel refused the system call filter: {os.strerror(ctypes.get_errno())}" if refused else None


def _program_size_bytes() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  # pathlib is not worth its import time here
        return int(statm.read().split()[0]) * resource.getpagesize()


def die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to kill this process when the thread that started it ends; leave at once if that has happened."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(0)


def lock_down(*, memory_bytes: int, cpu_s: float, file_bytes: int) -> Confinement:
    """Give up what decoding does not need. There is no way back, and nothing can be opened afterwards.

    Parameters
    ----------
    memory_bytes
        Address space beyond what the process has already.
    cpu_s
        Processor time, rounded up to whole seconds; SIGXCPU ends the process.
    file_bytes
        Largest size of a file that may be written; 0 for none.
    """
    seconds = max(1, int(-(-cpu_s // 1)))
    memory = _program_size_bytes() + memory_bytes
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write beyond the limit fails with EFBIG
    for kind, soft, hard in (
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_AS, memory, memory),
        (resource.RLIMIT_NOFILE, 32, 32),
    ):
        ceiling = resource.getrlimit(kind)[1]
        bound = hard if ceiling == resource.RLIM_INFINITY else min(hard, ceiling)
        resource.setrlimit(kind, (min(soft, bound), bound))
    privileges = ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    return Confinement(resource_limits=True, no_new_privileges=privileges == 0, why_no_filter=_load_filter())

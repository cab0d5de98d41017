"""The system call filter, run in a small interpreter of classic BPF, so that both architectures are tested on any machine."""

import struct

import pytest

from kinesight.media.confinement import ALLOW, CALLS, CONDITIONS, KILL, MACHINES, REFUSE, UNKNOWN, filter_program

# asm/unistd.h of both architectures: (x86_64, aarch64)
_FORBIDDEN = {
    "socket": (41, 198),
    "connect": (42, 203),
    "sendto": (44, 206),
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "mount": (165, 40),
    "openat": (257, 56),
    "kill": (62, 129),
    "process_vm_writev": (311, 271),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "unshare": (272, 97),
    "setns": (308, 268),
    "ioctl": (16, 29),
    "ftruncate": (77, 46),
    "unlinkat": (263, 35),
    "prlimit64": (302, 261),
}
_IO_URING_SETUP, _CLONE3 = 425, 435


def _verdict(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int:
    """Run the filter over struct seccomp_data: int nr; u32 arch; u64 ip; u64 args[6] (little endian)."""
    arch = MACHINES[machine][0] if architecture is None else architecture
    data = struct.pack("<IIQ6Q", number, arch, 0, *arguments, *([0] * (6 - len(arguments))))
    steps = list(struct.iter_unpack("=HBBI", filter_program(machine)))
    at = accumulator = 0
    while True:
        code, if_true, if_false, constant = steps[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, constant)
        elif code == 0x54:
            accumulator &= constant
        elif code == 0x15:
            at += if_true if accumulator == constant else if_false
        elif code == 0x35:
            at += if_true if accumulator >= constant else if_false
        elif code == 0x06:
            return constant
        else:
            raise AssertionError(f"unknown step {code:#x}")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_on_the_list_is_allowed(machine: str) -> None:
    column = MACHINES[machine][1]
    for name, numbers in CALLS.items():
        if numbers[column] is not None and name not in CONDITIONS:
            assert _verdict(machine, numbers[column]) == ALLOW, name


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", _FORBIDDEN)
def test_what_reaches_outside_is_refused(machine: str, name: str) -> None:
    assert _verdict(machine, _FORBIDDEN[name][MACHINES[machine][1]]) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_only_listed_calls_pass(machine: str) -> None:
    column = MACHINES[machine][1]
    listed = {numbers[column] for numbers in CALLS.values()}
    for number in range(600):
        if number not in listed:
            assert _verdict(machine, number) in {REFUSE, UNKNOWN}


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("number", [_IO_URING_SETUP, _CLONE3, 9999])
def test_newer_calls_seem_not_to_exist(machine: str, number: int) -> None:
    assert _verdict(machine, number) == UNKNOWN


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_may_start_and_processes_may_not(machine: str) -> None:
    clone = CALLS["clone"][MACHINES[machine][1]]
    assert clone is not None
    assert _verdict(machine, clone, 0x003D0F00) == ALLOW  # the flags of pthread_create
    assert _verdict(machine, clone, 17) == REFUSE  # SIGCHLD: fork


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("name", ["mmap", "mprotect"])
def test_memory_cannot_be_made_executable(machine: str, name: str) -> None:
    number = CALLS[name][MACHINES[machine][1]]
    assert number is not None
    assert _verdict(machine, number, 0, 4096, 3) == ALLOW
    assert _verdict(machine, number, 0, 4096, 5) == REFUSE


@pytest.mark.parametrize("machine", MACHINES)
def test_prctl_only_names_threads(machine: str) -> None:
    number = CALLS["prctl"][MACHINES[machine][1]]
    assert number is not None
    assert _verdict(machine, number, 15) == ALLOW
    assert _verdict(machine, number, 38) == REFUSE


def test_calls_of_another_architecture_kill() -> None:
    assert _verdict("x86_64", 0, architecture=0x40000003) == KILL  # i386
    assert _verdict("x86_64", 0x40000000) == REFUSE  # x32

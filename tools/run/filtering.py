"""System calls that no confined program needs and that lead past its namespaces, refused by the kernel (seccomp).

A network namespace holds back the internet's protocols, but not every kind of socket: one to the hypervisor
(vsock) passes it. io_uring makes sockets without asking, and keys belong to the user. Runs in the launcher.
Source: the kernel's Documentation/userspace-api/seccomp_filter.rst, and its tables of system calls.
"""

import ctypes
import errno
import os
import struct

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
SPEC_ALLOW = 4
"""Without it, kernels before 5.16 slow a filtered program down by a mitigation that nothing else here has."""
LOAD, EQUAL, GREATER_OR_EQUAL, RETURN = 0x20, 0x15, 0x35, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
SOCKETS = (1, 2, 10, 16)
"""Unix, IPv4, IPv6 and netlink: all that a namespace confines."""
X32 = 0x40000000
IO_URING_SETUP = 425
LIBC = ctypes.CDLL(None, use_errno=True)
MACHINES = {
    "x86_64": (0xC000003E, 317, 41, (248, 249, 250)),
    "aarch64": (0xC00000B7, 277, 198, (217, 218, 219)),
}
"""By machine: its name for the kernel, and the numbers of seccomp, socket, and what keyrings are reached by."""

Step = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse_ways_out() -> None:
    """Refuse these calls to this process and all it starts, for good. On other machines nothing is refused.

    Raises: OSError.
    """
    machine = MACHINES.get(os.uname().machine)
    if machine is None:
        return
    architecture, seccomp, socket, keys = machine
    code = b"".join(struct.pack("<HBBI", *step) for step in _steps(architecture, socket, keys))
    program = _Program(len(code) // 8, code)
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no new privileges")
    call = (ctypes.c_long(seccomp), ctypes.c_long(SECCOMP_SET_MODE_FILTER))
    for flags in (SPEC_ALLOW, 0):  # before Linux 4.17 there is no such flag
        if LIBC.syscall(*call, ctypes.c_long(flags), ctypes.byref(program)) == 0:
            return
    raise OSError(ctypes.get_errno(), "seccomp")


def _steps(architecture: int, socket: int, keys: tuple[int, ...]) -> list[Step]:
    """The filter: jumps are numbers of steps to skip when equal, and when not."""
    refused = (*keys, IO_URING_SETUP)
    steps: list[Step] = [
        (LOAD, 0, 0, ARCHITECTURE),
        (EQUAL, 1, 0, architecture),  # a program of another architecture has other numbers
        (RETURN, 0, 0, REFUSE | errno.EPERM),
        (LOAD, 0, 0, NUMBER),
        (GREATER_OR_EQUAL, 0, 1, X32),
        (RETURN, 0, 0, REFUSE | errno.ENOSYS),
    ]
    for number in refused:
        steps += [(EQUAL, 0, 1, number), (RETURN, 0, 0, REFUSE | errno.ENOSYS)]
    steps += [(EQUAL, 1, 0, socket), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, FIRST_ARGUMENT)]
    for kind in SOCKETS:
        steps += [(EQUAL, 0, 1, kind), (RETURN, 0, 0, ALLOW)]
    return [*steps, (RETURN, 0, 0, REFUSE | errno.EAFNOSUPPORT)]

"""Runs a command in which the kernel refuses to trace any process, as a hardened host or container does.

`python without_ptrace.py COMMAND …`: a seccomp filter that answers ptrace and process_vm_readv with EPERM, and
lets everything else through. It holds for all that the command starts.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, MODE_FILTER = 38, 22, 2
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
NUMBERS = {"x86_64": (101, 310), "aarch64": (117, 270)}
"""ptrace and process_vm_readv in the kernel's tables."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def main() -> None:
    ptrace, read_memory = NUMBERS[platform.machine()]
    steps = [(LOAD, 0, 0, 0), (JUMP_EQUAL, 2, 0, ptrace), (JUMP_EQUAL, 1, 0, read_memory)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE)]
    code = b"".join(struct.pack("<HBBI", *step) for step in steps)
    program = _Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    for words in (
        (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0),
    ):
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "prctl")
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()

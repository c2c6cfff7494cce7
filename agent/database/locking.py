"""Who keeps a database of SQLite from being written to: one process at a time may, and a frozen one goes on to."""

from __future__ import annotations

from pathlib import Path

WRITE_BYTE = 120
"""The byte of the wal-index file that a writer locks. Source: SQLite, "WAL-mode File Format", 2.3.1: WAL_WRITE_LOCK."""
LOCKS = Path("/proc/locks")


def write_lock_holder(database: Path, locks: Path = LOCKS) -> int | None:
    """The number of the process that has the write lock of a database in WAL mode; None when nobody has, or it can't
    be told.

    The list of the kernel is read because the file must not be: a process that closes it loses its own locks on it.
    Source: proc(5), /proc/locks; fcntl(2), "record locks are automatically released".
    """
    try:
        inode = Path(f"{database}-shm").stat().st_ino
        lines = locks.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        fields = line.split()
        if "->" in fields or len(fields) != 8:  # one that waits for a lock
            continue
        _, kind, _, mode, pid, file, first, last = fields
        if (kind, mode) != ("POSIX", "WRITE") or file.rpartition(":")[2] != str(inode):
            continue
        if int(first) <= WRITE_BYTE and (last == "EOF" or int(last) >= WRITE_BYTE):
            return int(pid) if int(pid) > 0 else None  # of another namespace
    return None

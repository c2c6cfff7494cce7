"""What a program is put into just before it is started: resource groups, a keyring, folders that forget.

Used by the launcher in the forked child, so it imports little. Folders that forget: whatever is written below
them is gone when the program has ended. bubblewrap knows overlays only from 0.11 on; here the child gets a mount
namespace of its own with an overlay over the folder, whose writable part lies beside the folder on the same disk,
and bubblewrap binds what it then sees. It costs about 0.3 ms a program.
"""

import contextlib
import ctypes
import errno
import os
import signal
import time
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
KEYCTL_JOIN_SESSION_KEYRING = 1
KEYCTL = {"x86_64": 250, "aarch64": 219}
MEMORY_LAYER_BYTES = 2 * 1024**3
NAMES_LISTED = 10
ENTRIES_SEEN = 1000
NOISE = frozenset({"__pycache__", ".pytest_cache", ".ask-profiler"})
LIBC = ctypes.CDLL(None, use_errno=True)
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def join_groups(folders: list[str]) -> None:
    """Put this process into control groups (cgroups.py makes them). Raises: OSError."""
    for folder in folders:
        with open(f"{folder}/cgroup.procs", "w") as file:  # noqa: PTH123 - pathlib would double our size
            file.write("0")


def refuse_forks(folders: list[str]) -> None:
    """From now on nothing in these groups can start a process or thread; what is there can be ended in peace."""
    for folder in folders:
        with contextlib.suppress(OSError), open(f"{folder}/pids.max", "r+") as file:  # noqa: PTH123
            file.write("0")


def remove_groups(folders: list[str]) -> None:
    """End what is left in the groups and remove them; one that can't be removed at once is left, empty."""
    for folder in folders:
        for _ in range(50):
            with contextlib.suppress(OSError):
                os.rmdir(folder)  # noqa: PTH106
            if not os.path.isdir(folder):  # noqa: PTH112
                break
            with contextlib.suppress(OSError), open(f"{folder}/cgroup.procs") as file:  # noqa: PTH123
                for pid in file.read().split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
            time.sleep(0.002)


def count_in(path: str, word: str) -> int:
    """The number after a word in a control group's file; 0 when it isn't there."""
    try:
        with open(path) as file:  # noqa: PTH123
            lines = [line.split() for line in file]
    except OSError:
        return 0
    return next((int(line[1]) for line in lines if line[:1] == [word]), 0)


def leave_keyring() -> None:
    """Start an empty session keyring: what the caller's holds is nobody else's. No keyrings here: no matter."""
    number = KEYCTL.get(os.uname().machine)
    if number is not None:
        LIBC.syscall(ctypes.c_long(number), ctypes.c_long(KEYCTL_JOIN_SESSION_KEYRING), None)


def make_layers(folders: list[str]) -> list[str]:
    """A new folder beside each of these, for what will be written. Raises: OSError; none is left then."""
    made: list[str] = []
    try:
        for folder in folders:
            parent, _, name = folder.rstrip("/").rpartition("/")
            layer = f"{parent}/.{name}.{os.urandom(6).hex()}"
            os.mkdir(layer, 0o700)  # noqa: PTH102 - as above
            made.append(layer)
            for part in ("new", "work"):
                os.mkdir(f"{layer}/{part}", 0o700)  # noqa: PTH102
    except OSError:
        for layer in made:
            for part in ("new", "work", "."):
                os.rmdir(os.path.normpath(f"{layer}/{part}"))  # noqa: PTH106
        raise
    return made


def enter_namespace() -> bool:
    """A mount namespace of our own; whether it is in a user namespace of our own, which anyone may make.

    Root does without, where it has all of root's power; in a container it often hasn't. Raises: OSError.
    """
    uid, gid = os.geteuid(), os.getegid()
    as_user = uid != 0 or LIBC.unshare(CLONE_NEWNS) != 0
    if as_user:
        _check(LIBC.unshare(CLONE_NEWNS | CLONE_NEWUSER), "unshare")
        for name, words in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
                file.write(words)
    _mount(None, "/", None, MS_REC | MS_PRIVATE, None)
    return as_user


def forget_changes(folders: list[str], layers: list[str], kept: list[str], *, as_user: bool) -> None:
    """Lay an overlay over each folder, then show the real `kept` folders below it again. Raises: OSError.

    Paths reach the kernel as descriptors: an overlay's options can't hold every character of a path.
    """
    real = [(path, os.open(path, _FOLDER)) for path in kept]
    for folder, layer in zip(folders, layers, strict=True):
        try:
            _lay_over(folder, layer, as_user=as_user)
        except OSError:  # the disk's file system can't hold what an overlay needs (NFS, another overlay)
            _mount("tmpfs", layer, "tmpfs", 0, f"size={MEMORY_LAYER_BYTES},mode=700")
            for part in ("new", "work"):
                os.mkdir(f"{layer}/{part}", 0o700)  # noqa: PTH102
            _lay_over(folder, layer, as_user=as_user)
    for path, descriptor in real:
        _mount(f"/proc/self/fd/{descriptor}", path, None, MS_BIND, None)


def _lay_over(folder: str, layer: str, *, as_user: bool) -> None:
    parts = [os.open(path, _FOLDER) for path in (folder, f"{layer}/new", f"{layer}/work")]
    lower, upper, work = (f"/proc/self/fd/{part}" for part in parts)
    options = f"lowerdir={lower},upperdir={upper},workdir={work}" + (",userxattr" if as_user else "")
    _mount("overlay", folder, "overlay", 0, options)


def written_names(layer: str) -> list[str]:
    """Up to ten files that were written, changed or removed, relative to the folder, caches left out."""
    found: list[str] = []
    waiting = [""]
    seen = 0
    while waiting and seen < ENTRIES_SEEN and len(found) < NAMES_LISTED:
        folder = waiting.pop()
        try:
            with os.scandir(f"{layer}/new/{folder}") as some:
                entries = [entry for entry, _ in zip(some, range(ENTRIES_SEEN - seen), strict=False)]
        except OSError:  # made unreadable, or deeper than a path may be long
            continue
        for entry in sorted(entries, key=lambda e: e.name):
            seen += 1
            name = f"{folder}{entry.name}"
            if entry.name in NOISE:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{name}/")
            else:
                found.append(name)
    return [name.encode(errors="surrogateescape").decode(errors="replace") for name in found[:NAMES_LISTED]]


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None) -> None:
    words: list[Any] = [None if w is None else os.fsencode(w) for w in (source, target, kind, options)]
    _check(LIBC.mount(words[0], words[1], words[2], ctypes.c_ulong(flags), words[3]), f"mount on {target}")


def _check(result: int, what: str) -> None:
    if result:
        number = ctypes.get_errno() or errno.EPERM
        raise OSError(number, f"{what}: {os.strerror(number)}")

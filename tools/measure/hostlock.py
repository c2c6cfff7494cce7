"""One measurement at a time on a host, whatever the number of runs: a lock file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tools.errors import Cancelled, ToolError


def lock_path() -> Path:
    """The user's lock file for this host."""
    folder = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    return Path(folder) / f"ask-profiler-measuring-{os.getuid()}.lock"


@contextlib.contextmanager
def measuring_alone(
    path: Path | None = None,
    *,
    timeout_s: float = 600.0,
    on_wait: Callable[[str], None] | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[None]:
    """Hold the host's measurement lock. `on_wait` is told once who holds it when it isn't free.

    Raises: ToolError after `timeout_s`, naming the holder, or when the lock file can't be opened;
    Cancelled when `is_cancelled` says so while it waits.
    """
    place = path or lock_path()
    try:
        handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ToolError(
            f"the measurement lock {place} can't be opened ({error.strerror}): remove it"
        ) from error
    try:
        deadline = time.monotonic() + timeout_s
        told = False
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if is_cancelled():
                    raise Cancelled("the run was cancelled while it waited for another measurement") from None
                holder = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
                if time.monotonic() > deadline:
                    raise ToolError(
                        f"another measurement (process {holder}) has held {place} for {timeout_s:g} s: "
                        "wait for it to end, or end it"
                    ) from None
                if on_wait is not None and not told:
                    on_wait(f"waiting for another measurement (process {holder})")
                    told = True
                time.sleep(0.05)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)

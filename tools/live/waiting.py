"""Waiting in a live program's time, so that a cancelled run doesn't wait on."""

from __future__ import annotations

import time
from collections.abc import Callable

from tools.errors import Cancelled

POLL_S = 0.1


def sleep_unless(is_cancelled: Callable[[], bool], seconds: float) -> None:
    """Sleep for so long. Raises: Cancelled as soon as `is_cancelled` says so."""
    end = time.monotonic() + seconds
    while (left_s := end - time.monotonic()) > 0:
        if is_cancelled():
            raise Cancelled("the run was cancelled while a live program was watched")
        time.sleep(min(POLL_S, left_s))

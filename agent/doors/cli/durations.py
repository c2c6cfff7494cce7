"""Times as people write them: 90m, 24h, 30d."""

from __future__ import annotations

import re

_FORM = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s?([smhdw])")
SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def duration_s(text: str) -> float:
    """Seconds of `30s`, `90m`, `24h`, `30d`, `2w`. Raises: BadRequest."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        from agent.errors import BadRequest

        raise BadRequest(f"{text!r} is no time: give a number with its unit, such as 90m, 24h or 30d")
    return float(found[1]) * SECONDS[found[2]]


def day_and_time(seconds: float) -> str:
    """A moment as people and programs read it, in UTC."""
    import time

    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))

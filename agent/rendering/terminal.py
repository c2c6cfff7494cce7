"""Text for a terminal, whoever wrote it."""

from __future__ import annotations


def plain(text: str) -> str:
    """Text that can't steer a terminal: control characters, and what is no character at all, as `?`."""
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text.expandtabs(4))

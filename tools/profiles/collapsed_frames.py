"""The frames of a collapsed stack as text: what py-spy writes as `name (file:line)`, and names that only look so.

`;` parts frames, and may also stand in a file's name or a command. Parentheses are of C++ and Go names, too:
`call(void (*)(int)) const`, `main.(*T).Run`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

FARTHEST = 32
"""So many parts of a line may be one frame."""
_PROCESS = re.compile(r"process \d+:")
_THREAD = re.compile(r"thread \(")
_LINE = re.compile(r":\d+\)$")


def is_process(text: str) -> bool:
    """Whether py-spy names a process here: `process 7:"python app.py"`."""
    return _PROCESS.match(text) is not None


def is_thread(text: str) -> bool:
    """Whether py-spy names a thread here: `thread (0x7F01)`, `thread (71): MainThread`."""
    return _THREAD.match(text) is not None


def stands_alone(text: str) -> bool:
    """Whether a part of a stack is a frame by itself; else a `;` of its file or command ended it too early."""
    if is_process(text):
        return text.endswith('"')
    _, place, after = text.partition(" (")
    if not place or is_thread(text):
        return True  # with --threads a name may follow the number
    return after.count("(") < after.count(")") or _LINE.search(text) is not None


def joined_frames(parts: Sequence[str]) -> list[str]:
    """The frames of a stack that was parted at each `;`.

    A part that doesn't stand alone, and doesn't with those after it, either, is a frame with an odd name.
    """
    found: list[str] = []
    at = 0
    while at < len(parts):
        end = at + 1
        if not stands_alone(parts[at]):
            farthest = min(at + FARTHEST, len(parts))
            whole = (n for n in range(at + 2, farthest + 1) if stands_alone(";".join(parts[at:n])))
            end = next(whole, end)
        found.append(";".join(parts[at:end]))
        at = end
    return found


def read_frame(text: str) -> tuple[str, str, int]:
    """(name, file, line) of a frame; the file is "" and the line 0 where there is none."""
    start = _place(text)
    if start < 0:
        return text, "", 0
    file, colon, line = text[start + 2 : -1].rpartition(":")
    if colon and line.isascii() and line.isdigit() and len(line) <= 18:
        return text[:start], file, int(line)
    return text[:start], text[start + 2 : -1], 0


def _place(text: str) -> int:
    """Where the ` (` of a frame's file stands: it is closed by the last character. -1 where there is none."""
    first = text.find(" (")
    if first < 0 or not text.endswith(")"):
        return -1
    if text.count("(") == 1:
        return first
    depth = 0
    for at in range(len(text) - 1, 0, -1):
        if text[at] == ")":
            depth += 1
        elif text[at] == "(":
            depth -= 1
            if not depth:
                if text[at - 1] == " ":
                    return at - 1
                break
    # Parentheses of a file's name don't match: where a line number ends it, it is a file all the same.
    return first if _LINE.search(text) else -1

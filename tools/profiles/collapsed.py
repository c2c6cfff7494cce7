"""Reading collapsed stacks as py-spy writes them: `root (file:line);…;leaf (file:line) count`, one line a stack."""

from __future__ import annotations

import re

from tools.errors import UnreadableOutput
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, Profile, ValueType

MAX_STACKS = 2_000_000
MAX_NAME = 4096
_FRAME = re.compile(r"^(?P<name>.*?) \((?P<file>.*?)(?::(?P<line>\d+))?\)$")
_PROCESS = re.compile(r"^process \d+:")
_THREAD = re.compile(r"^thread \(")


def read_collapsed(text: str, *, period_ns: int | None = None) -> Profile:
    """The profile in collapsed stacks, py-spy's raw format among them: the value `samples` (count).

    With a known `period_ns` there is `cpu`, too (nanoseconds, samples by period). Frames are leaf first; the rows in
    which py-spy names a process or thread become labels. Equal frames are read once.
    Raises: UnreadableOutput with the line number.
    Source: py-spy 0.4.3, `record --format raw`; Brendan Gregg's FlameGraph, stackcollapse.
    """
    times = () if period_ns is None else (ValueType(name="cpu", unit="nanoseconds"),)
    builder = ProfileBuilder([ValueType(name="samples", unit="count"), *times])
    known: dict[str, tuple[Function, int]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if number > MAX_STACKS:
            raise UnreadableOutput(f"line {number}: more than {MAX_STACKS} stacks")
        stack, _, written = line.rstrip().rpartition(" ")
        count = _count(written)
        if not stack or count is None:
            raise UnreadableOutput(f"line {number}: no stack with a count: {line[:80]!r}")
        labels: dict[str, str] = {}
        frames: list[tuple[Function, int]] = []
        for name in _frames(stack):
            found = known.get(name)
            if found is not None:
                frames.append(found)
            elif _PROCESS.match(name):
                labels["process"] = name[:MAX_NAME]
            elif _THREAD.match(name):
                labels["thread"] = name[:MAX_NAME]
            else:
                known[name] = _frame(name[:MAX_NAME])
                frames.append(known[name])
        values = [count] if period_ns is None else [count, count * period_ns]
        builder.add(frames[::-1], values, labels)
    return builder.build(
        period=period_ns or 0,
        period_type=times[0] if times else None,
        default_value="cpu" if times else "samples",
    )


def _count(written: str) -> int | None:
    """A whole number that a column of counts can hold, else None."""
    if not written.isascii() or not written.isdigit() or len(written) > 18:
        return None
    return int(written)


def _frames(stack: str) -> list[str]:
    """The frames of a stack; a `;` inside a file name or a command doesn't end one."""
    found: list[str] = []
    for part in stack.split(";"):
        if found and not _complete(found[-1]):
            found[-1] += ";" + part
        else:
            found.append(part)
    return found


def _complete(text: str) -> bool:
    if _PROCESS.match(text):
        return text.endswith('"')
    if _THREAD.match(text):
        return True  # with --threads a name may follow the number: `thread (71): MainThread`
    return text.endswith(")") or "(" not in text


def _frame(text: str) -> tuple[Function, int]:
    match = _FRAME.match(text)
    if match is None:
        return Function(name=text, file=""), 0
    return Function(name=match["name"], file=match["file"]), int(match["line"] or 0)

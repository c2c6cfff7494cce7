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


def read_collapsed(text: str, *, period_ns: int) -> Profile:
    """The profile in py-spy's raw format: values `samples` (count) and `cpu` (nanoseconds, samples by period).

    Frames are leaf first; the rows that name a process or thread become labels.
    Raises: UnreadableOutput with the line number.
    Source: py-spy 0.4.3, `record --format raw`.
    """
    builder = ProfileBuilder(
        [ValueType(name="samples", unit="count"), ValueType(name="cpu", unit="nanoseconds")]
    )
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        if number > MAX_STACKS:
            raise UnreadableOutput(f"line {number}: more than {MAX_STACKS} stacks")
        stack, _, count = line.rpartition(" ")
        if not stack or not count.isdigit():
            raise UnreadableOutput(f"line {number}: no stack with a count: {line[:80]!r}")
        labels: dict[str, str] = {}
        frames: list[tuple[Function, int]] = []
        for name in _frames(stack):
            if _PROCESS.match(name):
                labels["process"] = name[:MAX_NAME]
            elif _THREAD.match(name):
                labels["thread"] = name[:MAX_NAME]
            else:
                frames.append(_frame(name[:MAX_NAME]))
        builder.add(frames[::-1], [int(count), int(count) * period_ns], labels)
    return builder.build(
        period=period_ns, period_type=ValueType(name="cpu", unit="nanoseconds"), default_value="cpu"
    )


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

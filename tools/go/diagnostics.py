"""What the compiler says of hot lines: what escapes to the heap, what isn't inlined, where indices are checked.

Source: `go build -gcflags=-m=2` (cmd/compile's escape analysis and inliner) and `-d=ssa/check_bce/debug=1` (its
documentation of flags). The go command keeps the compiler's words with what it built, so that asking again is quick.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tools.go.program import GoProgram
from tools.run.process import Runner

DiagnosticKind = Literal["escape", "inlining", "bounds check"]
FLAGS = "-gcflags=-m=2 -d=ssa/check_bce/debug=1"
_LINE = re.compile(r"^(?:\./)?([^:\n]+\.go):(\d+):(\d+): (\S.*)$")
"""Explanations below a message have the same place, and are indented."""
_ESCAPE = re.compile(r"^(?:moved to heap: .*|.* escapes to heap)$")
_REFUSED = re.compile(r"^cannot inline (?P<function>.+?): (?P<reason>.*)$")
_COST = re.compile(r"cost (\d+) exceeds budget (\d+)")
_BOUNDS = {
    "Found IsInBounds": "the index is checked",
    "Found IsSliceInBounds": "the slice's bounds are checked",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One remark on a line. `file` is relative to the module's root; lines and columns (in bytes) begin with 1.

    `cost` and `budget` are the inliner's, None where it refuses for another reason and for other kinds. A refusal
    stands at the function that isn't inlined, not where it is called.
    """

    file: str
    line: int
    column: int
    kind: DiagnosticKind
    message: str
    cost: int | None = None
    budget: int | None = None


def diagnose(
    runner: Runner,
    go: GoProgram,
    root: Path,
    packages: Sequence[str],
    hot_lines: Mapping[str, Collection[int]],
) -> tuple[Diagnostic, ...]:
    """The compiler's remarks on `hot_lines` (lines by file, relative to `root`) of the packages, by file and line.

    `packages` are patterns as the go command takes them (`./report`). Nothing is said of test files. Raises: ToolError
    with the compiler's words when a package doesn't build.
    """
    if not packages or not hot_lines:
        return ()
    done = go.run(runner, ["build", FLAGS, "-o", os.devnull, *packages], cwd=root, root=root)
    found = {d: None for d in parse_diagnostics(done.stderr) if d.line in hot_lines.get(d.file, ())}
    return tuple(sorted(found, key=lambda d: (d.file, d.line, d.column, d.kind, d.message)))


def parse_diagnostics(text: str) -> Iterator[Diagnostic]:
    """The remarks in the compiler's output that say what costs; that something is inlined or stays isn't one."""
    for line in text.splitlines():
        found = _LINE.match(line)
        if found is None:
            continue
        file, number, column, message = found.groups()
        remark = _remark(message)
        if remark is not None:
            kind, words, cost, budget = remark
            yield Diagnostic(
                file=file,
                line=int(number),
                column=int(column),
                kind=kind,
                message=words,
                cost=cost,
                budget=budget,
            )


def _remark(message: str) -> tuple[DiagnosticKind, str, int | None, int | None] | None:
    """Kind, words, and the inliner's cost and budget."""
    if message in _BOUNDS:
        return "bounds check", _BOUNDS[message], None, None
    refused = _REFUSED.match(message)
    if refused is not None:
        cost = _COST.search(refused["reason"])
        words = f"{refused['function']} isn't inlined: {refused['reason']}"
        return "inlining", words, *((int(cost[1]), int(cost[2])) if cost else (None, None))
    if _ESCAPE.match(message):
        return "escape", message, None, None
    return None

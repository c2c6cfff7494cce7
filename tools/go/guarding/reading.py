"""Reading a change of a Go module for tricks, by the helper program in helper/ (standard library only).

Only what the change adds is objected to, or takes out in the case of validation and logging; what moved from one
place of the changed packages to another isn't. The rules and what they leave alone:

- **unsafe**: a string over bytes that the function itself made, filled and returns is what strings.Builder does and
  passes. Every other alias is objected to: a later write changes a string, which tests seldom notice.
- **the program's start**: regular expressions, replacers, and tables of up to some 65,000 steps may be made there;
  loops without a bound in the source, recursion and files may not.
- **goroutines** that the function, what it calls or a caller waits for pass, and so do those whose signal is waited
  for elsewhere than where something is closed.
- **numbers** are objected to in comparisons for equality or narrow ranges: of a length with what benchmarks use or what
  nobody would choose, of anything else with what benchmarks use. A threshold (`n < 32`) is nobody's answer.
- **errors** that are passed on, and refusals that stand elsewhere on the same way, are no deleted validation.
- **os.Exit, os.Args, flags** are a main package's own.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ConfigDict

from tools.errors import UnreadableOutput
from tools.go.companions import Companion
from tools.go.program import GoProgram
from tools.measure.guard import GuardRule, Objection
from tools.run.process import Runner
from tools.run.reading import read_written

HELPER = Path(__file__).with_name("helper")
LARGEST_BYTES = 8 * 1024**2
"""A changed source file that is larger isn't read, and objected to."""
MOST_FILES = 2000
"""Test files, and files of test data, that are looked into for known inputs."""
COMPILED = re.compile(r"\.(s|S|sx|c|cc|cpp|cxx|h|hh|hpp|m|f|F|for|f90|swig|swigcxx|syso|a|o|so)$")
"""What the go command builds or links into a package and that isn't Go."""
NOT_READ = "is no Go: it escapes the language's checks, and nobody here reads it"


class _Found(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    rule: GuardRule
    file: str
    line: int
    detail: str


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    objections: tuple[_Found, ...]


@dataclass(frozen=True, slots=True)
class ChangeReader:
    """Reads changes. `cache` is where the built helper is kept."""

    runner: Runner
    go: GoProgram
    cache: Path

    @property
    def companion(self) -> Companion:
        """The helper program."""
        return Companion(name="Go guard", source=HELPER, cache=self.cache, runner=self.runner, go=self.go)

    def objections(self, before: Path, after: Path, files: tuple[str, ...]) -> tuple[Objection, ...]:
        """What the rules find in a change, in the order of files and lines. Raises: ToolError."""
        found: list[Objection] = []
        sources = []
        for name in files:
            try:
                old, new = (
                    read_written(root, root / name, limit_bytes=LARGEST_BYTES) for root in (before, after)
                )
            except UnreadableOutput as error:
                found.append(
                    Objection(rule="harness tampering", file=name, line=1, detail=_unreadable(error))
                )
                continue
            if old == new:
                continue
            if COMPILED.search(name) and new is not None:
                found.append(Objection(rule="disabled checks", file=name, line=1, detail=NOT_READ))
            elif name.endswith(".go") and not name.endswith("_test.go"):
                sources.append(name)
        if sources:
            found += self._read(before, after, sources)
        return tuple(sorted(found, key=lambda o: (o.file, o.line)))

    def _read(self, before: Path, after: Path, sources: list[str]) -> list[Objection]:
        tests, data = [], []
        for path in _files(before):
            if path.endswith("_test.go"):
                tests.append(path)
            elif "testdata" in PurePosixPath(path).parts:
                data.append(str(before / path))
        request = {
            "before": str(before),
            "after": str(after),
            "files": sources,
            "tests": tests[:MOST_FILES],
            "data": data[:MOST_FILES],
        }
        reply = self.companion.ask(request, _Reply, cwd=before, readable=(before, after))
        return [Objection(rule=o.rule, file=o.file, line=o.line, detail=o.detail) for o in reply.objections]


def _unreadable(error: UnreadableOutput) -> str:
    return f"can't be read: {error}"


def _files(root: Path) -> Iterator[str]:
    """Every plain file of the copy, in a fixed order, without what we put there."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and f not in ("vendor", "node_modules")
        )
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix()

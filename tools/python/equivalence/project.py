"""A project's own Python files, read when a name in them is asked for; tests and benchmarks left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.python.equivalence.parts import Function, Parts, read_parts, used_names

MAX_FILES = 3000
NAMING_FILES = 30
"""How many files are parsed for one name; `get` stands in all of them."""
LEFT_OUT = frozenset({"tests", "test", "testdata", "benchmarks", "bench", "fixtures", "docs", "node_modules"})
_TEST = re.compile(r"^(test_.*|.*_test|conftest|tests|setup)\.py$")


@dataclass(slots=True)
class ProjectFiles:
    """The files below `root` that a change may be called through."""

    root: Path
    _texts: dict[str, str] | None = field(default=None, init=False)
    _parts: dict[str, Parts] = field(default_factory=dict, init=False)

    def parts(self, file: str) -> Parts:
        """A file's parts; none when it isn't there or can't be read."""
        if file not in self._parts:
            try:
                self._parts[file] = read_parts(self.root / file)
            except UnreadableOutput:
                self._parts[file] = Parts()
        return self._parts[file]

    def naming(self, name: str) -> list[str]:
        """The files in which a name stands as a word."""
        word = re.compile(rf"\b{re.escape(name)}\b")
        return [file for file, text in self._all().items() if name in text and word.search(text)]

    def functions_naming(self, name: str, first: str) -> Iterator[tuple[str, str, Function]]:
        """Functions that use a name: file, qualified name, node; those of the file `first` before others."""
        for file in sorted(self.naming(name), key=lambda f: (f != first, f))[:NAMING_FILES]:
            for qualname, nodes in self.parts(file).functions.items():
                for node in nodes:
                    if name in used_names(node):
                        yield file, qualname, node

    def _all(self) -> dict[str, str]:
        if self._texts is None:
            self._texts = dict(self._read())
        return self._texts

    def _read(self) -> Iterator[tuple[str, str]]:
        paths = (p for p in sorted(self.root.rglob("*.py")) if not _is_left_out(p.relative_to(self.root)))
        for _, path in zip(range(MAX_FILES), paths, strict=False):
            try:
                yield path.relative_to(self.root).as_posix(), path.read_text("utf-8", errors="replace")
            except OSError:
                continue


def _is_left_out(path: Path) -> bool:
    folders = path.parts[:-1]
    return (
        any(part in LEFT_OUT or part.startswith(".") for part in folders)
        or _TEST.match(path.name) is not None
    )

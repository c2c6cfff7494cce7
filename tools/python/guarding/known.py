"""What whoever wrote a change could know of its judges: the inputs and names in the target's tests and benchmarks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.python.guarding.naming import fold_constant, fold_operation
from tools.run.reading import read_written

JUDGES = frozenset({"tests", "test", "testdata", "benchmarks", "bench", "fixtures"})
_JUDGE = re.compile(r"(test_.*|.*_test|conftest|tests|bench_.*|.*_bench|benchmarks?)\.py")
_BENCHMARK = re.compile(r"\bbench")
MAX_FILES = 400
FILE_BYTES = 1024**2
SMALLEST_SIZE, SMALLEST_NUMBER = 50, 1000
"""Smaller numbers of benchmarks, and of tests, say nothing: they stand everywhere."""
SHORTEST_TEXT = 8
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z_.-]*")


@dataclass(slots=True)
class Known:
    """`sizes` are numbers in benchmarks, `numbers` and `texts` specific ones in tests and benchmarks, `names` every
    word of their code.
    """

    sizes: set[int] = field(default_factory=set)
    numbers: set[int | float] = field(default_factory=set)
    texts: set[str | bytes] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def knows(self, value: object) -> bool:
        """Whether a constant is one that judges use and that isn't everybody's."""
        if isinstance(value, bool):
            return False
        if isinstance(value, int | float):
            return value in self.numbers or value in self.sizes
        return isinstance(value, str | bytes) and value in self.texts


def read_known(root: Path) -> Known:
    """What the judges of the copy at `root` hold; files that can't be read hold nothing."""
    known = Known()
    for path in _judges(root):
        try:
            content = read_written(root, path, limit_bytes=FILE_BYTES)
        except UnreadableOutput:
            continue
        if content is None:
            continue
        text = content.decode("utf-8", errors="replace")
        if path.suffix != ".py":
            known.sizes |= {n for n in map(int, re.findall(r"\b\d{2,9}\b", text)) if n >= SMALLEST_SIZE}
            continue
        try:
            tree = ast.parse(content)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        _collect(known, tree, times=_BENCHMARK.search(text) is not None or "bench" in path.as_posix())
    return known


def _judges(root: Path) -> Iterator[Path]:
    declared = root / "pyproject.toml"
    if declared.is_file() and "ask-profiler" in declared.read_text("utf-8", errors="replace"):
        yield declared
    found = (p for p in sorted(root.rglob("*.py")) if is_judge(p.relative_to(root).as_posix()))
    for _, path in zip(range(MAX_FILES), found, strict=False):
        yield path


def is_judge(file: str) -> bool:
    """Whether a file, by its name, judges others."""
    *folders, name = file.split("/")
    return bool(JUDGES & set(folders)) or _JUDGE.fullmatch(name) is not None


def _collect(known: Known, tree: ast.Module, *, times: bool) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            known.names.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.alias):
            known.names |= set(node.name.split("."))
        elif isinstance(node, ast.Constant):
            _add(known, node.value, times=times)
        elif isinstance(node, ast.BinOp) and isinstance(node.left, ast.Constant):  # 10**6, 5 * 1000
            found = fold_operation(node, fold_constant(node.left), fold_constant(node.right))
            if found is not None:
                _add(known, found.value, times=times)


def _add(known: Known, value: object, *, times: bool) -> None:
    if isinstance(value, str | bytes):
        if len(value) >= SHORTEST_TEXT and not (isinstance(value, str) and _PLAIN.fullmatch(value)):
            known.texts.add(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        if times and abs(value) >= SMALLEST_SIZE:
            known.sizes.add(value)
        if abs(value) >= SMALLEST_NUMBER:
            known.numbers.add(value)
    elif isinstance(value, float) and len(f"{value:g}".strip("-0.")) >= 3:
        known.numbers.add(value)

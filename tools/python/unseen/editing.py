"""Other sizes and seeds for those of benchmark files, the same wherever the same number stands, and writing them."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import UnreadableOutput
from tools.python.guarding.code import Code, read_code
from tools.python.unseen.literals import Found, expected, find_literals
from tools.run.reading import read_written

SMALLER, LARGER = (0.6, 0.8), (1.2, 1.4)
"""What a size is multiplied by: the largest of several becomes smaller and others larger, so that new sizes lie
between old ones.
"""
FILE_BYTES = 1024**2


@dataclass(slots=True)
class Numbers:
    """What each size and seed becomes; the same `number` gives the same."""

    number: int
    sizes: dict[int, int] = field(default_factory=dict)
    seeds: dict[int, int] = field(default_factory=dict)

    def plan(self, groups: Iterable[tuple[int, ...]], seeds: Iterable[int] = ()) -> None:
        """Choose new sizes for groups of sizes that stand together, and new seeds."""
        together = sorted({tuple(sorted(set(g))) for g in groups})
        largest = {g[-1] for g in together if len(g) > 1}
        several = {v for g in together if len(g) > 1 for v in g}
        taken = {v for g in together for v in g}
        for value in sorted(taken):
            draw = random.Random(f"{self.number} size {value}")  # noqa: S311 - no secret
            is_smaller = value in largest or (value not in several and draw.random() < 0.5)
            new = round(value * draw.uniform(*(SMALLER if is_smaller else LARGER)))
            new += 1 if new % 10 == 0 else 0  # a round number would be as easy to guess as the old one
            while new in taken:
                new += -1 if is_smaller else 1
            taken.add(new)
            self.sizes[value] = max(1, new)
        for value in sorted(set(seeds)):
            draw = random.Random(f"{self.number} seed {value}")  # noqa: S311
            self.seeds[value] = draw.randrange(1000, 10**6)

    @property
    def changes(self) -> tuple[str, ...]:
        """What became what, largest sizes first."""
        sizes = (f"size {old} became {new}" for old, new in sorted(self.sizes.items(), reverse=True))
        return (*sizes, *(f"seed {old} became {new}" for old, new in sorted(self.seeds.items())))


@dataclass(slots=True)
class Files:
    """The files of a copy that are varied, with their content as it was."""

    root: Path
    contents: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)

    def add(self, file: str) -> bool:
        """Take a file along; False when it isn't there, isn't UTF-8, or can't be parsed."""
        if file in self.codes:
            return True
        try:
            content = read_written(self.root, self.root / file, limit_bytes=FILE_BYTES)
            if content is None or content.startswith(b"\xef\xbb\xbf"):
                return False
            content.decode("utf-8")
            self.codes[file] = read_code(file, content)
        except (UnreadableOutput, SyntaxError, ValueError, RecursionError, MemoryError):
            return False
        self.contents[file] = content
        return True

    def vary(self, numbers: Numbers) -> None:
        """Write every file with other sizes and seeds in it, and into `numbers` what became what."""
        found = {file: find_literals(code) for file, code in self.codes.items()}
        every = [f for one in found.values() for f in one]
        numbers.plan(
            (f.together for f in every if f.kind == "size"), (f.value for f in every if f.kind == "seed")
        )
        for file, one in found.items():
            changed = _edited(self.contents[file], self.codes[file], one, numbers)
            if changed != self.contents[file]:
                (self.root / file).write_bytes(changed)

    def restore(self) -> None:
        """Write every file as it was."""
        for file, content in self.contents.items():
            (self.root / file).write_bytes(content)


def _edited(content: bytes, code: Code, found: list[Found], numbers: Numbers) -> bytes:
    news = {f.node: (numbers.sizes if f.kind == "size" else numbers.seeds)[f.value] for f in found}
    news |= {node: numbers.sizes[value] for node, value in expected(code, frozenset(numbers.sizes))}
    starts = [0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in sorted(news, key=lambda n: (n.lineno, n.col_offset), reverse=True):
        start, end = _span(node, starts)
        content = content[:start] + str(news[node]).encode() + content[end:]
    return content


def _span(node: ast.expr, starts: list[int]) -> tuple[int, int]:
    last_line, last_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
    return starts[node.lineno - 1] + node.col_offset, starts[last_line - 1] + last_column

"""Prose taken apart into what can be dropped as a whole: sentences, rows of tables, blocks of code.

Nothing is lost: what lies between two statements are blanks and the marks of lists and quotations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["sentence", "row", "block"]
ATOM = re.compile(
    r"\\[\\`]|(?P<reference>\{E\d+\.[^{}]+\})|(?P<code>(?<!`)(?P<ticks>`+)(?!`)(?P<inner>.+?)(?<!`)(?P=ticks)(?!`))",
    re.DOTALL,
)
"""What no sentence ends in: a reference, inline code. A backtick behind a backslash begins no code."""
_FENCE = re.compile(r" {0,3}(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)")
_MARKS = re.compile(r"[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])(?:[ \t]+|$))*")
_ITEM = re.compile(r"[ \t]*(?:>[ \t]*)*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_NUMBER = re.compile(r"(?P<indent>[ \t]*)(?P<number>\d{1,9})(?P<mark>[.)])(?=[ \t])")
_END = re.compile(r"[.!?…]+[\"')\]*_\u201d\u2019]*(?=[ \t\n]+[^\sa-z])")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|resp|ca|no|fig|incl|[A-Za-z])\.$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A piece of prose. A block is fenced code with its fences; `is_closed` says whether the fence was ended."""

    kind: Kind
    start: int
    end: int
    text: str
    is_closed: bool = True


def statements(prose: str) -> tuple[Statement, ...]:
    """The statements of Markdown prose, in its order."""
    return tuple(_statements(prose))


def without_numbering(prose: str) -> str:
    """Prose whose numbered lists are lists with dashes: the number of an item is no measurement.

    Only what counts on from one is a list; anything else that looks like it is left, as the number it is.
    """
    lines = prose.split("\n")
    counted: dict[str, int] = {}
    in_block = ""
    for at, line in enumerate(lines):
        in_block = _block_after(line, in_block)
        found = None if in_block else _NUMBER.match(line)
        if found is not None and int(found["number"]) in (1, counted.get(found["indent"], 0) + 1):
            counted[found["indent"]] = int(found["number"])
            lines[at] = f"{found['indent']}-{line[found.end() :]}"
        elif line.strip() and not line.startswith((" ", "\t")):
            counted.clear()
    return "\n".join(lines)


def _block_after(line: str, fence: str) -> str:
    """The fence that is open after a line, "" when none is."""
    if fence:
        return "" if _closes(line, fence) else fence
    opened = _FENCE.fullmatch(line)
    return opened["ticks"] if opened else ""


def _closes(line: str, fence: str) -> bool:
    bare = line.strip(" \t")
    indent = len(line) - len(line.lstrip(" "))
    return indent <= 3 and len(bare) >= len(fence) and set(bare) == {fence[0]}


def _statements(prose: str) -> Iterator[Statement]:
    position = 0
    paragraph: list[int] = []
    fence, block = "", 0
    for line in prose.split("\n"):
        end = position + len(line)
        if fence:
            if _closes(line, fence):
                yield _statement("block", prose, block, end)
                fence = ""
        elif (opened := _FENCE.fullmatch(line)) is not None:
            yield from _sentences(prose, paragraph)
            paragraph, fence, block = [], opened["ticks"], position
        elif not line.strip(" \t"):
            yield from _sentences(prose, paragraph)
            paragraph = []
        elif _is_row(line):
            yield from _sentences(prose, paragraph)
            paragraph = []
            yield _statement("row", prose, position, end)
        else:
            if _ITEM.match(line):
                yield from _sentences(prose, paragraph)
                paragraph = []
            start = _content(line, position)
            paragraph = [paragraph[0] if paragraph else start, end]
        position = end + 1
    yield from _sentences(prose, paragraph)
    if fence:
        yield Statement(kind="block", start=block, end=len(prose), text=prose[block:], is_closed=False)


def _is_row(line: str) -> bool:
    bare = line.strip(" \t")
    return bare.startswith("|") or (bare.endswith("|") and bare.count("|") > 1)


def _content(line: str, position: int) -> int:
    """Where a line's words begin, after the marks of lists and quotations; a number isn't taken for such a mark.

    Marks alone are words: below a paragraph they make a heading of it.
    """
    found = _MARKS.match(line)
    marks = found[0] if found else ""
    if marks == line and marks.strip(" \t>"):
        return position
    digit = re.search(r"\d", marks)
    return position + (digit.start() if digit else len(marks))


def _statement(kind: Kind, prose: str, start: int, end: int) -> Statement:
    return Statement(kind=kind, start=start, end=end, text=prose[start:end])


def _sentences(prose: str, span: list[int]) -> Iterator[Statement]:
    """The sentences of a paragraph. One in brackets or quotation marks isn't parted from the rest of them."""
    if not span:
        return
    start, end = span
    text = ATOM.sub(lambda match: "¤" * len(match[0]), prose[start:end])
    begin = 0
    for found in _END.finditer(text):
        piece = text[begin : found.end()]
        if _ABBREVIATION.search(text[begin : found.start() + 1]) or (
            _is_open(piece) and not _is_open(text[begin:])
        ):
            continue
        yield _statement("sentence", prose, start + begin, start + found.end())
        begin = found.end() + len(text[found.end() :]) - len(text[found.end() :].lstrip(" \t\n"))
    rest = text[begin:].rstrip(" \t\n")
    if rest:
        yield _statement("sentence", prose, start + begin, start + begin + len(rest))


def _is_open(text: str) -> bool:
    """Whether a bracket or a quotation mark waits for its other half."""
    return text.count("(") > text.count(")") or text.count('"') % 2 == 1 or text.count("“") > text.count("”")

"""The body of a definition as sections: headings, list items, check boxes, tables. Code is kept apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_HEADING = re.compile(r"^ {0,3}(#{1,6})\s+(.+?)\s*#*\s*$")
_BOLD_HEADING = re.compile(r"^\*\*([^*]+?)\s*:?\s*\*\*\s*:?\s*$")
_FENCE = re.compile(r"^\s*(```+|~~~+)")
_ITEM = re.compile(r"^(?P<indent>\s*)(?:[-*+•]|\d+[.)])\s+(?:\[(?P<box>[ xX])\]\s*)?(?P<text>.*)$")
_RULE = re.compile(r"^\|?[\s:|-]*--[\s:|-]*$")
_DECORATION = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)")
BOLD_LEVEL = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A list item or table row, without Markdown decoration. `is_check` says it has a box (`- [ ]`)."""

    text: str
    line: int
    is_check: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and what stands below it until the next one.

    `path` are the titles of the sections it lies in, outermost first. `level` is the heading's depth
    (7: a bold line used as a heading). `lines` are (number, text) of prose and code alike.
    """

    title: str
    level: int
    line: int
    path: tuple[str, ...]
    items: tuple[Item, ...]
    lines: tuple[tuple[int, str], ...]


def read_sections(body: str, first_line: int) -> tuple[Section, ...]:
    """The sections of a Markdown text, in order; text before the first heading has the title ""."""
    sections: list[Section] = []
    outer: list[tuple[int, str]] = []
    title, level, line, path = "", 0, first_line, tuple[str, ...]()
    block: list[tuple[int, str, bool]] = []

    def close() -> None:
        if title or any(text.strip() for _, text, _ in block):
            sections.append(
                Section(
                    title=title,
                    level=level,
                    line=line,
                    path=path,
                    items=tuple(_items(block)),
                    lines=tuple((n, text) for n, text, _ in block if text.strip()),
                )
            )

    for number, text, is_code in _marked(body, first_line):
        heading = None if is_code else _heading(text)
        if heading is None:
            block.append((number, text, is_code))
            continue
        close()
        level, title = heading
        while outer and outer[-1][0] >= level:
            outer.pop()
        path = tuple(name for _, name in outer)
        outer.append((level, title))
        line, block = number, []
    close()
    return tuple(sections)


def plain(text: str) -> str:
    """A line of Markdown without its emphasis and code marks."""
    return _DECORATION.sub("", text).strip()


def _marked(body: str, first_line: int) -> Iterator[tuple[int, str, bool]]:
    """(line number, text, whether it is code); fences themselves are left out."""
    fence = ""
    for number, text in enumerate(body.split("\n"), first_line):
        match = _FENCE.match(text)
        if match and not fence:
            fence = match[1]
        elif match and match[1][0] == fence[0] and len(match[1]) >= len(fence):
            fence = ""
        else:
            yield number, text, bool(fence)


def _heading(text: str) -> tuple[int, str] | None:
    if match := _HEADING.match(text):
        return len(match[1]), plain(match[2])
    if match := _BOLD_HEADING.match(text):
        return BOLD_LEVEL, plain(match[1])
    return None


def _items(block: list[tuple[int, str, bool]]) -> Iterator[Item]:
    """List items with their continuation lines, and table rows as `cell: cell`."""
    current: Item | None = None
    for number, text, is_code in block:
        match = None if is_code else _ITEM.match(text)
        if match:
            if current:
                yield current
            current = Item(text=plain(match["text"]), line=number, is_check=match["box"] is not None)
        elif current and not is_code and text.startswith((" ", "\t")) and text.strip():
            current = Item(text=f"{current.text} {plain(text)}", line=current.line, is_check=current.is_check)
        elif not is_code and text.strip().startswith("|"):
            if not _RULE.match(text.strip()) and not _is_table_head(block, number):
                cells = [plain(cell) for cell in text.strip().strip("|").split("|")]
                yield Item(text=": ".join(cell for cell in cells if cell), line=number)
        elif current:
            yield current
            current = None
    if current:
        yield current


def _is_table_head(block: list[tuple[int, str, bool]], number: int) -> bool:
    return any(n == number + 1 and _RULE.match(text.strip()) for n, text, _ in block)

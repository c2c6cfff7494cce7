"""Reading the documentation's pages: tables, the parts that are made from the code, links."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(DOCS.rglob("*.md")))
_CODE = re.compile(r"`([^`]+)`")


def read(name: str) -> str:
    """A page under docs/."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """What stands below the heading `title`, up to the next heading of its level or above; "" without one."""
    found = re.search(rf"^(#+) `?{re.escape(title)}`?$", text, re.MULTILINE)
    if found is None:
        return ""
    rest = text[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(text: str) -> list[list[str]]:
    """The rows of every table in `text`, their cells stripped; heads and rules left out."""
    found: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not head:
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def code_words(text: str) -> list[str]:
    """Everything in `text` that is set as inline code."""
    return _CODE.findall(text)


def made_part(text: str, name: str) -> str:
    """The part between `<!-- name: begin -->` and `<!-- name: end -->`."""
    return text.split(f"<!-- {name}: begin -->\n", 1)[1].split(f"<!-- {name}: end -->", 1)[0]


def with_made_part(text: str, name: str, part: str) -> str:
    """The page with that part replaced."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    return text.split(begin, 1)[0] + begin + part + end + text.split(end, 1)[1]

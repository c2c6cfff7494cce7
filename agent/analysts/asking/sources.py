"""The words of a target's sources: which files there are, which names their code uses, what a line of it is."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from tools.errors import UnreadableOutput
from tools.run.reading import read_text

MOST_FILES = 20_000
LARGEST_BYTES = 1024**2
MOST_BYTES = 16 * 1024**2
PYTHON = frozenset({".py", ".pyi", ".pyx", ".pyw"})
CODE = PYTHON | {".go", ".s", ".c", ".h", ".cc", ".cpp", ".hpp", ".rs", ".sql", ".proto"}
_LEFT_OUT = frozenset({"node_modules", "__pycache__", "venv"})
WORD = re.compile(r"[^\W\d]\w*")
_STRINGS = r"'''.*?'''|\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
_IN_PYTHON = re.compile(rf"(?s:(?P<text>{_STRINGS})|(?P<comment>#[^\n]*))")
_IN_OTHERS = re.compile(
    r"(?s:(?P<text>`[^`]*`|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')|(?P<comment>//[^\n]*|/\*.*?\*/))"
)
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_AROUND_SIGNS = re.compile(r" ?([^\w\s]) ?")
_AROUND_LINES = re.compile(r" ?\n ?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What was read. `files` are all of the tree; `code` is the code without comments and with empty strings.

    `words` occur anywhere in the sources, `identifiers` in code outside of comments and strings. `is_whole` says that
    nothing was left out for its size.
    """

    files: frozenset[str]
    folders: frozenset[str]
    words: frozenset[str]
    identifiers: frozenset[str]
    code: str
    is_whole: bool


def read_sources(root: Path, first: Iterable[str] = (), written: Mapping[str, str] | None = None) -> Sources:
    """The sources below `root`, those named in `first` before others; `written` are files as they would be.

    Links are not followed, and hidden folders are left out.
    """
    written = written or {}
    files, is_whole = _files(root)
    wanted = [
        name for name in dict.fromkeys([*first, *sorted(files)]) if name in files and name not in written
    ]
    words: set[str] = set()
    identifiers: set[str] = set()
    code: list[str] = []
    left = MOST_BYTES
    for name, text in (*written.items(), *_texts(root, wanted)):
        left -= len(text)
        if left < 0:
            break
        bare = bare_code(text, is_python=PurePosixPath(name).suffix in PYTHON)
        words.update(WORD.findall(text))
        identifiers.update(WORD.findall(bare))
        code.append(bare)
    names = files | set(written)
    folders = frozenset(
        str(parent) for name in names for parent in PurePosixPath(name).parents if str(parent) != "."
    )
    return Sources(
        files=frozenset(names),
        folders=folders,
        words=frozenset(words),
        identifiers=frozenset(identifiers),
        code="\n".join(code),
        is_whole=is_whole and left >= 0 and not any(map(partial(_is_too_large, root), wanted)),
    )


def bare_code(text: str, *, is_python: bool) -> str:
    """Code without its comments and with empty strings: what only stands in those is not code."""
    pattern = _IN_PYTHON if is_python else _IN_OTHERS
    return pattern.sub(lambda match: match[0][0] * 2 if match["text"] else " ", text)


def spaced(code: str) -> str:
    """Code with one blank between words and none around signs, so that layout makes no difference."""
    return _AROUND_LINES.sub("\n", _AROUND_SIGNS.sub(r"\1", _BLANKS.sub(" ", code))).strip()


def _files(root: Path) -> tuple[set[str], bool]:
    found: set[str] = set()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(
            f for f in folders
            if not f.startswith(".") and f not in _LEFT_OUT and not (Path(folder) / f / "pyvenv.cfg").exists()
        )  # fmt: skip
        here = Path(folder).relative_to(root)
        found.update((here / name).as_posix() for name in names)
        if len(found) > MOST_FILES:
            return found, False
    return found, True


def _is_too_large(root: Path, name: str) -> bool:
    return PurePosixPath(name).suffix in CODE and (root / name).lstat().st_size > LARGEST_BYTES


def _texts(root: Path, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        if PurePosixPath(name).suffix not in CODE:
            continue
        try:
            text = read_text(root, root / name, limit_bytes=LARGEST_BYTES)
        except (UnreadableOutput, ValueError):  # ValueError: a name with a null character
            continue
        if text is not None:
            yield name, text

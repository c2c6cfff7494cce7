"""The frontmatter of a definition file: strict YAML, or, where it isn't YAML, a documented recovery.

Every value is kept as text or a list of texts: nothing is made of `1.0`, `yes` or `2026-01-01`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from agent.definitions.plain_yaml import Value, read_fields
from agent.definitions.recovery import DIALOGUE, lost_comment, recover_fields
from agent.errors import BadDefinition

MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontmatter:
    """A file's fields, the line each begins on, what had to be recovered, and the body."""

    fields: dict[str, Value]
    lines: dict[str, int]
    notes: tuple[str, ...]
    body: str
    body_line: int


def read_frontmatter(path: Path) -> Frontmatter:
    """Read a definition file. Raises: BadDefinition with file and line."""
    text, notes = _read_text(path)
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.strip()), None)
    if start is None:
        raise BadDefinition(
            f"{path}:1: the file is empty; a definition begins with frontmatter between two `---`"
        )
    if lines[start].rstrip() != "---":
        raise BadDefinition(
            f"{path}:{start + 1}: no frontmatter: the first line of a definition is `---`, then `name: …`"
        )
    end = next((n for n in range(start + 1, len(lines)) if lines[n].rstrip() == "---"), None)
    if end is None:
        raise BadDefinition(f"{path}:{start + 1}: the frontmatter that begins here has no closing `---`")
    block = lines[start + 1 : end]
    fields, field_lines, more = _fields(path, block, start + 2)
    return Frontmatter(
        fields=fields,
        lines=field_lines,
        notes=(*notes, *more),
        body="\n".join(lines[end + 1 :]),
        body_line=end + 2,
    )


def _read_text(path: Path) -> tuple[str, list[str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadDefinition(f"{path} can't be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise BadDefinition(f"{path} is larger than {MAX_BYTES // 1024} KiB: is it an agent definition?")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadDefinition(f"{path}:{line}: not UTF-8 text: save the file as UTF-8") from error
    notes = []
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise BadDefinition(f"{path}:{line}: holds a NUL byte: is it an agent definition?")
    if content.startswith(b"\xef\xbb\xbf"):
        notes.append("line 1: byte order mark left out")
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        notes.append(f"line {line}: Windows line ends read as line ends")
    return text.replace("\r\n", "\n").replace("\r", "\n"), notes


def _fields(
    path: Path, block: list[str], first_line: int
) -> tuple[dict[str, Value], dict[str, int], list[str]]:
    try:
        fields, lines = _strict(path, block, first_line)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = first_line + (mark.line if mark else 0)
        problem = getattr(error, "problem", None) or str(error)
        note = f"line {line}: not valid YAML ({problem}): fields are read one by one"
        recovered = recover_fields(path, block, first_line)
        return recovered.fields, recovered.lines, [note, *recovered.notes]
    return fields, lines, [note for n, text in enumerate(block, first_line) for note in lost_comment(n, text)]


def _strict(path: Path, block: list[str], first_line: int) -> tuple[dict[str, Value], dict[str, int]]:
    found = read_fields("\n".join(block))
    if found is None:
        raise BadDefinition(f"{path}:{first_line}: the frontmatter holds no fields such as `name: …`")
    fields: dict[str, Value] = {}
    lines: dict[str, int] = {}
    for item in found:
        line = first_line + item.line
        if item.name.lower() in DIALOGUE:
            raise yaml.YAMLError(f"`{item.name}:` is a line of an example, not a field")
        if item.name in lines:
            raise BadDefinition(
                f"{path}:{line}: `{item.name}` is given twice, first on line {lines[item.name]}"
            )
        fields[item.name], lines[item.name] = item.value, line
    return fields, lines

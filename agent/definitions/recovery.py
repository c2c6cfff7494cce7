"""Reading frontmatter that is not YAML, as real agent files often are, without losing or guessing a field.

The usual cause: an unquoted description with `: ` in it and `<example>` blocks on one line, line breaks
written as the two characters `\\n`. The rules, all of which leave a note with the line:

1. A field begins at the start of a line: a name in lower case, a colon, then a space or the end. A known
   field name may lack the space after its colon. Lines inside an `<example>` are never fields, nor are
   lines that begin with `user:`, `assistant:` or `context:`. An example that is never closed ends at the
   next known field.
2. Other lines belong to the field above them.
3. Each field by itself is tried as YAML, then as YAML with its tabs as spaces. Where that works it counts.
4. Else a field whose further lines all begin with `- ` is a list, `[a, b` is a list, and the rest is text
   as it stands, without the quotes or the `|`, `>` around it.
5. `\\n`, `\\t` and `\\"` in such text are read as what they stand for.

A line before the first field, and a field given twice, are errors.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from agent.definitions.plain_yaml import Value, read_fields
from agent.errors import BadDefinition

KNOWN = (
    "name", "model", "version", "priority", "estimated_time", "complexity_level", "requires_context",
    "dependencies", "outputs", "validation_criteria", "description", "tools", "color",
)  # fmt: skip
_FIELD = re.compile(r"^([a-z][A-Za-z0-9_-]*)\s*:(?:\s+(.*))?$")
_TIGHT_FIELD = re.compile(r"^(" + "|".join(KNOWN) + r")\s*:(\S.*)$")
DIALOGUE = ("user", "assistant", "context", "commentary")
_HASH = re.compile(r"^[A-Za-z][\w-]*:\s+(?![\"'|>\[{&#])(?:.*?)\s#(?P<lost>.*)$")
_BLOCK_MARK = re.compile(r"^[|>][+-]?\d*\s*$")
_ESCAPES = {r"\n": "\n", r"\t": "\t", r"\"": '"', r"\'": "'"}
_ESCAPE = re.compile(r"\\[nt\"']")


@dataclass(slots=True)
class Recovered:
    """Fields as far as understood, the line each begins on, and what was done to get them."""

    fields: dict[str, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Raw:
    """A field as it stands in the file: what follows its colon, and the lines below it."""

    name: str
    line: int
    first: str
    below: list[str] = field(default_factory=list)


def recover_fields(path: Path, block: list[str], first_line: int) -> Recovered:
    """Read a frontmatter block field by field. Raises: BadDefinition."""
    recovered = Recovered()
    for raw in _split(path, block, first_line, recovered.notes):
        if raw.name in recovered.lines:
            first = recovered.lines[raw.name]
            raise BadDefinition(f"{path}:{raw.line}: `{raw.name}` is given twice, first on line {first}")
        recovered.lines[raw.name] = raw.line
        recovered.fields[raw.name] = _value(raw, recovered.notes)
    return recovered


def _split(path: Path, block: list[str], first_line: int, notes: list[str]) -> list[_Raw]:
    """The fields of a block, with the lines that belong to each."""
    found: list[_Raw] = []
    example_line = 0
    for number, line in enumerate(block, first_line):
        begins = _begins(line, number, notes if not example_line else [])
        if (
            example_line
            and begins
            and begins.name in KNOWN
            and not _is_closed_below(block, number - first_line)
        ):
            notes.append(f"line {example_line}: this <example> is never closed; it ends before line {number}")
            example_line = 0
        if begins and not example_line:
            found.append(begins)
        elif found:
            found[-1].below.append(line)
            if line.strip() and not line.startswith((" ", "\t", "-", "#")) and not example_line:
                notes.append(f"line {number}: taken as part of `{found[-1].name}`")
        elif line.strip() and not line.lstrip().startswith("#"):
            raise BadDefinition(
                f"{path}:{number}: neither a field such as `name: …` nor part of one: {line[:60]}"
            )
        example_line = _open_example(line, number, example_line)
    return found


def _begins(line: str, number: int, notes: list[str]) -> _Raw | None:
    if match := _FIELD.match(line):
        if match[1].lower() in DIALOGUE:
            return None
        return _Raw(name=match[1], line=number, first=(match[2] or "").strip())
    if match := _TIGHT_FIELD.match(line):
        notes.append(f"line {number}: `{match[1]}:` without a space after it read as a field")
        return _Raw(name=match[1], line=number, first=match[2].strip())
    return None


def _open_example(line: str, number: int, open_since: int) -> int:
    """The line of the example that is still open after this line; 0 when none is."""
    opened, closed = line.rfind("<example>"), line.rfind("</example>")
    if opened > closed:
        return number
    return 0 if closed >= 0 else open_since


def _is_closed_below(block: list[str], index: int) -> bool:
    """Whether an example that is open at this line is closed later, before another one begins."""
    rest = "\n".join(block[index:])
    closed, opened = rest.find("</example>"), rest.find("<example>")
    return closed >= 0 and (opened < 0 or closed < opened)


def lost_comment(number: int, line: str) -> Iterator[str]:
    """YAML ends an unquoted value at ` #`: a note about it, because it is seldom meant."""
    if match := _HASH.match(line):
        yield f"line {number}: left out as a YAML comment: #{match['lost']}"


def _value(raw: _Raw, notes: list[str]) -> Value:
    below = raw.below
    while below and not below[-1].strip():
        below = below[:-1]
    text = "\n".join([f"{raw.name}: {raw.first}", *below])
    for attempt in dict.fromkeys((text, text.replace("\t", "  "))):
        try:
            fields = read_fields(attempt) or ()
        except yaml.YAMLError:
            continue
        if [item.name for item in fields] == [raw.name]:
            if attempt != text:
                notes.append(f"line {raw.line}: {raw.name}: tabs read as spaces")
            notes.extend(lost_comment(raw.line, attempt.partition("\n")[0]))
            return fields[0].value
    return _as_text(raw, below, notes)


def _as_text(raw: _Raw, below: list[str], notes: list[str]) -> Value:
    """What can't be read as YAML: a list by its dashes or brackets, else text as it stands."""
    where = f"line {raw.line}: {raw.name}:"
    items = [line.strip() for line in below if line.strip()]
    if not raw.first and items and all(item.startswith("- ") for item in items):
        notes.append(f"{where} list items read as plain text")
        return tuple(_unquoted(item[2:].strip()) for item in items)
    if raw.first.startswith("[") and not below:
        notes.append(f"{where} list in brackets read item by item")
        parts = raw.first.strip("[]").split(",")
        return tuple(_unquoted(part.strip()) for part in parts if part.strip())
    first = "" if _BLOCK_MARK.match(raw.first) else raw.first
    text = "\n".join([first, textwrap.dedent("\n".join(below))]) if below else first
    notes.append(f"{where} read as plain text")
    return unescaped(_unquoted(text.strip()))


def unescaped(text: str) -> str:
    r"""Text with `\n`, `\t`, `\"` as what they stand for."""
    return _ESCAPE.sub(lambda match: _ESCAPES[match[0]], text)


def _unquoted(text: str) -> str:
    for quote in "\"'":
        if len(text) > 1 and text.startswith(quote) and text.endswith(quote):
            return text[1:-1]
    return text

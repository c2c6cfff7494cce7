"""The agent definition: who the agent is and what it must hold to, read from a Claude Code subagent file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from agent.definitions.amounts import amounts
from agent.definitions.frontmatter import Frontmatter, read_frontmatter
from agent.definitions.plain_yaml import Value
from agent.definitions.policies import read_policy
from agent.definitions.recovery import unescaped
from agent.definitions.sections import Section, read_sections
from agent.errors import BadDefinition
from agent.policy import Policy

TEXT_FIELDS = ("name", "model", "version", "priority", "estimated_time", "complexity_level")
LIST_FIELDS = ("requires_context", "dependencies", "outputs", "validation_criteria")
MAX_NAME = 100
_EXAMPLE = re.compile(r"<example>(.*?)</example>", re.DOTALL | re.IGNORECASE)
_COMMENTARY = re.compile(r"<commentary>(.*?)</commentary>", re.DOTALL | re.IGNORECASE)
_LABEL_IN_LINE = re.compile(r"^[ \t]*(context|user|assistant)[ \t]*:[ \t]*", re.IGNORECASE | re.MULTILINE)
_LABEL = re.compile(r"(?:^|(?<=\s))(context|user|assistant)[ \t]*:[ \t]*", re.IGNORECASE)
_ANNOUNCEMENT = re.compile(
    r"(?:^|(?<=[.!?\s]))(?:Here are |See )?(?:some )?Examples?[^.:]*:\s*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """When the agent is called: the situation, what is said, and why it is the right one. Parts may be ""."""

    context: str
    user: str
    assistant: str
    commentary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """An agent definition as understood.

    Text that the file doesn't have is "", lists are empty; `estimated_time_s` is None when it can't be told.
    `description` is without its examples; `prompt` is the body as it stands. `recovered` says, line by line,
    where the file wasn't plainly readable; `assumed` names the policy's figures that it doesn't state.
    """

    path: str
    name: str
    model: str
    version: str
    priority: str
    estimated_time: str
    estimated_time_s: float | None
    complexity_level: str
    requires_context: tuple[str, ...]
    dependencies: tuple[str, ...]
    outputs: tuple[str, ...]
    validation_criteria: tuple[str, ...]
    description: str
    examples: tuple[Example, ...]
    prompt: str
    sections: tuple[Section, ...]
    policy: Policy
    extra: Mapping[str, str]
    recovered: tuple[str, ...]
    assumed: tuple[str, ...]


def read_definition(path: Path) -> Definition:
    """Read any definition file.

    Raises: BadDefinition with file and line: no or unended frontmatter, a field given twice, no name.
    Source: Claude Code's subagent files (frontmatter between `---` lines, system prompt below).
    """
    front = read_frontmatter(path)
    notes = list(front.notes)
    texts = {name: _text(front, name, notes) for name in TEXT_FIELDS}
    lists = {name: _list(front.fields.get(name, ())) for name in LIST_FIELDS}
    _check_name(path, texts["name"], front)
    described = _text(front, "description", notes)
    if re.search(r"\\n", described):
        described = unescaped(described)
        notes.append(f"line {front.lines['description']}: description: \\n read as line breaks")
    examples, problems = _examples(described, front.lines.get("description", 0))
    sections = read_sections(front.body, front.body_line)
    reading = read_policy(sections)
    known = {*TEXT_FIELDS, *LIST_FIELDS, "description"}
    return Definition(
        path=str(path),
        name=texts["name"],
        model=texts["model"],
        version=texts["version"],
        priority=texts["priority"],
        estimated_time=texts["estimated_time"],
        estimated_time_s=_seconds(texts["estimated_time"]),
        complexity_level=texts["complexity_level"],
        requires_context=lists["requires_context"],
        dependencies=lists["dependencies"],
        outputs=lists["outputs"],
        validation_criteria=lists["validation_criteria"],
        description=_ANNOUNCEMENT.sub("", _EXAMPLE.sub("", described).strip()).strip(),
        examples=examples,
        prompt=front.body.strip() + "\n" if front.body.strip() else "",
        sections=sections,
        policy=reading.policy,
        extra={name: _joined(value) for name, value in front.fields.items() if name not in known},
        recovered=tuple(notes + problems + reading.notes),
        assumed=tuple(reading.assumed),
    )


def _check_name(path: Path, name: str, front: Frontmatter) -> None:
    line = front.lines.get("name")
    if line is None:
        raise BadDefinition(f"{path}:2: the frontmatter has no `name: …`; an agent needs one")
    if not name:
        raise BadDefinition(f"{path}:{line}: `name` is empty; an agent needs one")
    if len(name) > MAX_NAME or not name.isprintable():
        raise BadDefinition(f"{path}:{line}: `name` must be one line of at most {MAX_NAME} characters")


def _text(front: Frontmatter, name: str, notes: list[str]) -> str:
    value = front.fields.get(name, "")
    if isinstance(value, tuple):
        notes.append(f"line {front.lines[name]}: {name}: a list read as one text")
    return _joined(value).strip()


def _joined(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _list(value: Value) -> tuple[str, ...]:
    """A list field; one given as text is split at its commas."""
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def _seconds(text: str) -> float | None:
    found = [amount.value for amount in amounts(text) if amount.unit == "s"]
    return found[0] if len(found) == 1 else None


def _examples(description: str, line: int) -> tuple[tuple[Example, ...], list[str]]:
    examples: list[Example] = []
    problems: list[str] = []
    for block in _EXAMPLE.findall(description):
        example = _example(block)
        examples.append(example)
        if not example.user:
            problems.append(f"line {line}: example {len(examples)} has no `user:` line")
    return tuple(examples), problems


def _example(block: str) -> Example:
    commentary = " ".join(text.strip() for text in _COMMENTARY.findall(block))
    block = _COMMENTARY.sub("\n", block)
    in_line = {match[1].lower() for match in _LABEL_IN_LINE.finditer(block)}
    label = _LABEL_IN_LINE if {"user", "assistant"} <= in_line else _LABEL
    pieces = label.split(block)
    said: dict[str, list[str]] = {"context": [], "user": [], "assistant": []}
    if pieces[0].strip():
        said["context"].append(pieces[0].strip())
    for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
        said[name.lower()].append(_unquoted(text.strip()))
    parts = {name: "\n".join(texts) for name, texts in said.items()}
    return Example(
        context=parts["context"], user=parts["user"], assistant=parts["assistant"], commentary=commentary
    )


def _unquoted(text: str) -> str:
    for opening, closing in ('""', "''", "\u201c\u201d"):
        if len(text) > 1 and text.startswith(opening) and text.endswith(closing):
            return text[1:-1]
    return text

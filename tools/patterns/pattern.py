"""An optimisation pattern as a file: frontmatter (matching rule, rewrite, risk) and an explanation.

`prompts/playbook/<language>/<name>.md`; the id is `<language>/<name>`. The frontmatter:

    title: Regular expression compiled on every call
    view: cpu                      # cpu | memory | any: where the pattern costs
    severity: MEDIUM               # the definition's priorities may raise it
    risk: none for constant patterns
    cost: place                    # where its cost shows: place | uses (also where what it makes is used)
    rule: {...}                    # an ast-grep rule object (`rule`, `constraints`, `utils`)
    rewrite:                       # how to change it; `engine: explain` means explanation only
      engine: ast-grep | libcst | go-typed | go-fix | pgo | explain
      name: regexp_compile         # the transform in tools/<language>/rewrites
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tools.errors import UnreadableOutput
from tools.measure.toolchain import ProfileView

Engine = Literal["ast-grep", "libcst", "go-typed", "go-fix", "pgo", "explain"]


class RewriteSpec(BaseModel):
    """Which engine rewrites, and the transform's name in the language's rewrites."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    engine: Engine
    name: str = ""


class PatternFile(BaseModel):
    """The frontmatter of a pattern file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    title: str
    view: Literal["cpu", "memory", "any"]
    severity: Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    risk: str
    cost: Literal["place", "uses"] = "place"
    rule: dict[str, Any]
    rewrite: RewriteSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern ready to match; `explanation` is Markdown without any measured number."""

    id: str
    language: Literal["go", "python"]
    spec: PatternFile
    explanation: str


def load_patterns(folder: Path, language: Literal["go", "python"]) -> tuple[Pattern, ...]:
    """The patterns of `folder/<language>/*.md`, sorted by id. Raises: UnreadableOutput naming the file."""
    return tuple(read_pattern(path, language) for path in sorted((folder / language).glob("*.md")))


def read_pattern(path: Path, language: Literal["go", "python"]) -> Pattern:
    """One pattern file. Raises: UnreadableOutput with the file and what is wrong in it."""
    text = path.read_text(encoding="utf-8")
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0]:
        raise UnreadableOutput(f"{path}: a pattern starts with a frontmatter between two lines of '---'")
    try:
        spec = PatternFile.model_validate(yaml.safe_load(parts[1]))
    except (yaml.YAMLError, ValidationError) as error:
        raise UnreadableOutput(f"{path}: {error}") from error
    return Pattern(id=f"{language}/{path.stem}", language=language, spec=spec, explanation=parts[2].strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class HotFunction:
    """A function that measurement found hot; patterns are matched inside it only.

    `file` is relative to the root. `lines` maps a line number to the share (0-1) of the view's total
    that passes through it (cumulative). `start_line`..`end_line` span the function's definition where
    known, else end_line is 0 and the matcher finds the enclosing definition of the hot lines.
    """

    function: str
    file: str
    start_line: int
    end_line: int
    view: ProfileView
    self_share: float
    cumulative_share: float
    lines: Mapping[int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A pattern matched in hot code. `share` is the cumulative share of the hottest matched line.

    `captures` maps the rule's metavariables to their text. `start`, `end` are byte offsets in the file.
    """

    pattern: Pattern
    file: str
    line: int
    end_line: int
    start: int
    end: int
    function: str
    view: ProfileView
    share: float
    captures: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """Whole new contents of the changed files by relative path (a new file for PGO is bytes)."""

    files: Mapping[str, str | bytes]
    functions: tuple[str, ...]
    rationale: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSafe:
    """The pattern matched but can't be rewritten safely; `why` is one sentence for the report."""

    why: str

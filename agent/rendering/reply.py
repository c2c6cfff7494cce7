"""An answer to a question about a run, for a terminal: numbers with the evidence that they come from."""

from __future__ import annotations

import textwrap

from agent.evidence import EvidenceIndex, Reference
from agent.rendering.quantities import resolve
from agent.rendering.terminal import plain
from agent.rendering.text import unmarked

ITEM = "- "


def shown(text: str, evidence: EvidenceIndex) -> str:
    """Prose with every number in place, each with its evidence, such as `12.3 % [E7]`.

    Raises: KeyError for a reference that points nowhere.
    """

    def with_source(value: str, reference: Reference) -> str:
        return f"{value} [{reference.evidence_id}]"

    return resolve(text, evidence, with_source)


def render(text: str, evidence: EvidenceIndex, *, width: int = 100) -> str:
    """The answer in lines that fit; nothing of the target's in it can steer the terminal."""
    width = min(max(width, 60), 120)
    lines: list[str] = []
    is_code = False
    for line in shown(text, evidence).splitlines():
        if line.lstrip().startswith("```"):
            is_code = not is_code
        elif is_code:
            lines.append(plain(line))
        else:
            lines += _wrapped(line, width)
    return "\n".join(lines) + "\n"


def _wrapped(line: str, width: int) -> list[str]:
    """One line of prose, wrapped; an item of a list hangs."""
    indent = " " * (len(line) - len(line.lstrip()))
    hanging = indent + " " * len(ITEM) if line.lstrip().startswith(ITEM) else indent
    return textwrap.wrap(
        plain(unmarked(line)),
        width,
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [""]

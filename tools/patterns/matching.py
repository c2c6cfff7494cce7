"""Matching patterns in hot code: only inside functions that measurement found hot, on lines that cost.

A line matters when cost passes through it, or when it belongs to a statement (a loop, a call over several
lines) that costly lines belong to. Offsets are in characters of the file's text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

from ast_grep_py import Config, SgNode, SgRoot

from tools.patterns.pattern import Finding, HotFunction, Pattern

FUNCTION_KINDS = {
    "go": ("function_declaration", "method_declaration"),
    "python": ("function_definition",),
}
MINIMUM_SHARE = 0.01
_METAVARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")


def find(
    patterns: Sequence[Pattern],
    root: Path,
    hot: Sequence[HotFunction],
    *,
    minimum_share: float = MINIMUM_SHARE,
) -> tuple[Finding, ...]:
    """The places in hot functions that patterns match, the costliest first; one finding a place and pattern.

    A file that isn't there or isn't UTF-8 has no findings.
    """
    found: dict[tuple[str, str, int], Finding] = {}
    for function in hot:
        source = _read(root / function.file)
        if source is None:
            continue
        for pattern in patterns:
            if pattern.spec.view not in ("any", _view(function)) and not _memory_costs_time(
                pattern, function
            ):
                continue
            for finding in _find_in(pattern, function, source, minimum_share):
                key = (pattern.id, finding.file, finding.start)
                if key not in found or found[key].share < finding.share:
                    found[key] = finding
    return tuple(sorted(found.values(), key=lambda f: (-f.share, f.file, f.start, f.pattern.id)))


def _view(function: HotFunction) -> str:
    return "cpu" if function.view == "goroutines" else function.view


def _memory_costs_time(pattern: Pattern, function: HotFunction) -> bool:
    """What allocates shows in the CPU view, too: allocation and collection take time."""
    return pattern.spec.view == "memory" and function.view == "cpu"


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _find_in(pattern: Pattern, function: HotFunction, source: str, minimum_share: float) -> Iterator[Finding]:
    top = SgRoot(source, pattern.language).root()
    for node in top.find_all(cast("Config", pattern.spec.rule)):
        around = _enclosing(node, pattern.language)
        if around is None or not _is_function(around, function):
            continue
        span = node.range()
        first, last = span.start.line + 1, span.end.line + 1
        share = max((s for line, s in function.lines.items() if first <= line <= last), default=0.0)
        share = max(share, _loop_share(node, function))
        if pattern.spec.cost == "uses":
            share = max(share, _share_of_uses(node, around, function))
        if share < minimum_share:
            continue
        yield Finding(
            pattern=pattern,
            file=function.file,
            line=first,
            end_line=last,
            start=span.start.index,
            end=span.end.index,
            function=function.function,
            view=function.view,
            share=share,
            captures=_captures(node, pattern.spec.rule),
        )


def _enclosing(node: SgNode, language: str) -> SgNode | None:
    """The outermost named function around a node (closures belong to the function they are written in)."""
    found = None
    for ancestor in [node, *node.ancestors()]:
        if ancestor.kind() in FUNCTION_KINDS[language]:
            found = ancestor
            if language == "python":
                return found
    return found


def _is_function(node: SgNode, function: HotFunction) -> bool:
    """Whether the definition is the hot function: a costly line of it lies in its span."""
    span = node.range()
    first, last = span.start.line + 1, span.end.line + 1
    if function.end_line:
        return first <= function.end_line and last >= function.start_line
    return any(first <= line <= last for line in function.lines)


def _loop_share(node: SgNode, function: HotFunction) -> float:
    """For a declaration: what the statements right after it cost in the same block (it prepares them)."""
    if node.kind() not in ("var_declaration", "short_var_declaration", "expression_statement", "assignment"):
        return 0.0
    share = 0.0
    for following in node.next_all()[:3]:
        if following.kind() in ("for_statement", "while_statement"):
            span = following.range()
            first, last = span.start.line + 1, span.end.line + 1
            share = max([share, *(s for line, s in function.lines.items() if first <= line <= last)])
    return share


_DECLARATIONS = ("short_var_declaration", "var_spec", "assignment_statement", "assignment")


def _share_of_uses(node: SgNode, around: SgNode, function: HotFunction) -> float:
    """The share of the costliest line that uses the variable which the matched expression is assigned to."""
    declaration = next((a for a in node.ancestors() if a.kind() in _DECLARATIONS), None)
    if declaration is None:
        return 0.0
    name = declaration.text().split("=")[0].rstrip(" :").removeprefix("var ").strip()
    if not name.isidentifier():
        return 0.0
    used = around.find_all(cast("Config", {"rule": {"kind": "identifier", "regex": f"^{name}$"}}))
    return max((function.lines.get(use.range().start.line + 1, 0.0) for use in used), default=0.0)


def _captures(node: SgNode, rule: dict[str, Any]) -> dict[str, str]:
    found = {}
    for name in set(_METAVARIABLE.findall(str(rule))):
        match = node.get_match(name)
        if match is not None:
            found[name] = match.text()
    return found

"""Rewriting one place of a Python file: which rewrite a pattern names, and what a refusal says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import libcst as cst

from tools.patterns.pattern import Finding, NotSafe, Rewritten
from tools.python.rewrites.compiled import hoist_compile
from tools.python.rewrites.comprehension import list_comprehension
from tools.python.rewrites.deques import deque
from tools.python.rewrites.expressions import f_string, generator, iterate_file, nsmallest, without_copy
from tools.python.rewrites.invariant import hoist_invariant
from tools.python.rewrites.joined import join_parts
from tools.python.rewrites.membership import set_membership
from tools.python.rewrites.place import CannotRewrite, Place, Tree
from tools.python.rewrites.search import index_search

REWRITES: dict[str, Callable[[Place], cst.Module]] = {
    "deque": deque,
    "f_string": f_string,
    "generator": generator,
    "hoist_compile": hoist_compile,
    "hoist_invariant": hoist_invariant,
    "index_search": index_search,
    "iterate_file": iterate_file,
    "join_parts": join_parts,
    "list_comprehension": list_comprehension,
    "nsmallest": nsmallest,
    "set_membership": set_membership,
    "without_copy": without_copy,
}
"""The rewrites by the names that pattern files use."""


class PythonRewriter:
    """Rewrites Python files with libcst."""

    def rewrite(self, finding: Finding, root: Path) -> Rewritten | NotSafe:
        """The changed file, or why the place can't be rewritten safely."""
        text = (root / finding.file).read_bytes().decode("utf-8")
        start, end = (len(text[:at].encode()) for at in (finding.start, finding.end))
        try:
            module = REWRITES[finding.pattern.spec.rewrite.name](Place(Tree.parse(text), start, end))
        except CannotRewrite as reason:
            return NotSafe(why=str(reason))
        new = module.code
        if new == text:
            return NotSafe(why="the rewrite would change nothing")
        try:
            Tree.parse(new)
        except CannotRewrite as reason:
            return NotSafe(why=f"the rewritten file would not be valid: {reason}")
        return Rewritten(
            files={finding.file: new}, functions=(finding.function,), rationale=finding.pattern.spec.title
        )

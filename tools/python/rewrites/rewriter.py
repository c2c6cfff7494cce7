"""Rewriting one place of a Python file: which rewrite a pattern names, and what a refusal says."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import libcst as cst

from tools.patterns.pattern import Finding, NotSafe, Rewritten
from tools.python.rewrites.compiled import hoist_compile
from tools.python.rewrites.comprehension import list_comprehension
from tools.python.rewrites.deques import deque
from tools.python.rewrites.expressions import f_string, generator, nsmallest
from tools.python.rewrites.invariant import hoist_invariant
from tools.python.rewrites.joined import join_parts
from tools.python.rewrites.membership import set_membership
from tools.python.rewrites.place import CannotRewrite, Place, Tree, walk
from tools.python.rewrites.search import index_search
from tools.python.rewrites.streaming import iterate_file, without_copy

LINE = 120
"""Longer lines aren't written, unless the file has them already."""
BYTE_ORDER_MARK = "\ufeff"

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
        whole = (root / finding.file).read_bytes().decode("utf-8")
        text = whole.removeprefix(BYTE_ORDER_MARK)  # libcst drops it, and counts without it
        mark = whole[: len(whole) - len(text)]
        start, end = (len(whole[len(mark) : at].encode()) for at in (finding.start, finding.end))
        try:
            tree = Tree.parse(text)
            new = REWRITES[finding.pattern.spec.rewrite.name](Place(tree, start, end, root)).code
            _require_good(tree, text, new)
        except CannotRewrite as reason:
            return NotSafe(why=str(reason))
        except (cst.CSTValidationError, cst.ParserSyntaxError) as error:
            return NotSafe(
                why=f"the new code doesn't fit where the old one stood: {str(error).splitlines()[0]}"
            )
        return Rewritten(
            files={finding.file: mark + new},
            functions=(finding.function,),
            rationale=finding.pattern.spec.title,
        )


def _require_good(old: Tree, text: str, new: str) -> None:
    """The file changes, stays valid, keeps its comments, and gets no overlong line. Raises: CannotRewrite."""
    if new == text:
        raise CannotRewrite("the rewrite would change nothing")
    if not _compiles(new) and _compiles(text):
        raise CannotRewrite("the rewritten file would not be valid Python")
    try:
        tree = Tree.parse(new)
    except CannotRewrite as reason:
        raise CannotRewrite(f"the rewritten file would not be valid: {reason}") from reason
    lost = Counter(_comments(old)) - Counter(_comments(tree))
    if lost:
        raise CannotRewrite(f"a comment would be lost: {next(iter(lost))}")
    lines = set(text.splitlines())
    longest = max([LINE, *map(len, lines)])
    if any(len(line) > longest for line in new.splitlines() if line not in lines):
        raise CannotRewrite(f"a line would be longer than {LINE} characters")


def _comments(tree: Tree) -> list[str]:
    return [n.value for n in walk(tree.module) if isinstance(n, cst.Comment)]


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<rewritten>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True

"""Whether code can run at all: what stands where it never runs, or in a function nobody called, counts for nothing."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from tools.python.guarding.code import Code
from tools.python.guarding.marks import Mark
from tools.python.guarding.naming import fold

_ENDS = ast.Return | ast.Raise | ast.Continue | ast.Break


def is_dead(code: Code, node: ast.AST) -> bool:
    """Whether a node never runs: below `if False`, or after the end of its block."""
    below = node
    for above in code.above(node):
        if isinstance(above, ast.If | ast.While) and below is not above.test:
            found = fold(code, above.test)
            if found is not None and bool(found.value) is (below in above.orelse):
                return True
        if isinstance(below, ast.stmt) and _is_after_an_end(above, below):
            return True
        below = above
    return False


def _is_after_an_end(above: ast.AST, below: ast.stmt) -> bool:
    for name in ("body", "orelse", "finalbody"):
        block = getattr(above, name, None)
        if isinstance(block, list) and below in block:
            return any(isinstance(s, _ENDS) for s in block[: block.index(below)])
    return False


def is_about_versions(code: Code, node: ast.AST) -> bool:
    """Whether a node runs for some versions of Python only; dropping one of them drops what was for it."""
    return any(
        isinstance(above, ast.If) and "version" in ast.unparse(above.test).lower()
        for above in code.above(node)
        if code.function(above) is None
    )


def is_gone_unused(mark: Mark, before: Sequence[Code], after: Sequence[Code]) -> bool:
    """Whether the function a mark stood in was taken out as a whole, and nothing that was changed called it."""
    name = mark.where.rpartition(".")[2]
    if not name or any(mark.where in code.functions for code in after):
        return False
    for code in before:
        for node in code.nodes:
            word = (
                node.id
                if isinstance(node, ast.Name)
                else node.attr
                if isinstance(node, ast.Attribute)
                else ""
            )
            if word == name and code.where(node) != mark.where:
                return False
    return True

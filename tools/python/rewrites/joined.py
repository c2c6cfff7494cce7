"""A string built by `+=` in a loop becomes parts that are joined once: `join_parts`."""

from __future__ import annotations

import libcst as cst

from tools.python.rewrites.names import fresh, is_stored, is_within, require_plain_local, uses
from tools.python.rewrites.place import CannotRewrite, Change, Place, after, changed, instead


def join_parts(place: Place) -> cst.Module:
    """Append to a list in the loop and join it after the loop.

    The variable must start as a string literal in the same block as the outermost loop, and nothing may read
    it before that loop has ended. Raises: CannotRewrite.
    """
    tree = place.tree
    matched = place.node(cst.AugAssign)
    if not isinstance(matched.target, cst.Name) or not isinstance(matched.operator, cst.AddAssign):
        raise CannotRewrite("it doesn't append to a plain variable")
    name = matched.target.value
    function, loop = place.function(matched), place.loops(matched)[-1]
    require_plain_local(tree, function, name)
    _, block = place.block(loop)
    start_line, start = _start(block, loop, name)
    parts = fresh(function, f"{name}_parts")
    changes: dict[cst.CSTNode, Change] = {}
    for use in uses(tree, function, name):
        aug = tree.parent(use)
        inside = is_within(tree, use, loop)
        if inside and isinstance(aug, cst.AugAssign) and aug.target is use:
            if not isinstance(aug.operator, cst.AddAssign) or uses(tree, aug.value, name):
                raise CannotRewrite(f"the loop does more than append to `{name}`")
            value = tree.code(aug.value)
            if isinstance(aug.value, cst.Tuple) and not aug.value.lpar:
                raise CannotRewrite("it appends a tuple")
            changes[aug] = instead(cst.Expr(place.expression(f"{parts}.append({value})")))
        elif inside:
            raise CannotRewrite(f"the loop reads `{name}` while it is being built")
        elif is_stored(tree, use) and not is_within(tree, use, start_line):
            raise CannotRewrite(f"`{name}` is changed outside of the loop, too")
    first = "" if start.evaluated_value in ("", b"") else tree.code(start)
    changes[start_line] = instead(
        place.statement(f"{parts} = [{first}]\n").with_changes(leading_lines=start_line.leading_lines)
    )
    empty = 'b""' if isinstance(start.evaluated_value, bytes) else '""'
    joined = f"{empty}.join({parts})"
    following = next((s for s in block[block.index(loop) + 1 :]), None)
    only = [u for u in uses(tree, function, name) if not is_within(tree, u, loop) and not is_stored(tree, u)]
    if following is not None and len(only) == 1 and _is_returned(following, only[0]):
        changes[only[0]] = instead(place.expression(joined))
    else:
        changes[loop] = after(place.statement(f"{name} = {joined}\n"))
    return changed(tree.module, changes)


def _start(block: object, loop: cst.CSTNode, name: str) -> tuple[cst.SimpleStatementLine, cst.SimpleString]:
    """`name = ""` before the loop in its block, with nothing between that uses the name."""
    statements = list(block) if isinstance(block, list) else []
    for statement in reversed(statements[: statements.index(loop)]):
        if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
            small = statement.body[0]
            if isinstance(small, cst.Assign) and len(small.targets) == 1:
                target = small.targets[0].target
                if isinstance(target, cst.Name) and target.value == name:
                    if isinstance(small.value, cst.SimpleString):
                        return statement, small.value
                    break
    raise CannotRewrite(f"`{name}` doesn't start as a string literal right before the loop")


def _is_returned(statement: object, use: cst.Name) -> bool:
    if not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return False
    small = statement.body[0]
    return isinstance(small, cst.Return) and small.value is use

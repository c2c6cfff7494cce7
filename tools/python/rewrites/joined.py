"""A string built by `+=` in a loop becomes parts that are joined once: `join_parts`."""

from __future__ import annotations

import libcst as cst

from tools.python.rewrites.meaning import is_guarded, require_plain_function
from tools.python.rewrites.names import fresh, is_stored, is_within, require_plain_local, uses
from tools.python.rewrites.place import (
    CannotRewrite,
    Change,
    Loop,
    Place,
    Tree,
    after,
    changed,
    instead,
    walk,
)


def join_parts(place: Place) -> cst.Module:
    """Append to a list in the loop and join it after the loop.

    The variable must start as a string literal in the same block as the outermost loop, and nothing may read
    it but what follows that loop in the block. Where an error in the loop could be caught, each part must surely
    be a string: joining would notice another one only after the loop. Raises: CannotRewrite.
    """
    tree = place.tree
    matched = place.node(cst.AugAssign)
    if not isinstance(matched.target, cst.Name) or not isinstance(matched.operator, cst.AddAssign):
        raise CannotRewrite("it doesn't append to a plain variable")
    name = matched.target.value
    function, loop = place.function(matched), place.loops(matched)[-1]
    require_plain_local(tree, function, name)
    require_plain_function(tree, function)
    _, block = place.block(loop)
    start_line, start = _start(list(block), loop, name)
    following = list(block)[list(block).index(loop) + 1 :]
    guarded = is_guarded(tree, function, loop) or any(
        isinstance(n, cst.Try | cst.TryStar) for n in walk(loop)
    )
    parts = fresh(function, f"{name}_parts")
    changes: dict[cst.CSTNode, Change] = {}
    for use in uses(tree, function, name):
        aug = tree.parent(use)
        inside = is_within(tree, use, loop)
        if inside and isinstance(aug, cst.AugAssign) and aug.target is use:
            if not isinstance(aug.operator, cst.AddAssign) or uses(tree, aug.value, name):
                raise CannotRewrite(f"the loop does more than append to `{name}`")
            value = tree.code(aug.value)
            if isinstance(aug.value, cst.Tuple | cst.Yield | cst.GeneratorExp) and not aug.value.lpar:
                raise CannotRewrite("it appends no string")
            if guarded and not is_text(tree, aug.value, type(start.evaluated_value)):
                raise CannotRewrite(f"what is appended to `{name}` may be no string, and the error be caught")
            changes[aug] = instead(cst.Expr(place.expression(f"{parts}.append({value})")))
        elif inside:
            raise CannotRewrite(f"the loop reads `{name}` while it is being built")
        elif is_stored(tree, use) and not is_within(tree, use, start_line):
            raise CannotRewrite(f"`{name}` is changed outside of the loop, too")
        elif not is_stored(tree, use) and not any(is_within(tree, use, s) for s in following):
            raise CannotRewrite(f"`{name}` is read elsewhere than after the loop")
    if any("type:" in n.value for n in walk(start_line) if isinstance(n, cst.Comment)):
        raise CannotRewrite(f"a comment gives `{name}` a type")
    first = "" if start.evaluated_value in ("", b"") else tree.code(start)
    changes[start_line] = instead(
        place.statement(f"{parts} = [{first}]\n").with_changes(
            leading_lines=start_line.leading_lines, trailing_whitespace=start_line.trailing_whitespace
        )
    )
    empty = 'b""' if isinstance(start.evaluated_value, bytes) else '""'
    joined = f"{empty}.join({parts})"
    only = [u for u in uses(tree, function, name) if not is_within(tree, u, loop) and not is_stored(tree, u)]
    if following and len(only) == 1 and _is_returned(following[0], only[0]):
        changes[only[0]] = instead(place.expression(joined))
    else:
        changes[loop] = after(place.statement(f"{name} = {joined}\n"))
    return changed(tree.module, changes)


def is_text(tree: Tree, value: cst.BaseExpression, kind: type) -> bool:
    """Whether an expression surely is a string (or bytes) when it has a value at all."""
    if isinstance(value, cst.SimpleString | cst.ConcatenatedString | cst.FormattedString):
        evaluated = "" if isinstance(value, cst.FormattedString) else value.evaluated_value
        return isinstance(evaluated, kind)
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Add):
        return is_text(tree, value.left, kind) and is_text(tree, value.right, kind)
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Modulo):
        return is_text(tree, value.left, kind)
    if kind is str and isinstance(value, cst.Call):
        return isinstance(value.func, cst.Name) and tree.code(value.func) in ("str", "repr", "chr", "format")
    return False


def _start(
    statements: list[cst.BaseStatement], loop: Loop, name: str
) -> tuple[cst.SimpleStatementLine, cst.SimpleString]:
    """`name = ""` before the loop in its block."""
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

"""A list built by append becomes a list comprehension: `list_comprehension`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.meaning import require_plain_function, require_unseen_after_error
from tools.python.rewrites.names import require_plain_local, stores, uses
from tools.python.rewrites.place import CannotRewrite, Place, changed, instead, walk

LINE = 100
"""Longer comprehensions get several lines."""


def list_comprehension(place: Place) -> cst.Module:
    """`kept = []` and a loop that only appends to it become one comprehension. Raises: CannotRewrite."""
    tree = place.tree
    loop = place.node(cst.For)
    function = place.function(loop)
    if loop.orelse is not None or loop.asynchronous is not None:
        raise CannotRewrite("the loop has an `else` or is asynchronous")
    test, append = _body(loop)
    if not isinstance(append.func, cst.Attribute) or not isinstance(append.func.value, cst.Name):
        raise CannotRewrite("it doesn't append to a plain variable")
    name = append.func.value.value
    require_plain_local(tree, function, name)
    require_plain_function(tree, function)
    _, block = place.block(loop)
    at = list(block).index(loop)
    start = block[at - 1] if at else None
    empty = m.SimpleStatementLine(
        body=[m.Assign(targets=[m.AssignTarget(target=m.Name(value=name))], value=m.List(elements=[]))]
    )
    if start is None or not m.matches(start, empty):
        raise CannotRewrite(f"`{name}` doesn't start empty right before the loop")
    if len(uses(tree, loop, name)) != 1:
        raise CannotRewrite(f"the loop uses `{name}` for something else, too")
    if any(isinstance(n, cst.Await | cst.Yield | cst.NamedExpr) for n in walk(loop)):
        raise CannotRewrite("the loop yields, awaits or assigns inside an expression")
    if uses(tree, loop, "super") or uses(tree, loop, "__class__"):
        raise CannotRewrite("`super` needs the function's own scope")
    require_unseen_after_error(place, function, name, loop)
    for target in [n for n in walk(loop.target) if isinstance(n, cst.Name)]:
        if uses(tree, loop.iter, target.value) or not stores(tree, loop.target, target.value):
            raise CannotRewrite(f"what is looped over depends on `{target.value}`")
        if set(uses(tree, function, target.value)) - set(uses(tree, loop, target.value)):
            raise CannotRewrite(f"`{target.value}` is used outside of the loop, too")
    parts = [
        _enclosed(place, append.args[0].value),
        f"for {tree.code(loop.target)} in {_enclosed(place, loop.iter)}",
        *([f"if {_enclosed(place, test)}"] if test is not None else []),
    ]
    made = f"{name} = [{' '.join(parts)}]"
    indent = sum(isinstance(a, cst.IndentedBlock) for a in tree.ancestors(loop)) * tree.module.default_indent
    if len(indent.expandtabs(4)) + max(map(len, made.splitlines())) > LINE:
        step = "\n" + tree.module.default_indent  # the block's own indentation is added to each line
        made = f"{name} = [{step}{step.join(parts)}\n]"
    statement = place.statement(made + "\n").with_changes(
        leading_lines=[
            *cst.ensure_type(start, cst.SimpleStatementLine).leading_lines,
            *[line for line in loop.leading_lines if line.comment is not None],
        ]
    )
    return changed(tree.module, {start: instead(statement), loop: instead()})


def _enclosed(place: Place, node: cst.BaseExpression) -> str:
    """An expression as a part of a comprehension."""
    code = place.tree.code(node)
    loose = isinstance(node, cst.Tuple | cst.IfExp | cst.Lambda | cst.GeneratorExp) and not node.lpar
    return f"({code})" if loose else code


def _body(loop: cst.For) -> tuple[cst.BaseExpression | None, cst.Call]:
    """The condition, if any, and the append that the loop's body consists of."""
    body: object = loop.body
    test = None
    if isinstance(body, cst.IndentedBlock) and len(body.body) == 1 and isinstance(body.body[0], cst.If):
        inner = body.body[0]
        if inner.orelse is not None:
            raise CannotRewrite("the loop's condition has an `else`")
        test, body = inner.test, inner.body
    call = m.Call(func=m.Attribute(attr=m.Name(value="append")), args=[m.Arg(keyword=None, star="")])
    if isinstance(body, cst.IndentedBlock) and len(body.body) == 1:
        line = body.body[0]
        if isinstance(line, cst.SimpleStatementLine) and m.matches(
            line, m.SimpleStatementLine(body=[m.Expr(call)])
        ):
            return test, cst.ensure_type(cst.ensure_type(line.body[0], cst.Expr).value, cst.Call)
    raise CannotRewrite("the loop does more than append")

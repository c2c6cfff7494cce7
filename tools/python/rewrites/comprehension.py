"""A list built by append becomes a list comprehension: `list_comprehension`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.names import require_plain_local, uses, walk
from tools.python.rewrites.place import CannotRewrite, Place, changed, instead


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
    for target in [n for n in walk(loop.target) if isinstance(n, cst.Name)]:
        if set(uses(tree, function, target.value)) - set(uses(tree, loop, target.value)):
            raise CannotRewrite(f"`{target.value}` is used outside of the loop, too")
    condition = f" if {tree.code(test)}" if test is not None else ""
    value, items = tree.code(append.args[0].value), tree.code(loop.iter)
    if isinstance(loop.iter, cst.Tuple | cst.IfExp | cst.Lambda) and not loop.iter.lpar:
        items = f"({items})"
    made = f"{name} = [{value} for {tree.code(loop.target)} in {items}{condition}]\n"
    statement = place.statement(made).with_changes(
        leading_lines=cst.ensure_type(start, cst.SimpleStatementLine).leading_lines
    )
    return changed(tree.module, {start: instead(statement), loop: instead()})


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

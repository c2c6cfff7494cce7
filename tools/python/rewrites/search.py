"""A linear search inside a loop becomes an index: `index_search`."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.names import (
    fresh,
    is_stored,
    is_within,
    names_in,
    require_plain_local,
    single_assignment,
    stores,
    uses,
)
from tools.python.rewrites.place import CannotRewrite, Loop, Place, Tree, after, changed, instead


@dataclass(frozen=True, slots=True)
class _Search:
    """`for element in items: if element.field == key: break` with its `else` that appends a new element."""

    element: str
    items: str
    field: str
    key: cst.BaseExpression


def index_search(place: Place) -> cst.Module:
    """Find an element by a dictionary instead of by looking through the list.

    The list must be made empty in the same function and grow only in the search's own `else`; the compared
    field must not be assigned anywhere in the file but at construction. Raises: CannotRewrite.
    """
    tree = place.tree
    inner = place.node(cst.For)
    function, outer = place.function(inner), place.loop(inner)
    search = _read_search(tree, inner)
    require_plain_local(tree, function, search.items)
    made = single_assignment(tree, function, search.items)
    if not m.matches(made.value, m.List(elements=[])):
        raise CannotRewrite(f"`{search.items}` isn't made as an empty list in the same function")
    made_line = place.line(made)
    if is_within(tree, made_line, outer):
        raise CannotRewrite(f"`{search.items}` starts anew in each round")
    appended = _appending_else(tree, inner, search)
    _only_these_uses(tree, function, outer, inner, search)
    _field_is_constant(tree, search.field)
    index = fresh(function, f"{search.items}_by_{search.field}")
    key, element = tree.code(search.key), search.element
    look_up = place.statement(f"{element} = {index}.get({key})\n")
    keep = place.statement(f"{index}.setdefault({element}.{search.field}, {element})\n")
    return changed(
        tree.module,
        {
            inner: instead(look_up, _when_missing(place, element, [*appended, keep])),
            made_line: after(place.statement(f"{index} = {{}}\n")),
        },
    )


def _read_search(tree: Tree, inner: cst.For) -> _Search:
    body = inner.body
    if not isinstance(inner.target, cst.Name) or not isinstance(inner.iter, cst.Name):
        raise CannotRewrite("the search isn't over a plain list by a plain name")
    if not isinstance(body, cst.IndentedBlock) or len(body.body) != 1 or not isinstance(body.body[0], cst.If):
        raise CannotRewrite("the search does more than compare")
    test = body.body[0]
    if test.orelse is not None or not m.matches(
        test.body, m.IndentedBlock(body=[m.SimpleStatementLine(body=[m.Break()])])
    ):
        raise CannotRewrite("the search does more than stop at what it finds")
    element = inner.target.value
    comparison = test.test
    if not isinstance(comparison, cst.Comparison) or len(comparison.comparisons) != 1:
        raise CannotRewrite("the search's condition is more than one comparison")
    target = comparison.comparisons[0]
    if not isinstance(target.operator, cst.Equal):
        raise CannotRewrite("the search's condition is not an equality")
    sides = [(comparison.left, target.comparator), (target.comparator, comparison.left)]
    for side, key in sides:
        if isinstance(side, cst.Attribute) and m.matches(side.value, m.Name(value=element)):
            if element in names_in(tree, key) or not _is_steady(key):
                break
            return _Search(element, inner.iter.value, side.attr.value, key)
    raise CannotRewrite("the search doesn't compare a field of the element with a value")


def _is_steady(key: cst.BaseExpression) -> bool:
    """A name, a constant or an attribute of a name: the same value whenever it is evaluated."""
    return m.matches(key, m.Name() | m.SimpleString() | m.Integer() | m.Attribute(value=m.Name()))


def _appending_else(tree: Tree, inner: cst.For, search: _Search) -> list[cst.BaseStatement]:
    """The `else` of the search: makes the element and appends it, as the last statement."""
    if inner.orelse is None or not isinstance(inner.orelse.body, cst.IndentedBlock):
        raise CannotRewrite("what happens when nothing is found isn't written as the search's `else`")
    statements = list(inner.orelse.body.body)
    append = m.SimpleStatementLine(
        body=[
            m.Expr(
                value=m.Call(
                    func=m.Attribute(value=m.Name(value=search.items), attr=m.Name(value="append")),
                    args=[m.Arg(value=m.Name(value=search.element), keyword=None)],
                )
            )
        ]
    )
    if len(statements) != 2 or not m.matches(statements[1], append):
        raise CannotRewrite(f"the `else` doesn't end with `{search.items}.append({search.element})`")
    if len(stores(tree, statements[0], search.element)) != 1:
        raise CannotRewrite(f"the `else` doesn't make a new `{search.element}`")
    return statements


def _only_these_uses(
    tree: Tree, function: cst.FunctionDef, outer: Loop, inner: cst.For, search: _Search
) -> None:
    """Inside the outer loop the list is used by the search alone; before it, not at all."""
    for use in uses(tree, outer, search.items):
        if not is_within(tree, use, inner):
            raise CannotRewrite(f"the loop uses `{search.items}` for something else, too")
    before_outer = [
        use
        for use in uses(tree, function.body, search.items)
        if not is_within(tree, use, outer) and not is_stored(tree, use) and not _is_after(tree, use, outer)
    ]
    if before_outer:
        raise CannotRewrite(f"`{search.items}` is used before the loop")


def _is_after(tree: Tree, node: cst.CSTNode, loop: Loop) -> bool:
    order = {id(n): i for i, n in enumerate(_in_order(tree.module))}
    return order[id(node)] > order[id(loop)]


def _in_order(node: cst.CSTNode) -> list[cst.CSTNode]:
    found = [node]
    for child in node.children:
        found += _in_order(child)
    return found


def _field_is_constant(tree: Tree, field: str) -> None:
    """No assignment to `.field` outside of `__init__`; a field of a class body is its default."""
    for node in _in_order(tree.module):
        if not isinstance(node, cst.Attribute) or node.attr.value != field:
            continue
        parent = tree.parent(node)
        stored = isinstance(parent, cst.AssignTarget | cst.Del) or (
            isinstance(parent, cst.AugAssign | cst.AnnAssign) and parent.target is node
        )
        around = next((a for a in tree.ancestors(node) if isinstance(a, cst.FunctionDef)), None)
        if stored and (around is None or around.name.value not in ("__init__", "__post_init__")):
            raise CannotRewrite(f"`.{field}` is assigned after construction, so an index could go stale")


def _when_missing(place: Place, element: str, statements: list[cst.BaseStatement]) -> cst.BaseStatement:
    test = place.statement(f"if {element} is None:\n    pass\n")
    return test.with_changes(body=cst.IndentedBlock(body=statements))

"""A linear search inside a loop becomes an index: `index_search`."""

from __future__ import annotations

import ast
from dataclasses import dataclass

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.effects import HARMLESS_BUILTINS
from tools.python.rewrites.hashing import Hashing, scope_at
from tools.python.rewrites.meaning import is_builtin, require_plain_function
from tools.python.rewrites.names import (
    fresh,
    is_only_read,
    is_stored,
    is_within,
    names_in,
    require_plain_local,
    single_assignment,
    uses,
)
from tools.python.rewrites.place import CannotRewrite, Loop, Place, Tree, after, changed, instead, walk
from tools.python.rewrites.project import Project

UNEQUAL = frozenset({"float", "complex", "list", "dict", "set", "List", "Dict", "Set", "bytearray"})
"""Types whose values can't be keys, or need not equal themselves."""


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
    field must not be assigned anywhere in the file but at construction, and elements must not reach other
    files' code while the loop runs. Raises: CannotRewrite.
    """
    tree = place.tree
    inner = place.node(cst.For)
    function = place.function(inner)
    place.loop(inner)
    search = _read_search(tree, inner)
    require_plain_local(tree, function, search.items)
    require_plain_local(tree, function, search.element)
    require_plain_function(tree, function)
    made = single_assignment(tree, function, search.items)
    if not m.matches(made.value, m.List(elements=[])):
        raise CannotRewrite(f"`{search.items}` isn't made as an empty list in the same function")
    made_line = place.line(made)
    around = [loop for loop in place.loops(inner) if not is_within(tree, made_line, loop)]
    if not around or not isinstance(made_line, cst.SimpleStatementLine) or len(made_line.body) != 1:
        raise CannotRewrite(f"`{search.items}` starts anew in each round")
    outer = around[-1]
    appended = _appending_else(tree, inner, search)
    _only_these_uses(tree, function, outer, inner, search)
    _field_is_constant(tree, search.field)
    _elements_stay_here(tree, function, search)
    _key_is_hashable(place, search, appended)
    index = fresh(function, f"{search.items}_by_{search.field}")
    key, element = tree.code(search.key), search.element
    look_up = place.statement(f"{element} = {index}.get({key})\n")
    keep = place.statement(f"{index}.setdefault({element}.{search.field}, {element})\n")
    return changed(
        tree.module,
        {
            inner: instead(
                look_up.with_changes(leading_lines=inner.leading_lines),
                _when_missing(place, element, [*appended, keep]),
            ),
            made_line: after(place.statement(f"{index} = {{}}\n")),
        },
    )


def _key_is_hashable(place: Place, search: _Search, appended: list[cst.BaseStatement]) -> None:
    """Something shows that what is searched for can be hashed: itself, or the field that it becomes.

    Raises: CannotRewrite.
    """
    scope = scope_at(place.tree.module.code, place.start)
    project = Project(place.root)
    text = place.tree.code(search.key)
    given = [place.tree.code(n.value) for n in walk(appended[0]) if isinstance(n, cst.Arg)]
    becomes_field = text in given and project.field_is_hashable(search.field)
    if not becomes_field and not Hashing(project).is_hashable(ast.parse(text, mode="eval").body, scope):
        raise CannotRewrite(
            "nothing shows that what is looked for can be hashed, as it must be in a dictionary"
        )


def _read_search(tree: Tree, inner: cst.For) -> _Search:
    body = inner.body
    if inner.asynchronous is not None:
        raise CannotRewrite("the loop is asynchronous")
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
    made = m.SimpleStatementLine(
        body=[m.Assign(targets=[m.AssignTarget(target=m.Name(value=search.element))], value=m.Call())]
    )
    if not m.matches(statements[0], made) or len(uses(tree, statements[0], search.element)) != 1:
        raise CannotRewrite(f"the `else` doesn't make a new `{search.element}`")
    key = tree.code(search.key)
    if isinstance(search.key, cst.Attribute) and not any(
        tree.code(a.value) == key for n in walk(statements[0]) if isinstance(n, cst.Call) for a in n.args
    ):
        raise CannotRewrite(f"`{key}` isn't needed where nothing is found, and may not even be there")
    for use in uses(tree, statements[0], search.items):
        if not is_only_read(tree, use, deep=False):
            raise CannotRewrite(f"the `else` does more to `{search.items}` than append")
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
    order = {id(n): i for i, n in enumerate(walk(tree.module))}
    return order[id(node)] > order[id(loop)]


def _field_is_constant(tree: Tree, field: str) -> None:
    """No assignment to `.field` but of `__init__` to its own; no property, nor a field that can't be a key."""
    for node in walk(tree.module):
        if isinstance(node, cst.FunctionDef) and node.name.value == field and node.decorators:
            raise CannotRewrite(f"`.{field}` is computed, so an index could go stale")
        if isinstance(node, cst.AnnAssign) and m.matches(node.target, m.Name(field)):
            note = {n.value for n in walk(node.annotation) if isinstance(n, cst.Name)}
            if note & UNEQUAL:
                raise CannotRewrite(f"`.{field}` can't be a key that finds its equal")
        if isinstance(node, cst.Call) and tree.code(node.func) in ("setattr", "object.__setattr__"):
            raise CannotRewrite(f"`{tree.code(node.func)}` may assign `.{field}`")
        if not isinstance(node, cst.Attribute) or not is_stored(tree, node):
            continue
        if node.attr.value == "__dict__":
            raise CannotRewrite(f"`.__dict__` may assign `.{field}`")
        around = next((a for a in tree.ancestors(node) if isinstance(a, cst.FunctionDef)), None)
        if node.attr.value == field and not (
            around is not None
            and around.name.value in ("__init__", "__post_init__")
            and around.params.params
            and m.matches(node.value, m.Name(around.params.params[0].name.value))
        ):
            raise CannotRewrite(f"`.{field}` is assigned after construction, so an index could go stale")


def _elements_stay_here(tree: Tree, function: cst.FunctionDef, search: _Search) -> None:
    """Only code of this file, whose assignments are known, gets an element to see. Raises: CannotRewrite."""
    own = {
        s.name.value: s for s in tree.module.body if isinstance(s, cst.ClassDef | cst.FunctionDef)
    }  # their attributes' stores have been looked at
    for use in uses(tree, function, search.element):
        parent = tree.parent(use)
        if isinstance(parent, cst.Yield | cst.From):
            raise CannotRewrite(f"`{search.element}` is handed out while the loop runs")
        call = tree.parent(parent) if isinstance(parent, cst.Arg | cst.Attribute) else None
        if not isinstance(call, cst.Call):
            continue
        if isinstance(parent, cst.Arg):
            func = call.func
            appended = isinstance(func, cst.Attribute) and func.attr.value in ("append", "add")
            name = tree.code(func)
            if (
                not appended
                and name not in own
                and not (name in HARMLESS_BUILTINS and is_builtin(tree, name))
            ):
                raise CannotRewrite(f"`{name}` may assign `.{search.field}`")
        elif isinstance(parent, cst.Attribute) and call.func is parent:
            methods = [n for c in own.values() for n in walk(c) if isinstance(n, cst.FunctionDef)]
            if parent.attr.value not in [n.name.value for n in methods]:
                raise CannotRewrite(f"`{tree.code(parent)}` may assign `.{search.field}`")


def _when_missing(place: Place, element: str, statements: list[cst.BaseStatement]) -> cst.BaseStatement:
    test = place.statement(f"if {element} is None:\n    pass\n")
    return test.with_changes(body=cst.IndentedBlock(body=statements))

"""A list used as a queue becomes a deque: `deque`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.imports import with_import
from tools.python.rewrites.meaning import require_builtins, require_plain_function
from tools.python.rewrites.names import is_measured, is_stored, require_plain_local, single_assignment, uses
from tools.python.rewrites.place import CannotRewrite, Change, Place, Tree, changed, instead

SAME = frozenset({"append", "extend", "clear", "count", "remove"})
"""Methods that lists and deques share."""


def deque(place: Place) -> cst.Module:
    """Take from the front in constant time. The list must be made in the function and never leave it.

    Raises: CannotRewrite.
    """
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.Name):
        raise CannotRewrite("it isn't a plain variable")
    name = call.func.value.value
    function = place.function(call)
    require_plain_local(tree, function, name)
    require_plain_function(tree, function)
    require_builtins(tree, "len", "list", "sorted")
    made = single_assignment(tree, function, name)
    changes: dict[cst.CSTNode, Change] = {made.value: instead(place.expression(_as_deque(tree, made.value)))}
    for use in uses(tree, function, name):
        if not is_stored(tree, use):
            changes |= _changed_use(place, use)
    module = changed(tree.module, changes)
    return with_import(tree, module, "from collections import deque")


def _as_deque(tree: Tree, value: cst.BaseExpression) -> str:
    if m.matches(value, m.List(elements=[])):
        return "deque()"
    if m.matches(value, m.List() | m.ListComp()):
        return f"deque({tree.code(value)})"
    if m.matches(value, m.Call(func=m.Name(value="list"), args=[m.Arg(keyword=None, star="")])):
        return f"deque({tree.code(cst.ensure_type(value, cst.Call).args[0].value)})"
    if m.matches(value, m.Call(func=m.Name(value="sorted"))):
        return f"deque({tree.code(value)})"
    raise CannotRewrite("the list isn't made in the same function")


def _changed_use(place: Place, use: cst.Name) -> dict[cst.CSTNode, Change]:
    """How one use changes; none when lists and deques behave the same there. Raises: CannotRewrite."""
    tree = place.tree
    parent = tree.parent(use)
    around = tree.parent(parent) if parent is not None else None
    if isinstance(parent, cst.Attribute) and isinstance(around, cst.Call):
        return _changed_call(place, use.value, parent, around)
    if isinstance(parent, cst.While | cst.If):
        return {}
    # Not `==`, nor printing: a deque equals no list, and says "deque".
    if isinstance(parent, cst.ComparisonTarget) and isinstance(parent.operator, cst.In | cst.NotIn):
        return {}
    if isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not):
        return {}
    if isinstance(parent, cst.For) and not uses(tree, parent.body, use.value):
        return {}
    if isinstance(parent, cst.CompFor) and _is_walked(tree, use):
        return {}
    if is_measured(tree, use):
        return {}
    if isinstance(parent, cst.Subscript) and tree.code(parent) in (f"{use.value}[0]", f"{use.value}[-1]"):
        return {}
    raise CannotRewrite(f"`{use.value}` is used in a way that a deque doesn't offer, or leaves the function")


def _is_walked(tree: Tree, use: cst.Name) -> bool:
    """Whether a comprehension goes over the list at once, and does nothing else with it."""
    around = next(a for a in tree.ancestors(use) if isinstance(a, cst.BaseComp))
    return not isinstance(around, cst.GeneratorExp) and len(uses(tree, around, use.value)) == 1


def _changed_call(
    place: Place, name: str, method: cst.Attribute, call: cst.Call
) -> dict[cst.CSTNode, Change]:
    tree, what = place.tree, method.attr.value
    values = [tree.code(a.value) for a in call.args]
    if any(a.star or a.keyword is not None for a in call.args) or uses(tree, call, name) != [method.value]:
        raise CannotRewrite(f"the arguments of `{name}.{what}` aren't plain")
    if what == "pop" and values == ["0"]:
        return {call: instead(place.expression(f"{name}.popleft()"))}
    if what == "pop" and values in ([], ["-1"]):
        return {call: instead(place.expression(f"{name}.pop()"))}
    if what == "insert" and len(values) == 2 and values[0] == "0":
        return {call: instead(place.expression(f"{name}.appendleft({values[1]})"))}
    if what in SAME:
        return {}
    raise CannotRewrite(f"a deque's `{what}` isn't a list's")

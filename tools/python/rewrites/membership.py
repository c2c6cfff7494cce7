"""A membership test against a list inside a loop becomes one against a set: `set_membership`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.names import fresh, is_measured, is_stored, require_plain_local, stores, uses
from tools.python.rewrites.place import CannotRewrite, Change, Loop, Place, Tree, before, changed, instead

LISTS = (
    m.List()
    | m.Tuple()
    | m.ListComp()
    | m.Call(func=m.Name(value="list") | m.Name(value="sorted") | m.Name(value="tuple"))
    | m.Call(func=m.Attribute(attr=m.Name(value="split") | m.Name(value="splitlines")))
)
HASHED = (
    m.Set()
    | m.SetComp()
    | m.Dict()
    | m.DictComp()
    | m.IfExp()
    | m.Call(func=m.Name(value="set") | m.Name(value="frozenset") | m.Name(value="dict"))
)
ANNOTATIONS = ("list", "List", "tuple", "Tuple")
READ_ONLY = ("count", "index", "copy")


def set_membership(place: Place) -> cst.Module:
    """Test against a set that is made once before the loop.

    Where the collection isn't known to be a list or tuple the set is made only if it is one: of a string,
    `in` would mean something else. Raises: CannotRewrite.
    """
    tree = place.tree
    comparison = place.node(cst.Comparison, exact=True)
    target = comparison.comparisons[0]
    if len(comparison.comparisons) != 1 or not isinstance(target.operator, cst.In | cst.NotIn):
        raise CannotRewrite("it isn't a single membership test")
    if not isinstance(target.comparator, cst.Name):
        raise CannotRewrite("what is searched isn't a plain variable")
    name = target.comparator.value
    function = place.function(comparison)
    around = _repeated(place, comparison)
    require_plain_local(tree, function, name)
    _require_unchanged(tree, around, name)
    known = fresh(function, f"{name}_set")
    values = _values(tree, function, name)
    if any(m.matches(value, HASHED) for value in values):
        raise CannotRewrite(f"`{name}` is a set or a dictionary already")
    made = f"set({name})"
    if not (_is_noted_list(function, name) or (values and all(m.matches(v, LISTS) for v in values))):
        made = f"set({name}) if isinstance({name}, (list, tuple)) else {name}"
    tests: dict[cst.CSTNode, Change] = {
        use: instead(use.with_changes(value=known))
        for use in uses(tree, around, name)
        if _is_searched(tree, use)
    }
    line = place.line(around)
    return changed(tree.module, {**tests, line: before(place.statement(f"{known} = {made}\n"))})


def _repeated(place: Place, node: cst.CSTNode) -> Loop | cst.BaseComp | cst.BaseExpression:
    """The outermost loop or comprehension that repeats the test within its function."""
    found: cst.CSTNode | None = None
    for ancestor in place.tree.ancestors(node):
        if isinstance(
            ancestor, cst.For | cst.While | cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp
        ):
            found = ancestor
        if isinstance(ancestor, cst.FunctionDef | cst.Lambda):
            break
    if isinstance(found, cst.For | cst.While | cst.BaseExpression):
        return found
    raise CannotRewrite("no loop of its function repeats the test")


def _require_unchanged(tree: Tree, around: cst.CSTNode, name: str) -> None:
    """The collection must stay the same while the loop runs: not stored, not handed on, no changing method."""
    for use in uses(tree, around, name):
        parent = tree.parent(use)
        if is_stored(tree, use):
            raise CannotRewrite(f"`{name}` gets a new value in the loop")
        reads = (
            _is_searched(tree, use)
            or isinstance(parent, cst.Subscript | cst.For | cst.CompFor | cst.FormattedStringExpression)
            or (isinstance(parent, cst.Attribute) and parent.attr.value in READ_ONLY)
            or is_measured(tree, use)
        )
        if not reads or _changes_element(tree, use):
            raise CannotRewrite(f"the loop may change `{name}`")


def _is_searched(tree: Tree, use: cst.Name) -> bool:
    parent = tree.parent(use)
    return isinstance(parent, cst.ComparisonTarget) and isinstance(parent.operator, cst.In | cst.NotIn)


def _changes_element(tree: Tree, use: cst.Name) -> bool:
    parent = tree.parent(use)
    around = tree.parent(parent) if isinstance(parent, cst.Subscript) else None
    return isinstance(around, cst.AssignTarget | cst.Del | cst.AugAssign)


def _is_noted_list(function: cst.FunctionDef, name: str) -> bool:
    """Whether the variable is a parameter annotated as a list or tuple."""
    for param in function.params.params:
        if param.name.value == name and param.annotation is not None:
            note = param.annotation.annotation
            root = note.value if isinstance(note, cst.Subscript) else note
            return isinstance(root, cst.Name) and root.value in ANNOTATIONS
    return False


def _values(tree: Tree, function: cst.FunctionDef, name: str) -> list[cst.BaseExpression]:
    """What the function assigns to the variable; empty when it does so in other ways, too."""
    values = []
    for stored in stores(tree, function, name):
        target = tree.parent(stored)
        assign = tree.parent(target) if target is not None else None
        if not isinstance(assign, cst.Assign):
            return []
        values.append(assign.value)
    return values

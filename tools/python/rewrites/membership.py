"""A membership test against a list inside a loop becomes one against a set: `set_membership`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.effects import is_new, makes_new, require_no_effects
from tools.python.rewrites.hashing import Hashing, searches
from tools.python.rewrites.meaning import (
    local_stores,
    require_builtins,
    require_plain_function,
    require_value_before,
)
from tools.python.rewrites.names import (
    fresh,
    is_measured,
    is_stored,
    names_in,
    require_plain_local,
    stores,
    uses,
)
from tools.python.rewrites.place import (
    CannotRewrite,
    Change,
    Loop,
    Place,
    Tree,
    before,
    changed,
    instead,
    walk,
)
from tools.python.rewrites.project import Project

LISTS = (
    m.List()
    | m.Tuple()
    | m.ListComp()
    | m.Call(func=m.Name(value="list") | m.Name(value="sorted") | m.Name(value="tuple"))
)
HASHED = (
    m.Set()
    | m.SetComp()
    | m.Dict()
    | m.DictComp()
    | m.IfExp()
    | m.Call(func=m.Name(value="set") | m.Name(value="frozenset") | m.Name(value="dict"))
)
UNHASHABLE = (
    m.List() | m.ListComp() | m.Set() | m.SetComp() | m.Dict() | m.DictComp()
    | m.Call(func=m.Name("list") | m.Name("set") | m.Name("dict") | m.Name("sorted"))
)  # fmt: skip
CONSUMERS = ("any", "all", "sum", "list", "set", "tuple", "sorted", "min", "max", "dict", "frozenset", "join")
"""What uses up a generator at once, while the collection is as it was."""
ANNOTATIONS = ("list", "List", "tuple", "Tuple")
READ_ONLY = ("count", "index", "copy")


def set_membership(place: Place) -> cst.Module:
    """Test against a set that is made once before the loop.

    Where the collection isn't known to be a list or tuple the set is made only if it is one: of a string,
    `in` would mean something else. Nothing that the loop does may change it, under whatever name, and nothing
    may say that its elements can't be hashed. Raises: CannotRewrite.
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
    require_plain_function(tree, function)
    require_builtins(tree, "set", "isinstance", "list", "tuple")
    _require_unchanged(tree, around, name)
    values = _values(tree, function, name)
    _require_hashable(tree, function, comparison.left, name, values)
    line = place.line(around)
    if not isinstance(tree.parent(line), cst.IndentedBlock):
        raise CannotRewrite("there is no place before the loop for the set")
    if local_stores(tree, function, name):
        require_value_before(place, function, name, line)
    else:
        values = [_module_constant(tree, name)]
    if not _is_private(tree, function, name):
        _require_other_object(tree, function, values, name)
        require_no_effects(tree, function, around, name)
    known = fresh(function, f"{name.lower() if name.isupper() else name}_set")
    if any(m.matches(value, HASHED) for value in _assigned(tree, function, name)):
        raise CannotRewrite(f"`{name}` is a set or a dictionary already")
    _require_shown_hashable(place, name)
    made = f"set({name})"
    if not (_is_noted_list(function, name) or (values and all(m.matches(v, LISTS) for v in values))):
        made = f"set({name}) if isinstance({name}, (list, tuple)) else {name}"
    tests: dict[cst.CSTNode, Change] = {
        use: instead(use.with_changes(value=known))
        for use in uses(tree, around, name)
        if _is_searched(tree, use)
    }
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
    if isinstance(found, cst.GeneratorExp):
        arg = place.tree.parent(found)
        call = place.tree.parent(arg) if isinstance(arg, cst.Arg) else None
        if not isinstance(call, cst.Call) or place.tree.code(call.func).split(".")[-1] not in CONSUMERS:
            raise CannotRewrite("a generator makes its tests later, when the collection may have changed")
    if isinstance(found, cst.For | cst.While | cst.BaseExpression):
        return found
    raise CannotRewrite("no loop of its function repeats the test")


def _require_unchanged(tree: Tree, around: cst.CSTNode, name: str, but: cst.Name | None = None) -> None:
    """The collection must stay the same while the loop runs: not stored, not handed on, no changing method."""
    for use in uses(tree, around, name):
        parent = tree.parent(use)
        if use is but:
            continue
        if is_stored(tree, use):
            raise CannotRewrite(f"`{name}` gets a new value in the loop")
        reads = (
            _is_searched(tree, use)
            or _is_tested(tree, use)
            or isinstance(parent, cst.Subscript | cst.For | cst.CompFor | cst.FormattedStringExpression)
            or (isinstance(parent, cst.Attribute) and parent.attr.value in READ_ONLY)
            or is_measured(tree, use)
        )
        if not reads or _changes_element(tree, use):
            raise CannotRewrite(f"the loop may change `{name}`")


def _is_tested(tree: Tree, use: cst.CSTNode) -> bool:
    """Whether only the truth of it counts."""
    child = use
    for parent in tree.ancestors(use):
        if isinstance(parent, cst.BooleanOperation):
            child = parent
            continue
        if isinstance(parent, cst.If | cst.While | cst.IfExp):
            return parent.test is child
        return isinstance(parent, cst.UnaryOperation) and isinstance(parent.operator, cst.Not)
    return False


def _is_searched(tree: Tree, use: cst.Name) -> bool:
    parent = tree.parent(use)
    return isinstance(parent, cst.ComparisonTarget) and isinstance(parent.operator, cst.In | cst.NotIn)


def _changes_element(tree: Tree, use: cst.Name) -> bool:
    parent = tree.parent(use)
    return isinstance(parent, cst.Subscript) and is_stored(tree, parent)


def _require_hashable(
    tree: Tree,
    function: cst.FunctionDef,
    left: cst.BaseExpression,
    name: str,
    values: list[cst.BaseExpression],
) -> None:
    """Nothing says that what is looked for, or the elements, can't be hashed. Raises: CannotRewrite."""
    elements = [left]
    for value in values:
        if isinstance(value, cst.List | cst.Tuple):
            elements += [e.value for e in value.elements]
        if isinstance(value, cst.ListComp):
            elements.append(value.elt)
    note = _note(function, name)
    if note is not None and isinstance(note, cst.Subscript):
        inner = {n.value for e in note.slice for n in walk(e) if isinstance(n, cst.Name)}
        if inner & {"list", "dict", "set", "List", "Dict", "Set", "bytearray", "Any", "object"}:
            raise CannotRewrite(f"the elements of `{name}` may not be hashable")
    if any(m.matches(element, UNHASHABLE) for element in elements):
        raise CannotRewrite(f"the elements of `{name}` may not be hashable")


def _require_shown_hashable(place: Place, name: str) -> None:
    """Something shows that what is looked for and the elements can be hashed. Raises: CannotRewrite."""
    found = searches(place.tree.module.code, place.start, name)
    hashing = Hashing(Project(place.root))
    if not found or not all(hashing.is_hashable(node.left, scope) for scope, node in found):
        raise CannotRewrite("nothing shows that what is looked for can be hashed, as it must be in a set")
    scope, node = found[0]
    if not hashing.has_hashable_elements(node.comparators[0], scope):
        raise CannotRewrite(
            f"nothing shows that the elements of `{name}` can be hashed, as they must be in a set"
        )


def _module_constant(tree: Tree, name: str) -> cst.BaseExpression:
    """The value of a list of the module that nothing in the file changes. Raises: CannotRewrite."""
    found = stores(tree, tree.module, name)
    target = tree.parent(found[0]) if len(found) == 1 else None
    assign = tree.parent(target) if isinstance(target, cst.AssignTarget) else None
    line = tree.parent(assign) if isinstance(assign, cst.Assign) else None
    if not isinstance(assign, cst.Assign) or line is None or tree.parent(line) is not tree.module:
        raise CannotRewrite(f"`{name}` isn't a variable of this function")
    _require_unchanged(tree, tree.module, name, but=found[0])
    return assign.value


def _is_private(tree: Tree, function: cst.FunctionDef, name: str) -> bool:
    """Whether the list is made in the function and no other name can hold it."""
    return is_new(tree, function, name) and all(
        is_stored(tree, use)
        or _is_searched(tree, use)
        or is_measured(tree, use)
        or isinstance(tree.parent(use), cst.Return | cst.For | cst.CompFor | cst.Subscript | cst.Attribute)
        for use in uses(tree, function, name)
    )


def _require_other_object(
    tree: Tree, function: cst.FunctionDef, values: list[cst.BaseExpression], name: str
) -> None:
    """The list isn't one that the function holds by another name. Raises: CannotRewrite."""
    for value in values:
        if not makes_new(tree, value) and any(
            is_new(tree, function, other) for other in names_in(tree, value)
        ):
            raise CannotRewrite(f"`{name}` may be changed by another name")


def _note(function: cst.FunctionDef, name: str) -> cst.BaseExpression | None:
    """The annotation of a parameter that has no default of None."""
    for param in (*function.params.posonly_params, *function.params.params, *function.params.kwonly_params):
        if param.name.value == name and param.annotation is not None:
            return None if m.matches(param, m.Param(default=m.Name("None"))) else param.annotation.annotation
    return None


def _is_noted_list(function: cst.FunctionDef, name: str) -> bool:
    """Whether the variable is a parameter annotated as a list or tuple."""
    note = _note(function, name)
    root = note.value if isinstance(note, cst.Subscript) else note
    return isinstance(root, cst.Name) and root.value in ANNOTATIONS


def _values(tree: Tree, function: cst.FunctionDef, name: str) -> list[cst.BaseExpression]:
    """What the function assigns to the variable; empty when it does so in other ways, too."""
    found = _assigned(tree, function, name)
    return found if len(found) == len(stores(tree, function, name)) else []


def _assigned(tree: Tree, function: cst.FunctionDef, name: str) -> list[cst.BaseExpression]:
    targets = [tree.parent(stored) for stored in stores(tree, function, name)]
    found = [tree.parent(target) for target in targets if isinstance(target, cst.AssignTarget)]
    return [assign.value for assign in found if isinstance(assign, cst.Assign)]

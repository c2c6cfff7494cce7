"""Questions about names in a syntax tree: where one is used, where it is stored, whether a value is only read."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from tools.python.rewrites.place import CannotRewrite, Tree, walk

PURE_READERS = frozenset(
    {"len", "str", "repr", "float", "int", "bool", "hash", "abs", "round", "any", "all", "print", "format",
     "isinstance", "ord"}
)  # fmt: skip
"""Builtins that neither keep nor change what they are given, nor give any of it back."""
PURE_PICKERS = frozenset({"sum", "min", "max", "sorted"})
"""Builtins that don't change what they are given; their result may hold parts of it."""
READING_METHODS = frozenset({"get", "keys", "count", "index", "startswith", "endswith", "lower", "upper"})


def uses(tree: Tree, node: cst.CSTNode, name: str) -> list[cst.Name]:
    """Every use of a variable's name in a node: not attributes' names, not keywords of calls."""
    found = []
    for child in tree.names.get(name, ()):
        parent = tree.parent(child)
        if isinstance(parent, cst.Attribute) and parent.attr is child:
            continue
        if isinstance(parent, cst.Arg) and parent.keyword is child:
            continue
        if is_within(tree, child, node):
            found.append(child)
    return found


def is_within(tree: Tree, node: cst.CSTNode, around: cst.CSTNode) -> bool:
    """Whether a node lies in another (or is it)."""
    return node is around or any(a is around for a in tree.ancestors(node))


def is_stored(tree: Tree, node: cst.CSTNode) -> bool:
    """Whether a name (or a subscript, an attribute) gets a (new) value there or is deleted."""
    child = node
    for parent in tree.ancestors(node):
        if isinstance(parent, cst.Tuple | cst.List | cst.Element | cst.StarredElement):
            child = parent
            continue
        if isinstance(parent, cst.AssignTarget | cst.Del | cst.NameItem):
            return True
        if isinstance(parent, cst.AugAssign | cst.AnnAssign | cst.NamedExpr | cst.For | cst.CompFor):
            return parent.target is child
        if isinstance(parent, cst.AsName | cst.ImportAlias | cst.MatchAs | cst.MatchStar | cst.MatchMapping):
            return True
        if isinstance(parent, cst.FunctionDef | cst.ClassDef | cst.Param):
            return parent.name is child
        if isinstance(parent, cst.Attribute):  # `import a.b` binds a
            around = next((a for a in tree.ancestors(parent) if not isinstance(a, cst.Attribute)), None)
            return isinstance(around, cst.ImportAlias) and around.asname is None
        return False
    return False


def stores(tree: Tree, node: cst.CSTNode, name: str) -> list[cst.Name]:
    """The uses of a name in a node that store it."""
    return [use for use in uses(tree, node, name) if is_stored(tree, use)]


def names_in(tree: Tree, node: cst.CSTNode) -> set[str]:
    """The variables that an expression reads."""
    return {n.value for n in walk(node) if isinstance(n, cst.Name) if uses(tree, node, n.value)}


def fresh(around: cst.CSTNode, wanted: str) -> str:
    """A name like `wanted` that the node (a function, for a local variable; the module) doesn't use."""
    taken = {n.value for n in walk(around) if isinstance(n, cst.Name)}
    if wanted not in taken:
        return wanted
    return next(f"{wanted}_{n}" for n in range(2, 1000) if f"{wanted}_{n}" not in taken)


def require_plain_local(tree: Tree, function: cst.FunctionDef, name: str) -> None:
    """Raises: CannotRewrite when the name is declared global or nonlocal, or used by an inner function."""
    for node in walk(function.body):
        if isinstance(node, cst.NameItem) and node.name.value == name:
            raise CannotRewrite(f"`{name}` is global or belongs to an outer function")
        if isinstance(node, cst.FunctionDef | cst.Lambda) and uses(tree, node, name):
            raise CannotRewrite(f"an inner function uses `{name}`")


def single_assignment(tree: Tree, function: cst.FunctionDef, name: str) -> cst.Assign:
    """The one `name = value` of a function. Raises: CannotRewrite when there are several or other kinds."""
    found = stores(tree, function, name)
    if len(found) != 1:
        raise CannotRewrite(f"`{name}` is assigned in more than one way")
    target = tree.parent(found[0])
    assign = tree.parent(target) if target is not None else None
    if not isinstance(target, cst.AssignTarget) or not isinstance(assign, cst.Assign):
        raise CannotRewrite(f"`{name}` isn't a plain variable")
    if len(assign.targets) != 1:
        raise CannotRewrite(f"`{name}` is assigned together with another name")
    return assign


def is_measured(tree: Tree, use: cst.Name) -> bool:
    """Whether the use is the argument of `len`."""
    arg = tree.parent(use)
    call = tree.parent(arg) if isinstance(arg, cst.Arg) else None
    return isinstance(call, cst.Call) and isinstance(call.func, cst.Name) and call.func.value == "len"


def is_only_read(tree: Tree, use: cst.CSTNode, *, deep: bool = True) -> bool:
    """Whether a use of a container can neither change it nor let it escape, nor tell it from its equal.

    Allowed are reading an element by key or index, comparing, testing, arithmetic, formatting, and builtins
    that only read. With `deep`, what is read from it must end in one of these as well.
    """
    parent = tree.parent(use)
    if isinstance(parent, cst.Subscript):
        return (
            parent.value is use
            and not is_stored(tree, parent)
            and (not deep or is_only_read(tree, parent, deep=deep))
        )
    if isinstance(parent, cst.Attribute):
        call = tree.parent(parent)
        if parent.attr.value not in READING_METHODS or not isinstance(call, cst.Call):
            return False
        return parent.value is use and call.func is parent and is_only_read(tree, call, deep=deep)
    if isinstance(parent, cst.Arg):
        return _is_read_by_builtin(tree, parent, deep=deep)
    if isinstance(parent, cst.BinaryOperation):
        return _is_lost_in(tree, parent, use) or is_only_read(tree, parent, deep=deep)
    if isinstance(parent, cst.Comparison | cst.ComparisonTarget):
        comparison = parent if isinstance(parent, cst.Comparison) else tree.parent(parent)
        operators = cst.ensure_type(comparison, cst.Comparison).comparisons if comparison else ()
        return not any(isinstance(c.operator, cst.Is | cst.IsNot) for c in operators)
    if isinstance(parent, cst.UnaryOperation | cst.FormattedStringExpression):
        return True
    if isinstance(parent, cst.If | cst.Assert | cst.IfExp):
        return parent.test is use
    return isinstance(parent, cst.Index | cst.SubscriptElement)  # used as a key: hashable, so a plain value


def _is_read_by_builtin(tree: Tree, arg: cst.Arg, *, deep: bool) -> bool:
    call = tree.parent(arg)
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name) or arg.star:
        return False
    name = call.func.value
    if stores(tree, tree.module, name) or any(a.keyword is not None for a in call.args):
        return False
    if name in PURE_PICKERS:
        return not deep or is_only_read(tree, call, deep=deep)
    return name in PURE_READERS


def _is_lost_in(tree: Tree, operation: cst.BinaryOperation, use: cst.CSTNode) -> bool:
    """Whether an operation's result can't hold parts of the operand: `+` and `|` of containers do."""
    if not isinstance(operation.operator, cst.Add | cst.BitOr):
        return True
    other = operation.left if operation.right is use else operation.right
    return isinstance(other, cst.BaseNumber | cst.BaseString)


def is_unchanged(tree: Tree, around: cst.CSTNode, names: Iterable[str]) -> bool:
    """Whether none of the names gets another value inside a node."""
    return not any(stores(tree, around, name) for name in names)

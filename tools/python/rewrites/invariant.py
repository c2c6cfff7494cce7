"""A pure call with the same arguments in every round is made once: `hoist_invariant`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

from tools.python.rewrites.effects import CHANGING, makes_new, require_no_effects
from tools.python.rewrites.meaning import is_builtin, local_stores, qualified, require_plain_function
from tools.python.rewrites.names import (
    fresh,
    is_only_read,
    is_stored,
    is_unchanged,
    is_within,
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

SHARED = frozenset(
    {"json.dumps", "math.sqrt", "math.log", "math.exp", "math.pow", "math.sin", "math.cos", "math.factorial",
     "datetime.datetime.strptime", "datetime.datetime.fromisoformat", "datetime.date.fromisoformat",
     "time.strptime", "re.compile", "re.escape", "fnmatch.translate", "decimal.Decimal", "fractions.Fraction",
     "ipaddress.ip_network", "urllib.parse.urlparse", "urllib.parse.urlsplit", "base64.b64decode",
     "base64.b64encode", "zlib.crc32"}
)  # fmt: skip
"""Functions whose result depends on their arguments alone and can't be changed, so any use may share it."""
PARSERS = frozenset({"json.loads", "ast.literal_eval", "tomllib.loads"})
"""The same, but the result can be changed."""
COPIES = frozenset({"sorted", "set", "frozenset", "list", "tuple", "dict"})
"""Builtins that copy a container: pure as long as the container isn't changed."""
UNSHARED = COPIES - {"frozenset", "tuple"} | PARSERS
DEEP = frozenset({"sorted", "json.dumps"})
"""What looks into the container's elements."""
BUFFERS = frozenset({"base64.b64decode", "base64.b64encode", "zlib.crc32"})
"""What takes buffers, which others may fill."""
NOTES = frozenset(
    {"list", "tuple", "set", "frozenset", "dict", "str", "bytes", "List", "Tuple", "Set", "FrozenSet", "Dict",
     "Sequence", "Mapping", "Collection"}
)  # fmt: skip
"""Annotations of what can be gone through again and again, unlike an iterator."""


def hoist_invariant(place: Place) -> cst.Module:
    """Make the call in the first round that needs it and keep the result for the others.

    The call stays inside the loop, behind a test: a loop without rounds must not make it, because it may
    raise. What can be changed may only be read. Raises: CannotRewrite.
    """
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    name = qualified(tree, call.func)
    if name is None or name not in SHARED | PARSERS | COPIES:
        raise CannotRewrite(f"`{tree.code(call.func)}` isn't known to be free of side effects")
    function = place.function(call)
    require_plain_function(tree, function)
    loop = _widest(place, function, call)
    _require_steady(tree, function, call, loop, name)
    line = place.line(call)
    if not isinstance(line, cst.SimpleStatementLine):
        raise CannotRewrite("it is part of a compound statement's head")
    _require_first(tree, call, line)
    target = _plain_target(tree, call, line)
    if target is not None and _stays_in(tree, function, loop, target):
        read = [u for u in uses(tree, function, target) if not is_stored(tree, u)]
        kept = target
    else:
        read, kept = [], fresh(function, _result_name(name))
        if name in UNSHARED and not is_only_read(tree, call, deep=name in PARSERS):
            raise CannotRewrite("what it returns may be changed or kept")
    if name in UNSHARED and not all(is_only_read(tree, use, deep=name in PARSERS) for use in read):
        raise CannotRewrite("its result may be changed or kept")
    test = cst.ensure_type(place.statement(f"if {kept} is None:\n    {kept} = {tree.code(call)}\n"), cst.If)
    if target == kept:
        body = cst.IndentedBlock(body=[line.with_changes(leading_lines=())])
        made: dict[cst.CSTNode, Change] = {
            line: instead(test.with_changes(body=body, leading_lines=line.leading_lines))
        }
    else:
        made = {call: instead(cst.Name(kept)), line: before(test)}
    return changed(tree.module, {**made, loop: before(place.statement(f"{kept} = None\n"))})


def _widest(place: Place, function: cst.FunctionDef, call: cst.Call) -> Loop:
    """The outermost loop in which nothing that the call reads gets a new value. Raises: CannotRewrite."""
    tree = place.tree
    names = {n for arg in call.args for n in names_in(tree, arg.value)}
    if not call.args:
        raise CannotRewrite("it has no arguments")
    for name in names:
        _require_known(tree, function, name)
    found: Loop | None = None
    for loop in place.loops(call):
        if not is_unchanged(tree, loop, names):
            break
        found = loop
    if found is None:
        raise CannotRewrite("its arguments change from round to round")
    if isinstance(found, cst.For) and found.asynchronous is not None:
        raise CannotRewrite("the loop is asynchronous")
    return found


def _require_known(tree: Tree, function: cst.FunctionDef, name: str) -> None:
    """A variable of the function alone, or one that the module assigns once. Raises: CannotRewrite."""
    require_plain_local(tree, function, name)
    if local_stores(tree, function, name) or is_builtin(tree, name):
        return
    found = stores(tree, tree.module, name)
    line = (
        next((a for a in tree.ancestors(found[0]) if isinstance(a, cst.SimpleStatementLine)), None)
        if found
        else None
    )
    if len(found) != 1 or line is None or tree.parent(line) is not tree.module:
        raise CannotRewrite(f"`{name}` may be changed from elsewhere")


def _require_steady(tree: Tree, function: cst.FunctionDef, call: cst.Call, loop: Loop, called: str) -> None:
    """The arguments are names and constants whose values don't change while the loop runs."""
    for arg in call.args:
        if arg.star or (arg.keyword is not None and not m.matches(arg.value, m.SimpleString() | m.Name())):
            raise CannotRewrite("its arguments aren't plain")
        if (
            arg.keyword is not None
            and isinstance(arg.value, cst.Name)
            and not is_builtin(tree, arg.value.value)
        ):
            raise CannotRewrite(f"`{arg.value.value}` may give another result each time")
    for arg in call.args:
        if not m.matches(arg.value, m.Name() | m.SimpleString() | m.Integer() | m.Float()):
            raise CannotRewrite("its arguments aren't plain names or constants")
        if not isinstance(arg.value, cst.Name):
            continue
        name = arg.value.value
        if any(_is_changed(tree, use) for use in uses(tree, loop, name)):
            raise CannotRewrite(f"the loop may change `{name}`")
        if arg.keyword is None and called in COPIES | DEEP | BUFFERS:
            if called in COPIES and not _is_collection(tree, function, name):
                raise CannotRewrite(f"`{name}` may be an iterator, which is empty in the second round")
            for use in uses(tree, loop, name):
                if not is_within(tree, use, call) and not is_only_read(tree, use, deep=called in DEEP):
                    raise CannotRewrite(f"the loop may change `{name}`")
            require_no_effects(tree, function, loop, name, deep=called in DEEP)


def _is_changed(tree: Tree, use: cst.Name) -> bool:
    """Whether a method or an assignment to an element changes what the variable holds."""
    parent = tree.parent(use)
    if isinstance(parent, cst.Attribute):
        return parent.attr.value in CHANGING or is_stored(tree, parent)
    return isinstance(parent, cst.Subscript) and parent.value is use and is_stored(tree, parent)


def _is_collection(tree: Tree, function: cst.FunctionDef, name: str) -> bool:
    """Whether a variable surely holds a container or a string, not an iterator."""
    params = function.params
    for param in (*params.posonly_params, *params.params, *params.kwonly_params):
        if param.name.value == name:
            if param.annotation is None or stores(tree, function.body, name):
                return False
            note = param.annotation.annotation
            root = note.value if isinstance(note, cst.Subscript) else note
            return tree.code(root).split(".")[-1] in NOTES
    found = stores(tree, function, name) or stores(tree, tree.module, name)
    for stored in found:
        target = tree.parent(stored)
        assign = tree.parent(target) if isinstance(target, cst.AssignTarget) else None
        if not isinstance(assign, cst.Assign):
            return False
        if not (makes_new(tree, assign.value) or isinstance(assign.value, cst.Tuple)):
            return False
    return bool(found)


def _require_first(tree: Tree, call: cst.Call, line: cst.SimpleStatementLine) -> None:
    """Within its statement the call is evaluated whenever the statement is, once, and before other calls."""
    if len(line.body) != 1 or isinstance(line.body[0], cst.Assert):
        raise CannotRewrite("its line holds several statements, or an assertion")
    around = list(tree.ancestors(call))
    for ancestor in around[: around.index(line)]:
        conditional = isinstance(
            ancestor, cst.BooleanOperation | cst.IfExp | cst.Lambda | cst.BaseComp | cst.NamedExpr
        )
        if conditional or (isinstance(ancestor, cst.Comparison) and len(ancestor.comparisons) > 1):
            raise CannotRewrite("it is evaluated under a condition of its own")
    for node in walk(line):
        if node is call:
            return
        if isinstance(node, cst.Call | cst.Await | cst.Yield | cst.NamedExpr) and not any(
            node is a for a in around
        ):
            raise CannotRewrite("another call comes first in its statement")


def _stays_in(tree: Tree, function: cst.FunctionDef, loop: Loop, target: str) -> bool:
    """Whether a variable is assigned once, and used nowhere but in the loop."""
    if len(local_stores(tree, function, target)) != 1:
        return False
    require_plain_local(tree, function, target)
    return all(is_within(tree, use, loop) for use in uses(tree, function, target))


def _plain_target(tree: Tree, call: cst.Call, line: cst.SimpleStatementLine) -> str | None:
    """The variable of `name = call`, None for any other statement."""
    small = line.body[0]
    if (
        len(line.body) == 1
        and isinstance(small, cst.Assign)
        and small.value is call
        and len(small.targets) == 1
    ):
        target = small.targets[0].target
        return target.value if isinstance(target, cst.Name) else None
    return None


def _result_name(name: str) -> str:
    return {"json.loads": "parsed", "sorted": "in_order", "re.compile": "pattern"}.get(
        name, name.rpartition(".")[2].lower() + "_once"
    )

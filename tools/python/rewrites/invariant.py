"""A pure call with the same arguments in every round is made once: `hoist_invariant`."""

from __future__ import annotations

import libcst as cst
import libcst.matchers as m

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
    walk,
)
from tools.python.rewrites.place import CannotRewrite, Change, Loop, Place, Tree, before, changed, instead

PURE = frozenset(
    {"json.loads", "json.dumps", "ast.literal_eval", "tomllib.loads", "math.sqrt", "math.log", "math.exp",
     "math.pow", "math.sin", "math.cos", "math.factorial", "datetime.strptime", "datetime.datetime.strptime",
     "datetime.fromisoformat", "datetime.datetime.fromisoformat", "time.strptime", "re.compile", "re.escape",
     "fnmatch.translate", "decimal.Decimal", "Decimal", "fractions.Fraction", "Fraction", "ipaddress.ip_network",
     "urllib.parse.urlparse", "urlparse", "urlsplit", "base64.b64decode", "base64.b64encode", "zlib.crc32"}
)  # fmt: skip
"""Functions whose result depends on their arguments alone and that do nothing else."""
COPIES = frozenset({"sorted", "set", "frozenset", "list", "tuple", "dict"})
"""Builtins that copy a container: pure as long as the container isn't changed."""
NEVER_NONE = COPIES | PURE - {"json.loads", "ast.literal_eval"}


def hoist_invariant(place: Place) -> cst.Module:
    """Make the call in the first round that needs it and keep the result for the others.

    The call stays inside the loop, behind a test: a loop without rounds must not make it, because it may
    raise. The result may only be read. Raises: CannotRewrite.
    """
    tree = place.tree
    call = place.node(cst.Call, exact=True)
    name = tree.code(call.func)
    if name not in PURE and name not in COPIES:
        raise CannotRewrite(f"`{name}` isn't known to be free of side effects")
    if name.split(".")[0] in {n for f in _functions(tree, call) for n in _locals(tree, f)}:
        raise CannotRewrite(f"`{name}` is another thing in this function")
    function = place.function(call)
    loop = _widest(place, call)
    _require_steady(tree, call, loop, copies=name in COPIES)
    line = place.line(call)
    if not isinstance(line, cst.SimpleStatementLine):
        raise CannotRewrite("it is part of a compound statement's head")
    _require_unconditional(tree, call, line)
    target = _plain_target(tree, call, line)
    if target is not None and len(stores(tree, function, target)) == 1:
        require_plain_local(tree, function, target)
        _require_read_only(tree, loop, [u for u in uses(tree, function, target) if not is_stored(tree, u)])
        kept = target
    else:
        if not is_only_read(tree, call):
            raise CannotRewrite("what it returns may be changed or kept")
        kept = fresh(function, _result_name(name))
    test = place.statement(f"if {kept} is None:\n    {kept} = {tree.code(call)}\n")
    if target == kept:
        made: dict[cst.CSTNode, Change] = {line: instead(test)}
    else:
        made = {call: instead(cst.Name(kept)), line: before(test)}
    return changed(tree.module, {**made, loop: before(place.statement(f"{kept} = None\n"))})


def _functions(tree: Tree, node: cst.CSTNode) -> list[cst.FunctionDef]:
    return [a for a in tree.ancestors(node) if isinstance(a, cst.FunctionDef)]


def _locals(tree: Tree, function: cst.FunctionDef) -> set[str]:
    names = {n.value for n in walk(function) if isinstance(n, cst.Name)}
    return {n for n in names if stores(tree, function, n) and n != function.name.value}


def _widest(place: Place, call: cst.Call) -> Loop:
    """The outermost loop in which nothing that the call reads gets a new value. Raises: CannotRewrite."""
    tree = place.tree
    names = set().union(*(names_in(tree, arg.value) for arg in call.args)) if call.args else set()
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


def _require_steady(tree: Tree, call: cst.Call, loop: Loop, *, copies: bool) -> None:
    """The arguments are names and constants whose values don't change while the loop runs."""
    for arg in call.args:
        if arg.star or (arg.keyword is not None and not m.matches(arg.value, m.SimpleString() | m.Name())):
            raise CannotRewrite("its arguments aren't plain")
        if not m.matches(arg.value, m.Name() | m.SimpleString() | m.Integer() | m.Float()):
            raise CannotRewrite("its arguments aren't plain names or constants")
        if copies and isinstance(arg.value, cst.Name):
            name = arg.value.value
            for use in uses(tree, loop, name):
                if not is_within(tree, use, call) and not is_only_read(tree, use):
                    raise CannotRewrite(f"the loop may change `{name}`")


def _require_unconditional(tree: Tree, call: cst.Call, line: cst.SimpleStatementLine) -> None:
    """Within its statement the call is evaluated whenever the statement is, and once."""
    for ancestor in tree.ancestors(call):
        if ancestor is line:
            return
        if isinstance(ancestor, cst.BooleanOperation | cst.IfExp | cst.Lambda | cst.BaseComp | cst.NamedExpr):
            raise CannotRewrite("it is evaluated under a condition of its own")
    if len(line.body) != 1:
        raise CannotRewrite("its line holds several statements")


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


def _require_read_only(tree: Tree, loop: Loop, found: list[cst.Name]) -> None:
    for use in found:
        if not is_within(tree, use, loop):
            raise CannotRewrite("its result is used after the loop, too")
        if not is_only_read(tree, use):
            raise CannotRewrite("its result may be changed or kept")


def _result_name(name: str) -> str:
    return {"json.loads": "parsed", "sorted": "in_order", "re.compile": "pattern"}.get(
        name, name.rpartition(".")[2].lower() + "_once"
    )

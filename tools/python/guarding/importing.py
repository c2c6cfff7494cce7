"""Rules about work at import: what a module does before anybody calls it isn't timed, unless it is little."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tools.python.guarding.code import COMPREHENSIONS, Code, Function, shown
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import fold, meanings

MOST_STEPS = 4096
"""Steps that count as little: a table of 256 entries is made once, results for a whole input aren't."""
DEPTH = 4
TABLES = ("string.", "keyword.", "calendar.", "html.entities.", "http.", "unicodedata.")
KEEPING = frozenset(
    {"enumerate", "zip", "reversed", "sorted", "list", "tuple", "set", "frozenset", "map", "filter", "iter"}
)
READERS = frozenset(
    {
        "open", "io.open", "os.listdir", "os.scandir", "os.walk", "glob.glob", "json.load", "pickle.load",
        "numpy.load", "numpy.loadtxt", "csv.reader", "urllib.request.urlopen", "sqlite3.connect", "pkgutil.get_data",
        "pandas.read_csv", "shelve.open", "codecs.open",
    }
)  # fmt: skip
READING = frozenset({"read_text", "read_bytes", "rglob", "iterdir"})
LAZY_COMBINATIONS = frozenset({"itertools.product", "itertools.permutations", "itertools.combinations"})


@dataclass(frozen=True, slots=True)
class Much:
    """Something at import that may be much work, and why."""

    node: ast.AST
    why: str


def importing(code: Code) -> Iterator[Mark]:
    """Marks of what a module does at import that isn't plainly little."""
    for node in code.nodes:
        if not isinstance(node, ast.stmt) or code.function(node) is not None or _is_for_scripts(code, node):
            continue
        if isinstance(node, Function):
            yield from _definition(code, node)
            continue
        found = next(_in_statement(code, node), None)
        if found is not None:
            detail = (
                f"{{where}} newly does work at import, which isn't timed: `{shown(found.node)}`: {found.why}"
            )
            yield mark(
                code,
                found.node,
                "work moved out of the timed region",
                detail,
                trait=f"at import {_text(node)}",
            )


def _text(node: ast.stmt) -> str:
    return ast.dump(node) if not isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef) else shown(node)


def _is_for_scripts(code: Code, node: ast.AST) -> bool:
    """What runs only when the file is the program: that is in the timed process."""
    if code.file.endswith("__main__.py"):
        return True
    for above in (node, *code.above(node)):
        if isinstance(above, ast.If) and any(
            isinstance(n, ast.Name) and n.id in ("__name__", "TYPE_CHECKING") for n in ast.walk(above.test)
        ):
            return True
    return False


def _definition(code: Code, node: Function) -> Iterator[Mark]:
    """Defaults and decorators run at import; `__init_subclass__` runs for every class that is defined."""
    defaults = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
    for part in defaults:
        found = next(_in_expression(code, part, DEPTH), None)
        if found is not None:
            detail = (
                f"a default of {{where}} does work at import, which isn't timed: `{shown(part)}`: {found.why}"
            )
            yield mark(
                code, part, "work moved out of the timed region", detail, trait=f"default {ast.dump(part)}"
            )
    for part in node.decorator_list:
        definition = _function_of(code, part.func if isinstance(part, ast.Call) else part)
        if definition is not None and _calls_its_parameter(code, definition):
            detail = f"`@{shown(part)}` runs {{where}} when it is defined, before anything is timed"
            yield mark(code, part, "work moved out of the timed region", detail, trait=f"@{ast.dump(part)}")
    if node.name in ("__init_subclass__", "__set_name__", "__mro_entries__"):
        found = next(_in_body(code, node.body, DEPTH), None)
        if found is not None:
            detail = (
                f"{{where}} runs when classes are defined, before anything is timed: `{shown(found.node)}`"
            )
            yield mark(code, node, "work moved out of the timed region", detail, trait=node.name)


def _calls_its_parameter(code: Code, decorator: Function) -> bool:
    first = decorator.args.args[0].arg if decorator.args.args else ""
    own = (n for n in ast.walk(decorator) if isinstance(n, ast.Call) and code.function(n) is decorator)
    return any(isinstance(call.func, ast.Name) and call.func.id == first for call in own)


def _in_statement(code: Code, node: ast.stmt) -> Iterator[Much]:
    """What may be much work in one statement at import, its blocks left out: those are statements, too."""
    if isinstance(node, ast.While):
        yield Much(node, "how often it loops can't be told")
    elif isinstance(node, ast.For | ast.AsyncFor):
        if not is_small(code, node.iter):
            yield Much(node.iter, "how often it loops can't be told, or it is often")
        yield from _in_expression(code, node.iter, DEPTH)
    elif not isinstance(node, ast.ClassDef):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr | ast.withitem):
                yield from _in_expression(code, child, DEPTH)


def _in_expression(code: Code, node: ast.AST, depth: int) -> Iterator[Much]:
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, ast.Lambda | ast.GeneratorExp) and not isinstance(
            code.parents.get(inner), ast.Call
        ):
            continue  # nothing of it runs yet
        if isinstance(inner, COMPREHENSIONS):
            for part in inner.generators:
                if not is_small(code, part.iter):
                    yield Much(inner, "how often it loops can't be told, or it is often")
        if isinstance(inner, ast.Call):
            yield from _in_call(code, inner, depth)
        waiting += [c for c in ast.iter_child_nodes(inner) if not isinstance(inner, ast.Lambda)]


def _in_call(code: Code, node: ast.Call, depth: int) -> Iterator[Much]:
    called = meanings(code, node.func)
    if called & READERS or (isinstance(node.func, ast.Attribute) and node.func.attr in READING):
        yield Much(node, "it reads files")
        return
    if called & LAZY_COMBINATIONS:
        yield Much(node, "combinations are many")
    if called & (KEEPING | {"sum", "max", "min", "dict.fromkeys", "any", "all", "bytearray", "bytes"}):
        for argument in node.args:
            if (
                isinstance(argument, ast.Call)
                and meanings(code, argument.func) & {"range"}
                and not is_small(code, argument)
            ):
                yield Much(node, f"it has more than {MOST_STEPS} steps")
    definition = _function_of(code, node.func)
    if definition is None or depth <= 0:
        return
    found = next(_in_body(code, definition.body, depth - 1), None)
    if found is not None:
        yield Much(node, f"{definition.name} has `{shown(found.node)}`, and {found.why}")


def _in_body(code: Code, body: list[ast.stmt], depth: int) -> Iterator[Much]:
    """What may be much work in a function that runs at import."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.While):
                yield Much(node.test, "how often it loops can't be told")
            elif isinstance(node, ast.For | ast.comprehension) and not is_small(code, node.iter):
                yield Much(node.iter, "how often it loops can't be told, or it is often")
            elif isinstance(node, ast.Call) and depth > 0:
                yield from _in_call(code, node, depth)


def _function_of(code: Code, node: ast.expr) -> Function | None:
    """The function of this file that an expression names, for a class its `__init__`."""
    if isinstance(node, ast.Attribute):
        owner = node.value
        if isinstance(owner, ast.Name):
            return code.functions.get(f"{owner.id}.{node.attr}")
        return None
    if not isinstance(node, ast.Name):
        return None
    if node.id in code.classes:
        return code.functions.get(f"{node.id}.__init__")
    return code.functions.get(node.id)


def is_small(code: Code, node: ast.AST, depth: int = 8) -> bool:
    """Whether an iterable plainly has few elements: written out, a small range, a table of the standard library."""
    if depth <= 0:
        return False
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return len(node.elts) <= MOST_STEPS
    if isinstance(node, ast.Dict):
        return len(node.keys) <= MOST_STEPS
    folded = fold(code, node)
    if folded is not None:
        return isinstance(folded.value, str | bytes) and len(folded.value) <= MOST_STEPS
    names = meanings(code, node)
    if any(name.startswith(TABLES) or name in ("sys.argv", "os.environ", "sys.modules") for name in names):
        return True
    if isinstance(node, ast.Name):
        return _is_small_name(code, node, depth)
    if isinstance(node, COMPREHENSIONS):
        return all(is_small(code, part.iter, depth - 1) for part in node.generators)
    if isinstance(node, ast.BinOp):
        return is_small(code, node.left, depth - 1) and is_small(code, node.right, depth - 1)
    if isinstance(node, ast.Subscript):
        return is_small(code, node.value, depth - 1)
    if isinstance(node, ast.Attribute):
        return node.attr in ("__members__", "__all__", "__slots__") or _is_small_of_class(code, node, depth)
    if isinstance(node, ast.Call):
        return _is_small_call(code, node, depth)
    return False


def _is_small_name(code: Code, node: ast.Name, depth: int) -> bool:
    owner = code.scope(node).owner(node.id)
    bound = owner.bindings.get(node.id, []) if owner is not None else []
    return bool(bound) and all(
        isinstance(value, ast.ClassDef) or (isinstance(value, ast.expr) and is_small(code, value, depth - 1))
        for value in bound
    )


def _is_small_of_class(code: Code, node: ast.Attribute, depth: int) -> bool:
    """Whether a class of this file has a small iterable of that name."""
    owner = code.classes.get(shown(node.value))
    for statement in owner.body if owner is not None else []:
        if isinstance(statement, ast.Assign) and any(
            isinstance(t, ast.Name) and t.id == node.attr for t in statement.targets
        ):
            return is_small(code, statement.value, depth - 1)
    return False


def _is_small_call(code: Code, node: ast.Call, depth: int) -> bool:
    called = meanings(code, node.func)
    if called & {"range"}:
        ends = [fold(code, a) for a in node.args]
        numbers = [e.value for e in ends if e is not None and isinstance(e.value, int)]
        return len(numbers) == len(node.args) > 0 and len(range(*numbers[:2])) <= MOST_STEPS
    if called & KEEPING:
        return all(
            is_small(code, a, depth - 1)
            for a in node.args
            if not isinstance(a, ast.Lambda | ast.Name) or a is node.args[-1]
        )
    if called & {"globals", "vars", "dir", "locals"}:
        return True
    if isinstance(node.func, ast.Attribute) and node.func.attr in (
        "items",
        "keys",
        "values",
        "split",
        "copy",
        "__subclasses__",
    ):
        return is_small(code, node.func.value, depth - 1) or node.func.attr == "__subclasses__"
    return False

"""What an expression means: the modules and builtins it may stand for, and constants it works out to."""

from __future__ import annotations

import ast
import builtins
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.python.guarding.code import Binding, Code, Scope

Constant = str | bytes | int | float | bool | None
DEPTH = 12
LONGEST = 10_000
BUILTINS = frozenset(dir(builtins))
IMPORTERS = frozenset({"__import__", "importlib.import_module", "importlib.__import__"})
_OPERATIONS: dict[type[ast.operator], Callable[[int | float, int | float], int | float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}
_TEXT_METHODS = frozenset(
    {"lower", "upper", "strip", "replace", "title", "swapcase", "removeprefix", "removesuffix"}
)


@dataclass(frozen=True, slots=True)
class Folded:
    """A constant that an expression works out to; a class of its own, for None is a constant."""

    value: Constant

    @property
    def text(self) -> str:
        """The constant as text; bytes are decoded."""
        return (
            self.value.decode("utf-8", errors="replace") if isinstance(self.value, bytes) else str(self.value)
        )


def meanings(code: Code, node: ast.AST, scope: Scope | None = None, depth: int = DEPTH) -> frozenset[str]:
    """The dotted names an expression may stand for, such as `sys._getframe`; builtins without their module's name.

    Empty for everything that isn't a module, something in one, or a builtin.
    """
    own = code.scopes.get(node)
    scope = scope or own
    if depth <= 0 or scope is None:
        return frozenset()
    if scope is own and node in code.meanings:
        return code.meanings[node]
    found: set[str] = set()
    if isinstance(node, ast.Name):
        found |= _of_name(code, node.id, scope, depth)
    elif isinstance(node, ast.Attribute):
        found |= {_member(base, node.attr) for base in meanings(code, node.value, scope, depth - 1)}
    elif isinstance(node, ast.Call):
        found |= _of_call(code, node, scope, depth)
    elif isinstance(node, ast.Subscript):
        found |= _of_subscript(code, node, scope, depth)
    else:
        for inner in _alternatives(node):
            found |= meanings(code, inner, scope, depth - 1)
    if scope is own and depth == DEPTH:
        code.meanings[node] = frozenset(found)
    return frozenset(found)


def _alternatives(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions whose value this one may have."""
    if isinstance(node, ast.NamedExpr):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (node.body, node.orelse)
    elif isinstance(node, ast.BoolOp):
        yield from node.values


def _of_name(code: Code, name: str, scope: Scope, depth: int) -> set[str]:
    owner = scope.owner(name)
    if owner is None:
        starred = {f"{module}.{name}" for module in code.stars}
        return starred | ({"builtins"} if name == "__builtins__" else {name} if name in BUILTINS else set())
    found: set[str] = set()
    for value in owner.bindings.get(name, []):
        if isinstance(value, str):
            found.add(value.removeprefix("builtins."))
        elif isinstance(value, ast.expr):
            found |= meanings(code, value, code.scopes.get(value), depth - 1)
    return found


def _member(base: str, name: str) -> str:
    base = base.removesuffix(".__dict__")
    return name if base == "builtins" and name != "__dict__" else f"{base}.{name}"


def _of_call(code: Code, node: ast.Call, scope: Scope, depth: int) -> set[str]:
    called = meanings(code, node.func, scope, depth - 1)
    first = node.args[0] if node.args else None
    if first is None:
        return {"<module>"} if called & {"globals"} else set()
    text = fold(code, first, scope)
    if called & IMPORTERS and text is not None and isinstance(text.value, str):
        return {text.value}
    if called & {"vars"}:
        return {f"{base}.__dict__" for base in meanings(code, first, scope, depth - 1)}
    if called & {"functools.partial"}:
        return set(meanings(code, first, scope, depth - 1))
    if called & {"getattr"} and len(node.args) > 1:
        name = fold(code, node.args[1], scope)
        if name is not None and isinstance(name.value, str):
            return {_member(base, name.value) for base in meanings(code, first, scope, depth - 1)}
    if isinstance(node.func, ast.Attribute) and node.func.attr in (
        "get",
        "__getitem__",
        "pop",
        "__getattribute__",
    ):
        return _in_table(code, node.func.value, text, scope, depth)
    if isinstance(node.func, ast.Call) and "operator.attrgetter" in meanings(
        code, node.func.func, scope, depth - 1
    ):
        name = fold(code, node.func.args[0], scope) if node.func.args else None
        if name is not None and isinstance(name.value, str):
            return {_member(base, name.value) for base in meanings(code, first, scope, depth - 1)}
    return set()


def _of_subscript(code: Code, node: ast.Subscript, scope: Scope, depth: int) -> set[str]:
    found = _in_table(code, node.value, fold(code, node.slice, scope), scope, depth)
    for value in _values(code, node.value, scope):
        elements = (
            [v for v in value.values if v is not None]
            if isinstance(value, ast.Dict)
            else value.elts
            if isinstance(value, ast.Tuple | ast.List)
            else []
        )
        for element in elements[:20]:
            found |= meanings(code, element, code.scopes.get(element), depth - 1)
    return found


def _in_table(code: Code, table: ast.expr, key: Folded | None, scope: Scope, depth: int) -> set[str]:
    """What `sys.modules["gc"]`, `globals()["x"]` and `vars(m)["x"]` are."""
    if key is None or not isinstance(key.value, str):
        return set()
    found: set[str] = set()
    for base in meanings(code, table, scope, depth - 1):
        if base == "sys.modules":
            found.add(key.value)
        elif base == "<module>":
            found |= _of_name(code, key.value, scope.top(), depth - 1)
        elif base.endswith(".__dict__") or base == "builtins":
            found.add(_member(base, key.value))
    return found


def _values(code: Code, node: ast.expr, scope: Scope) -> list[Binding]:
    if not isinstance(node, ast.Name):
        return [node]
    owner = scope.owner(node.id)
    return owner.bindings.get(node.id, []) if owner is not None else []


def fold(code: Code, node: ast.AST, scope: Scope | None = None, depth: int = DEPTH) -> Folded | None:
    """The constant that an expression always works out to, None when that can't be told by reading."""
    scope = scope or code.scopes.get(node)
    if depth <= 0 or scope is None:
        return None
    if isinstance(node, ast.Constant):
        return fold_constant(node)
    if isinstance(node, ast.Name):
        owner = scope.owner(node.id)
        values = owner.bindings.get(node.id, []) if owner is not None else []
        is_parameter = owner is not None and owner.kind == "function" and node.id in _parameters(owner)
        if len(values) == 1 and isinstance(values[0], ast.expr) and not is_parameter:
            return fold(code, values[0], code.scopes.get(values[0]), depth - 1)
        return None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = fold(code, node.operand, scope, depth - 1)
        return Folded(-inner.value) if inner and isinstance(inner.value, int | float) else None
    if isinstance(node, ast.BinOp):
        return fold_operation(
            node, fold(code, node.left, scope, depth - 1), fold(code, node.right, scope, depth - 1)
        )
    if isinstance(node, ast.JoinedStr):
        parts = [
            fold(code, v.value if isinstance(v, ast.FormattedValue) else v, scope, depth - 1)
            for v in node.values
        ]
        return Folded("".join(str(p.value) for p in parts if p)) if all(parts) else None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return _reversed(node.slice, fold(code, node.value, scope, depth - 1))
    if isinstance(node, ast.Call):
        return _of_text_call(code, node, scope, depth - 1)
    return None


def folds(code: Code, node: ast.expr) -> list[Folded]:
    """The constants that an expression may work out to, as the variable of a loop does; empty if others may be."""
    one = fold(code, node)
    if one is not None or not isinstance(node, ast.Name):
        return [one] if one is not None else []
    owner = code.scope(node).owner(node.id)
    if owner is None or node.id in _parameters(owner):
        return []
    bound = owner.bindings.get(node.id, [])
    found = [f for value in bound if isinstance(value, ast.expr) and (f := fold(code, value)) is not None]
    return found if len(found) == len(bound) else []


def _parameters(scope: Scope) -> frozenset[str]:
    given = (
        scope.node.args
        if isinstance(scope.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        else None
    )
    return (
        frozenset(a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs))
        if given
        else frozenset()
    )


def fold_constant(node: ast.AST) -> Folded | None:
    """A constant that is written down; None for anything else."""
    value = node.value if isinstance(node, ast.Constant) else ...
    return Folded(value) if isinstance(value, str | bytes | int | float) or value is None else None


def fold_operation(node: ast.BinOp, left: Folded | None, right: Folded | None) -> Folded | None:
    """What an operator makes of two constants, None where that is none or would be large."""
    if left is None or right is None:
        return None
    a, b = left.value, right.value
    if isinstance(a, str) and isinstance(b, str) and isinstance(node.op, ast.Add):
        return Folded(a + b) if len(a) + len(b) <= LONGEST else None
    if isinstance(a, bytes) and isinstance(b, bytes) and isinstance(node.op, ast.Add):
        return Folded(a + b) if len(a) + len(b) <= LONGEST else None
    if not isinstance(a, int | float) or not isinstance(b, int | float) or max(abs(a), abs(b)) > 10**15:
        return None
    if isinstance(node.op, ast.Pow):
        return Folded(a**b) if 0 <= b <= 20 and abs(a) <= 10**3 else None
    if isinstance(node.op, ast.LShift) and isinstance(a, int) and isinstance(b, int):
        return Folded(a << b) if 0 <= b <= 40 else None
    operation = _OPERATIONS.get(type(node.op))
    try:
        return Folded(operation(a, b)) if operation else None
    except ArithmeticError:
        return None


def _reversed(slice_: ast.Slice, value: Folded | None) -> Folded | None:
    is_back = isinstance(slice_.step, ast.UnaryOp) and slice_.lower is None and slice_.upper is None
    return Folded(value.value[::-1]) if value and is_back and isinstance(value.value, str) else None


def _of_text_call(code: Code, node: ast.Call, scope: Scope, depth: int) -> Folded | None:
    """`"".join([…])`, `chr(…)`, `int("…")`, `"…".lower()` and `b"…".decode()` of constants."""
    arguments = [fold(code, a, scope, depth) for a in node.args]
    if isinstance(node.func, ast.Name):
        value = arguments[0].value if len(arguments) == 1 and arguments[0] else None
        if node.func.id == "chr" and isinstance(value, int) and 0 <= value < 0x110000:
            return Folded(chr(value))
        if node.func.id == "int" and isinstance(value, str | float) and str(value).strip().isdigit():
            return Folded(int(str(value)[:18]))
        return Folded(str(value)) if node.func.id == "str" and isinstance(value, str | int) else None
    if not isinstance(node.func, ast.Attribute):
        return None
    text = fold(code, node.func.value, scope, depth)
    if text is not None and isinstance(text.value, bytes) and node.func.attr == "decode":
        return Folded(text.value.decode("utf-8", errors="replace"))
    if text is None or not isinstance(text.value, str):
        return None
    if node.func.attr == "join" and len(node.args) == 1 and isinstance(node.args[0], ast.List | ast.Tuple):
        parts = [fold(code, e, scope, depth) for e in node.args[0].elts[:100]]
        return Folded(text.value.join(str(p.value) for p in parts if p)) if all(parts) else None
    given = [a.value for a in arguments if a is not None and isinstance(a.value, str)]
    if node.func.attr in _TEXT_METHODS and len(given) == len(node.args) <= 2:
        try:
            return Folded(str(getattr(text.value, node.func.attr)(*given)))
        except TypeError:
            return None
    return None

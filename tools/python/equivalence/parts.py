"""A Python file in parts: functions by qualified name, and the statements around them with the names they bind."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import UnreadableOutput

Function = ast.FunctionDef | ast.AsyncFunctionDef
LARGEST_LITERAL = 10**6
LONGEST_LITERAL = 40
WHOLE_CLASS = "*"
"""Bound by a statement that gives a whole class its form: bases, decorators, slots, fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement outside functions: the class it stands in ("" for none), its text without positions, the names
    it binds, and those it uses.
    """

    owner: str
    text: str
    binds: frozenset[str]
    uses: frozenset[str]


@dataclass(slots=True)
class Parts:
    """What a file has. A name that is defined twice has two functions, in order."""

    functions: dict[str, list[Function]] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)


def read_parts(path: Path) -> Parts:
    """The parts of a file. Raises: UnreadableOutput naming why it can't be parsed."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError) as error:
        raise UnreadableOutput(f"it can't be parsed ({type(error).__name__}: {error})") from error
    parts = Parts(imports=[n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)])
    _Reader(parts).body(tree.body, "", ())
    return parts


@dataclass(slots=True)
class _Reader:
    parts: Parts

    def body(self, body: Sequence[ast.stmt], owner: str, around: tuple[str, ...]) -> None:
        """Sort a module's or class's statements; `around` are the heads of compound statements they stand in."""
        for statement in body:
            name = f"{owner}.{getattr(statement, 'name', '')}" if owner else getattr(statement, "name", "")
            if isinstance(statement, Function):
                self.parts.functions.setdefault(name, []).append(statement)
            elif isinstance(statement, ast.ClassDef):
                self._class(statement, name, owner, around)
            elif not _is_docstring(statement):
                self._statement(statement, owner, around)

    def _class(self, node: ast.ClassDef, name: str, owner: str, around: tuple[str, ...]) -> None:
        self.parts.classes[name] = node
        heads = [*node.decorator_list, *node.bases, *(k.value for k in node.keywords)]
        self._add(name, "|".join([*around, *map(dumped, heads)]), {WHOLE_CLASS}, heads)
        self._add(owner, "|".join([*around, f"class {node.name}"]), {node.name}, [])
        self.body(node.body, name, around)

    def _statement(self, node: ast.stmt, owner: str, around: tuple[str, ...]) -> None:
        inner = list(_bodies(node))
        if inner:
            head = dumped(_without_bodies(node))
            for number, body in enumerate(inner):
                self.body(body, owner, (*around, f"{number}:{head}"))
            return
        binds = set(bound_names(node))
        if owner and (isinstance(node, ast.AnnAssign) or "__slots__" in binds):
            binds.add(WHOLE_CLASS)
        self._add(owner, "|".join([*around, dumped(node)]), binds, [node])

    def _add(self, owner: str, text: str, binds: set[str], nodes: Sequence[ast.AST]) -> None:
        uses = frozenset(name for node in nodes for name in used_names(node))
        self.parts.statements.append(Statement(owner=owner, text=text, binds=frozenset(binds), uses=uses))


def dumped(node: ast.AST) -> str:
    """A node without positions and docstring: what is the same runs the same."""
    if isinstance(node, Function) and _is_docstring(node.body[0]):
        shorter = copy.copy(node)
        shorter.body = node.body[1:] or [ast.Pass()]
        return ast.dump(shorter)
    return ast.dump(node)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _bodies(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of a compound statement at module or class level."""
    for name in ("body", "orelse", "finalbody"):
        found = getattr(node, name, None)
        if isinstance(found, list) and found:
            yield found
    for handler in getattr(node, "handlers", []):
        yield handler.body
    for case in getattr(node, "cases", []):
        yield case.body


def _without_bodies(node: ast.stmt) -> ast.stmt:
    head = copy.copy(node)
    for name in ("body", "orelse", "finalbody", "handlers", "cases"):
        if hasattr(head, name):
            setattr(head, name, [])
    return head


def bound_names(node: ast.stmt) -> Iterator[str]:
    """The names whose value a simple statement may change; of `TABLE.update(…)` that is `TABLE`."""
    if isinstance(node, ast.Import):
        yield from (a.asname or a.name.split(".")[0] for a in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (a.asname or a.name for a in node.names)
    elif isinstance(node, ast.Expr):
        yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load):
            yield inner.id
        if isinstance(inner, ast.Attribute | ast.Subscript) and not isinstance(inner.ctx, ast.Load):
            yield from used_names(inner.value)


def used_names(node: ast.AST) -> Iterator[str]:
    """Every name that a node reads, attributes included."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Attribute):
            yield inner.attr


def first_lines(function: Function) -> tuple[int, ...]:
    """The lines a code object may give as its first: that of `def`, and that of the first decorator."""
    return tuple(sorted({function.lineno, *(d.lineno for d in function.decorator_list)}))


def parameters(function: Function) -> tuple[str, ...]:
    """The parameters of a call by position or keyword, each with its default; a change of any breaks callers."""
    given = function.args
    by_position = [*given.posonlyargs, *given.args]
    padded = [""] * (len(by_position) - len(given.defaults)) + [ast.dump(d) for d in given.defaults]
    found = [
        f"{'/' if n < len(given.posonlyargs) else ''}{a.arg}={d}"
        for n, (a, d) in enumerate(zip(by_position, padded, strict=True))
    ]
    found += [f"*{given.vararg.arg}"] if given.vararg else ["*"] if given.kwonlyargs else []
    found += [
        f"{a.arg}={ast.dump(d) if d else ''}"
        for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return (*found, *([f"**{given.kwarg.arg}"] if given.kwarg else []))


def takes_the_same(before: Function, after: Function) -> bool:
    """Whether every call of the old function is one of the new; new parameters must have defaults and come last."""
    old, new = parameters(before), parameters(after)
    added = new[len(old) :]
    return new[: len(old)] == old and all(p == "*" or ("=" in p and not p.endswith("=")) for p in added)


def defaults_of(function: Function) -> Iterator[str]:
    """The names that its defaults use: they were read when it was defined."""
    for default in (*function.args.defaults, *function.args.kw_defaults):
        if default is not None:
            yield from used_names(default)


def plain_values(functions: Sequence[Function]) -> Iterator[str]:
    """The short numbers and texts that stand in functions, written as graphs write them."""
    for function in functions:
        for node in ast.walk(function):
            value = node.value if isinstance(node, ast.Constant) else None
            if type(value) is int and abs(value) <= LARGEST_LITERAL:
                yield f"i{value}"
            elif type(value) is float:
                yield f"f{value!r}"
            elif type(value) is str and 0 < len(value) <= LONGEST_LITERAL:
                yield f"s{value}"
            elif type(value) is bytes and 0 < len(value) <= LONGEST_LITERAL:
                yield f"b{value.hex()}"

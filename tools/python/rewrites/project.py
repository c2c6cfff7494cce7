"""A project's Python files read by `ast`: its functions, the calls of them, and what its classes say of fields."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.python.rewrites.annotations import is_hashable_note, named

MAX_FILES = 3000
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: its function (None at module level) and the loops of comprehensions around it."""

    module: ast.Module
    function: Function | None = None
    loops: tuple[ast.comprehension, ...] = ()


@dataclass(slots=True, eq=False)
class Project:
    """The Python files below `root`, read when something is asked."""

    root: Path
    _modules: list[ast.Module] | None = field(default=None, init=False)

    def modules(self) -> list[ast.Module]:
        """The files that can be read and parsed, at most `MAX_FILES`."""
        if self._modules is None:
            self._modules = list(self._parsed())
        return self._modules

    def _parsed(self) -> Iterator[ast.Module]:
        for _, path in zip(range(MAX_FILES), sorted(self.root.rglob("*.py")), strict=False):
            try:
                yield ast.parse(path.read_text(encoding="utf-8-sig"))
            except (OSError, ValueError, SyntaxError, RecursionError):
                continue

    def functions(self, name: str) -> list[tuple[ast.Module, Function]]:
        """Every function and method of that name."""
        return [
            (module, node)
            for module in self.modules()
            for node in ast.walk(module)
            if isinstance(node, Function) and node.name == name
        ]

    def calls(self, name: str) -> Iterator[tuple[Scope, ast.Call]]:
        """Every call of something of that name, and where it stands."""
        for module in self.modules():
            for function, node in with_functions(module):
                if isinstance(node, ast.Call) and named(node.func) == name:
                    yield Scope(module, function), node

    def field_is_hashable(self, name: str) -> bool:
        """Whether every class with such a field says that it can be hashed; there must be one."""
        found = [
            said
            for module in self.modules()
            for node in ast.walk(module)
            if isinstance(node, ast.ClassDef)
            for said in _field_says(node, name)
        ]
        return bool(found) and all(found)


def _field_says(node: ast.ClassDef, name: str) -> Iterator[bool]:
    """For each place of a class that gives a field its kind: whether that can be hashed."""
    for statement in node.body:
        if isinstance(statement, ast.AnnAssign) and named(statement.target) == name:
            yield is_hashable_note(statement.annotation)
        if isinstance(statement, Function):
            for inner in ast.walk(statement):
                if isinstance(inner, ast.AnnAssign) and _is_own_field(inner.target, name):
                    yield is_hashable_note(inner.annotation)
                if isinstance(inner, ast.Assign) and any(_is_own_field(t, name) for t in inner.targets):
                    argument = argument_of(statement, named(inner.value))
                    note = argument.annotation if argument is not None else None
                    yield isinstance(inner.value, ast.Constant) or (
                        note is not None and is_hashable_note(note)
                    )


def _is_own_field(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Attribute) and target.attr == name and named(target.value) == "self"


def with_functions(module: ast.Module) -> Iterator[tuple[Function | None, ast.AST]]:
    """Every node with the innermost function around it."""
    waiting: list[tuple[Function | None, ast.AST]] = [(None, module)]
    while waiting:
        function, node = waiting.pop()
        yield function, node
        inner = node if isinstance(node, Function) else function
        waiting += [(inner, child) for child in ast.iter_child_nodes(node)]


def argument_of(function: Function, name: str) -> ast.arg | None:
    """The parameter of that name, None where there is none."""
    given = function.args
    everything = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    return next((a for a in everything if a.arg == name), None)

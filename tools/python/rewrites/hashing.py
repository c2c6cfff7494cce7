"""What shows that values can be hashed: annotations, literals, and how the project itself calls its functions.

Python doesn't say of what kind a value is. Before a list becomes a set something must show that its elements, and
what is looked for among them, can be hashed: else code that worked would raise TypeError. Calls are followed from
a parameter to every call in the project, and from a call to what the function returns, a few steps far.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass

from tools.python.rewrites.annotations import is_container_note, is_hashable_note, named
from tools.python.rewrites.project import Function, Project, Scope, argument_of, with_functions

MAX_STEPS = 4
TEXT_METHODS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "casefold", "title", "capitalize", "replace", "format", "join",
     "encode", "decode", "removeprefix", "removesuffix", "zfill", "group", "isoformat", "strftime"}
)  # fmt: skip
PLAIN_CALLS = frozenset(
    {"str", "int", "float", "bool", "bytes", "len", "repr", "ord", "chr", "hash", "abs", "round"}
)
COPIES = frozenset({"list", "tuple", "sorted", "set", "frozenset", "reversed"})


@dataclass(frozen=True, slots=True)
class Hashing:
    """Answers for one project. Both questions say no where nothing shows it."""

    project: Project

    def is_hashable(self, node: ast.expr, scope: Scope, steps: int = MAX_STEPS) -> bool:
        """Whether the expression's value can surely be hashed."""
        if steps < 0:
            return False
        match node:
            case ast.Constant() | ast.JoinedStr():
                return True
            case ast.Tuple(elts=parts):
                return all(self.is_hashable(part, scope, steps) for part in parts)
            case ast.Call(func=ast.Attribute(attr=method)) if method in TEXT_METHODS:
                return True
            case ast.Call(func=ast.Name(id=called)) if called in PLAIN_CALLS:
                return True
            case ast.UnaryOp(operand=operand):
                return self.is_hashable(operand, scope, steps)
            case ast.BinOp(left=left, right=right, op=ast.Add() | ast.Mod()):
                return any(isinstance(side, ast.Constant | ast.JoinedStr) for side in (left, right))
            case ast.Attribute(attr=attribute):
                return self.project.field_is_hashable(attribute)
            case ast.Subscript(value=value, slice=ast.Constant()):
                return self.has_hashable_elements(value, scope, steps - 1)
            case ast.Name(id=name):
                return self._name_is_hashable(name, scope, steps)
        return False

    def has_hashable_elements(self, node: ast.expr, scope: Scope, steps: int = MAX_STEPS) -> bool:
        """Whether all elements of the expression's value can surely be hashed."""
        if steps < 0:
            return False
        match node:
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
                return all(self.is_hashable(part, scope, steps) for part in parts)
            case (
                ast.ListComp(elt=element, generators=loops) | ast.GeneratorExp(elt=element, generators=loops)
            ):
                inner = Scope(scope.module, scope.function, (*scope.loops, *loops))
                return self.is_hashable(element, inner, steps)
            case ast.SetComp() | ast.Dict() | ast.DictComp():
                return True
            case ast.Call(func=ast.Attribute(attr="split" | "splitlines" | "rsplit" | "keys")):
                return True
            case ast.Call(func=ast.Name(id=called), args=[first, *_]) if called in COPIES:
                return called in ("set", "frozenset") or self.has_hashable_elements(first, scope, steps - 1)
            case ast.Call(func=ast.Name(id="range")) | ast.Constant():
                return True
            case ast.Call(func=called_function):
                return self._returns_hashable_elements(named(called_function), steps - 1)
            case ast.Name(id=name):
                return self._elements_ofnamed(name, scope, steps)
        return False

    def _name_is_hashable(self, name: str, scope: Scope, steps: int) -> bool:
        for loop in reversed(scope.loops):
            if _binds(loop.target, name):
                return self._element_is_hashable(loop.target, loop.iter, scope, steps)
        return self._bound(name, scope, steps, elements=False)

    def _elements_ofnamed(self, name: str, scope: Scope, steps: int) -> bool:
        return self._bound(name, scope, steps, elements=True)

    def _bound(self, name: str, scope: Scope, steps: int, *, elements: bool) -> bool:
        """What every way in which the name gets its value shows."""
        ask = self.has_hashable_elements if elements else self.is_hashable
        around: ast.AST = scope.function if scope.function is not None else scope.module
        found: list[bool] = []
        for node in ast.walk(around):
            if isinstance(node, ast.Assign) and any(_binds(t, name) for t in node.targets):
                if all(isinstance(t, ast.Name) for t in node.targets):
                    found.append(ask(node.value, scope, steps - 1))
                else:  # a, b = line.split()
                    found.append(not elements and self.has_hashable_elements(node.value, scope, steps - 1))
            elif isinstance(node, ast.AnnAssign) and _binds(node.target, name):
                found.append((is_container_note if elements else is_hashable_note)(node.annotation))
            elif isinstance(node, ast.For) and _binds(node.target, name):
                found.append(not elements and self._element_is_hashable(node.target, node.iter, scope, steps))
            elif isinstance(node, ast.AugAssign | ast.NamedExpr | ast.withitem) and name in _stored_by(node):
                found.append(False)
            elif elements and (added := _added(node, name)) is not None:
                found.append(bool(added) and all(self.is_hashable(a, scope, steps - 1) for a in added))
        if scope.function is not None:
            argument = argument_of(scope.function, name)
            if argument is not None:
                found.append(self._parameter(scope.function, argument, steps, elements=elements))
            elif not found:
                return self._bound(name, Scope(scope.module), steps - 1, elements=elements)
        return bool(found) and all(found)

    def _element_is_hashable(self, target: ast.expr, iterated: ast.expr, scope: Scope, steps: int) -> bool:
        if not isinstance(target, ast.Name):
            return False
        return self.has_hashable_elements(iterated, scope, steps - 1)

    def _parameter(self, function: Function, argument: ast.arg, steps: int, *, elements: bool) -> bool:
        """By annotation, else by every call in the project; there must be one."""
        if argument.annotation is not None:
            return (is_container_note if elements else is_hashable_note)(argument.annotation)
        names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
        ask = self.has_hashable_elements if elements else self.is_hashable
        found = []
        for scope, call in self.project.calls(function.name):
            is_method = names[:1] in (["self"], ["cls"]) and isinstance(call.func, ast.Attribute)
            values = {k.arg: k.value for k in call.keywords}
            position = names.index(argument.arg) - is_method if argument.arg in names else -1
            if 0 <= position < len(call.args):
                values[argument.arg] = call.args[position]
            given = values.get(argument.arg)
            found.append(given is not None and ask(given, scope, steps - 1))
        return bool(found) and all(found)

    def _returns_hashable_elements(self, name: str, steps: int) -> bool:
        functions = self.project.functions(name)
        if steps < 0 or len(functions) != 1:
            return False
        module, function = functions[0]
        if function.returns is not None:
            return is_container_note(function.returns)
        returned = [n.value for n in ast.walk(function) if isinstance(n, ast.Return) and n.value is not None]
        scope = Scope(module, function)
        return bool(returned) and all(self.has_hashable_elements(r, scope, steps) for r in returned)


def scope_at(text: str, start: int) -> Scope:
    """The innermost function around a byte offset of a file's text."""
    line = text.encode()[:start].count(b"\n") + 1
    module = ast.parse(text)
    around = [
        n for n in ast.walk(module) if isinstance(n, Function) and n.lineno <= line <= (n.end_lineno or 0)
    ]
    return Scope(module, max(around, key=lambda n: n.lineno, default=None))


def searches(text: str, start: int, name: str) -> list[tuple[Scope, ast.Compare]]:
    """Every `… in name` of the function around a byte offset of a file's text, and where it stands."""
    before = text.encode()[:start]
    place = (before.count(b"\n") + 1, start - (before.rfind(b"\n") + 1))
    module = ast.parse(text)
    found = [
        (function, node)
        for function, node in with_functions(module)
        if isinstance(node, ast.Compare) and named(node.comparators[0]) == name
    ]
    around = [function for function, node in found if (node.lineno, node.col_offset) == place]
    return [
        (Scope(module, function, _loops_around(node, function or module)), node)
        for function, node in found
        if around and function is around[0]
    ]


def _loops_around(node: ast.AST, outer: ast.AST) -> tuple[ast.comprehension, ...]:
    """The loops of the comprehensions that a node stands in."""
    return tuple(
        loop
        for made in ast.walk(outer)
        if isinstance(made, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
        and any(inner is node for inner in ast.walk(made))
        for loop in made.generators
    )


def _binds(target: ast.expr, name: str) -> bool:
    return any(
        isinstance(n, ast.Name) and n.id == name for n in ast.walk(target) if not isinstance(n, ast.Attribute)
    )


def _stored_by(node: ast.AugAssign | ast.NamedExpr | ast.withitem) -> set[str]:
    target = node.optional_vars if isinstance(node, ast.withitem) else node.target
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)} if target is not None else set()


def _added(node: ast.AST, name: str) -> list[ast.expr] | None:
    """What a statement puts into the list of that name; empty where that can't be told, None if it puts nothing."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="append"), args=args) if (
            found == name
        ):
            return args
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="insert"), args=args) if (
            found == name
        ):
            return args[1:]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=found), attr="extend")) if found == name:
            return []
        case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=found))], value=value) if found == name:
            return [value]
    return None

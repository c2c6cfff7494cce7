"""One version of a Python file as the rules read it: nodes in order, what they stand in, and what names mean there.

A name means what it could be bound to anywhere in its scope: whoever hides `sys` behind another name, a default,
or a list is found as well as whoever writes it plainly.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

Function = ast.FunctionDef | ast.AsyncFunctionDef
Binding = ast.AST | str | None
"""What a name is bound to: an expression or definition, the dotted name of an import, or something unknown."""
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
LONGEST_SHOWN = 100


@dataclass(slots=True, eq=False)
class Scope:
    """Where names are bound: a module, class, function, or the inside of a comprehension (kind `inner`)."""

    kind: str
    node: ast.AST
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, str] = field(default_factory=dict)

    def bind(self, name: str, value: Binding) -> None:
        """Note one more thing that a name may be."""
        self.bindings.setdefault(name, []).append(value)

    def owner(self, name: str) -> Scope | None:
        """The scope whose variable a name is here, None when it is bound nowhere."""
        here: Scope | None = self
        is_own = True
        while here is not None:
            declared = here.elsewhere.get(name)
            if declared == "global":
                return here.top()
            if declared is None and name in here.bindings and (is_own or here.kind != "class"):
                return here
            is_own = is_own and here.kind == "inner"
            here = here.parent
        return None

    def top(self) -> Scope:
        """The module's scope."""
        here = self
        while here.parent is not None:
            here = here.parent
        return here


@dataclass(slots=True, eq=False)
class Code:
    """A file, read. `package` is the dotted name relative imports start from."""

    file: str
    tree: ast.Module
    package: tuple[str, ...] = ()
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    nodes: list[ast.AST] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)
    classes: dict[str, ast.ClassDef] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    meanings: dict[ast.AST, frozenset[str]] = field(default_factory=dict)

    def scope(self, node: ast.AST) -> Scope:
        """The scope a node is evaluated in."""
        return self.scopes[node]

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function(self, node: ast.AST) -> Function | ast.Lambda | None:
        """The innermost function that runs the node; None for what runs when the module is imported."""
        here: Scope | None = self.scopes[node]
        while here is not None:
            if isinstance(here.node, Function | ast.Lambda):
                return here.node
            here = here.parent
        return None

    def outermost(self, node: ast.AST) -> Function | None:
        """The function of the module or class in which a node stands, with all that is nested in it."""
        found = [n for n in (node, *self.above(node)) if isinstance(n, Function)]
        return found[-1] if found and self.function(node) is not None else None

    def where(self, node: ast.AST) -> str:
        """The qualified name of the function or class that a node stands in, "" outside of all."""
        names = [n.name for n in (node, *self.above(node)) if isinstance(n, Function | ast.ClassDef)]
        return ".".join(reversed(names))

    def statement(self, node: ast.AST) -> ast.stmt | None:
        """The statement that a node is part of."""
        return next((n for n in (node, *self.above(node)) if isinstance(n, ast.stmt)), None)


def shown(node: ast.AST) -> str:
    """A node's code in one short line."""
    try:
        text = " ".join(ast.unparse(node).split())
    except (RecursionError, ValueError):
        return "…"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def read_code(file: str, content: bytes) -> Code:
    """Read one version of a file. Raises: SyntaxError, ValueError, RecursionError, MemoryError."""
    tree = ast.parse(content)
    parts = file.removesuffix(".py").split("/")
    parts = parts[1:] if parts[0] == "src" and len(parts) > 1 else parts
    code = Code(file=file, tree=tree, package=tuple(parts[:-1]))
    _fill(code)
    return code


def _fill(code: Code) -> None:
    waiting: list[tuple[ast.AST, Scope, str]] = [(code.tree, Scope("module", code.tree, None), "")]
    while waiting:
        node, scope, owner = waiting.pop()
        code.nodes.append(node)
        code.scopes[node] = scope
        _bind(code, node, scope)
        inside = _inner_scope(node, scope)
        name = owner
        if isinstance(node, Function | ast.ClassDef):
            name = f"{owner}.{node.name}" if owner else node.name
            if isinstance(node, ast.ClassDef):
                code.classes.setdefault(name, node)
            else:
                code.functions[name] = node
        children: list[tuple[ast.AST, Scope, str]] = []
        for part, child in _children(node):
            code.parents[child] = node
            is_inside = part in ("body", "args") or isinstance(node, COMPREHENSIONS)
            children.append((child, inside if is_inside else scope, name if is_inside else owner))
            if part == "args" and isinstance(child, ast.arguments):
                for default in (*child.defaults, *(d for d in child.kw_defaults if d is not None)):
                    code.parents[default] = child
                    children.append((default, scope, owner))
        waiting.extend(reversed(children))


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """The parts of a node with their names; defaults of parameters are left out, for they run elsewhere."""
    for part, value in ast.iter_fields(node):
        if isinstance(node, ast.arguments) and part in ("defaults", "kw_defaults"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not isinstance(
                child, ast.expr_context | ast.operator | ast.cmpop | ast.boolop | ast.unaryop
            ):
                yield part, child


def _inner_scope(node: ast.AST, scope: Scope) -> Scope:
    if isinstance(node, Function | ast.Lambda):
        inside = Scope("function", node, scope)
        _bind_parameters(node.args, inside)
        return inside
    if isinstance(node, ast.ClassDef):
        return Scope("class", node, scope)
    if isinstance(node, COMPREHENSIONS):
        return Scope("inner", node, scope)
    return scope


def _bind_parameters(given: ast.arguments, scope: Scope) -> None:
    by_position = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [
        *([None] * (len(by_position) - len(given.defaults))),
        *given.defaults,
    ]
    for parameter, default in zip(by_position, defaults, strict=True):
        scope.bind(parameter.arg, default)
    for parameter, keyword_default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        scope.bind(parameter.arg, keyword_default)
    for rest in (given.vararg, given.kwarg):
        if rest is not None:
            scope.bind(rest.arg, None)


def _bind(code: Code, node: ast.AST, scope: Scope) -> None:
    """Note the names that a node binds in its scope."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            scope.bind(
                alias.asname or alias.name.split(".")[0],
                alias.name if alias.asname else alias.name.split(".")[0],
            )
    elif isinstance(node, ast.ImportFrom):
        module = imported_from(code, node)
        for alias in node.names:
            if alias.name == "*":
                code.stars.append(module)
            else:
                scope.bind(alias.asname or alias.name, f"{module}.{alias.name}")
    elif isinstance(node, Function | ast.ClassDef):
        scope.bind(node.name, node)
    elif isinstance(node, ast.Global | ast.Nonlocal):
        word = "global" if isinstance(node, ast.Global) else "nonlocal"
        scope.elsewhere |= dict.fromkeys(node.names, word)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            _bind_target(target, node.value, scope)
    elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        _bind_target(node.target, node.value, scope)
        outer = scope
        while isinstance(node, ast.NamedExpr) and outer.kind == "inner" and outer.parent is not None:
            outer = outer.parent
            _bind_target(node.target, node.value, outer)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        _bind_elements(node.target, node.iter, scope)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        _bind_target(node.optional_vars, node.context_expr, scope)
    elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        scope.bind(node.name, None)


def imported_from(code: Code, node: ast.ImportFrom) -> str:
    """The dotted name of the module that names are imported from, relative ones made absolute."""
    if not node.level:
        return node.module or ""
    base = code.package[: len(code.package) - (node.level - 1)] if node.level > 1 else code.package
    return ".".join((*base, *([node.module] if node.module else [])))


def _bind_target(target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
    if isinstance(target, ast.Starred):
        target, value = target.value, None
    if isinstance(target, ast.Name):
        name_scope = scope.top() if scope.elsewhere.get(target.id) == "global" else scope
        name_scope.bind(target.id, value)
    elif isinstance(target, ast.Tuple | ast.List):
        values: Sequence[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            values = value.elts
        for inner, inner_value in zip(target.elts, values, strict=True):
            _bind_target(inner, inner_value, scope)


def _bind_elements(target: ast.expr, iterated: ast.expr, scope: Scope) -> None:
    if isinstance(iterated, ast.Tuple | ast.List | ast.Set):
        for element in iterated.elts:
            _bind_target(target, element, scope)
    else:
        _bind_target(target, None, scope)

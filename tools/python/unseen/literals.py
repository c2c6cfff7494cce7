"""The numbers in a benchmark file that decide how large its inputs are and how they are drawn."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from tools.python.guarding.code import Code, Function
from tools.python.guarding.naming import fold_constant, fold_operation, meanings

Kind = Literal["size", "seed"]
SIZE = re.compile(
    r"(^|_)(n|m|k|sizes?|counts?|num|number|lengths?|len|rows?|cols|columns|records|items|lines|words|users|orders"
    r"|points|entries|elements|nodes|edges|depth|width|height|total|amount|scales?|samples|events|days|keys|values"
    r"|messages|tasks|jobs|pages|files|chunks|trades|customers|products)(_|$|\d)",
    re.IGNORECASE,
)
SEED = re.compile(r"(^|_)(seeds?|random_state)(_|$)", re.IGNORECASE)
EXPECTED = re.compile(r"expect|result|answer|want|output|digest|checksum|hash", re.IGNORECASE)
BUILDER = re.compile(r"^_*(make|build|generate|gen|create|random|fake|sample|synth\w*)(_|$)", re.IGNORECASE)
SEEDED = re.compile(r"(^|\.)(seed|Random|default_rng|RandomState|seed_instance|SeedSequence|manual_seed)$")
SMALLEST_NAMED, SMALLEST = 5, 10
"""Sizes below say little, and are often part of a format; what is named a size may be smaller."""


@dataclass(frozen=True, slots=True)
class Found:
    """A number to be varied. `together` are all sizes of the list it stands in."""

    node: ast.expr
    value: int
    kind: Kind
    together: tuple[int, ...]


def find_literals(code: Code) -> list[Found]:
    """The sizes and seeds of a file in the order of its lines; none inside of what it expects."""
    found: dict[ast.expr, Found] = {}
    for node in code.nodes:
        for one in _in_node(code, node):
            if not _is_expected(code, one.node):
                found.setdefault(one.node, one)
    return sorted(found.values(), key=lambda f: (f.node.lineno, f.node.col_offset))


def expected(code: Code, sizes: frozenset[int]) -> Iterator[tuple[ast.expr, int]]:
    """The numbers in a file's asserts that are one of the sizes."""
    for node in code.nodes:
        if not isinstance(node, ast.Constant) or type(node.value) is not int or node.value not in sizes:
            continue
        around = list(code.above(node))
        if any(isinstance(a, ast.Assert) for a in around) and not any(
            isinstance(a, ast.JoinedStr) for a in around
        ):
            yield node, node.value


def number_in(node: ast.AST | None) -> int | None:
    """The whole number that is written down, be it as `10**5`; None for anything else."""
    if isinstance(node, ast.BinOp):
        left, right = number_in(node.left), number_in(node.right)
        if left is None or right is None:
            return None
        both = fold_operation(node, fold_constant(node.left), fold_constant(node.right))
        return both.value if both is not None and type(both.value) is int else None
    one = fold_constant(node) if node is not None else None
    return one.value if one is not None and type(one.value) is int else None


def _in_node(code: Code, node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.Call):
        yield from _in_call(code, node)
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            if isinstance(target, ast.Name) and node.value is not None:
                yield from _named(target.id, node.value)
    elif isinstance(node, Function):
        yield from _defaults(node)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(other, ast.List | ast.Tuple | ast.JoinedStr) or (
                isinstance(other, ast.Constant) and isinstance(other.value, str | bytes)
            ):
                yield from _sizes([one], SMALLEST)


def _named(name: str, value: ast.expr) -> Iterator[Found]:
    """A variable or parameter whose name says what its number is."""
    if SEED.search(name):
        yield from _seeds([value])
    elif SIZE.search(name) and not EXPECTED.search(name):
        elements = value.elts if isinstance(value, ast.List | ast.Tuple | ast.Set) else [value]
        yield from _sizes(elements, SMALLEST_NAMED)


def _defaults(node: Function) -> Iterator[Found]:
    given = [*node.args.posonlyargs, *node.args.args]
    for parameter, default in zip(reversed(given), reversed(node.args.defaults), strict=False):
        yield from _named(parameter.arg, default)
    for parameter, keyword_default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if keyword_default is not None:
            yield from _named(parameter.arg, keyword_default)


def _in_call(code: Code, node: ast.Call) -> Iterator[Found]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    name = node.func.id if isinstance(node.func, ast.Name) else name
    if name == "parametrize" and len(node.args) > 1:
        yield from _parametrized(code, node)
    elif name == "fixture":
        for keyword in node.keywords:
            if keyword.arg == "params":
                yield from _sizes(_elements(code, keyword.value), SMALLEST_NAMED)
    elif name == "range" and node.args:
        yield from _sizes([node.args[1] if len(node.args) > 1 else node.args[0]], SMALLEST)
    elif any(SEEDED.search(m) for m in meanings(code, node.func) | {name}):
        yield from _seeds(node.args[:1])
    elif BUILDER.search(name):
        yield from _sizes(node.args, SMALLEST)
    if name not in ("pedantic", "benchmark", "parametrize", "fixture"):
        for keyword in node.keywords:
            if keyword.arg is not None:
                yield from _named(keyword.arg, keyword.value)


def _parametrized(code: Code, node: ast.Call) -> Iterator[Found]:
    """The values of parameters that are sizes or seeds, unless what is expected stands beside them."""
    names = _names(node.args[0])
    if any(EXPECTED.search(name) for name in names):
        return
    rows = [_row(element) for element in _elements(code, node.args[1])]
    for number, name in enumerate(names):
        column = [row[number] for row in rows if len(row) == len(names)]
        values = [number_in(value) for value in column]
        is_number = bool(values) and None not in values
        if SEED.search(name):
            yield from _seeds(column)
        elif SIZE.search(name) or (is_number and all(v is not None and v >= SMALLEST for v in values)):
            yield from _sizes(column, SMALLEST_NAMED)


def _names(node: ast.expr) -> list[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [name.strip() for name in node.value.split(",") if name.strip()]
    elements = node.elts if isinstance(node, ast.List | ast.Tuple) else []
    return [e.value for e in elements if isinstance(e, ast.Constant) and isinstance(e.value, str)]


def _row(node: ast.expr) -> list[ast.expr]:
    """The values of one case: `1000`, `(1000, "a")`, `pytest.param(1000, "a", id="large")`."""
    if isinstance(node, ast.Call):
        return list(node.args)
    return list(node.elts) if isinstance(node, ast.Tuple | ast.List) else [node]


def _elements(code: Code, node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.Name):
        owner = code.scope(node).owner(node.id)
        bound = owner.bindings.get(node.id, []) if owner is not None else []
        node = next((b for b in bound if isinstance(b, ast.List | ast.Tuple)), node)
    return list(node.elts) if isinstance(node, ast.List | ast.Tuple | ast.Set) else []


def _sizes(nodes: Sequence[ast.expr], smallest: int) -> Iterator[Found]:
    found = [(node, value) for node in nodes if (value := number_in(node)) is not None and value >= smallest]
    for node, value in found:
        yield Found(node, value, "size", tuple(v for _, v in found))


def _seeds(nodes: Sequence[ast.expr]) -> Iterator[Found]:
    for node in nodes:
        for inner in node.elts if isinstance(node, ast.List | ast.Tuple) else [node]:
            value = number_in(inner)
            if value is not None:
                yield Found(inner, value, "seed", (value,))


def _is_expected(code: Code, node: ast.AST) -> bool:
    """Whether a number belongs to what is expected; in an f-string it has no place that can be relied on."""
    return any(isinstance(above, ast.Assert | ast.Compare | ast.JoinedStr) for above in code.above(node))

"""Comparing an input with something known: a size of the benchmarks, a text of the tests, a digest."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, Function, shown
from tools.python.guarding.known import Known
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import Constant, fold, meanings

RULE: GuardRule = "matched to known inputs"
SMALLEST_LENGTH = 64
"""A length compared with a smaller number is part of many formats."""
MEASURES = frozenset(
    {
        "len",
        "sum",
        "max",
        "min",
        "str",
        "int",
        "repr",
        "abs",
        "id",
        "tuple",
        "list",
        "sorted",
        "hash",
        "hex",
        "bin",
        "oct",
    }
)
DIGESTS = ("hashlib.", "zlib.crc32", "zlib.adler32", "binascii.crc32", "hmac.", "xxhash.")


def compared(code: Code, node: ast.Compare, known: Known) -> Iterator[Mark]:
    """Marks of a comparison of an input with what tests or benchmarks hold."""
    sides = [node.left, *node.comparators]
    for left, op, right in zip(sides, node.ops, sides[1:], strict=False):
        if isinstance(op, ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
            yield from recognised(code, node, left, right, known)
            yield from recognised(code, node, right, left, known)
        elif isinstance(op, ast.In | ast.NotIn) and isinstance(right, ast.Call):
            if meanings(code, right.func) & {"range"} and len(right.args) == 2:
                yield from _between(code, node, [right.args[0], left, right.args[1]], known)
        elif isinstance(op, ast.In | ast.NotIn) and isinstance(
            right, ast.Tuple | ast.List | ast.Set | ast.Dict
        ):
            for element in (right.keys if isinstance(right, ast.Dict) else right.elts)[:100]:
                if element is not None:
                    yield from recognised(code, node, left, element, known)
    if len(sides) == 3 and all(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in node.ops):
        yield from _between(code, node, sides, known)


def bounded(code: Code, node: ast.BoolOp, known: Known) -> Iterator[Mark]:
    """`n >= 9990 and n <= 10010`, in whatever order."""
    bounds: dict[str, list[ast.expr]] = {}
    for part in node.values:
        if isinstance(part, ast.Compare) and isinstance(part.ops[0], ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            for subject, bound in ((part.left, part.comparators[0]), (part.comparators[0], part.left)):
                if fold(code, bound) is not None:
                    bounds.setdefault(ast.dump(subject), [subject]).append(bound)
    for subject, *ends in bounds.values():
        if len(ends) == 2:
            yield from _between(code, node, [ends[0], subject, ends[1]], known)


def _between(code: Code, node: ast.AST, sides: list[ast.expr], known: Known) -> Iterator[Mark]:
    """`9990 < n < 10010`: a range that is hardly wider than a size of the benchmarks that lies in it."""
    ends = [fold(code, sides[0]), fold(code, sides[2])]
    numbers = sorted(e.value for e in ends if e is not None and isinstance(e.value, int))
    if len(numbers) != 2 or not _is_input(code, sides[1]):
        return
    low, high = numbers
    inside = [n for n in known.sizes if low <= n <= high]
    if inside and high - low <= max(2, high // 20):
        yield matched(code, node, f"there are benchmarks of size {inside[0]}", f"compares {inside[0]}")


def recognised(
    code: Code, node: ast.AST, subject: ast.expr, literal: ast.expr, known: Known
) -> Iterator[Mark]:
    """A mark when a subject is compared with something known, or a digest of it with anything."""
    found = fold(code, literal)
    if found is None:
        return
    value = _number_of(found.value)
    if is_digest(code, subject) and not isinstance(value, bool) and value is not None:
        yield matched(code, node, "it recognises an input by its digest", f"digest {value!r}")
    elif isinstance(value, int) and not isinstance(value, bool):
        if not _is_input(code, subject):
            return
        if value in known.sizes and value >= SMALLEST_LENGTH:
            yield matched(code, node, f"{value} stands in the benchmarks", f"compares {value}")
        elif _is_length(code, subject) and value >= SMALLEST_LENGTH:
            yield matched(
                code, node, "it does something else for inputs of exactly one length", f"compares {value}"
            )
        elif known.knows(value):
            yield matched(code, node, f"{value} stands in the tests", f"compares {value}")
    elif known.knows(value) and _is_input(code, subject):
        yield matched(code, node, "the value stands in the tests or benchmarks", f"compares {value!r}")


def _number_of(value: Constant) -> Constant:
    """The number that a text spells, as in `str(n) == "1000"`; anything else as it is."""
    if not isinstance(value, str) or not value[:1].isdigit() or len(value) > 20:
        return value
    try:
        return int(value, 0)
    except ValueError:
        return value


def subtracted(code: Code, node: ast.BinOp, known: Known) -> Iterator[Mark]:
    """`n - 10000` and `n ^ 10000` in a condition are comparisons, too."""
    parent = code.parents.get(node)
    is_tested = (
        (isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not))
        or (isinstance(parent, ast.If | ast.IfExp | ast.While) and parent.test is node)
        or (isinstance(parent, ast.Compare) and any(_is_zero(s) for s in (parent.left, *parent.comparators)))
        or (isinstance(parent, ast.Call) and bool(meanings(code, parent.func) & {"bool", "abs"}))
    )
    if is_tested:
        yield from recognised(code, node, node.left, node.right, known)
        yield from recognised(code, node, node.right, node.left, known)


def _is_zero(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0


def values_of(code: Code, node: ast.expr) -> list[object]:
    """What a name may be bound to; of anything else that itself."""
    if not isinstance(node, ast.Name):
        return [node]
    owner = code.scope(node).owner(node.id)
    return list(owner.bindings.get(node.id, [])) if owner is not None else []


def is_digest(code: Code, node: ast.expr, depth: int = 6) -> bool:
    """Whether a value is made from a whole input to recognise it by."""
    if depth <= 0:
        return False
    if isinstance(node, ast.Name):
        return any(isinstance(v, ast.expr) and is_digest(code, v, depth - 1) for v in values_of(code, node))
    if not isinstance(node, ast.Call):
        return isinstance(node, ast.Subscript | ast.BinOp) and any(
            is_digest(code, part, depth - 1)
            for part in ast.iter_child_nodes(node)
            if isinstance(part, ast.expr)
        )
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("hexdigest", "digest"):
        return True
    return any(name == "hash" or name.startswith(DIGESTS) for name in meanings(code, node.func))


def _is_length(code: Code, node: ast.expr) -> bool:
    if isinstance(node, ast.Name):
        return any(
            isinstance(v, ast.expr) and not isinstance(v, ast.Name) and _is_length(code, v)
            for v in values_of(code, node)
        )
    return isinstance(node, ast.Call) and bool(meanings(code, node.func) & {"len"})


def _is_input(code: Code, node: ast.expr, depth: int = 6) -> bool:
    """Whether a value comes from outside: a parameter, its length, a part or attribute of it."""
    if depth <= 0:
        return False
    if isinstance(node, ast.Name):
        owner = code.scope(node).owner(node.id)
        if owner is None or code.function(node) is None:
            return False
        here = owner.node
        if isinstance(here, Function | ast.Lambda):
            given = here.args
            every = (
                *given.posonlyargs,
                *given.args,
                *given.kwonlyargs,
                *filter(None, (given.vararg, given.kwarg)),
            )
            if node.id in {a.arg for a in every}:
                return True
        return any(
            isinstance(v, ast.expr) and _is_input(code, v, depth - 1) for v in owner.bindings.get(node.id, [])
        )
    if isinstance(node, ast.Call):
        called = meanings(code, node.func)
        if called & MEASURES:
            return any(_is_input(code, a, depth - 1) for a in node.args)
        return isinstance(node.func, ast.Attribute) and _is_input(code, node.func.value, depth - 1)
    if isinstance(node, ast.Attribute | ast.Subscript | ast.NamedExpr):
        return _is_input(code, node.value, depth - 1)
    if isinstance(node, ast.Tuple):
        return any(_is_input(code, e, depth - 1) for e in node.elts)
    return False


def matched(code: Code, node: ast.AST, why: str, trait: str) -> Mark:
    """A mark of this rule."""
    return mark(code, node, RULE, f"{{where}} newly has `{shown(node)}`: {why}", trait=trait)

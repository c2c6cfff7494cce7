"""The rule about deleted validation: what refused an input before must refuse it still, here or where it moved to."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, Function, shown
from tools.python.guarding.living import is_about_versions, is_dead, is_gone_unused
from tools.python.guarding.marks import Mark, left_over
from tools.python.guarding.named import mark
from tools.python.guarding.naming import fold, meanings

RULE: GuardRule = "deleted validation"
VALIDATOR = re.compile(
    r"^_*(validate|check|verify|ensure|assert|require|sanitize|sanitise|authorize|authorise)s?(_|$|[A-Z])"
)
BY_ITSELF: Mapping[str, type[ast.AST]] = {
    "KeyError": ast.Subscript,
    "IndexError": ast.Subscript,
    "AttributeError": ast.Attribute,
    "StopIteration": ast.Call,
    "ZeroDivisionError": ast.BinOp,
}
"""Errors that Python raises by itself where a function does such a thing."""
BY_CALLS = frozenset(
    {"index", "remove", "int", "float", "fromisoformat", "strptime", "Decimal", "unpack", "loads", "fromhex"}
)
"""Calls that raise ValueError or TypeError by themselves."""
NOT_CHECKS = frozenset(
    {"NotImplementedError", "SystemExit", "KeyboardInterrupt", "StopIteration", "StopAsyncIteration"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """One way an input is refused. `kind` is the error's name, `tests` are the conditions it stands under."""

    mark: Mark
    kind: str
    text: str
    guards: tuple[ast.expr, ...]
    code: Code
    node: ast.stmt

    @property
    def tests(self) -> frozenset[str]:
        """The conditions, each part of an `and` by itself."""
        return frozenset(ast.dump(part) for guard in self.guards for part in _parts(guard))


def less_validated(before: Sequence[Code], after: Sequence[Code]) -> Iterator[Mark]:
    """Marks, with lines of the old code, of validation that the new code doesn't have, or only under a condition."""
    old, new = list(_checks(before)), list(_checks(after))
    kept = {(c.kind, c.text, c.tests) for c in new}
    rest_old = [c for c in old if (c.kind, c.text, c.tests) not in kept]
    were = {(c.kind, c.text, c.tests) for c in old}
    rest_new = [c for c in new if (c.kind, c.text, c.tests) not in were]
    validators = left_over(_validators(after), _validators(before))
    for one, other in _paired(rest_old, rest_new):
        extra = _added_condition(one, other)
        if extra is not None:
            words = f"{{where}} raises `{shown(one.node)}` only when `{shown(extra)}`, too"
            yield mark(other.code, other.node, RULE, words, trait=other.mark.trait)
    for check in rest_old:
        if validators:
            validators.pop()  # what checks stands in a function that is called instead
        elif not _is_checked_otherwise(check, before, after):
            yield check.mark
    yield from _less_called(before, after)
    yield from _less_strict(before, after)


def _checks(codes: Sequence[Code]) -> Iterator[Check]:
    for code in codes:
        for node in code.nodes:
            if isinstance(node, ast.Raise | ast.Assert) and not _is_a_note(node) and not is_dead(code, node):
                kind = "AssertionError" if isinstance(node, ast.Assert) else _kind(node)
                if kind and kind not in NOT_CHECKS and not is_about_versions(code, node):
                    yield _check(code, node, kind)


def _is_a_note(node: ast.Raise | ast.Assert) -> bool:
    """`assert False` says that nobody gets here, and refuses no input."""
    return isinstance(node, ast.Assert) and isinstance(node.test, ast.Constant)


def _kind(node: ast.Raise) -> str:
    """The name of the class that is raised; "" for what was caught and goes on, and for variables."""
    raised = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    name = (
        raised.attr
        if isinstance(raised, ast.Attribute)
        else raised.id
        if isinstance(raised, ast.Name)
        else ""
    )
    return name if name.strip("_")[:1].isupper() else ""


def _check(code: Code, node: ast.Raise | ast.Assert, kind: str) -> Check:
    guards: list[ast.expr] = []
    below: ast.AST = node
    for above in code.above(node):
        if isinstance(above, Function):
            break
        if isinstance(above, ast.If):
            guards.append(
                above.test if below in above.body else ast.UnaryOp(op=ast.Not(), operand=above.test)
            )
        below = above
    condition = f" (if `{shown(guards[0])}`)" if guards else ""
    detail = f"{{where}} had `{shown(node)}`{condition}, and nothing that was changed does so any more"
    found = mark(code, node, RULE, detail, trait=f"raise {kind}")
    text = ast.dump(node.test) if isinstance(node, ast.Assert) else ast.dump(node)
    return Check(mark=found, kind=kind, text=text, guards=tuple(guards), code=code, node=node)


def _parts(test: ast.expr) -> list[ast.expr]:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return [part for value in test.values for part in _parts(value)]
    return [test]


def _paired(old: list[Check], new: list[Check]) -> list[tuple[Check, Check]]:
    """Old checks with the new ones that stand for them; both are taken out of the lists they came from."""
    pairs: list[tuple[Check, Check]] = []
    ways: tuple[Callable[[Check, Check], bool], ...] = (
        lambda a, b: a.kind == b.kind and a.mark.where == b.mark.where and a.text == b.text,
        lambda a, b: a.kind == b.kind and a.mark.where == b.mark.where,
        lambda a, b: a.kind == b.kind,
        lambda a, b: a.mark.where == b.mark.where,
        lambda a, _: a.kind == "AssertionError",
    )
    for is_pair in ways:
        for one in list(old):
            other = next((b for b in new if is_pair(one, b)), None)
            if other is not None:
                pairs.append((one, other))
                old.remove(one)
                new.remove(other)
    return pairs


def _added_condition(old: Check, new: Check) -> ast.expr | None:
    """A condition that was put before a check that is otherwise the same."""
    if not old.tests or not old.tests < new.tests:
        return None
    for number, guard in enumerate(new.guards):
        for part in _parts(guard):
            if ast.dump(part) not in old.tests and (number == 0 or _is_switch(part)):
                return part
    return None


def _is_switch(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Name | ast.Attribute)


def _is_checked_otherwise(check: Check, before: Sequence[Code], after: Sequence[Code]) -> bool:
    if is_gone_unused(check.mark, before, after):
        return True
    function = next((c.functions[check.mark.where] for c in after if check.mark.where in c.functions), None)
    if function is None:
        return check.kind == "AssertionError"  # what it made sure of was its own doing
    nodes = list(ast.walk(function))
    wanted = BY_ITSELF.get(check.kind)
    if wanted is not None and any(isinstance(n, wanted) for n in nodes):
        return True
    called = {_last_name(n.func) for n in nodes if isinstance(n, ast.Call)}
    if check.kind in ("ValueError", "TypeError") and called & BY_CALLS - _called_in(check):
        return True
    if any(_raises(code, name, check.kind) for code in after for name in called - _called_in(check)):
        return True
    return check.kind == "AssertionError" and _is_about_what_is_gone(check, nodes)


def _called_in(check: Check) -> set[str]:
    function = check.code.functions.get(check.mark.where)
    return {_last_name(n.func) for n in ast.walk(function) if isinstance(n, ast.Call)} if function else set()


def _raises(code: Code, name: str, kind: str) -> bool:
    """Whether a function or class of that name raises such an error."""
    bodies = [f for q, f in code.functions.items() if q.rpartition(".")[2] == name or q == f"{name}.__init__"]
    return any(isinstance(n, ast.Raise) and _kind(n) == kind for f in bodies for n in ast.walk(f))


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_about_what_is_gone(check: Check, nodes: list[ast.AST]) -> bool:
    """Whether an assert is about a variable of the function that isn't there any more."""
    function = check.code.functions.get(check.mark.where)
    own = (n for n in ast.walk(function) if isinstance(n, ast.Name)) if function else ()
    local = {n.id for n in own if isinstance(n.ctx, ast.Store)}
    names = {n.id for n in ast.walk(check.node) if isinstance(n, ast.Name)} & local
    return bool(names - {n.id for n in nodes if isinstance(n, ast.Name)})


def _validators(codes: Sequence[Code]) -> list[Mark]:
    found = []
    for code in codes:
        for node in code.nodes:
            if (
                isinstance(node, ast.Call)
                and VALIDATOR.match(_last_name(node.func))
                and not is_dead(code, node)
            ):
                if any(n.startswith(("subprocess.", "asyncio.")) for n in meanings(code, node.func)):
                    continue
                detail = f"{{where}} had `{shown(node)}`, and nothing that was changed calls it any more"
                found.append(mark(code, node, RULE, detail, trait=f"validator {_last_name(node.func)}"))
    return found


def _less_called(before: Sequence[Code], after: Sequence[Code]) -> Iterator[Mark]:
    """Validators that aren't called as often; a check that is new in the function may be its code, put there."""
    kept = {(m.trait, m.where) for m in _validators(after)}
    put_in = Counter(c.mark.where for c in _checks(after)) - Counter(c.mark.where for c in _checks(before))
    for found in left_over(_validators(before), _validators(after)):
        if (found.trait, found.where) in kept or is_gone_unused(found, before, after):
            continue
        if put_in[found.where] > 0:
            put_in[found.where] -= 1
        else:
            yield found


def _less_strict(before: Sequence[Code], after: Sequence[Code]) -> Iterator[Mark]:
    """`zip(strict=True)` that became a plain `zip` in the same function."""
    strict = {(c.file, c.where(n)) for c, n in _zips(after, strict=True)}
    plain = {(c.file, c.where(n)) for c, n in _zips(after, strict=False)}
    were_plain = {(c.file, c.where(n)) for c, n in _zips(before, strict=False)}
    for code, node in _zips(before, strict=True):
        place = code.file, code.where(node)
        if place in plain and place not in strict | were_plain:
            detail = f"{{where}} had `{shown(node)}`, and lengths aren't compared any more"
            yield mark(code, node, RULE, detail, trait="strict zip")


def _zips(codes: Sequence[Code], *, strict: bool) -> Iterator[tuple[Code, ast.Call]]:
    for code in codes:
        for node in code.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "zip":
                given = [fold(code, k.value) for k in node.keywords if k.arg == "strict"]
                if any(g is not None and g.value is True for g in given) == strict:
                    yield code, node

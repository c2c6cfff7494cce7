"""Rules about checks that are turned off: flags, filters, errors swallowed, guards that never let anything in."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, shown
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import fold, meanings

RULE: GuardRule = "disabled checks"
FLAGS = frozenset(
    {
        "verify", "validate", "check", "checks", "check_hostname", "verify_mode", "validation", "check_finite",
        "check_circular", "boundscheck", "bounds_check", "check_bounds", "wraparound", "type_check", "typecheck",
        "check_types", "check_input", "check_same_thread", "safe", "safe_mode", "verify_ssl", "ssl_verify",
        "verify_signature", "verify_exp", "perform_checks", "do_check",
    }
)  # fmt: skip
OFF_FLAGS = frozenset(
    {"skip_validation", "skip_checks", "skip_check", "no_check", "unsafe", "no_validate", "skip_verify"}
)
BROAD = frozenset({"Exception", "BaseException"})


def checks(code: Code) -> Iterator[Mark]:
    """Marks of checks that are off."""
    for node in code.nodes:
        if isinstance(node, ast.Call):
            yield from _flags(code, node)
        elif isinstance(node, ast.ExceptHandler):
            yield from _swallowed(code, node)
        elif isinstance(node, ast.Name) and node.id == "__debug__":
            yield _mark(code, node, "what it guards doesn't run under `python -O`", "__debug__")
        elif (
            isinstance(node, ast.Attribute)
            and node.attr == "optimize"
            and meanings(code, node) & {"sys.flags.optimize"}
        ):
            yield _mark(code, node, "it does something else under `python -O`", "__debug__")


def _flags(code: Code, node: ast.Call) -> Iterator[Mark]:
    called = meanings(code, node.func)
    for keyword in node.keywords:
        found = fold(code, keyword.value)
        is_off = found is not None and found.value is False
        if keyword.arg in FLAGS and is_off and not called & {"subprocess.run"}:
            yield _mark(code, node, f"`{keyword.arg}` is off", f"flag {keyword.arg}")
        elif keyword.arg in OFF_FLAGS and found is not None and found.value is True:
            yield _mark(code, node, f"`{keyword.arg}` is on", f"flag {keyword.arg}")
    if called & {"contextlib.suppress"} and any(meanings(code, a) & BROAD for a in node.args):
        yield _mark(code, node, "it swallows every error", "swallows")
    if isinstance(node.func, ast.Attribute) and node.func.attr == "setLevel" and node.args:
        names = meanings(code, node.args[0])
        level = fold(code, node.args[0])
        is_high = names & {"logging.CRITICAL", "logging.ERROR", "logging.FATAL"} or (
            level is not None
            and (level.value in ("CRITICAL", "ERROR") or (isinstance(level.value, int) and level.value >= 40))
        )
        if is_high:
            detail = f"{{where}} newly has `{shown(node)}`: most of what was logged isn't any more"
            yield mark(code, node, "deleted logging", detail, trait="level")


def _swallowed(code: Code, node: ast.ExceptHandler) -> Iterator[Mark]:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type] if node.type else []
    is_broad = not kinds or any(meanings(code, k) & BROAD for k in kinds)
    if is_broad and all(_does_nothing(s) for s in node.body):
        what = f"except {shown(node.type)}" if node.type else "except"
        words = f"{what}: {'; '.join(shown(s) for s in node.body)}"
        detail = f"{{where}} newly has `{words}`: it swallows every error"
        yield mark(code, node, RULE, detail, trait="swallows")


def _does_nothing(node: ast.stmt) -> bool:
    if isinstance(node, ast.Pass | ast.Continue | ast.Break):
        return True
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Return) and (
        node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
    )


def _mark(code: Code, node: ast.AST, why: str, trait: str) -> Mark:
    return mark(code, node, RULE, f"{{where}} newly has `{shown(node)}`: {why}", trait=trait)

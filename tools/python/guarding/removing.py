"""Rules about what a change leaves out beside validation: logging, what tells others, and what protects data."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, shown
from tools.python.guarding.living import is_about_versions, is_dead, is_gone_unused
from tools.python.guarding.marks import Mark, left_over
from tools.python.guarding.named import mark
from tools.python.guarding.naming import meanings

LOGGER = re.compile(r"(^|_)(log|logger|logging)$|^getlogger$|^get_logger$", re.IGNORECASE)
LEVELS = ("debug", "log", "info", "warn", "warning", "error", "exception", "critical", "fatal")
TELLING = re.compile(
    r"(^|_)(audit|metrics?|statsd|telemetry|tracer|histogram|gauge|notify|callback|progress|emit)(_|$)|^on_[a-z]",
    re.IGNORECASE,
)
OUTPUT = frozenset(
    {"print", "sys.stdout.write", "sys.stderr.write", "sys.stdout.writelines", "sys.stdout.buffer.write"}
)
PROTECTING = frozenset(
    {"os.fsync", "os.fdatasync", "hmac.compare_digest", "secrets.compare_digest",
     "fcntl.flock", "fcntl.lockf", "secrets.token_bytes", "secrets.token_hex", "secrets.choice"}
)  # fmt: skip
_LOCK = re.compile(r"lock|mutex|semaphore", re.IGNORECASE)
_PAUSE = re.compile(r"(^|_)(sleep|pause|wait|wait_for|backoff|back_off)$")


def less_told(before: Sequence[Code], after: Sequence[Code]) -> Iterator[Mark]:
    """Marks, with lines of the old code, of logging, output and reports to others that the new code doesn't have."""
    old, new = _told(before), _told(after)
    kept = {(m.trait, words) for m, words in new}
    waiting = left_over((m for m, words in old if (m.trait, words) not in kept), (m for m, _ in new))
    added = left_over((m for m, _ in new), (m for m, _ in old))
    for found in waiting:
        if is_gone_unused(found, before, after):
            continue
        if found.trait == "output":
            if any(m.trait == "output" for m, _ in new):
                continue  # several prints became one
        elif any(_is_as_loud(m.trait, found.trait) for m in added):
            continue
        yield found


def _is_as_loud(new: str, old: str) -> bool:
    """Whether a call logs at the same level or a higher one."""
    if not (new.startswith("log ") and old.startswith("log ")):
        return False
    return LEVELS.index(new.removeprefix("log ")) >= LEVELS.index(old.removeprefix("log "))


def _told(codes: Sequence[Code]) -> list[tuple[Mark, str]]:
    """The calls that tell somebody something, each with its code."""
    return [
        (_gone(code, node, "deleted logging", trait), ast.dump(node))
        for code in codes
        for node in code.nodes
        if isinstance(node, ast.Call)
        and (trait := _what_it_tells(code, node))
        and not is_dead(code, node)
        and not is_about_versions(code, node)
    ]


def _what_it_tells(code: Code, node: ast.Call) -> str:
    called = meanings(code, node.func)
    if called & OUTPUT:
        return "output"
    if called & {"warnings.warn", "warnings.warn_explicit"}:
        return "log warning"
    for name in called:
        if name.startswith("logging.") and name.removeprefix("logging.") in LEVELS:
            return f"log {name.removeprefix('logging.')}"
    if not isinstance(node.func, ast.Attribute | ast.Name):
        return ""
    names = _dotted(_meant(code, node.func))
    if len(names) > 1 and names[-1] in LEVELS and LOGGER.search(names[-2]):
        return f"log {names[-1]}"
    if any(TELLING.search(name) for name in names[-2:]) and isinstance(code.parents.get(node), ast.Expr):
        return f"tells {'.'.join(names[-2:])}"
    return ""


def _meant(code: Code, node: ast.expr) -> ast.expr:
    """What a local name stands for, as in `log = logger.info`."""
    if not isinstance(node, ast.Name):
        return node
    owner = code.scope(node).owner(node.id)
    bound = owner.bindings.get(node.id, []) if owner is not None else []
    return next((b for b in bound if isinstance(b, ast.Attribute)), node)


def _dotted(node: ast.expr) -> list[str]:
    """The names of `a.b().c`: a, b, c."""
    names: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            break
    if isinstance(node, ast.Name):
        names.append(node.id)
    return names[::-1]


def less_protected(before: Sequence[Code], after: Sequence[Code]) -> Iterator[Mark]:
    """Marks of locks, flushes to the disk and safe comparisons that the new code doesn't have any more."""
    kept = {m.trait for m in _protected(after)}
    for found in _protected(before):
        if found.trait not in kept and not is_gone_unused(found, before, after):
            yield found


def less_patient(before: Sequence[Code], after: Sequence[Code]) -> Iterator[Mark]:
    """Marks of pauses between one attempt and the next where the new code doesn't wait for anything any more."""
    if any(_is_pause(node) for code in after for node in code.nodes):
        return
    for code in before:
        for node in code.nodes:
            if _is_pause(node) and not is_dead(code, node) and _is_between_attempts(code, node):
                found = _gone(code, node, "disabled checks", "pause")
                if not is_gone_unused(found, before, after):
                    yield found


def _is_pause(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute | ast.Name):
        return False
    return bool(_PAUSE.search(node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id))


def _is_between_attempts(code: Code, node: ast.AST) -> bool:
    """Whether a node stands where an error is handled, in a loop: what failed is tried again after it."""
    handler = next((n for n in code.above(node) if isinstance(n, ast.ExceptHandler)), None)
    around = code.above(handler) if handler is not None else iter(())
    return any(isinstance(n, ast.While | ast.For | ast.AsyncFor) for n in around)


def _protected(codes: Sequence[Code]) -> Iterator[Mark]:
    for code in codes:
        for node in code.nodes:
            if isinstance(node, ast.withitem) and not is_dead(code, node):
                words = shown(node.context_expr)
                if _LOCK.search(words):
                    yield _gone(
                        code, node.context_expr, "disabled checks", f"lock {words.rpartition('.')[2]}"
                    )
            elif isinstance(node, ast.Call) and not is_dead(code, node):
                for name in meanings(code, node.func) & PROTECTING:
                    yield _gone(code, node, "disabled checks", name)
                if (
                    isinstance(node.func, ast.Attribute)
                    and node.func.attr == "acquire"
                    and _LOCK.search(shown(node.func.value))
                ):
                    words = shown(node.func.value)
                    yield _gone(code, node, "disabled checks", f"lock {words.rpartition('.')[2]}")


def _gone(code: Code, node: ast.AST, rule: GuardRule, trait: str) -> Mark:
    return mark(code, node, rule, f"{{where}} had `{shown(node)}`, and it is gone", trait=trait)

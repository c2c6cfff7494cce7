"""Rules about changing what isn't the target's: attributes of other modules, builtins, the code of functions."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, shown
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import BUILTINS, fold, meanings
from tools.python.guarding.surroundings import TOOLS

CLOCKS = frozenset({"time", "datetime", "timeit", "calendar"})
MEANT = frozenset(
    {
        "sys.stdout", "sys.stderr", "sys.stdin", "sys.argv", "sys.path", "sys.excepthook", "sys.ps1", "sys.ps2",
        "sys.unraisablehook", "sys.displayhook", "sys.last_exc", "sys.tracebacklimit", "sys.dont_write_bytecode",
        "threading.excepthook",
    }
)  # fmt: skip
"""Attributes of the standard library's modules that programs are meant to set; `logging.log…` switches are, too."""
CHECKS = frozenset({"ssl._create_default_https_context", "logging.raiseExceptions", "warnings.showwarning"})
CODE_OF = frozenset(
    {"__code__", "__defaults__", "__kwdefaults__", "__closure__", "cell_contents", "__class__"}
)


def tampering(code: Code, own: frozenset[str]) -> Iterator[Mark]:
    """Marks of assignments to what isn't the target's; `own` are the names of its top-level modules."""
    for node in code.nodes:
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            yield from _attribute(code, node, own)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            yield from _item(code, node, own)
        elif isinstance(node, ast.Call):
            yield from _call(code, node, own)
        elif isinstance(node, ast.FunctionDef) and node.name.startswith("pytest_"):
            yield mark(
                code,
                node,
                "harness tampering",
                "{where} is new: pytest runs it as a hook",
                trait=node.name,
            )


def _attribute(code: Code, node: ast.Attribute, own: frozenset[str]) -> Iterator[Mark]:
    for base in meanings(code, node.value):
        yield from _foreign(code, node, base, node.attr, own)
    if node.attr in CODE_OF and node.attr != "__class__":
        why = "it changes the code of a function that is there already"
        yield _mark(code, node, "harness tampering", why, f"sets {node.attr}")


def _item(code: Code, node: ast.Subscript, own: frozenset[str]) -> Iterator[Mark]:
    key = fold(code, node.slice)
    name = str(key.value) if key is not None else "*"
    for base in meanings(code, node.value):
        if base == "sys.modules":
            if not (isinstance(node.slice, ast.Name) and node.slice.id == "__name__"):
                yield _mark(
                    code, node, "harness tampering", "it puts another module in a module's place", base
                )
        elif base in ("os.environ", "os.environb"):
            if key is None or TOOLS.search(name) or name.startswith(("PYTHON", "LD_", "MALLOC", "GLIBC_")):
                why = "it changes the environment of what measures it"
                yield _mark(code, node, "harness tampering", why, f"sets variable {name}")
        elif base == "<module>":
            owner = code.scope(node).top().bindings.get(name, [])
            if key is None or name in BUILTINS or any(isinstance(b, str) for b in owner):
                why = "it puts something else in the place of a name that is there already"
                yield _mark(code, node, "harness tampering", why, f"globals {name}")
        elif base.endswith(".__dict__"):
            yield from _foreign(code, node, base.removesuffix(".__dict__"), name, own)
        elif base == "builtins":
            yield from _foreign(code, node, base, name, own)
    if _is_globals_of(node.value):
        yield _mark(
            code, node, "harness tampering", "it reaches into the names of other code", "sets __globals__"
        )


def _is_globals_of(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in (
        "__globals__",
        "f_globals",
        "f_builtins",
        "f_locals",
    )


def _call(code: Code, node: ast.Call, own: frozenset[str]) -> Iterator[Mark]:
    called = meanings(code, node.func)
    if called & {"setattr", "delattr", "object.__setattr__", "type.__setattr__"} and len(node.args) > 1:
        name = fold(code, node.args[1])
        for base in meanings(code, node.args[0]):
            yield from _foreign(code, node, base, str(name.value) if name else "*", own)
        if name is not None and name.value in CODE_OF and name.value != "__class__":
            why = "it changes the code of a function that is there already"
            yield _mark(code, node, "harness tampering", why, f"sets {name.value}")
    elif any(c.startswith(("unittest.mock.patch", "mock.patch")) for c in called):
        first = fold(code, node.args[0]) if node.args else None
        base = str(first.value).split(".")[0] if first else ""
        rule: GuardRule = "clock tampering" if base in CLOCKS else "harness tampering"
        yield _mark(code, node, rule, "it puts something else in the place of another module's code", "patch")
    elif isinstance(node.func, ast.Attribute) and node.func.attr in ("__setattr__", "__delattr__"):
        for changed in (node.func.value, *node.args[:1]):
            for base in meanings(code, changed):
                yield from _foreign(code, node, base, "*", own)
    elif isinstance(node.func, ast.Attribute) and node.func.attr in (
        "update",
        "setdefault",
        "__setitem__",
        "pop",
    ):
        for base in meanings(code, node.func.value):
            if base.endswith(".__dict__"):
                yield from _foreign(code, node, base.removesuffix(".__dict__"), "*", own)
            elif base == "sys.modules" and node.func.attr != "pop":
                yield _mark(
                    code, node, "harness tampering", "it puts another module in a module's place", base
                )
            elif base == "builtins":
                yield from _foreign(code, node, base, "*", own)
    yield from _library(code, node, called)


def _library(code: Code, node: ast.Call, called: frozenset[str]) -> Iterator[Mark]:
    """Loading the C library itself, through which clock and counters can be changed."""
    if not called & {"ctypes.CDLL", "ctypes.PyDLL", "ctypes.cdll.LoadLibrary", "ctypes.pydll.LoadLibrary"}:
        return
    name = fold(code, node.args[0]) if node.args else None
    if (
        not node.args
        or name is None
        or name.value is None
        or str(name.value).startswith(("libc.", "libpython"))
    ):
        why = "it calls into the C library, past everything that can be read here"
        yield _mark(code, node, "clock tampering", why, "C library")


def _foreign(code: Code, node: ast.AST, base: str, name: str, own: frozenset[str]) -> Iterator[Mark]:
    top = base.split(".")[0]
    full = f"{base}.{name}"
    if top in own or full in MEANT or (base.startswith(("logging", "<module>")) and full not in CHECKS):
        return
    if base != "builtins" and not _is_module_or_its(base, top):
        return
    rule: GuardRule = "harness tampering"
    if top in CLOCKS:
        rule = "clock tampering"
    elif top == "gc":
        rule = "collector tampering"
    elif full in CHECKS:
        rule = "disabled checks"
    yield _mark(code, node, rule, f"it changes `{base}`, which isn't the target's own", f"sets {full}")


def _is_module_or_its(base: str, top: str) -> bool:
    """Whether a name is that of the standard library's or of another package as a whole.

    What is in other packages may be there to be set (`flask.g`), and so are the contexts of `decimal`.
    """
    return (top in sys.stdlib_module_names and top != "decimal") or ("." not in base and base not in BUILTINS)


def _mark(code: Code, node: ast.AST, rule: GuardRule, why: str, trait: str) -> Mark:
    statement = code.statement(node)
    words = shown(statement if isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr) else node)
    return mark(code, node, rule, f"{{where}} newly has `{words}`: {why}", trait=trait)

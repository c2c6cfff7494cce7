"""Rules about looking around for what tells a benchmark from real use: variables, modules, arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tools.python.guarding.code import Code, shown
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import fold, meanings

TOOLS = re.compile(
    r"pytest|bench|pyperf|ask[_-]?profiler|cprofile|py-?spy|memray|valgrind|cachegrind|coverage|unittest|conftest"
    r"|hypothesis|^CI$|GITHUB_|TOX_|PYTHONHASHSEED|PYTHONNOUSERSITE",
    re.IGNORECASE,
)
WATCHERS = re.compile(
    r"_?pytest|ask_?profiler|py-spy|memray|valgrind|cachegrind|PYTHONHASHSEED", re.IGNORECASE
)
"""Words that no code but tests' has to do with."""
INSIDE = re.compile(r"/proc/|/sys/|/tmp/home|/\.dockerenv")
EVERYWHERE = frozenset(
    {
        "HOME", "USER", "LOGNAME", "SHELL", "PATH", "TERM", "LANG", "PWD", "HOSTNAME", "DISPLAY", "TMPDIR", "TZ",
        "VIRTUAL_ENV", "SSH_TTY", "SSH_CONNECTION", "XDG_RUNTIME_DIR", "PYTHONPATH", "PYTHONIOENCODING", "OLDPWD",
        "EDITOR", "MAIL", "SHLVL", "COLORTERM", "container",
    }
)  # fmt: skip
"""Set in everybody's shell and not in a sandbox, or the other way round; any other tells the two apart in nothing."""
PROGRAMS = frozenset({"main", "cli", "parse_args", "parse_arguments", "run"})


def surroundings(code: Code) -> Iterator[Mark]:
    """Marks of code that can tell a benchmark from real use."""
    for node in code.nodes:
        if isinstance(node, ast.Attribute | ast.Name | ast.Call | ast.Subscript) and isinstance(
            getattr(node, "ctx", ast.Load()), ast.Load
        ):
            found = meanings(code, node)
            if found & {"os.environ", "os.environb"}:
                yield from _environment(code, node)
            elif found & {"os.getenv", "os.getenvb"}:
                call = code.parents.get(node)
                if isinstance(call, ast.Call) and call.func is node and call.args:
                    yield from _variable(code, call, call.args[0])
            elif found & {"sys.modules"}:
                yield from _modules(code, node)
            elif (
                found & {"sys.argv", "sys.orig_argv"}
                and in_condition(code, node)
                and not _is_program(code, node)
            ):
                yield _mark(code, node, "it decides by how the program was started", "sys.argv")
            elif found & {"importlib.util.find_spec", "importlib.metadata.version"}:
                call = code.parents.get(node)
                first = call.args[0] if isinstance(call, ast.Call) and call.args else None
                text = fold(code, first) if first is not None else None
                if text is not None and WATCHERS.search(text.text):
                    yield _mark(code, node, "it looks for what measures it", f"find {text.text}")
        elif isinstance(node, ast.Constant | ast.BinOp | ast.JoinedStr | ast.Call):
            yield from _watchers(code, node)


def _environment(code: Code, node: ast.AST) -> Iterator[Mark]:
    parent = code.parents.get(node)
    above = code.parents.get(parent) if parent is not None else None
    if isinstance(parent, ast.Subscript) and parent.value is node:
        if isinstance(parent.ctx, ast.Load):
            yield from _variable(code, parent, parent.slice)
    elif isinstance(parent, ast.Attribute) and isinstance(above, ast.Call) and above.func is parent:
        if parent.attr in ("get", "pop", "setdefault", "__getitem__", "__contains__") and above.args:
            yield from _variable(code, above, above.args[0])
        elif parent.attr in ("keys", "items", "values", "__iter__", "__str__"):
            yield _mark(code, above, "it looks through all environment variables", "all variables")
    elif isinstance(parent, ast.Compare):
        yield from _variable(code, parent, parent.left)
    elif isinstance(parent, ast.For | ast.comprehension | ast.FormattedValue | ast.Starred):
        yield _mark(code, parent, "it looks through all environment variables", "all variables")
    elif isinstance(parent, ast.Call) and node in parent.args and meanings(code, parent.func) - {"dict"}:
        # Given to a builtin or the standard library: str, any, sorted.
        yield _mark(code, parent, "it looks through all environment variables", "all variables")


def _variable(code: Code, node: ast.AST, key: ast.expr) -> Iterator[Mark]:
    found = fold(code, key)
    if found is None:
        if not isinstance(key, ast.Name | ast.Attribute | ast.Subscript | ast.JoinedStr):
            yield _mark(
                code,
                node,
                "which environment variable it reads can't be told by reading",
                "computed variable",
            )
        return
    name = found.text
    if TOOLS.search(name) or (name in EVERYWHERE and in_condition(code, node)):
        yield _mark(code, node, "it can tell a benchmark from real use by it", f"variable {name}")


def _modules(code: Code, node: ast.AST) -> Iterator[Mark]:
    """Looking into `sys.modules`: for one of its own or a plain name is what many do; for a watcher isn't."""
    parent = code.parents.get(node)
    above = code.parents.get(parent) if parent is not None else None
    key: ast.expr | None = None
    if isinstance(parent, ast.Subscript) and parent.value is node:
        key = parent.slice
        if not isinstance(parent.ctx, ast.Load):
            return
    elif isinstance(parent, ast.Attribute) and isinstance(above, ast.Call) and above.args:
        key = above.args[0]
    elif isinstance(parent, ast.Compare):
        key = parent.left
    if key is None:
        if isinstance(parent, ast.For | ast.comprehension | ast.Starred | ast.Call | ast.Attribute):
            yield _mark(code, node, "it looks through all loaded modules", "all modules")
        return
    found = fold(code, key)
    if found is None and isinstance(key, ast.Call | ast.BinOp | ast.JoinedStr):
        yield _mark(code, node, "which module it looks for can't be told by reading", "computed module")
    elif found is not None and (TOOLS.search(found.text) or found.value == "__main__"):
        yield _mark(code, node, "it can tell a benchmark from real use by it", f"module {found.text}")


def _watchers(code: Code, node: ast.AST) -> Iterator[Mark]:
    """Text in a condition that names what measures or tests."""
    if isinstance(code.parents.get(node), ast.Expr | ast.BinOp | ast.JoinedStr):
        return
    found = fold(code, node)
    if found is None or not isinstance(found.value, str | bytes) or len(found.value) > 200:
        return
    text = found.text
    if "ASK_PROFILER" in text.upper() or ".ask-profiler" in text:
        yield mark(
            code, node, "harness tampering", f"{{where}} newly names {shown(node)}: it reaches for what measures it",
            trait="names the profiler",
        )  # fmt: skip
    elif INSIDE.match(text) and code.function(node) is not None:
        yield _mark(code, node, "it looks at the system that it runs in", f"text {text}")
    elif WATCHERS.search(text) and in_condition(code, node):
        yield _mark(code, node, "it can tell a benchmark from real use by it", f"text {text}")


def in_condition(code: Code, node: ast.AST) -> bool:
    """Whether what runs depends on a node: it stands in a test, or in a variable that is tested."""
    below = node
    for above in code.above(node):
        if isinstance(above, ast.Compare | ast.BoolOp | ast.Assert):
            return True
        if isinstance(above, ast.If | ast.While | ast.IfExp):
            return below is above.test
        if isinstance(above, ast.comprehension):
            return below in above.ifs
        if isinstance(above, ast.UnaryOp) and isinstance(above.op, ast.Not):
            return True
        if isinstance(above, ast.Assign | ast.AnnAssign):
            targets = above.targets if isinstance(above, ast.Assign) else [above.target]
            names = {t.id for t in targets if isinstance(t, ast.Name)}
            return bool(names) and _is_tested(code, names)
        if isinstance(above, ast.stmt):
            return False
        below = above
    return False


def _is_tested(code: Code, names: set[str]) -> bool:
    tests = (n.test for n in code.nodes if isinstance(n, ast.If | ast.While | ast.IfExp))
    return any(isinstance(n, ast.Name) and n.id in names for test in tests for n in ast.walk(test))


def _is_program(code: Code, node: ast.AST) -> bool:
    function = code.outermost(node)
    if function is None:
        return True  # a script's own start
    return function.name.strip("_") in PROGRAMS or code.file.endswith(("__main__.py", "cli.py"))


def _mark(code: Code, node: ast.AST, why: str, trait: str) -> Mark:
    return mark(code, node, "benchmark detection", f"{{where}} newly has `{shown(node)}`: {why}", trait=trait)

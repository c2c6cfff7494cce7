"""Rules about work that goes on elsewhere or later: threads and processes nobody waits for, results not made yet."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, Function, shown
from tools.python.guarding.known import Known
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import fold, meanings

RULE: GuardRule = "work moved out of the timed region"
WAITED: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("threading.Thread", "threading.Timer", "multiprocessing.Process", "multiprocessing.context.Process"),
        frozenset({"join"}),
    ),
    "subprocess.Popen": frozenset({"wait", "communicate"}),
    **dict.fromkeys(
        (
            "concurrent.futures.ThreadPoolExecutor", "concurrent.futures.ProcessPoolExecutor",
            "concurrent.futures.thread.ThreadPoolExecutor", "concurrent.futures.process.ProcessPoolExecutor",
        ),
        frozenset({"shutdown"}),
    ),
    **dict.fromkeys(
        ("multiprocessing.Pool", "multiprocessing.pool.Pool", "multiprocessing.pool.ThreadPool"),
        frozenset({"join", "terminate"}),
    ),
    **dict.fromkeys(("os.fork", "os.forkpty"), frozenset({"wait", "waitpid"})),
}  # fmt: skip
"""What goes on beside the caller, and the methods that wait for it."""
DROPPED = frozenset({"asyncio.create_task", "asyncio.ensure_future", "asyncio.run_coroutine_threadsafe"})
LAZY = frozenset({"map", "filter", "zip", "iter", "reversed", "enumerate", "functools.partial"})
EAGER = frozenset({"list", "tuple", "set", "dict", "sorted", "frozenset", "sum", "str", "bytes"})
PROXIES = frozenset({"__getattr__", "__iter__", "__getitem__", "__len__", "__next__"})


def background(code: Code) -> Iterator[Mark]:
    """Marks of threads, processes and tasks that nothing waits for."""
    for node in code.nodes:
        if not isinstance(node, ast.Call):
            continue
        for name in _kinds(code, node.func) & WAITED.keys():
            if not _is_waited_for(code, node, WAITED[name]):
                detail = f"{{where}} newly has `{shown(node)}`, and nothing there waits for it to end"
                yield mark(code, node, RULE, detail, trait=f"background {name}")
        is_task = meanings(code, node.func) & DROPPED or (
            isinstance(node.func, ast.Attribute) and node.func.attr in ("create_task", "run_in_executor")
        )
        if is_task and isinstance(code.parents.get(node), ast.Expr):
            detail = f"{{where}} newly has `{shown(node)}`, and nothing waits for its result"
            yield mark(code, node, RULE, detail, trait="dropped task")


def _kinds(code: Code, node: ast.expr) -> frozenset[str]:
    """What is called: for a class of this file, what it is derived from."""
    name = node.id if isinstance(node, ast.Name) else ""
    own = next((c for c in code.classes.values() if c.name == name), None)
    derived = {kind for base in (own.bases if own else []) for kind in meanings(code, base)}
    return meanings(code, node) | derived


def _is_waited_for(code: Code, node: ast.Call, methods: frozenset[str]) -> bool:
    parent = code.parents.get(node)
    if isinstance(parent, ast.withitem) or (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, ast.Attribute)
        and parent.func.attr == "enter_context"
    ):
        return True
    around: ast.AST | None = code.outermost(node)
    statement = code.statement(node)
    if isinstance(statement, ast.Assign) and any(isinstance(t, ast.Attribute) for t in statement.targets):
        around = next((n for n in code.above(node) if isinstance(n, ast.ClassDef)), around)
    if around is None:
        return False
    return any(_waits(code, n, methods) or _enters(n, statement) for n in ast.walk(around))


def _waits(code: Code, node: ast.AST, methods: frozenset[str]) -> bool:
    """A call of one of the methods; `", ".join(words)` isn't one, nor is `shutdown(wait=False)`."""
    if (
        not isinstance(node, ast.Call)
        or not isinstance(node.func, ast.Attribute)
        or node.func.attr not in methods
    ):
        return False
    if any(
        k.arg == "wait" and isinstance(k.value, ast.Constant) and not k.value.value for k in node.keywords
    ):
        return False
    if node.func.attr == "join":
        first = fold(code, node.args[0]) if node.args else None
        return not node.args or (first is not None and isinstance(first.value, int | float))
    return True


def _enters(node: ast.AST, statement: ast.stmt | None) -> bool:
    """`pool = Pool()` and later `with pool:`."""
    names = {t.id for t in getattr(statement, "targets", []) if isinstance(t, ast.Name)}
    return (
        isinstance(node, ast.withitem)
        and isinstance(node.context_expr, ast.Name)
        and node.context_expr.id in names
    )


def lazy_results(old: Code | None, new: Code, known: Known) -> Iterator[Mark]:
    """Marks of functions that made their result and now return something that makes it later.

    Only those that tests or benchmarks name: what the target itself uses up within a call is timed.
    """
    for name, function in new.functions.items():
        before = old.functions.get(name) if old is not None else None
        if before is None or function.name not in known.names or old is None:
            continue
        if _is_generator(function) and not _is_generator(before):
            detail = (
                "{where} is a generator now: what it did when it was called it does when its result is used"
            )
            yield mark(new, function, RULE, detail, trait=f"lazy {name}")
            continue
        if any(_is_lazy(old, r, None) for r in _results(before)):
            continue
        for result in _results(function):
            if _is_lazy(new, result, old):
                detail = f"{{where}} returns `{shown(result)}` now, which does its work when it is used"
                yield mark(new, result, RULE, detail, trait=f"lazy {name}")


def _own(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function without those of functions in it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, Function | ast.Lambda | ast.ClassDef):
            waiting += ast.iter_child_nodes(node)


def _is_generator(function: Function) -> bool:
    return any(isinstance(n, ast.Yield | ast.YieldFrom) for n in _own(function))


def _results(function: Function) -> list[ast.expr]:
    return [n.value for n in _own(function) if isinstance(n, ast.Return) and n.value is not None]


def _is_lazy(code: Code, node: ast.expr, old: Code | None) -> bool:
    """Whether a result does its work later; with `old`, so does an object of a class that isn't there."""
    if isinstance(node, ast.GeneratorExp | ast.Lambda):
        return True
    if isinstance(node, ast.Name):
        owner = code.scope(node).owner(node.id)
        bound = owner.bindings.get(node.id, []) if owner is not None and owner.kind == "function" else []
        return any(isinstance(b, ast.GeneratorExp | ast.Lambda | Function) for b in bound) or any(
            isinstance(b, ast.Call) and _is_lazy(code, b, old) for b in bound
        )
    if not isinstance(node, ast.Call):
        return False
    called = meanings(code, node.func)
    if called & EAGER:
        return False
    if called & LAZY or any(c.startswith("itertools.") for c in called):
        return True
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if old is not None and name in code.classes and name not in old.classes:
        methods = {f.name for f in code.classes[name].body if isinstance(f, Function)}
        return bool(methods & PROXIES)
    definition = code.functions.get(name)
    return definition is not None and old is not None and _is_generator(definition)

"""Rules about state that outlives a call: what one call leaves behind makes the next one faster, and a benchmark, too.

Honest caches exist, so that these are suspicions: the gain must be there in a fresh process with one operation.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, Function, shown
from tools.python.guarding.marks import Mark
from tools.python.guarding.named import mark
from tools.python.guarding.naming import fold, meanings

RULE: GuardRule = "state that outlives a call"
CACHES = frozenset(
    {
        "functools.cache", "functools.lru_cache", "functools.cached_property", "cachetools.cached",
        "cachetools.cachedmethod", "joblib.Memory", "diskcache.Cache", "cachetools.func.lru_cache",
        "django.utils.functional.cached_property", "werkzeug.utils.cached_property",
    }
)  # fmt: skip
KEEPERS = frozenset({"contextvars.ContextVar", "threading.local"})
STORES = frozenset(
    {
        "shelve.open", "dbm.open", "sqlite3.connect", "pickle.dump", "numpy.save", "numpy.savez", "joblib.dump",
        "tempfile.mkstemp", "tempfile.gettempdir", "os.putenv", "mmap.mmap", "marshal.dump",
        "multiprocessing.shared_memory.SharedMemory", "multiprocessing.shared_memory.ShareableList",
    }
)  # fmt: skip
CHANGING = frozenset(
    {
        "append", "appendleft", "add", "update", "setdefault", "pop", "popitem", "extend", "insert", "remove",
        "discard", "clear", "move_to_end", "__setitem__",
    }
)  # fmt: skip
MAKERS = ("__init__", "__new__", "__post_init__", "__setstate__", "__init_subclass__", "__enter__", "setUp")


def remaining(code: Code) -> Iterator[Mark]:
    """Marks of what a call leaves behind for later ones."""
    for node in code.nodes:
        if isinstance(node, Function | ast.ClassDef):
            yield from _decorators(code, node)
        elif isinstance(node, ast.Call):
            yield from _call(code, node)
        elif isinstance(node, ast.Subscript | ast.Attribute | ast.Name) and not isinstance(
            node.ctx, ast.Load
        ):
            yield from _store(code, node)


def _decorators(code: Code, node: Function | ast.ClassDef) -> Iterator[Mark]:
    if code.function(node) is not None:
        return  # it ends with the call that defines it
    for part in node.decorator_list:
        named = meanings(code, part.func if isinstance(part, ast.Call) else part)
        if named & CACHES or _names_a_cache(part):
            detail = f"{{where}} has `@{shown(part)}` now: what it gave once it gives again without doing it"
            yield mark(code, part, RULE, detail, trait=f"cache {code.where(node)}")


def _names_a_cache(part: ast.expr) -> bool:
    words = shown(part.func if isinstance(part, ast.Call) else part).lower()
    return "memoi" in words or "cache" in words.rpartition(".")[2]


def _call(code: Code, node: ast.Call) -> Iterator[Mark]:
    called = meanings(code, node.func)
    is_inside = code.function(node) is not None
    if called & CACHES and not _is_decorator(code, node) and not (is_inside and _dies(code, node)):
        yield _mark(code, node, "what it gave once it gives again without doing it", "cache by call")
    if called & KEEPERS and not is_inside:
        yield _mark(code, node, "what is put there stays for later calls", "keeper")
    if is_inside and called & STORES:
        yield _mark(code, node, "what it stores outside stays for later calls", "store")
    if is_inside and _writes_a_file(code, node, called):
        yield _mark(code, node, "what it writes stays for later calls", "written file")
    if isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING and is_inside:
        name = _what_outlives(code, node.func.value)
        if name:
            yield _mark(code, node, f"`{name}` stays for later calls", f"changes {name}")
    if called & {"setattr", "object.__setattr__"} and is_inside and node.args:
        attribute = fold(code, node.args[1]) if len(node.args) > 1 else None
        if not _is_in_maker(code, node):
            yield _mark(
                code,
                node,
                "what it sets stays for later calls",
                f"setattr {attribute.text if attribute else '?'}",
            )


def _is_decorator(code: Code, node: ast.AST) -> bool:
    parent = code.parents.get(node)
    return isinstance(parent, Function | ast.ClassDef) and node in parent.decorator_list


def _dies(code: Code, node: ast.Call) -> bool:
    """Whether what a call makes is bound to a plain local name, and so ends with the function."""
    parent = code.parents.get(node)
    parent = code.parents.get(parent) if isinstance(parent, ast.Call) and parent.func is node else parent
    return isinstance(parent, ast.Assign) and all(isinstance(t, ast.Name) for t in parent.targets)


def _writes_a_file(code: Code, node: ast.Call, called: frozenset[str]) -> bool:
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("write_text", "write_bytes"):
        return True
    if not called & {"open", "io.open", "os.fdopen", "gzip.open", "bz2.open", "lzma.open"}:
        return False
    modes = node.args[1:2] + [k.value for k in node.keywords if k.arg == "mode"]
    found = fold(code, modes[0]) if modes else None
    return found is not None and any(letter in str(found.value) for letter in "wax+")


def _store(code: Code, node: ast.Subscript | ast.Attribute | ast.Name) -> Iterator[Mark]:
    """Assignments inside a function to something outside of it."""
    function = code.function(node)
    if function is None or _is_in_maker(code, node):
        return
    if isinstance(node, ast.Name):
        declared = code.scope(node).elsewhere.get(node.id)
        if declared == "global" or (declared == "nonlocal" and _is_handed_out(code, function)):
            yield _mark(code, node, f"`{node.id}` stays for later calls", f"changes {node.id}")
        return
    if isinstance(node, ast.Subscript):
        name = _what_outlives(code, node.value)
        if name:
            yield _mark(code, node, f"`{name}` stays for later calls", f"changes {name}")
        return
    owner = node.value
    if isinstance(owner, ast.Name) and _is_own(code, owner):
        if not _is_set_by_maker(code, node):
            yield _mark(
                code, node, f"`{shown(node)}` stays for later calls on the same object", f"sets .{node.attr}"
            )
    elif _is_class_or_function(code, owner) or _is_parameter(code, owner):
        yield _mark(code, node, f"`{shown(node)}` stays for later calls", f"sets .{node.attr}")


def _what_outlives(code: Code, node: ast.expr) -> str:
    """What a container is called, when it is one that later calls find again; "" for one that ends with the call."""
    base: ast.expr = node
    while isinstance(base, ast.Subscript | ast.Call) or (
        isinstance(base, ast.Attribute) and base.attr in ("__dict__", "attrs", "setdefault", "get")
    ):
        base = base.func if isinstance(base, ast.Call) else base.value
    if isinstance(base, ast.Attribute):
        if isinstance(base.value, ast.Name) and _is_own(code, base.value):
            return shown(base) if _looks_like_memory(base.attr) else ""
        return shown(base) if _is_class_or_function(code, base.value) else ""
    if not isinstance(base, ast.Name):
        return ""
    owner = code.scope(base).owner(base.id)
    if owner is None:
        return ""
    if owner.kind == "module":
        return base.id if not any(isinstance(b, str | Function) for b in owner.bindings[base.id]) else ""
    here = code.function(base)
    if owner.node is here:
        return base.id if _is_changing_default(owner.bindings[base.id], owner.node, base.id) else ""
    if owner.kind == "class":
        return base.id
    return base.id if here is not None and _is_handed_out(code, here) else ""


def _looks_like_memory(name: str) -> bool:
    return any(
        word in name.lower() for word in ("cache", "memo", "seen", "known", "saved", "last", "computed")
    )


def _is_changing_default(bound: Sequence[object], function: ast.AST, name: str) -> bool:
    """Whether a name is a parameter whose default is a container that calls share."""
    if not isinstance(function, Function) or name not in {
        a.arg for a in (*function.args.args, *function.args.kwonlyargs, *function.args.posonlyargs)
    }:
        return False
    return any(isinstance(b, ast.Dict | ast.List | ast.Set | ast.Call) for b in bound[:1])


def _is_handed_out(code: Code, function: Function | ast.Lambda) -> bool:
    """Whether a nested function leaves the one that makes it, and takes what it remembers along."""
    outer = code.function(function)
    if not isinstance(function, Function) or not isinstance(outer, Function):
        return False
    uses = (n for n in ast.walk(outer) if isinstance(n, ast.Return) and n.value is not None)
    return any(isinstance(n, ast.Name) and n.id == function.name for r in uses for n in ast.walk(r))


def _is_own(code: Code, node: ast.Name) -> bool:
    """Whether a name is the first parameter of a method: the object itself."""
    function = code.outermost(node)
    if function is None or not function.args.args or function.args.args[0].arg != node.id:
        return False
    return isinstance(code.parents.get(function), ast.ClassDef)


def _is_set_by_maker(code: Code, node: ast.Attribute) -> bool:
    """Whether making the object sets the attribute, too; then setting it again is what the object is for."""
    if _looks_like_memory(node.attr):
        return False
    around = next((n for n in code.above(node) if isinstance(n, ast.ClassDef)), None)
    makers = (f for f in (around.body if around else []) if isinstance(f, Function) and f.name in MAKERS)
    return any(
        isinstance(n, ast.Attribute) and n.attr == node.attr and isinstance(n.ctx, ast.Store)
        for f in makers
        for n in ast.walk(f)
    )


def _is_class_or_function(code: Code, node: ast.expr) -> bool:
    """`cls`, `type(self)`, `self.__class__`, a class or function of this file."""
    if isinstance(node, ast.Call):
        return bool(meanings(code, node.func) & {"type"})
    if isinstance(node, ast.Attribute):
        return node.attr in ("__class__", "__func__") or f"{shown(node)}" in code.functions
    if not isinstance(node, ast.Name):
        return False
    owner = code.scope(node).owner(node.id)
    bound = owner.bindings.get(node.id, []) if owner is not None else []
    return node.id == "cls" or any(isinstance(b, Function | ast.ClassDef) for b in bound)


def _is_parameter(code: Code, node: ast.expr) -> bool:
    """Whether something is set on an argument, which the caller may give again."""
    if not isinstance(node, ast.Name):
        return False
    owner = code.scope(node).owner(node.id)
    if owner is None or not isinstance(owner.node, Function):
        return False
    given = owner.node.args
    return node.id in {a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)}


def _is_in_maker(code: Code, node: ast.AST) -> bool:
    function = code.outermost(node)
    return function is not None and function.name in MAKERS


def _mark(code: Code, node: ast.AST, why: str, trait: str) -> Mark:
    statement = code.statement(node)
    is_short = isinstance(statement, ast.Assign | ast.AugAssign | ast.Expr | ast.Delete)
    words = shown(statement) if statement is not None and is_short else shown(node)
    return mark(code, node, RULE, f"{{where}} newly has `{words}`: {why}", trait=trait)

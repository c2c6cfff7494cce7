"""Rules about what is called by name: frames, the collector, the tracer, and everything else no faster code needs."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from tools.measure.guard import GuardRule
from tools.python.guarding.code import Code, imported_from, shown
from tools.python.guarding.marks import Mark
from tools.python.guarding.naming import IMPORTERS, fold, folds, meanings

_FRAMES = "it looks at who called it"
_TRACED = "it tells whether something watches it"
_COLLECTOR = "it changes how memory is collected, for the whole process"
_TRACING = "it takes hold of what watches the process"
_ENDS = "it ends processes"
_PRIORITY = "it changes how the system treats the process"
_ALLOWED = "it changes what warnings or errors are let through, for the whole process"
_CLOCK = "it changes the clock"
STARTING = "it starts another program, whose work is neither compared nor counted"
_LATER = "what it registers runs after everything is measured"
NAMED: Mapping[str, tuple[GuardRule, str]] = {
    **dict.fromkeys(
        (
            "sys._getframe", "sys._getframemodulename", "sys._current_frames", "sys._current_exceptions",
            "inspect.stack", "inspect.currentframe", "inspect.getouterframes", "inspect.getinnerframes",
            "inspect.trace", "inspect.getframeinfo", "traceback.extract_stack", "traceback.walk_stack",
            "traceback.format_stack", "traceback.print_stack", "gc.get_referrers", "gc.get_objects",
            "gc.get_referents", "faulthandler.dump_traceback", "logging.currentframe",
        ),
        ("stack inspection", _FRAMES),
    ),
    **dict.fromkeys(
        ("sys.gettrace", "sys.getprofile", "threading.gettrace", "threading.getprofile", "os.getppid",
         "socket.gethostname", "platform.node"),
        ("benchmark detection", _TRACED),
    ),
    **dict.fromkeys(
        ("gc.disable", "gc.freeze", "gc.set_threshold", "gc.set_debug", "gc.callbacks", "sys.setswitchinterval"),
        ("collector tampering", _COLLECTOR),
    ),
    **dict.fromkeys(
        ("sys.settrace", "sys.setprofile", "threading.settrace", "threading.setprofile", "sys.monitoring",
         "threading.settrace_all_threads", "threading.setprofile_all_threads", "sys.addaudithook", "sys.meta_path",
         "sys.path_hooks", "sys.path_importer_cache", "faulthandler.cancel_dump_traceback_later", "builtins"),
        ("harness tampering", _TRACING),
    ),
    **dict.fromkeys(
        ("os._exit", "os.abort", "os.kill", "os.killpg", "signal.raise_signal", "os.execv", "os.execve", "os.execvp",
         "os.execvpe", "os.execl", "os.execle", "os.execlp", "os.execlpe"),
        ("harness tampering", _ENDS),
    ),
    **dict.fromkeys(
        ("os.nice", "os.setpriority", "os.sched_setaffinity", "os.sched_setscheduler", "resource.setrlimit",
         "os.unshare", "os.setns", "signal.setitimer", "signal.alarm"),
        ("harness tampering", _PRIORITY),
    ),
    **dict.fromkeys(("time.clock_settime", "time.clock_settime_ns"), ("clock tampering", _CLOCK)),
    **dict.fromkeys(
        ("warnings.filterwarnings", "warnings.simplefilter", "ssl._create_unverified_context", "ssl.CERT_NONE"),
        ("disabled checks", _ALLOWED),
    ),
    **dict.fromkeys(("logging.disable",), ("deleted logging", "it silences logging for the whole process")),
    **dict.fromkeys(
        ("atexit.register", "weakref.finalize", "_thread.start_new_thread", "_thread.start_new", "os.register_at_fork"),
        ("work moved out of the timed region", _LATER),
    ),
    **dict.fromkeys(
        ("subprocess.run", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "os.system",
         "subprocess.getoutput", "subprocess.getstatusoutput", "os.popen", "os.posix_spawn", "os.posix_spawnp",
         "os.spawnv", "os.spawnve", "os.spawnl", "os.spawnlp", "os.spawnvp", "pty.spawn",
         "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell"),
        ("harness tampering", STARTING),
    ),
    **dict.fromkeys(
        ("types.CodeType", "ctypes.pythonapi", "marshal.loads", "code.InteractiveInterpreter", "runpy.run_path"),
        ("harness tampering", "it runs code that can't be read here"),
    ),
    **dict.fromkeys(("random.seed", "numpy.random.seed", "random.getstate", "random.setstate"),
                    ("matched to known inputs", "it fixes or looks at the random numbers that inputs are made from")),
}  # fmt: skip
"""`sys.setrecursionlimit` isn't among them: it gains no time, and an honest rewrite to recursion may need it."""
ATTRIBUTES: Mapping[str, tuple[GuardRule, str]] = {
    **dict.fromkeys(
        ("f_back", "f_locals", "f_globals", "gi_frame", "cr_frame", "ag_frame"), ("stack inspection", _FRAMES)
    ),
    "__globals__": ("harness tampering", "it reaches into the names of other code"),
    "model_construct": ("disabled checks", "it makes objects without validating them"),
}
STRANGE_IMPORTS: Mapping[str, tuple[GuardRule, str]] = {
    **dict.fromkeys(
        ("pytest", "_pytest", "pytest_benchmark", "pyperf", "memray", "conftest", "sitecustomize",
         "usercustomize"),
        ("harness tampering", "it reaches for what measures it"),
    ),
    "__main__": ("benchmark detection", "it looks at what program is running"),
}  # fmt: skip
RUNNERS = frozenset({"exec", "eval", "compile"})
SENSITIVE = frozenset({"sys", "gc", "time", "builtins", "inspect", "os", "datetime", "<module>", "importlib"})


def named(code: Code) -> Iterator[Mark]:
    """Marks of everything that is named in NAMED, however it is spelled, and of code run from text."""
    for node in code.nodes:
        if isinstance(node, ast.ImportFrom | ast.Import):
            yield from _imports(code, node)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript):
            if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
                continue
            for name in meanings(code, node):
                if name in NAMED and not _is_only_a_part(code, node, name):
                    yield _mark(code, node, *NAMED[name], trait=_trait(name))
            if isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
                yield _mark(code, node, *ATTRIBUTES[node.attr], trait=f".{node.attr}")
            if isinstance(node, ast.Call):
                yield from _from_text(code, node)


def _trait(name: str) -> str:
    """One way of starting a program may take the place of another."""
    return STARTING if NAMED[name][1] == STARTING else name


def _is_only_a_part(code: Code, node: ast.AST, name: str) -> bool:
    """Of `builtins` only what is done with it counts, which is looked at elsewhere."""
    return name == "builtins" or (name == "warnings.simplefilter" and _is_for_a_moment(code, node))


def _is_for_a_moment(code: Code, node: ast.AST) -> bool:
    """`simplefilter("always")` shows more and not less."""
    call = code.parents.get(node)
    first = call.args[0] if isinstance(call, ast.Call) and call.func is node and call.args else None
    found = fold(code, first) if first is not None else None
    return found is not None and found.value in ("always", "error", "default", "once", "module")


def _imports(code: Code, node: ast.Import | ast.ImportFrom) -> Iterator[Mark]:
    names = (
        [alias.name for alias in node.names]
        if isinstance(node, ast.Import)
        else [f"{imported_from(code, node)}.{alias.name}" for alias in node.names]
    )
    for name in names:
        if name in NAMED and name != "builtins":
            yield _mark(code, node, *NAMED[name], trait=_trait(name))
        top = name.split(".")[0]
        if top in STRANGE_IMPORTS:
            yield _mark(code, node, *STRANGE_IMPORTS[top], trait=f"import {top}")
        elif top.startswith("ask_profiler"):
            yield _mark(
                code, node, "harness tampering", "it reaches for what measures it", trait=f"import {top}"
            )


def _from_text(code: Code, node: ast.Call) -> Iterator[Mark]:
    called = meanings(code, node.func)
    first = node.args[0] if node.args else None
    if called & RUNNERS:
        yield _mark(
            code, node, "harness tampering", "it runs code that is made from text", trait="code from text"
        )
    elif called & IMPORTERS and first is not None:
        texts = folds(code, first)
        if not texts and not _is_of_own_package(first):
            why = "what it imports can't be told by reading"
            yield _mark(code, node, "harness tampering", why, trait="computed import")
        for top in {t.text.split(".")[0] for t in texts} & STRANGE_IMPORTS.keys():
            yield _mark(code, node, *STRANGE_IMPORTS[top], trait=f"import {top}")
    elif called & {"getattr", "setattr", "delattr"} and len(node.args) > 1 and not folds(code, node.args[1]):
        for base in meanings(code, node.args[0]) & SENSITIVE:
            why = f"what it takes from `{base}` can't be told by reading"
            yield _mark(code, node, "harness tampering", why, trait=f"computed name in {base}")


def _is_of_own_package(node: ast.expr) -> bool:
    """Whether an import begins with a dot or with this package's name, as those that wait until they are needed do."""
    while isinstance(node, ast.BinOp | ast.JoinedStr):
        node = node.left if isinstance(node, ast.BinOp) else node.values[0]
    inner = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(inner, ast.Name):
        return inner.id in ("__name__", "__package__")
    return isinstance(inner, ast.Constant) and str(inner.value).startswith(".")


def _mark(code: Code, node: ast.AST, rule: GuardRule, why: str, *, trait: str) -> Mark:
    return mark(code, node, rule, f"{{where}} newly has `{shown(node)}`: {why}", trait=trait)


def mark(code: Code, node: ast.AST, rule: GuardRule, detail: str, *, trait: str) -> Mark:
    """A mark at a node; `{where}` in the detail becomes the name of the function."""
    where = code.where(node)
    return Mark(
        rule=rule,
        trait=trait,
        where=where,
        file=code.file,
        line=getattr(node, "lineno", 1),
        detail=detail.replace("{where}", where or "the module", 1),
    )

"""Choosing a Python workload: given, declared, pytest-benchmark tests, a script's __main__, else the tests."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools.errors import NoWorkload, UnreadableOutput
from tools.measure.sizes import size_in_name
from tools.measure.workload import Benchmark, Workload, WorkloadKind
from tools.python.interpreter import Interpreter
from tools.python.running import INSIDE, PYTEST, clean_scratch, command_words, pytest_words, run
from tools.python.testing import TEST_LIMITS, test_command
from tools.run.process import Runner
from tools.run.reading import read_json, shown_name

DECLARATION = "[tool.ask-profiler] in pyproject.toml"
NOT_SCRIPTS = frozenset({"setup.py", "conftest.py", "noxfile.py", "manage.py", "tasks.py"})
_MAIN = re.compile(r"^if __name__ == ['\"]__main__['\"]:", re.MULTILINE)
_PARAMETERS = re.compile(r"\[(.*)\]$")


def choose_workload(
    runner: Runner,
    interpreter: Interpreter,
    root: Path,
    *,
    script: str | None,
    bench: str | None,
    command: Sequence[str],
    sizes: Sequence[int],
) -> Workload:
    """The workload of the copy at `root`. Raises: ToolError that says what to give instead."""
    if command:
        return _command(interpreter, root, list(command), sizes, "the command was given", "command")
    if bench is not None:
        found = find_benchmarks(runner, interpreter, root, bench)
        if found:
            return _benchmarks(found, f"{len(found)} pytest benchmarks match --bench {bench}")
        everything = find_benchmarks(runner, interpreter, root, "")
        names = ", ".join(b.selector[1] for b in everything[:12]) or "none at all"
        raise NoWorkload(f"no pytest benchmark matches --bench {bench!r}; there are {names}")
    if script is not None:
        return _command(interpreter, root, [script], (), f"{script} was named as the target", "script")
    declared = declared_command(root)
    if declared is not None:
        words, declared_sizes = declared
        return _command(
            interpreter, root, words, sizes or declared_sizes, f"declared by {DECLARATION}", "command"
        )
    found = find_benchmarks(runner, interpreter, root, "")
    if found:
        return _benchmarks(found, f"{len(found)} tests use the benchmark fixture")
    main = _main_script(root)
    if main is not None:
        return _command(interpreter, root, [main], (), f"{main} is the target's one script", "script")
    tests = test_command(interpreter, root)
    if tests is None:
        raise NoWorkload(
            "nothing was found to run: no declared command, no pytest benchmark, no script, no test: "
            'give a workload with --cmd "python -m module arguments"'
        )
    return Workload(
        language="python",
        kind="tests",
        benchmarks=(Benchmark(name="Tests", selector=tests),),
        chosen_because="there are no benchmarks and no command; the tests are the workload",
        command=tests,
    )


def declared_command(root: Path) -> tuple[list[str], tuple[int, ...]] | None:
    """The command and sizes that the target's pyproject.toml declares for this program, None without one.

    Raises: UnreadableOutput naming the key that is wrong.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return None
    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnreadableOutput(f"the target's pyproject.toml can't be read: {error}") from error
    section = tool.get("ask-profiler")
    if section is None:
        return None
    if not isinstance(section, dict):
        raise UnreadableOutput(f'{DECLARATION} must be a table with `command = ["python", "-m", "x"]`')
    command, sizes = section.get("command"), section.get("sizes", [])
    if not isinstance(command, list) or not command or not all(isinstance(w, str) for w in command):
        raise UnreadableOutput(
            f'{DECLARATION}: `command` must be a list of words such as ["python", "-m", "x"]'
        )
    if not isinstance(sizes, list) or not all(type(n) is int and n > 0 for n in sizes):
        raise UnreadableOutput(f"{DECLARATION}: `sizes` must be a list of whole numbers above 0")
    return command, tuple(sizes)


def _command(
    interpreter: Interpreter,
    root: Path,
    words: list[str],
    sizes: Sequence[int],
    why: str,
    kind: WorkloadKind,
) -> Workload:
    command_words(interpreter, root, words)
    label = _label(words)
    if any("{size}" in word for word in words):
        if not sizes:
            raise NoWorkload("the command has {size} but no sizes: give them with --sizes 100,1000,10000")
        benchmarks = tuple(
            Benchmark(
                name=f"Command/{label}/size={size}",
                selector=tuple(word.replace("{size}", str(size)) for word in words),
                size=size,
            )
            for size in sorted(set(sizes))
        )
    else:
        benchmarks = (Benchmark(name=f"Command/{label}", selector=tuple(words)),)
    return Workload(
        language="python", kind=kind, benchmarks=benchmarks, chosen_because=why, command=tuple(words)
    )


def _label(words: list[str]) -> str:
    script = next((w for w in words if w.endswith(".py")), words[0])
    name = words[2] if len(words) > 2 and words[1] == "-m" else script
    return re.sub(r"[^\w.-]+", "_", Path(name).name.removesuffix(".py")) or "command"


def _benchmarks(found: tuple[Benchmark, ...], why: str) -> Workload:
    return Workload(language="python", kind="benchmarks", benchmarks=found, chosen_because=why)


def find_benchmarks(
    runner: Runner, interpreter: Interpreter, root: Path, pattern: str
) -> tuple[Benchmark, ...]:
    """The tests that use the `benchmark` fixture and match `pattern`; empty without pytest or such tests.

    Raises: ToolError when the pattern is no regular expression, or pytest can't collect the tests.
    """
    try:
        wanted = re.compile(pattern)
    except re.error as error:
        raise NoWorkload(f"--bench {pattern!r} is not a regular expression: {error}") from error
    files = [p for p in _test_files(root) if "benchmark" in p.read_text(encoding="utf-8", errors="replace")]
    if not files:
        return ()
    if "pytest" not in interpreter.modules:
        raise NoWorkload(
            f"the target has pytest benchmarks, but {interpreter.path} has no pytest: install it there, "
            "or give another interpreter with --python"
        )
    target = clean_scratch(root, "collect") / "found.json"
    names = [p.relative_to(root).as_posix() for p in files]
    env = interpreter.environment(root, (INSIDE,)) | {"ASK_PROFILER_LIST": str(target)}
    run(
        runner, interpreter, root, pytest_words(interpreter, ["--collect-only", *names]), env, "pytest --collect-only",
        limits=TEST_LIMITS, kept=(target.parent,),
    )  # fmt: skip
    nodes = read_json(root, target) or []
    if not isinstance(nodes, list) or not all(isinstance(node, str) for node in nodes):
        raise UnreadableOutput("the list of pytest benchmarks isn't what was asked for")
    unnameable = [shown_name(node) for node in nodes if shown_name(node) != node]
    if unnameable:
        raise NoWorkload(f"the name of {unnameable[0]} isn't UTF-8: rename its file")
    return tuple(
        Benchmark(name=name, selector=(PYTEST, node), size=size_in_name(name))
        for node in nodes
        if wanted.search(node)
        for name in [_benchmark_name(node)]
    )


def _benchmark_name(node: str) -> str:
    """A pytest node id as a Go benchmark name: `tests/test_a.py::test_b[1000]` is `test_a/test_b/1000`."""
    path, _, rest = node.partition("::")
    parameters = _PARAMETERS.search(rest)
    parts = [
        Path(path).stem,
        *_PARAMETERS.sub("", rest).split("::"),
        *([parameters[1]] if parameters else []),
    ]
    return "/".join(re.sub(r"[\s/]+", "_", part) for part in parts if part)


def _test_files(root: Path) -> list[Path]:
    found = [*root.rglob("test_*.py"), *root.rglob("*_test.py"), *root.rglob("bench_*.py")]
    return sorted({p for p in found if p.is_file() and ".ask-profiler" not in p.parts})


def _main_script(root: Path) -> str | None:
    """The one file at the top that has a `__main__` part, if there is exactly one."""
    found = [
        path.name
        for path in sorted(root.glob("*.py"))
        if path.name not in NOT_SCRIPTS
        and shown_name(path.name) == path.name
        and not path.name.startswith("test_")
        and _MAIN.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    return found[0] if len(found) == 1 else None

"""A workload with other inputs: benchmark files with other numbers in them, commands with other sizes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tools.errors import Cancelled, ToolError
from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload
from tools.python.guarding.code import imported_from
from tools.python.guarding.known import is_judge
from tools.python.interpreter import Interpreter
from tools.python.unseen.editing import Files, Numbers
from tools.python.unseen.literals import SEED, SIZE, SMALLEST
from tools.python.workload import find_benchmarks
from tools.run.process import Runner

NOTHING = "no size and no seed was found in {files}"
TESTS = "the target's tests are the workload, and what they expect belongs to their inputs"


def vary_inputs(
    runner: Runner, interpreter: Interpreter, root: Path, workload: Workload, number: int
) -> Unseen:
    """Give the copy at `root` other inputs, in place; the same `number` gives the same.

    Only files that a change may not touch are edited, so that two copies stay comparable. Sizes stay within 0.6 and
    1.4 of the old ones. Where nothing can be varied, or tests can't be collected afterwards, the copy is as it was.
    Raises: Cancelled.
    """
    if workload.kind == "tests":
        return Unseen(workload=None, why_not=TESTS)
    if workload.kind == "benchmarks":
        return _vary_benchmarks(runner, interpreter, root, workload, number)
    return _vary_command(root, workload, number)


def _vary_benchmarks(
    runner: Runner, interpreter: Interpreter, root: Path, workload: Workload, number: int
) -> Unseen:
    files = Files(root)
    named = dict.fromkeys(b.selector[1].partition("::")[0] for b in workload.benchmarks)
    for file in named:
        if files.add(file):
            for beside in _beside(root, file, files.codes[file].tree, files):
                files.add(beside)
    numbers = Numbers(number)
    files.vary(numbers)
    if not numbers.changes:
        return Unseen(workload=None, why_not=NOTHING.format(files=", ".join(list(named)[:3])))
    try:
        found = find_benchmarks(runner, interpreter, root, "")
    except Cancelled:
        raise
    except ToolError as error:
        files.restore()
        return Unseen(workload=None, why_not=f"the varied benchmarks can't be collected: {error}")
    wanted = {_function(b) for b in workload.benchmarks}
    benchmarks = tuple(b for b in found if _function(b) in wanted)
    if not benchmarks:
        files.restore()
        return Unseen(workload=None, why_not="no benchmark was found among the varied ones")
    return Unseen(workload=_with(workload, benchmarks), changes=numbers.changes)


def _function(benchmark: Benchmark) -> str:
    """The test function of a benchmark, parameters left out."""
    return benchmark.selector[1].partition("[")[0]


def _with(workload: Workload, benchmarks: tuple[Benchmark, ...]) -> Workload:
    return Workload(
        language=workload.language,
        kind=workload.kind,
        benchmarks=benchmarks,
        chosen_because=f"{workload.chosen_because}; with other inputs",
        command=workload.command,
    )


def _beside(root: Path, file: str, tree: ast.Module, files: Files) -> Iterator[str]:
    """What a benchmark file takes its inputs from: conftest.py above it, and frozen files that it imports."""
    for folder in PurePosixPath(file).parents:
        yield (folder / "conftest.py").as_posix()
    here = PurePosixPath(file).parent
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            module = imported_from(files.codes[file], node)
            names = [module, *(f"{module}.{alias.name}" for alias in node.names)]
        for name in names:
            path = name.replace(".", "/") + ".py"
            for found in (PurePosixPath(path), here / path):
                if is_judge(found.as_posix()) and (root / found).is_file():
                    yield found.as_posix()


def _vary_command(root: Path, workload: Workload, number: int) -> Unseen:
    """Another `{size}`, other numbers among a command's words, and other seeds in a benchmark module that it runs."""
    numbers = Numbers(number)
    files = Files(root)
    program = _program(workload.benchmarks[0])
    if program and is_judge(program):
        files.add(program)
        files.vary(numbers)
    in_files = numbers.changes
    sizes = tuple(b.size for b in workload.benchmarks if b.size is not None)
    if sizes and any("{size}" in word for word in workload.command):
        numbers.plan([sizes])
        benchmarks = tuple(_resized(workload, b, numbers) for b in workload.benchmarks)
    else:
        benchmarks = tuple(_reworded(b, numbers) for b in workload.benchmarks)
        if benchmarks == workload.benchmarks and not in_files:
            return Unseen(workload=None, why_not="the command has no size and no seed that could be varied")
    return Unseen(workload=_with(workload, benchmarks), changes=numbers.changes)


def _program(benchmark: Benchmark) -> str:
    """The file that a command runs, relative to the copy: of `python -m a.b` that is `a/b.py`."""
    words = benchmark.selector
    if "-m" in words[:-1]:
        return words[words.index("-m") + 1].replace(".", "/") + ".py"
    return next((word for word in words if word.endswith(".py")), "")


def _resized(workload: Workload, benchmark: Benchmark, numbers: Numbers) -> Benchmark:
    if benchmark.size is None:
        return benchmark
    size = numbers.sizes[benchmark.size]
    return Benchmark(
        name=f"{benchmark.name.rpartition('/')[0]}/size={size}",
        selector=tuple(word.replace("{size}", str(size)) for word in workload.command),
        size=size,
    )


def _reworded(benchmark: Benchmark, numbers: Numbers) -> Benchmark:
    """A command with other numbers: those after options that are named like a size or seed, and bare ones."""
    words = list(benchmark.selector)
    for place in range(1, len(words)):
        option, _, value = words[place].rpartition("=")
        before = words[place - 1]
        name = (option or (before if before.startswith("-") else "")).lstrip("-").replace("-", "_")
        if not value.isdigit() or before in ("-m", "-c"):
            continue
        if SEED.search(name):
            numbers.plan([], [int(value)])
            new = numbers.seeds[int(value)]
        elif int(value) >= SMALLEST and (not name or SIZE.search(name)):
            numbers.plan([(int(value),)])
            new = numbers.sizes[int(value)]
        else:
            continue
        words[place] = f"{option}={new}" if option else str(new)
    return Benchmark(name=benchmark.name, selector=tuple(words), size=benchmark.size)

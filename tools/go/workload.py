"""Choosing a Go workload: benchmarks found by running each once, or a main package's command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tools.errors import NoWorkload
from tools.go.compiling import compile_tests
from tools.go.packages import GoPackage, list_packages
from tools.go.program import GoProgram
from tools.go.sampling import run_test_binary
from tools.measure.benchmark_format import parse_results, without_processors
from tools.measure.sizes import size_in_name
from tools.measure.toolchain import Build
from tools.measure.workload import Benchmark, Workload
from tools.run.process import Limits, Runner

LISTING_LIMITS = Limits(timeout_s=60.0, memory_bytes=8 * 1024**3, processes=512)


def choose_workload(
    runner: Runner,
    go: GoProgram,
    root: Path,
    subdirectory: str,
    *,
    bench: str | None,
    command: Sequence[str],
    sizes: Sequence[int],
    processors: int,
) -> Workload:
    """The workload of the copy at `root`. Raises: ToolError that says what to give instead."""
    go.download_modules(runner, root)
    if command:
        return _command_workload(root, list(command), sizes)
    pattern = f"./{subdirectory}/..." if subdirectory else "./..."
    packages = list_packages(runner, go, root, pattern)
    found = find_benchmarks(runner, go, root, packages, bench, processors)
    if not found and bench:
        everything = find_benchmarks(runner, go, root, packages, None, processors)
        names = ", ".join(b.name for b in everything[:12]) or "none at all"
        raise NoWorkload(f"no benchmark matches --bench {bench!r}; there are {names}")
    if found:
        why = f"{len(found)} Go benchmarks" + (
            f" match --bench {bench}" if bench else " were found in the target"
        )
        return Workload(language="go", kind="benchmarks", benchmarks=found, chosen_because=why)
    tested = [p for p in packages if p.has_tests]
    if not tested:
        raise NoWorkload(
            "the module has no benchmarks and no tests: add a benchmark, or give a command such as "
            '--cmd "./cmd/name arguments"'
        )
    benchmarks = tuple(Benchmark(name=f"Tests/{p.folder}", selector=(p.folder,)) for p in tested)
    return Workload(
        language="go",
        kind="tests",
        benchmarks=benchmarks,
        chosen_because="there are no benchmarks; the packages' tests are the workload",
    )


def find_benchmarks(
    runner: Runner,
    go: GoProgram,
    root: Path,
    packages: Sequence[GoPackage],
    bench: str | None,
    processors: int,
) -> tuple[Benchmark, ...]:
    """Every benchmark and sub-benchmark (each run once), filtered by the regular expression `bench`."""
    try:
        wanted = re.compile(bench or "")
    except re.error as error:
        raise NoWorkload(f"--bench {bench!r} is not a regular expression: {error}") from error
    with_benchmarks = [p for p in packages if p.has_tests and _mentions_benchmark(root, p)]
    binaries = compile_tests(runner, go, root, with_benchmarks)
    build = Build(root=root, programs=binaries, duration_s=0.0)
    found: list[Benchmark] = []
    for folder in binaries:
        done = run_test_binary(
            runner, go, build, folder, ["-test.bench=.", "-test.benchtime=1x"],
            processors=processors, program=f"benchmarks of {folder}", limits=LISTING_LIMITS, kept=(),
        )  # fmt: skip
        names = [without_processors(r.name, processors) for r in parse_results(done.stdout)]
        found += [
            Benchmark(name=name, selector=(folder,), size=size_in_name(name))
            for name in dict.fromkeys(names)
            if wanted.search(name) or wanted.search(f"Benchmark{name}")
        ]
    return tuple(found)


def _mentions_benchmark(root: Path, package: GoPackage) -> bool:
    files = [root / package.folder / name for name in package.test_files]
    return any("func Benchmark" in file.read_text(encoding="utf-8", errors="replace") for file in files)


def _command_workload(root: Path, command: list[str], sizes: Sequence[int]) -> Workload:
    words = command[2:] if command[:2] == ["go", "run"] else command
    if not words:
        raise NoWorkload('--cmd "go run" names no package: give --cmd "./cmd/name arguments"')
    package = words[0] if words[0].startswith(("./", "../")) or words[0] == "." else f"./{words[0]}"
    folder = (root / package).resolve()
    if not folder.is_relative_to(root.resolve()) or not folder.is_dir():
        raise NoWorkload(
            f"--cmd starts with {words[0]!r}, which is no package directory of the module: "
            'for Go the command is a main package and its arguments, such as "./cmd/name --day 1"'
        )
    label = folder.name or "command"
    arguments = words[1:]
    if any("{size}" in word for word in arguments):
        benchmarks = tuple(
            Benchmark(
                name=f"Command/{label}/size={size}",
                selector=tuple(word.replace("{size}", str(size)) for word in arguments),
                size=size,
            )
            for size in sizes
        )
    else:
        benchmarks = (Benchmark(name=f"Command/{label}", selector=tuple(arguments)),)
    return Workload(
        language="go",
        kind="command",
        benchmarks=benchmarks,
        chosen_because="the command was given with --cmd",
        command=(package, *arguments),
    )

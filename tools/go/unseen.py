"""Other inputs for a Go workload: other sizes and seeds in benchmarks' source, another size for a command."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from tools.errors import Cancelled, ProgramFailed, ToolError
from tools.go.compiling import compile_workload
from tools.go.packages import GoPackage, list_packages
from tools.go.program import GoProgram
from tools.go.sampling import run_test_binary
from tools.go.varying.numbers import Change, choose_changes, find_numbers, with_changes
from tools.measure.benchmark_format import parse_results, without_processors
from tools.measure.sizes import size_in_name
from tools.measure.toolchain import Build
from tools.measure.unseen import Unseen
from tools.measure.workload import Benchmark, Workload, family_of
from tools.run.process import Limits, Runner
from tools.run.reading import read_written

BEYOND = 1.5
"""Sizes beyond this many times the largest seen one of their family aren't run."""
LISTING_LIMITS = Limits(timeout_s=60.0, memory_bytes=8 * 1024**3, processes=512)
COMMAND_RANGES = ((0.6, 0.85), (1.15, 1.4))


@dataclass(frozen=True, slots=True)
class InputVariation:
    """Varies inputs. `cache` is where the built helper is kept."""

    runner: Runner
    go: GoProgram
    cache: Path
    processors: int

    def vary(self, root: Path, workload: Workload, number: int) -> Unseen:
        """Give the copy at `root` other inputs, in place. What its code does then decides nothing here: both copies
        of a pair get the same inputs. Raises: ToolError.
        """
        if workload.kind == "command":
            return vary_command(workload, number)
        if workload.kind != "benchmarks":
            return Unseen(workload=None, why_not="what tests expect belongs to their inputs")
        changes = self._edit(root, workload, number)
        if not changes:
            return Unseen(workload=None, why_not="the benchmarks' source shows no sizes or seeds")
        benchmarks = self._list(root, workload)
        words = tuple(dict.fromkeys(change.words for change in changes))
        varied = replace(
            workload, benchmarks=benchmarks, chosen_because=f"{workload.chosen_because}, with other inputs"
        )
        return Unseen(workload=varied, changes=words)

    def _edit(self, root: Path, workload: Workload, number: int) -> list[Change]:
        """Change the test files of every package with benchmarks; what was changed, sizes first, then seeds."""
        found: list[Change] = []
        packages = {p.folder: p for p in list_packages(self.runner, self.go, root)}
        for folder, names in _functions(workload).items():
            package = packages.get(folder)
            if package is None:
                raise ProgramFailed(f"the package {folder} isn't there any more", exit_code=1)
            files = _test_files(package)
            numbers = find_numbers(self.runner, self.go, self.cache, root, files, names)
            changes = choose_changes(numbers, number)
            for name in dict.fromkeys(c.number.file for c in changes):
                content = read_written(root, root / name)
                if content is None:
                    raise ProgramFailed(f"{name} isn't there any more", exit_code=1)
                changed = with_changes(content, [c for c in changes if c.number.file == name])
                (root / name).write_bytes(changed)
            found += changes
        return sorted(found, key=lambda c: (c.number.role == "seed", -c.number.value))

    def _list(self, root: Path, workload: Workload) -> tuple[Benchmark, ...]:
        """The benchmarks as they are called now. Those without sub-benchmarks keep their names and aren't run."""
        known = {
            (folder, name): [
                b for b in workload.benchmarks if b.selector[0] == folder and _function(b) == name
            ]
            for folder, names in _functions(workload).items()
            for name in names
        }
        asked = [key for key, benchmarks in known.items() if [b.name for b in benchmarks] != [key[1]]]
        if asked:
            build = compile_workload(self.runner, self.go, root, workload)
            with ThreadPoolExecutor(max_workers=2) as pool:
                listed = pool.map(lambda key: self._names(build, *key) or known[key], asked)
                known.update(zip(asked, listed, strict=True))
        found = [benchmark for benchmarks in known.values() for benchmark in benchmarks]
        limits: dict[tuple[str, ...], float] = {}
        for benchmark in workload.benchmarks:
            key = (*benchmark.selector, family_of(benchmark))
            limits[key] = max(limits.get(key, 0.0), (benchmark.size or 0) * BEYOND)
        return tuple(
            b for b in found if b.size is None or b.size <= limits.get((*b.selector, family_of(b)), b.size)
        )

    def _names(self, build: Build, folder: str, function: str) -> list[Benchmark]:
        """What one benchmark function runs; nothing where that can't be known."""
        processors = build.processors or self.processors
        try:
            done = run_test_binary(
                self.runner, self.go, build, folder,
                [f"-test.bench=^Benchmark{function}$", "-test.benchtime=1x"],
                processors=processors, program=f"Benchmark{function}", limits=LISTING_LIMITS, kept=(),
            )  # fmt: skip
            names = [without_processors(r.name, processors) for r in parse_results(done.stdout)]
        except Cancelled:
            raise
        except ToolError:
            return []
        return [
            Benchmark(name=name, selector=(folder,), size=size_in_name(name)) for name in dict.fromkeys(names)
        ]


def _functions(workload: Workload) -> dict[str, list[str]]:
    """The benchmark functions of each package's folder, without `Benchmark`."""
    found: dict[str, list[str]] = {}
    for benchmark in workload.benchmarks:
        names = found.setdefault(benchmark.selector[0], [])
        if _function(benchmark) not in names:
            names.append(_function(benchmark))
    return found


def _function(benchmark: Benchmark) -> str:
    return benchmark.name.split("/", 1)[0]


def _test_files(package: GoPackage) -> list[str]:
    return [name if package.folder == "." else f"{package.folder}/{name}" for name in package.test_files]


def vary_command(workload: Workload, number: int) -> Unseen:
    """The command at other sizes, where it has a `{size}`."""
    if not any("{size}" in word for word in workload.command):
        return Unseen(workload=None, why_not="the command has no {size}")
    chance = random.Random(number)  # noqa: S311 - inputs, no secrets
    seen = {b.size for b in workload.benchmarks}
    benchmarks, changes = [], []
    for benchmark in workload.benchmarks:
        if benchmark.size is None or benchmark.size < 2:
            continue
        size = max(2, round(benchmark.size * chance.uniform(*chance.choice(COMMAND_RANGES))))
        while size in seen:
            size += 1
        seen.add(size)
        name = f"{benchmark.name.rpartition('=')[0]}={size}"
        selector = tuple(word.replace("{size}", str(size)) for word in workload.command[1:])
        benchmarks.append(Benchmark(name=name, selector=selector, size=size))
        changes.append(f"size {benchmark.size} became {size}")
    if not benchmarks:
        return Unseen(workload=None, why_not="the command's sizes are too small to vary")
    varied = replace(workload, benchmarks=tuple(benchmarks), chosen_because="the command with other sizes")
    return Unseen(workload=varied, changes=tuple(changes))

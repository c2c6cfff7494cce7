"""Times at every input size: those that the pairs left, and a few more where a size has too few."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agent.deps import Deps
from agent.nodes.measuring import on_the_same_processors
from agent.nodes.optimise import time_is_spent
from agent.nodes.stage import StageClock
from agent.nodes.verify import accepted_count
from agent.state import RunState
from tools.errors import Cancelled, ToolError
from tools.measure.benchmark_format import BenchmarkLine, parse_results
from tools.measure.hostlock import measuring_alone
from tools.measure.scaling import FEWEST_SAMPLES, SIZES_FOR_CONSTANT, SizeTimes
from tools.measure.toolchain import Build
from tools.measure.workload import SECONDS_PER_OP, Benchmark, Workload, family_of

Side = Literal["before", "after"]
PLACE = "{size}"
SMALLEST_DERIVED = 4
"""Sizes that the command wasn't given are halves, down to this."""
FEWEST_SIZES = 2
ALONE = 2.0
"""How many times `measure.growth_s` the samples of one of the first two sizes may take."""
FAMILIES = 3
"""Of so many families, those that take longest, more samples are taken where they have too few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Benchmarks of the same thing at several sizes, the smallest first; `derived` are those we added."""

    name: str
    benchmarks: tuple[Benchmark, ...]
    derived: tuple[Benchmark, ...] = ()

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes, smallest first."""
        return tuple(b.size or 0 for b in self.benchmarks)


def families_of(workload: Workload) -> list[Family]:
    """Families with two sizes or more. A command with `{size}` and few sizes gets halves of its smallest size."""
    groups: dict[str, list[Benchmark]] = {}
    for benchmark in workload.benchmarks:
        if benchmark.size is not None:
            groups.setdefault(family_of(benchmark), []).append(benchmark)
    found = []
    for name, members in groups.items():
        derived = derived_sizes(workload, members) if any(PLACE in w for w in workload.command) else []
        ordered = tuple(sorted([*members, *derived], key=lambda b: b.size or 0))
        if len(ordered) > 1:
            found.append(Family(name=name, benchmarks=ordered, derived=tuple(derived)))
    return found


def derived_sizes(workload: Workload, members: Sequence[Benchmark]) -> list[Benchmark]:
    """The command at halves of its smallest size, until there are as many sizes as tell its start apart."""
    smallest = min(members, key=lambda b: b.size or 0)
    words = workload.command[-len(smallest.selector) :]
    size = smallest.size or 0
    found: list[Benchmark] = []
    while len(members) + len(found) < SIZES_FOR_CONSTANT and size // 2 >= SMALLEST_DERIVED:
        size //= 2
        selector = tuple(w.replace(PLACE, str(size)) for w in words)
        name = smallest.name.removesuffix(str(smallest.size)) + str(size)
        found.append(Benchmark(name=name, selector=selector, size=size))
    return found


def sample_sizes(
    state: RunState, deps: Deps, families: list[Family], clock: StageClock
) -> dict[Side, dict[str, SizeTimes]]:
    """Times by side and benchmark, and the families put in order: the one that takes longest first.

    Samples that the pairs left are used as they are. `after` is empty when nothing was accepted. Raises: ToolError.
    """
    sides: list[Side] = ["before", "after"] if _is_improved(state) else ["before"]
    found: dict[Side, dict[str, SizeTimes]] = {"before": {}, "after": {}}
    text = deps.folder.path / "benchmarks.txt"
    halves = text.read_text(encoding="utf-8").split("\nside: after\n") if text.is_file() else []
    for side, half in zip(sides, halves, strict=False):
        found[side] = _times(state, parse_results(half))
    _order(state, families, found)
    wanted = [
        b
        for family in families[:FAMILIES]
        for b in _most_telling_first(family)
        if any(_too_few(found[side].get(b.name)) for side in sides)
    ]
    chosen = [] if time_is_spent(state, deps) else _affordable(state, deps, wanted, sides)
    for side, lines in _more(state, deps, chosen, sides, clock):
        found[side] |= _times(state, lines)
    _order(state, families, found)
    return found


def _is_improved(state: RunState) -> bool:
    combined = state.get("combined")
    return combined is not None and combined.verdict.accepted and bool(accepted_count(state))


def _too_few(times: SizeTimes | None) -> bool:
    return times is None or len(times.seconds) < FEWEST_SAMPLES


def _times(state: RunState, lines: Iterable[BenchmarkLine]) -> dict[str, SizeTimes]:
    sizes = {b.name: b.size for f in families_of(state["plan"].workload) for b in f.benchmarks}
    seconds: dict[str, list[BenchmarkLine]] = {}
    for line in lines:
        if sizes.get(line.name) is not None and SECONDS_PER_OP in line.values:
            seconds.setdefault(line.name, []).append(line)
    return {
        name: SizeTimes(
            size=sizes[name] or 0,
            seconds=tuple(line.values[SECONDS_PER_OP] for line in each),
            timed_s=min(line.values[SECONDS_PER_OP] * line.iterations for line in each),
        )
        for name, each in seconds.items()
    }


def _order(state: RunState, families: list[Family], found: Mapping[Side, Mapping[str, SizeTimes]]) -> None:
    baseline = state["baseline"]
    first = baseline.first_s if baseline is not None else {}

    def longest(family: Family) -> float:
        name = family.benchmarks[-1].name
        times = found["before"].get(name)
        return times.median_s if times is not None else first.get(name, 0.0)

    families.sort(key=lambda f: -longest(f))


def _most_telling_first(family: Family) -> list[Benchmark]:
    """The largest, the smallest that was given, then the others from large to small."""
    largest, *rest = sorted(family.benchmarks, key=lambda b: -(b.size or 0))
    given = [b for b in rest if b not in family.derived][-1:]
    return [largest, *given, *(b for b in rest if b not in given)]


def _affordable(
    state: RunState, deps: Deps, wanted: list[Benchmark], sides: Sequence[Side]
) -> list[Benchmark]:
    """As many, in their order, as `measure.growth_s` allows; two at least, unless one alone takes too long.

    One size tells nothing, and fewer than four don't tell a command's start apart. Where the pairs left no samples,
    there was no final comparison either.
    """
    is_command = state["plan"].workload.kind != "benchmarks"
    fewest = SIZES_FOR_CONSTANT if is_command else FEWEST_SIZES
    baseline = state["baseline"]
    first = baseline.first_s if baseline is not None else {}
    quickest = min(first.values(), default=0.0)
    limit_s = deps.settings.measure.growth_s
    spent = 0.0
    found: list[Benchmark] = []
    for benchmark in wanted:
        cost_s = first.get(benchmark.name, quickest) * FEWEST_SAMPLES * len(sides)
        is_within = spent + cost_s <= limit_s
        if is_within or (len(found) < fewest and cost_s <= ALONE * limit_s):
            found.append(benchmark)
            spent += cost_s
    return found


def _more(
    state: RunState, deps: Deps, wanted: Sequence[Benchmark], sides: Sequence[Side], clock: StageClock
) -> list[tuple[Side, list[BenchmarkLine]]]:
    """New samples of every size in shuffled rounds, so that drift falls on all alike. Raises: ToolError.

    A size that was derived may be one that the command refuses: it is left out.
    """
    if not wanted:
        return []
    clock.say(f"sampling {len(wanted)} sizes")
    plan, baseline = state["plan"], state["baseline"]
    iterations = baseline.iterations if baseline is not None else {}
    builds = _builds(state, deps, sides)
    known = {b.name for b in plan.workload.benchmarks}
    order = random.Random(state["request"].seed)  # noqa: S311 - an order, not a secret
    found: dict[Side, list[BenchmarkLine]] = {side: [] for side in sides}
    refused: set[str] = set()
    with measuring_alone(on_wait=clock.say, is_cancelled=deps.runner.is_cancelled):
        for _ in range(FEWEST_SAMPLES):
            for benchmark in order.sample(list(wanted), len(wanted)):
                for side in order.sample(list(sides), len(sides)):
                    if benchmark.name in refused:
                        continue
                    try:
                        sample = deps.toolchain(plan).sample(
                            builds[side], benchmark, iterations.get(benchmark.name, 1)
                        )
                    except Cancelled:
                        raise
                    except ToolError:
                        if benchmark.name in known:
                            raise
                        refused.add(benchmark.name)
                        continue
                    line = BenchmarkLine(
                        name=sample.benchmark, iterations=sample.iterations, values=sample.values
                    )
                    found[side].append(replace(line, name=benchmark.name))
    return [(side, [line for line in lines if line.name not in refused]) for side, lines in found.items()]


def _builds(state: RunState, deps: Deps, sides: Sequence[Side]) -> dict[Side, Build]:
    plan = state["plan"]
    before = deps.build(plan, deps.workspace.baseline)
    if "after" not in sides:
        return {"before": before}
    after = deps.build(plan, deps.workspace.step(accepted_count(state)))
    one, other = on_the_same_processors(before, after)
    return {"before": one, "after": other}

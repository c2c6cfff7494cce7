"""The numbers in benchmarks' source that are sizes or seeds, found by the helper program in helper/, and other ones."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from tools.go.companions import Companion
from tools.go.program import GoProgram
from tools.run.process import Runner

HELPER = Path(__file__).with_name("helper")
LOWER = (0.65, 0.8)
HIGHER = (1.2, 1.38)
BARELY_HIGHER = (1.12, 1.2)
"""What the largest size may grow by: where it is squared that is 1.44 times as much."""
LARGEST_SEED = 1_000_000
SMALL = 10


class Number(BaseModel):
    """A whole number in a test file, at byte offsets. Those of one list of sizes share `list`; 0 is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    file: str
    start: int
    end: int
    value: int
    role: Literal["seed", "size", "argument"]
    list: int
    inside: str


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    numbers: tuple[Number, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A number and what takes its place."""

    number: Number
    value: int

    @property
    def words(self) -> str:
        """Such as `size 1000 became 1370`."""
        return f"{self.number.role} {self.number.value} became {self.value}"


def numbers_companion(runner: Runner, go: GoProgram, cache: Path) -> Companion:
    """The helper program."""
    return Companion(name="Go number finder", source=HELPER, cache=cache, runner=runner, go=go)


def find_numbers(
    runner: Runner, go: GoProgram, cache: Path, root: Path, files: Sequence[str], benchmarks: Sequence[str]
) -> tuple[Number, ...]:
    """Sizes and seeds that benchmarks of one package use, and else arguments of what they measure.

    `files` are its test files, relative to `root`; `benchmarks` are names of functions without `Benchmark`.
    Raises: ToolError.
    """
    companion = numbers_companion(runner, go, cache)
    request = {"root": str(root), "files": list(files), "benchmarks": list(benchmarks)}
    found = companion.ask(request, _Reply, cwd=root, readable=(root,)).numbers
    inputs = tuple(n for n in found if n.role != "argument")
    return inputs or found


def choose_changes(numbers: Sequence[Number], seed: int) -> tuple[Change, ...]:
    """Another value for each number, none of which was seen: the same `seed` gives the same.

    Sizes differ by 20 to 40 %, the largest of a list and those outside of lists grow by 20 % at most, and what is
    measured itself is only given less. Numbers below 10 differ by one or two. What one function uses outside of lists
    keeps its proportions, for one is often the bound of another.
    """
    chance = random.Random(seed)  # noqa: S311 - inputs, no secrets
    largest: dict[int, int] = {}
    for number in numbers:
        largest[number.list] = max(largest.get(number.list, 0), number.value)
    taken = {n.value for n in numbers if n.role != "seed"}
    factors: dict[tuple[str, str, str], float] = {}
    changes = []
    for number in numbers:
        if number.role == "seed":
            changes.append(Change(number=number, value=_other_seed(number.value, chance)))
            continue
        if number.list:
            grows = BARELY_HIGHER if number.value == largest[number.list] else HIGHER
            value = _other_size(number.value, (LOWER, grows), taken, chance)
            taken.add(value)
        else:
            ranges = (LOWER,) if number.role == "argument" else (LOWER, BARELY_HIGHER)
            drawn = chance.uniform(*chance.choice(ranges))
            factor = factors.setdefault((number.file, number.inside, number.role), drawn)
            value = round(number.value * factor)
        if value != number.value:
            changes.append(Change(number=number, value=value))
    return tuple(changes)


def _other_seed(value: int, chance: random.Random) -> int:
    other = chance.randrange(2, LARGEST_SEED)
    return other if other != value else other + 1


def _other_size(
    value: int, ranges: Sequence[tuple[float, float]], taken: set[int], chance: random.Random
) -> int:
    """A size in one of the ranges around `value` that isn't taken; `value` itself where there is none."""
    for _ in range(20):
        if value < SMALL:
            other = value + chance.choice((-1, 1, 2))
        else:
            other = round(value * chance.uniform(*chance.choice(ranges)))
        if other >= 2 and other not in taken:
            return other
    return value


def with_changes(content: bytes, changes: Sequence[Change]) -> bytes:
    """A file's content with the changes that belong to it."""
    for change in sorted(changes, key=lambda c: -c.number.start):
        content = content[: change.number.start] + str(change.value).encode() + content[change.number.end :]
    return content

"""A program's variables as Go's expvar publishes them: JSON at /debug/vars, and counters in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tools.errors import ToolError, UnreadableOutput

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
_COUNTS_REQUESTS = re.compile(
    r"^(https?_)?(requests?|reqs?)(_?(total|count|served|handled))?$", re.IGNORECASE
)
MAX_DEPTH = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """Every variable as it was at one moment."""

    values: Mapping[str, Value]

    @property
    def numbers(self) -> Mapping[str, float]:
        """Every number by its dotted name; lists are left out."""
        return dict(_numbers("", self.values, MAX_DEPTH))

    def request_counter(self) -> str:
        """The dotted name of the one number whose name says that it counts requests; "" for none, or for several."""
        found = [name for name in self.numbers if _COUNTS_REQUESTS.match(name.rpartition(".")[2])]
        return found[0] if len(found) == 1 else ""

    def counter(self, name: str) -> float:
        """The number called `name`. Raises: ToolError naming those there are."""
        found = self.numbers.get(name)
        if found is None:
            there = [n for n in self.numbers if not n.startswith("memstats.")]
            raise ToolError(
                f"the program publishes no number {name!r} by expvar; it has {', '.join(there[:20]) or 'none'}"
            )
        return found


def parse_variables(content: bytes, url: str) -> Variables:
    """What was answered at /debug/vars. Raises: UnreadableOutput."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnreadableOutput(f"{url} holds no JSON that can be read: {error}") from error
    if not isinstance(found, dict):
        raise UnreadableOutput(f"{url} isn't what expvar publishes: no object of variables")
    return Variables(values=found)


def _numbers(head: str, value: Value | Mapping[str, Value], depth: int) -> list[tuple[str, float]]:
    if isinstance(value, Mapping):
        if not depth:
            return []
        dot = f"{head}." if head else ""
        return [pair for name, inner in value.items() for pair in _numbers(f"{dot}{name}", inner, depth - 1)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return []
    return [(head, float(value))]

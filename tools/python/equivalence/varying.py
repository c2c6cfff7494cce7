"""Varying recorded arguments, as a program: `python -P -m tools.python.equivalence.varying CALLS PLANS`.

The recorded arguments come from the target, so hypothesis runs on them in a confined process of its own; what it
draws are plans, which the target's interpreter carries out. CALLS has a line for each function, {"seed", "number",
"literals", "calls": [[call, graph], …]}; PLANS gets a line [call, plan] for each call that was drawn.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tools.python.equivalence.drawing import Draw, Drawer, Literals, variable_arguments
from tools.python.equivalence.graphs import Graph, read_graph
from tools.python.equivalence.shapes import shapes_of

SHARES = (0.25, 0.75)


def main(calls: Path, plans: Path, seconds: float) -> int:
    """Draw a few for every function, then more, until the time is up: processor time, so that a busy host makes no
    difference to what is found.
    """
    until = time.process_time() + seconds
    functions = [_Varied(**json.loads(line)) for line in calls.read_text(encoding="ascii").splitlines()]
    with plans.open("w", encoding="ascii") as file:
        for share in SHARES:
            for function in functions:
                for plan in function.more(share):
                    file.write(json.dumps(plan) + "\n")
                file.flush()
                if time.process_time() > until:
                    return 0
    return 0


@dataclass(slots=True)
class _Varied:
    """One function's line."""

    seed: int
    number: int
    literals: list[str]
    calls: list[tuple[int, object]]
    drawn: set[str] = field(default_factory=set)
    graphs: list[tuple[int, Graph]] = field(default_factory=list)

    def more(self, share: float) -> list[tuple[int, dict[str, object]]]:
        """So many of the variations that were asked for, none of them twice."""
        if not self.graphs:
            self.graphs = [(int(number), read_graph(graph)) for number, graph in self.calls]
        found = draw_plans(
            self.graphs, round(self.number * share), self.seed + len(self.drawn), self.literals
        )
        new = [plan for plan in found if json.dumps(plan) not in self.drawn]
        self.drawn |= {json.dumps(plan) for plan in new}
        return new


def draw_plans(
    calls: Sequence[tuple[int, Graph]], number: int, seed_number: int, literals: Sequence[str] = ()
) -> list[tuple[int, dict[str, object]]]:
    """At most so many different variations of these calls of one function; the same for the same seed."""
    shapes = shapes_of([graph for _, graph in calls])
    usable = [(call, graph) for call, graph in calls if variable_arguments(graph, shapes)]
    if not usable or number < 1:
        return []
    values = Literals.read(literals)
    found: dict[str, tuple[int, dict[str, object]]] = {}

    @st.composite
    def plans(draw: Draw) -> tuple[int, dict[str, object]]:  # type: ignore[type-arg]
        call, graph = draw(st.sampled_from(usable))
        return call, Drawer(draw, graph, values).plan(shapes)

    @seed(seed_number)
    @settings(
        max_examples=number, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(plans())
    def draw(drawn: tuple[int, dict[str, object]]) -> None:
        if drawn[1]:
            found[json.dumps(drawn)] = drawn

    draw()
    return list(found.values())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))

"""A missing benchmark, written by a model before anything is measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from agent.analysts.asking.final import Unusable
from agent.errors import BadRequest
from agent.request import Plan
from tools.errors import Cancelled, ToolError
from tools.measure.workload import Language

HOW: Mapping[Language, str] = {
    "go": "It is a new file …_test.go in the package, with functions `BenchmarkName(b *testing.B)`, sizes as "
    "sub-benchmarks `size=N`, loops as `for b.Loop()` and the results kept from being optimised away.",
    "python": "It is a new file test_….py beside the tests there are, with tests that take the fixture `benchmark` "
    "(as of pytest-benchmark) and call `benchmark(function, arguments…)`; sizes by `pytest.mark.parametrize`.",
}
"""What a benchmark is in each language."""


class BenchmarkAnswer(BaseModel):
    """A new benchmark file, or why there is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(max_length=300)] = ""
    content: Annotated[str, Field(max_length=100_000)] = ""
    give_up: Annotated[str, Field(max_length=1_000)] = ""


@dataclass(slots=True, kw_only=True)
class TakingBenchmark:
    """Turns an answer into the plan that has its benchmark; `take` adds the file and plans anew."""

    take: Callable[[str, str], Plan]
    notes: list[str] = field(default_factory=list)

    def accept(self, answer: BenchmarkAnswer, is_last: bool) -> Plan | None:
        """The plan, None where the model gives up. Raises: Unusable saying why the file can't be taken, Cancelled."""
        if not answer.content.strip():
            if not answer.give_up.strip():
                raise Unusable("there is no file and `give_up` doesn't say why: fill one of both")
            self.notes.append("the model wrote no benchmark: the tests are what is measured")
            return None
        try:
            return self.take(answer.file, answer.content)
        except Cancelled:
            raise
        except (BadRequest, ToolError) as error:
            raise Unusable(str(error)) from error

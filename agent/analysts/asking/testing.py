"""The tool by which a model adds a test before it changes code, beside the tools that only look."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.analysts.analyst import Harness
from agent.analysts.asking.final import problems_of, schema_of
from agent.analysts.asking.loop import Answered, Tools
from agent.analysts.asking.tools.tool import ToolAnswer
from agent.analysts.model import Json, ToolSpec
from agent.errors import BadRequest
from tools.errors import Cancelled, ToolError

NAME = "write_test"


class WriteTest(BaseModel):
    """A new test file for what the code does now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: Annotated[str, Field(min_length=1, max_length=300)] = Field(
        description="a new file beside the tests there are: test_….py, or …_test.go in the package"
    )
    content: Annotated[str, Field(min_length=1, max_length=100_000)]


class WithTests:
    """Tools that look, and one that adds a test to the target's copies."""

    def __init__(self, tools: Tools, harness: Harness) -> None:
        self._tools = tools
        self._harness = harness

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """All of them."""
        own = ToolSpec(
            name=NAME,
            description="Add a test that holds what the code does now, before changing it. It must pass on the code as "
            "it is, and can't be changed afterwards.",
            schema=schema_of(WriteTest),
        )
        return (*self._tools.specs, own)

    def run(self, name: str, given: Json) -> Answered:
        """A tool's answer. Raises: as the tools do."""
        if name != NAME:
            return self._tools.run(name, given)
        try:
            wanted = WriteTest.model_validate(dict(given))
            found = self._harness.add(wanted.file, wanted.content)
        except ValidationError as error:
            return ToolAnswer(text="\n".join(problems_of(error)), is_error=True)
        except Cancelled:
            raise
        except (BadRequest, ToolError) as error:
            return ToolAnswer(text=str(error), is_error=True)
        return ToolAnswer(
            text="", guide=f"{found.id}: it passes on the code as it is, and is frozen from now on."
        )

"""A tool: what the model is told of it, its input, and the function that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.analysts.asking.final import problems_of, schema_of
from agent.analysts.asking.tools.notebook import Notebook
from agent.analysts.model import Json, ToolSpec
from agent.errors import BadRequest

Name = Annotated[str, Field(min_length=1, max_length=300)]
Expression = Annotated[str, Field(max_length=200)]
TOKENS = 1_200
"""No answer is longer, counted as the rendering of answers counts."""
TOLD = 3
"""So many problems of one input are told at a time."""


class ToolInput(BaseModel):
    """What a tool takes: nothing else, and nothing of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Input = TypeVar("Input", bound=ToolInput)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """`text` is untrusted (the loop fences it); `guide` is ours: how to cite, how to narrow."""

    text: str
    guide: str = ""
    is_error: bool = False


class AnyTool(Protocol):
    """A tool whatever its input is."""

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""

    def run(self, notebook: Notebook, given: Json, kept: dict[str, ToolAnswer]) -> ToolAnswer:
        """Its answer, which may be one of those `kept`. Raises: BadRequest, ToolError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[Input]):
    """What the model calls `name`. `answer` may raise BadRequest or ToolError with what to do instead.

    `choices` are the only values of some parameters, known when the run is planned. `once` says that the same input
    has the same answer, which is then kept: asking again makes no second evidence.
    """

    name: str
    description: str
    input: type[Input]
    answer: Callable[[Notebook, Input], ToolAnswer]
    choices: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    once: bool = False

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        return ToolSpec(name=self.name, description=self.description, schema=self._schema())

    def run(self, notebook: Notebook, given: Json, kept: dict[str, ToolAnswer]) -> ToolAnswer:
        """Its answer, which may be one of those `kept`. Raises: BadRequest, ToolError."""
        asked = self._read(given)
        key = f"{self.name} {asked.model_dump_json()}"
        if key in kept:
            return kept[key]
        answer = self.answer(notebook, asked)
        if self.once and not answer.is_error:
            kept[key] = answer
        return answer

    def _read(self, given: Json) -> Input:
        try:
            asked = self.input.model_validate(dict(given))
        except ValidationError as error:
            problems = "; ".join(problems_of(error)[:TOLD])
            takes = ", ".join(self.input.model_fields) or "nothing"
            raise BadRequest(
                f"the input of {self.name} can't be used: {problems}. It takes {takes}"
            ) from None
        for name, there in self.choices.items():
            value: object = getattr(asked, name)
            if value is not None and value not in there:
                known = (
                    f"choose one of {', '.join(map(str, there))}" if there else "leave it out: there are none"
                )
                raise BadRequest(f"there is no {name} {value!r} here: {known}")
        return asked

    def _schema(self) -> Json:
        """The input's schema with the choices there are; without what a model needn't be told."""
        schema = dict(schema_of(self.input))
        schema.pop("description", None)
        found = schema.get("properties")
        properties = found if isinstance(found, dict) else {}
        told = {name: _plain(field) for name, field in properties.items() if self.choices.get(name, True)}
        for name, there in self.choices.items():
            if there:
                said = {k: v for k, v in told[name].items() if k == "description"}
                told[name] = {**said, "enum": list(there)}
        return {**schema, "properties": told}


def _plain(field: object) -> dict[str, object]:
    """A parameter's schema; one that may be left out is left out instead of being null.

    How long a text may be is checked and not told: nobody comes near, and every request would pay for it.
    """
    found = dict(field) if isinstance(field, dict) else {}
    kinds = found.pop("anyOf", None)
    if isinstance(kinds, list):
        found = {**next((k for k in kinds if k.get("type") != "null"), {}), **found}
    if found.get("default", "") in ("", None):
        found.pop("default", None)
    needless = {"minLength", "maxLength"} | ({"type"} if "enum" in found else set())
    return {key: value for key, value in found.items() if key not in needless}

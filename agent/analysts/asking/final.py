"""The answer that a conversation is to end in, as a tool: its schema, and what makes an answer unusable."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from agent.analysts.model import Json, ToolSpec

A = TypeVar("A", bound=BaseModel)
R = TypeVar("R")
SHOWN = 12
"""So many problems of one answer are told at a time."""


class Unusable(Exception):
    """An answer can't be used as it is; `problems` tell the model what to do about each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Final(Generic[A, R]):
    """The tool `name`, whose input is an `answer`. `accept` makes the result of it, or raises Unusable; what is still
    wrong with an answer that was sent back before (`is_last`) it leaves out, visibly, or refuses for good.
    """

    name: str
    description: str
    answer: type[A]
    accept: Callable[[A, bool], R]

    @property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        return ToolSpec(name=self.name, description=self.description, schema=schema_of(self.answer))

    def read(self, given: Json, *, is_last: bool) -> R:
        """The result of an answer. Raises: Unusable."""
        try:
            answer = self.answer.model_validate(dict(given))
        except ValidationError as error:
            raise Unusable(*problems_of(error)) from None
        return self.accept(answer, is_last)


def schema_of(model: type[BaseModel]) -> Json:
    """The JSON schema of a model, without the titles that pydantic makes up."""
    found = _without_titles(model.model_json_schema())
    if not isinstance(found, dict):
        raise TypeError(f"{model.__name__} has no schema of an object")
    return found


def _without_titles(found: object) -> object:
    if isinstance(found, list):
        return [_without_titles(item) for item in found]
    if isinstance(found, dict):
        return {
            key: _without_titles(value)
            for key, value in found.items()
            if not (key == "title" and isinstance(value, str))
        }
    return found


def problems_of(error: ValidationError) -> tuple[str, ...]:
    """What is wrong with an input, one sentence for each field."""
    found = []
    for problem in error.errors()[:SHOWN]:
        place = ".".join(str(part) for part in problem["loc"]) or "the input"
        found.append(f"{place}: {problem['msg']}")
    return tuple(found)

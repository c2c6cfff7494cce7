"""What every tool has in common: a small, honest schema, bounded answers, and errors that a model can act on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from agent.analysts.analyst import Picture
from agent.analysts.asking.tools.tool import TOKENS
from agent.analysts.asking.tools.toolbox import Toolbox, toolbox_for
from agent.errors import StorageFailed
from agent.rendering.profile_answers.writing import tokens_of
from tests.agent.analysts.asking.tools.conftest import MakeBox, NotingLab
from tools.errors import Cancelled, ToolError
from tools.profiles.builder import ProfileBuilder
from tools.profiles.profile import Function, ValueType

MOST_TOKENS = 2_500
USUAL: tuple[tuple[str, dict[str, object]], ...] = (
    ("top", {"capture": "cpu"}),
    ("callers", {"capture": "E2", "function": "regexp.compile"}),
    ("callees", {"capture": "E2", "function": "regexp.compile"}),
    ("tree", {"capture": "cpu"}),
    ("annotated_source", {"capture": "cpu", "function": "trades.validID"}),
    ("difference", {"before": "E2", "after": "E5"}),
    ("read_file", {"path": "trades/parse.go"}),
    ("search_code", {"query": "func"}),
    ("list_files", {}),
    ("evidence", {}),
    ("capture", {"profiler": "go-cpu", "size": 100}),
    ("compiler_remarks", {"file": "trades/parse.go"}),
)


def spec_text(box: Toolbox) -> str:
    return json.dumps(
        [{"name": s.name, "description": s.description, "input_schema": s.schema} for s in box.specs]
    )


def test_all_tools_together_are_told_in_few_tokens(box: Toolbox) -> None:
    assert len(spec_text(box)) / 3.5 < MOST_TOKENS


def test_names_are_what_the_api_takes_and_schemas_allow_nothing_else(box: Toolbox) -> None:
    assert [s.name for s in box.specs] == [name for name, _ in USUAL]
    for spec in box.specs:
        assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", spec.name)
        assert spec.schema["type"] == "object" and spec.schema["additionalProperties"] is False
        assert "anyOf" not in json.dumps(spec.schema)
        assert len(spec.description) < 300


def test_every_number_that_is_taken_has_bounds(box: Toolbox) -> None:
    for spec in box.specs:
        properties = spec.schema["properties"]
        assert isinstance(properties, dict)
        for field in properties.values():
            if field.get("type") in ("integer", "number"):
                assert "minimum" in field and "maximum" in field


def test_tools_stay_the_same_over_conversations(picture: Picture, box: Toolbox) -> None:
    box.run("capture", {"profiler": "go-cpu"})
    assert box.specs == toolbox_for(picture).specs


@pytest.mark.parametrize(("name", "given"), USUAL)
def test_every_tool_answers_within_its_size(box: Toolbox, name: str, given: dict[str, object]) -> None:
    if name == "difference":
        box.run("capture", {"profiler": "go-cpu", "size": 100})
    answer = box.run(name, given)
    assert not answer.is_error, answer.text
    assert answer.text and tokens_of(answer.text) <= TOKENS
    assert "--" not in answer.guide


def test_an_unknown_tool_is_an_error_that_names_those_there_are(box: Toolbox) -> None:
    answer = box.run("shell", {"command": "rm -rf /"})
    assert answer.is_error
    assert "there is no tool 'shell'" in answer.text and "read_file" in answer.text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "capture: Field required"),
        ({"capture": 2}, "capture: Input should be a valid string"),
        ({"capture": "cpu", "limit": "5"}, "limit: Input should be a valid integer"),
        ({"capture": "cpu", "limit": True}, "limit: Input should be a valid integer"),
        ({"capture": "cpu", "limit": 0}, "greater than or equal to 1"),
        ({"capture": "cpu", "limit": 10**30}, "less than or equal to 100"),
        ({"capture": "cpu", "by": "time"}, "by: Input should be 'self' or 'cumulative'"),
        ({"capture": "cpu", "shell": "ls"}, "shell: Extra inputs are not permitted"),
        ({"capture": "cpu", "focus": "x" * 201}, "at most 200 characters"),
        ({"capture": ["cpu"]}, "valid string"),
        ({"capture": "E99"}, "ask for E2 (cpu), E3 (memory), E4 (goroutines)"),
        ({"capture": "cpu", "value": "alloc_space"}, "choose one of samples, cpu with `value`"),
        ({"capture": "cpu", "split": "thread"}, "its samples have none"),
        ({"capture": "cpu", "focus": "("}, "`focus` '(' is no regular expression"),
    ],
)
def test_an_input_that_cannot_be_used_says_what_to_give(
    box: Toolbox, given: dict[str, object], words: str
) -> None:
    answer = box.run("top", given)
    assert answer.is_error and words in answer.text
    assert "errors.pydantic.dev" not in answer.text


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -1.0, 0.05, 101.0])
def test_numbers_that_mean_nothing_are_refused(box: Toolbox, number: float) -> None:
    assert box.run("tree", {"capture": "cpu", "min_percent": number}).is_error


def test_errors_are_short_whatever_they_quote(box: Toolbox) -> None:
    given = {f"x{n}" * 50: "y" * 1000 for n in range(1000)}
    assert tokens_of(box.run("top", given).text) <= TOKENS
    assert tokens_of(box.run("x" * 100_000, {}).text) <= TOKENS


@pytest.mark.parametrize("name", ["capture", "compiler_remarks"])
def test_a_tool_that_fails_is_an_answer_and_is_tried_again(
    box: Toolbox, lab: NotingLab, failure: ToolError, name: str
) -> None:
    given: dict[str, object] = {"profiler": "go-cpu"} if name == "capture" else {"file": "trades/parse.go"}
    lab.failing = failure
    answer = box.run(name, given)
    assert answer.is_error and answer.text == str(failure)
    lab.failing = None
    assert not box.run(name, given).is_error


@pytest.mark.parametrize("error", [Cancelled("stopped"), StorageFailed("no room"), RuntimeError("a bug")])
def test_what_the_model_cannot_mend_is_no_answer(box: Toolbox, lab: NotingLab, error: Exception) -> None:
    lab.failing = error
    with pytest.raises(type(error), match=str(error)):
        box.run("capture", {"profiler": "go-cpu"})


def test_without_a_laboratory_nothing_is_cited_and_nothing_measured(
    make_picture_of_go: Callable[..., Picture],
) -> None:
    box = toolbox_for(make_picture_of_go(with_lab=False))
    answer = box.run("top", {"capture": "cpu"})
    assert not answer.is_error and "{" not in answer.guide
    for name, given in (
        ("capture", {"profiler": "go-cpu"}),
        ("compiler_remarks", {"file": "trades/parse.go"}),
    ):
        refused = box.run(name, given)
        assert refused.is_error and "nothing can be measured now" in refused.text
    assert "E2" in box.run("evidence", {}).text


def test_only_tools_that_the_target_has_are_offered(picture: Picture) -> None:
    def names(**changes: object) -> set[str]:
        plan = replace(picture.plan, **changes)  # type: ignore[arg-type]
        return {spec.name for spec in toolbox_for(replace(picture, plan=plan)).specs}

    assert {"capture", "compiler_remarks"} <= names()
    assert names() - names(language="python") == {"compiler_remarks"}
    assert names() - names(profilers=()) == {"capture"}
    assert names() - names(kind="recording") == {"capture", "compiler_remarks"}


def test_names_of_a_hostile_profile_make_no_answer_long(box_of: MakeBox) -> None:
    """Names, files, labels and values of a million characters."""
    long = "x" * 1_000_000
    builder = ProfileBuilder([ValueType(name=long, unit=long)])
    builder.add([(Function(name=long, file=long), 1), (Function(name="main", file=""), 2)], [5], {long: long})
    box = box_of(builder.build(), long)
    for name, given in (
        ("top", {}),
        ("top", {"split": "state"}),
        ("tree", {}),
        ("callers", {"function": "xxxx"}),
        ("callees", {"function": "main"}),
        ("annotated_source", {"function": "xxxx"}),
        ("callees", {"function": "xxxxy"}),
    ):
        answer = box.run(name, {"capture": "E2", **given})
        assert tokens_of(answer.text) <= TOKENS and len(answer.guide) < 2_000

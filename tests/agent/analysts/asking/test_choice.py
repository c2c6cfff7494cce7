"""Which model runs a step: agent.yaml before the definition, no retired names, and always with the reason."""

from __future__ import annotations

from typing import get_args

import pytest

from agent.analysts.asking.choice import choose_model
from agent.analysts.model import ModelUnknown, Step
from agent.definition import read_definition
from agent.model_settings import ModelSettings, StepModels
from agent.resources import definition_path


def test_the_definitions_model_runs_every_step_when_agent_yaml_names_none() -> None:
    for step in get_args(Step):
        chosen = choose_model(step, "claude-opus-5-5", ModelSettings(), ())
        assert str(chosen) == "claude-opus-5-5: the definition names it"


def test_the_shipped_definitions_model_is_no_retired_one() -> None:
    named = read_definition(definition_path()).model
    assert choose_model("optimise", named, ModelSettings(), ()).name == named


@pytest.mark.parametrize(
    ("named", "asked"),
    [
        ("claude-3-5-sonnet-20240620", "claude-sonnet-5-5"),
        ("claude-3-5-sonnet-20241022", "claude-sonnet-5-5"),
        ("claude-3-5-sonnet-latest", "claude-sonnet-5-5"),
        ("claude-3-opus-20240229", "claude-opus-5-5"),
        ("claude-3-7-sonnet-20250219", "claude-sonnet-5-5"),
        ("claude-3-haiku-20240307", "claude-haiku-5-5"),
        ("claude-sonnet-4-20250514", "claude-sonnet-5-5"),
        ("claude-sonnet-4-5", "claude-sonnet-5-5"),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-5-5"),
        ("claude-opus-4-1-20250805", "claude-opus-5-5"),
        ("opus", "claude-opus-5-5"),
        ("Sonnet", "claude-sonnet-5-5"),
        ("haiku", "claude-haiku-5-5"),
        ("inherit", "claude-sonnet-5-5"),
    ],
)
def test_a_retired_name_or_an_alias_is_replaced_and_said(named: str, asked: str) -> None:
    chosen = choose_model("investigate", named, ModelSettings(), ())
    assert str(chosen) == f"{asked}: the definition names {named}, which agent.yaml replaces"


@pytest.mark.parametrize(
    "name", ["claude-opus-5", "claude-opus-4-8", "claude-sonnet-5", "claude-haiku-4-5", "gateway/opus"]
)
def test_a_name_that_is_in_use_is_asked_as_it_is(name: str) -> None:
    assert choose_model("investigate", name, ModelSettings(), ()).name == name


def test_a_definition_without_a_model_leaves_it_to_agent_yaml() -> None:
    chosen = choose_model("investigate", " ", ModelSettings(), ())
    assert chosen.name == "claude-sonnet-5-5"
    assert (
        chosen.why
        == "the definition names none, for which agent.yaml has this one (model.replacements, inherit)"
    )


def test_the_steps_own_model_counts_more_than_the_default_and_that_more_than_the_definition() -> None:
    settings = ModelSettings(default="claude-opus-5", steps=StepModels(follow_up="haiku"))
    assert str(choose_model("follow up", "opus", settings, ())) == (
        "claude-haiku-5-5: model.steps.follow_up of agent.yaml names haiku, which agent.yaml replaces"
    )
    assert str(choose_model("optimise", "opus", settings, ())) == (
        "claude-opus-5: model.default of agent.yaml names it"
    )


def test_each_step_has_a_key_of_its_own() -> None:
    steps = StepModels(prepare="a", investigate="b", optimise="c", follow_up="d")
    found = [choose_model(step, "opus", ModelSettings(steps=steps), ()).name for step in get_args(Step)]
    assert found == ["a", "b", "c", "d"]


def test_replacements_of_ones_own_are_added_and_the_longest_beginning_counts() -> None:
    settings = ModelSettings.model_validate(
        {"replacements": {"claude-sonnet-4-5-2025*": "mine", "claude-sonnet-4-0": "claude-sonnet-4-0"}}
    )
    assert choose_model("optimise", "claude-sonnet-4-5-20250929", settings, ()).name == "mine"
    assert choose_model("optimise", "claude-sonnet-4-5", settings, ()).name == "claude-sonnet-5-5"
    kept = choose_model("optimise", "claude-sonnet-4-0", settings, ())
    assert str(kept) == "claude-sonnet-4-0: the definition names it"


def test_a_model_that_is_not_offered_is_an_error_with_those_that_are_and_the_remedy() -> None:
    with pytest.raises(ModelUnknown) as caught:
        choose_model("follow up", "claude-opus-9", ModelSettings(), ("claude-sonnet-5-5", "claude-opus-5-5"))
    message = str(caught.value)
    assert message.startswith("the model claude-opus-9 can't be asked to follow up: it isn't offered")
    assert "the definition names it" in message
    assert "Offered are claude-opus-5-5, claude-sonnet-5-5." in message  # the likeliest first
    assert "model.steps.follow_up or model.default" in message
    assert caught.value.exit_code == 5


def test_of_many_offered_models_the_message_shows_some_and_says_how_many_more() -> None:
    with pytest.raises(ModelUnknown, match="and 180 more"):
        choose_model("optimise", "x", ModelSettings(), [f"gateway/model-{n}" for n in range(200)])


def test_a_model_that_is_listed_with_its_date_is_offered_without_it() -> None:
    offered = ("claude-haiku-4-5-20251001",)
    assert choose_model("optimise", "claude-haiku-4-5", ModelSettings(), offered).name == "claude-haiku-4-5"
    with pytest.raises(ModelUnknown):
        choose_model("optimise", "claude-haiku-4", ModelSettings(), offered)


def test_a_definitions_odd_name_stays_one_short_line() -> None:
    chosen = choose_model("optimise", "a\nb " + "x" * 500, ModelSettings(), ())
    assert "\n" not in str(chosen)
    assert len(str(chosen)) < 200

"""Which model runs a step, and why: agent.yaml before the definition, and no retired names."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.analysts.model import ModelUnknown, Step
from agent.model_settings import NO_MODEL, ModelSettings

SHOWN_NAMES = 20
LONGEST_NAME = 100
_DATED = re.compile(r"-\d{8}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    """A model and why it is the one, in a clause for the user."""

    name: str
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def choose_model(
    step: Step, definition_model: str, settings: ModelSettings, offered: Sequence[str]
) -> ChosenModel:
    """The model for a step: the step's own, else the default of agent.yaml, else the definition's; replaced where
    agent.yaml says so.

    `offered` are the names that can be asked, empty where that isn't known: then nothing is checked.
    Raises: ModelUnknown when the model isn't among them.
    """
    named, source = _named(step, definition_model, settings)
    replaced = settings.replacement(named or NO_MODEL)
    name = replaced or named or NO_MODEL
    if replaced is None or replaced == named:
        why = f"{source} names it" if named else f"{source} names none"
    elif named:
        why = f"{source} names {named}, which agent.yaml replaces"
    else:
        why = f"{source} names none, for which agent.yaml has this one (model.replacements, {NO_MODEL})"
    chosen = ChosenModel(name=name, why=why)
    if offered and not is_offered(name, offered):
        raise ModelUnknown(_unknown(step, chosen, offered))
    return chosen


def is_offered(name: str, offered: Sequence[str]) -> bool:
    """Whether a name is among those offered, where a model may be listed with its date only."""
    return name in offered or name in {_DATED.sub("", other) for other in offered}


def _named(step: Step, definition_model: str, settings: ModelSettings) -> tuple[str, str]:
    """What is named before anything is replaced, and by whom."""
    steps = settings.steps
    own = {
        "prepare": (steps.prepare, "model.steps.prepare"),
        "investigate": (steps.investigate, "model.steps.investigate"),
        "optimise": (steps.optimise, "model.steps.optimise"),
        "follow up": (steps.follow_up, "model.steps.follow_up"),
    }
    for name, key in (own[step], (settings.default, "model.default")):
        if name is not None:
            return name, f"{key} of agent.yaml"
    return " ".join(definition_model.split())[:LONGEST_NAME], "the definition"


def _unknown(step: Step, chosen: ChosenModel, offered: Sequence[str]) -> str:
    close = difflib.get_close_matches(chosen.name, offered, n=SHOWN_NAMES, cutoff=0.3)
    names = list(dict.fromkeys([*close, *sorted(offered)]))
    shown = ", ".join(names[:SHOWN_NAMES])
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    key = "model.steps." + step.replace(" ", "_")
    return (
        f"the model {chosen.name} can't be asked to {step}: it isn't offered ({chosen.why}). "
        f"Offered are {shown}{more}. Name one of them in agent.yaml by {key} or model.default, "
        "or in model.replacements for what the definition names"
    )

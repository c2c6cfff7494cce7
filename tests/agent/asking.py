"""An analyst that asks a scripted model, for runs whose target, toolchain and model all come from scripts."""

from __future__ import annotations

from typing import get_args

from agent.analysts.asking.analyst import AskingAnalyst
from agent.analysts.asking.calls import Calls
from agent.analysts.asking.choice import ChosenModel
from agent.analysts.asking.masking import Masks
from agent.analysts.asking.spending import Spending
from agent.analysts.asking.transcript import NAME, Transcribed, Transcript, messages_of
from agent.analysts.model import Json, Model, Step
from agent.analysts.playbook import Playbook
from agent.model_settings import PriceSettings
from agent.resources import calls_dir
from agent.settings import BudgetSettings
from tests.agent.staging import Scene


def ask_model(
    scene: Scene,
    model: Model,
    *,
    budgets: BudgetSettings | None = None,
    secrets: dict[str, str] | None = None,
) -> AskingAnalyst:
    """Let a scene be answered by a model; its transcript lies in the run's folder."""
    masks = Masks(known=secrets or {})
    transcript = Transcript.load(scene.deps.folder.path / NAME)
    spending = Spending(budgets=budgets or BudgetSettings(), prices=PriceSettings())
    spending.add_recorded(transcript.requests())
    playbook = Playbook(
        patterns=(), runner=scene.deps.runner, cache=scene.deps.folder.path / "cache", note="No patterns."
    )
    analyst = AskingAnalyst(
        model=Transcribed(model=model, transcript=transcript, mask=masks.mask),
        models={step: ChosenModel(name="scripted-1", why="a test names it") for step in get_args(Step)},
        spending=spending,
        masks=masks,
        calls=Calls(calls_dir()),
        definition=scene.deps.definition.prompt,
        playbook=playbook,
        runner=scene.deps.runner,
        attempts=scene.deps.settings.budgets.attempts_per_bottleneck,
        max_tokens=1_000,
        earlier=lambda conversation: messages_of(transcript.exchanges, conversation),
    )
    scene.deps.analyst = analyst
    return analyst


def bottleneck(**changes: object) -> Json:
    """What a model says of the scripted target's slow function; `changes` replace fields."""
    return {
        "hotspot": 1,
        "function": "slow",
        "file": "app.py",
        "line": 4,
        "view": "cpu",
        "root_cause": "`slow` waits on every call.",
        "explanation": "Its own instructions are nearly all of the cost.",
        "severity": "HIGH",
        "confidence": "high",
        "confidence_reason": "Nearly every sample is in it.",
        "evidence": ["E5"],
        **changes,
    }


def candidate(seconds: str = "0.005", old: str = "SECONDS = 0.010", **changes: object) -> Json:
    """A change of how long the scripted target takes."""
    return {
        "title": "Wait less",
        "rationale": "The wait isn't needed.",
        "risk": "None that is known.",
        "edits": [{"file": "app.py", "old": old, "new": f"SECONDS = {seconds}"}],
        **changes,
    }

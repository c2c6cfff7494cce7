"""Which analyst answers a request: the playbook, a model, or a recorded transcript."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from agent.analysts.analyst import Analyst
from agent.analysts.asking.analyst import AskingAnalyst
from agent.analysts.asking.calls import Calls
from agent.analysts.asking.choice import ChosenModel, choose_model
from agent.analysts.asking.masking import Masks
from agent.analysts.asking.replay import Replay
from agent.analysts.asking.spending import Spending
from agent.analysts.asking.transcript import NAME, Transcribed, Transcript, messages_of
from agent.analysts.messages.access import KEY, TOKEN, has_key
from agent.analysts.model import Model, Step
from agent.analysts.playbook import Playbook
from agent.definition import Definition
from agent.errors import BadRequest
from agent.request import Request
from agent.resources import calls_dir, playbook_dir
from agent.settings import Settings
from agent.store import RunFolder
from tools.go.rewrites.rewriter import cache_folder
from tools.patterns.pattern import load_patterns
from tools.run.process import Runner

REPLAY = "replay:"
NO_KEY = (
    "Known patterns, matched in hot code only; no model was asked: no API key is set (ANTHROPIC_API_KEY)."
)
NOT_WANTED = "Known patterns, matched in hot code only; no model was asked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Choosing:
    """What the choice depends on, and what the chosen analyst works with. `folder` is the run's."""

    request: Request
    settings: Settings
    definition: Definition
    runner: Runner
    environment: Mapping[str, str]
    folder: RunFolder

    def choose(self) -> Analyst:
        """The analyst for the request.

        Raises: ToolError when a pattern file can't be read, BadRequest for a transcript that can't be used or a key
        that isn't there, ModelFailed when the API refuses the key or doesn't offer the model.
        """
        asked = self.request.analyst if self.request.analyst != "auto" else self.settings.analyst.kind
        if self.request.change is not None:
            asked = "playbook"  # a given change is judged, and nothing is asked of anybody
        if asked.startswith(REPLAY):
            replay = Replay.of(Path(asked.removeprefix(REPLAY)))
            why = f"recorded in {replay.source}"
            models = {step: ChosenModel(name=replay.model, why=why) for step in get_args(Step)}
            return self._asking(replay, models, replay.finish)
        if asked == "playbook" or (asked == "auto" and not has_key(self.environment)):
            return self._playbook(NO_KEY if asked == "auto" else NOT_WANTED)
        if not has_key(self.environment):
            raise BadRequest(
                "the analyst claude needs a key: set ANTHROPIC_API_KEY, or take --analyst playbook, which needs none"
            )
        model = self._claude()
        offered = model.offered()
        models = {
            step: choose_model(step, self.definition.model, self.settings.model, offered)
            for step in get_args(Step)
        }
        return self._asking(model, models, lambda: None)

    def _claude(self) -> Model:
        from agent.analysts.claude import Claude  # only where a model is asked

        settings = self.settings.model
        return Claude(
            environment=self.environment,
            base_url=settings.base_url,
            timeout_s=settings.request_s,
            idle_s=settings.idle_s,
            retries=settings.retries,
            is_cancelled=self.runner.is_cancelled,
            effort=settings.effort,
        )

    def _asking(
        self, model: Model, models: Mapping[Step, ChosenModel], finish: Callable[[], None]
    ) -> AskingAnalyst:
        masks = Masks(
            known={name: self.environment[name] for name in (KEY, TOKEN) if self.environment.get(name)}
        )
        transcript = Transcript.load(self.folder.path / NAME)
        spending = Spending(
            budgets=self.settings.budgets, prices=self.settings.prices, time_s=self.request.time_limit_s
        )
        spending.add_recorded(transcript.requests())
        return AskingAnalyst(
            model=Transcribed(model=model, transcript=transcript, mask=masks.mask),
            models=models,
            spending=spending,
            masks=masks,
            calls=Calls(calls_dir()),
            definition=self.definition.prompt,
            playbook=self._playbook(NOT_WANTED),
            runner=self.runner,
            attempts=self.settings.budgets.attempts_per_bottleneck,
            max_tokens=self.settings.model.max_output_tokens,
            finish=finish,
            earlier=lambda conversation: messages_of(transcript.exchanges, conversation),
        )

    def _playbook(self, note: str) -> Playbook:
        patterns = (*load_patterns(playbook_dir(), "go"), *load_patterns(playbook_dir(), "python"))
        return Playbook(
            patterns=patterns,
            runner=self.runner,
            cache=Path(os.environ.get("ASK_PROFILER_CACHE", cache_folder())),
            note=note,
        )
